"""`python -m relais_kit`: the same as `relais-kit`, where scripts are not on the PATH."""

import sys

from relais_kit.commande import main

if __name__ == "__main__":
    sys.exit(main())
