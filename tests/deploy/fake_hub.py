"""Run as a program: a hub whose only component is `fake_gateway`, on the data folder and port given."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path

from rich.console import Console

from deploy.components import COMPONENTS
from deploy.datadir import DataDir, LaunchError
from deploy.launcher import Hub

if __name__ == "__main__":
    [gateway] = [component for component in COMPONENTS if component.serves_partners]
    fake = dataclasses.replace(gateway, module="tests.deploy.fake_gateway")
    hub = Hub(DataDir(Path(sys.argv[1])), Console(), int(sys.argv[2]), with_demo=False, components=(fake,))
    try:
        asyncio.run(hub.run())
    except LaunchError as error:
        sys.exit(str(error))
