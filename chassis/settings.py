"""Configuration of a process, read once from the environment, secrets from files. One error lists all missing names."""

import base64
import sys
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound="Settings")


class Settings(BaseSettings):
    """The settings of every component. Variables begin with `RELAIS_`: `nats_url` is `RELAIS_NATS_URL`."""

    model_config = SettingsConfigDict(env_prefix="RELAIS_", extra="ignore", frozen=True)

    nats_url: str
    nats_nkey_file: Path
    database_url: str
    database_password_file: Path
    secrets: Path
    otlp_url: str | None = None
    niveau_log: str = "info"

    @property
    def database_password(self) -> str:
        return self.database_password_file.read_text().strip()

    def key(self, name: str) -> bytes:
        """The 32 bytes of `<secrets>/<name>.cle` (one base64url line)."""
        raw = base64.urlsafe_b64decode((self.secrets / f"{name}.cle").read_text().strip() + "==")
        if len(raw) != 32:
            raise ValueError(f"{name}.cle must hold 32 bytes")
        return raw

    def pem(self, name: str) -> bytes:
        return (self.secrets / f"{name}.pem").read_bytes()


def read(kind: type[S]) -> S:
    """Read the settings, or stop the process with the list of every missing or wrong variable."""
    try:
        return kind()  # type: ignore[call-arg]  # the fields come from the environment
    except ValidationError as error:
        for fault in error.errors():
            name = "RELAIS_" + "_".join(str(part) for part in fault["loc"]).upper()
            sys.stderr.write(f"{name}: {fault['msg']}\n")
        raise SystemExit(78) from error
