"""Where a list of the mock goes on: a rank as a text good for one partner and one question."""

import base64
import hmac

_CLE = b"bouchon"


def ecrire(partenaire: str, liste: str, rang: int) -> str:
    """`liste` names the list with its filters."""
    return base64.urlsafe_b64encode(f"{partenaire}/{rang}/{_sceau(partenaire, liste, rang)}".encode()).decode()


def lire(partenaire: str, liste: str, texte: str) -> int | None:
    """None for what the mock did not give to this partner for this list."""
    try:
        code, rang, sceau = base64.b64decode(texte, altchars=b"-_", validate=True).decode().split("/")
        lu = int(rang)
    except ValueError:
        return None
    return lu if code == partenaire and sceau == _sceau(partenaire, liste, lu) else None


def _sceau(partenaire: str, liste: str, rang: int) -> str:
    return hmac.digest(_CLE, f"{partenaire} {liste} {rang}".encode(), "sha256").hex()[:16]
