"""The one table of what runs: supervision, NATS permissions, PostgreSQL roles and container files derive from it."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path

from relais_contrats.briques import BRIQUES

ROOT = Path(__file__).resolve().parent.parent

SERVICES = tuple(brique.nom for brique in BRIQUES)
"""One per brique of the contract."""
STREAMS = ("PARCOURS", "OFFRES")
VAULT = "coffre"
"""The schema of the keys, and the folder of their master keys."""
SHREDDERS = ("passerelle",)
"""Roles that may destroy keys: an erasure passes there."""
ARCHIVED = ("passerelle.archives", "passerelle.archives_ouvertes", "passerelle.alias")
"""Where the gateway says what is in the intermediate archive, and to whom it is open."""


@dataclass(frozen=True, slots=True)
class Component:
    """A process of the hub. `name` is its log prefix, its NATS user and, for a service, its durable consumer."""

    name: str
    module: str
    schema: str
    migrations: tuple[str, ...]
    secrets: str
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    """Subjects answered as a member of the queue group that carries the component's name."""
    durable: str | None = None
    durable_streams: tuple[str, ...] = ()
    """Streams that it consumes with its durable."""
    reconciles: tuple[str, ...] = ()
    """Streams whose headers it reads back, to republish the facts that are missing there."""
    erases: tuple[str, ...] = ()
    """Streams from which it may delete one message by its sequence."""
    serves_partners: bool = False
    gateway: bool = False
    serves_systems: bool = False
    """Speaks with partners' own systems, as partners of the API: first to stop, and it keeps files."""
    seals: bool = False
    """Opens and makes keys of `coffre`; see `SHREDDERS` for who may destroy them."""
    keeps_archive: bool = False
    """Alone reads the masters of the archive, and moves keys into it and back."""
    receives_traces: bool = False
    """Serves the operators; the other components send it their traces unless told to send them elsewhere."""

    @property
    def shares_work(self) -> bool:
        """Whether several processes may share its work; the console and the connectors are one of each."""
        return not self.receives_traces and not self.serves_systems

    @property
    def inbox_prefix(self) -> str:
        return f"_INBOX_{self.name}"

    @property
    def verification_consumer(self) -> str:
        return f"verif-{self.name}"

    @property
    def is_present(self) -> bool:
        """False while the module is not written yet; the launcher then says so and goes on."""
        try:
            return importlib.util.find_spec(self.module) is not None
        except ModuleNotFoundError:
            return False


@dataclass(frozen=True, slots=True)
class Secret:
    """A file to generate once: 32 random bytes (`cle`) or a key pair (`pem`) on `curve`."""

    name: str
    kind: str = field(default="cle")
    curve: str = "P-256"

    @property
    def filename(self) -> str:
        return f"{self.name}.{self.kind}"


SECRETS: dict[str, tuple[Secret, ...]] = {
    "passerelle": (
        Secret("jeton", "pem"),
        Secret("recu", "pem"),
        Secret("pseudonymes"),
        Secret("journal"),
        Secret("proxy"),
        Secret("webhooks"),
        Secret("webhooks", "pem", "Ed25519"),
    ),
    "usagers": (Secret("coffre"), Secret("index")),
    "connecteurs": (Secret("coffre"), Secret("sftp", "pem", "Ed25519")),
    "console": (Secret("session"), Secret("outil"), Secret("jeton", "pem")),
}
"""Files of each secrets folder; a component that is not named here has an empty one."""


def _service(name: str) -> Component:
    # The offer has a stream of its own, which speaks of no person; what it wrote on one is erased from the other.
    offer = name == "offres"
    return Component(
        name=name,
        module=f"services.{name}.app",
        schema=name,
        migrations=("chassis/schema", f"services/{name}/schema"),
        secrets=name,
        publish=(f"parcours.*.{name}.>", "offres.>") if offer else (f"parcours.*.{name}.>",),
        subscribe=(f"depot.{name}", f"lecture.{name}.*", f"reglage.{name}.*"),
        durable=name,
        durable_streams=("PARCOURS",),
        reconciles=STREAMS if offer else ("PARCOURS",),
        erases=("PARCOURS",),
        seals=True,
    )


COMPONENTS: tuple[Component, ...] = (
    # First, so that it is there when the others send their first traces.
    Component(
        name="console",
        module="console.app",
        schema="console",
        migrations=("console/schema",),
        secrets="console",
        publish=("lecture.passerelle.*", "administration.passerelle.*"),
        receives_traces=True,
    ),
    *map(_service, SERVICES),
    Component(
        name="entrant",
        module="gateway.inbound.app",
        schema="passerelle",
        migrations=("gateway/schema",),
        secrets="passerelle",
        publish=("depot.*", "lecture.>", "reglage.*.*"),
        subscribe=("lecture.passerelle.*", "administration.passerelle.*"),
        serves_partners=True,
        gateway=True,
        seals=True,
    ),
    Component(
        name="sortant",
        module="gateway.outbound.app",
        schema="passerelle",
        migrations=("gateway/schema",),
        secrets="passerelle",
        publish=("lecture.usagers.*", "lecture.*.avancement"),
        subscribe=("lecture.sortant.*",),
        durable="sortant",
        durable_streams=STREAMS,
        gateway=True,
        seals=True,
    ),
    # Under a role of its own, which nothing that speaks with partners has.
    Component(
        name="archive",
        module="gateway.archivist.app",
        schema="archive",
        migrations=(),
        secrets="archive",
        subscribe=("lecture.archive.*",),
        seals=True,
        keeps_archive=True,
    ),
    # Says and hears nothing on the bus: it calls the API as the partners that it serves.
    Component(
        name="connecteurs",
        module="connectors.app",
        schema="connecteurs",
        migrations=("connectors/schema",),
        secrets="connecteurs",
        serves_systems=True,
    ),
)


def schemas() -> dict[str, tuple[str, ...]]:
    """Each PostgreSQL schema (its runtime role has the same name) with its migration folders, in order."""
    return {component.schema: component.migrations for component in COMPONENTS}


_INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "RELAIS_OTLP_URL", "RELAIS_NIVEAU_LOG"),
    *("RELAIS_RAFALE", "RELAIS_DEBIT_PAR_S", "RELAIS_QUOTA_JOUR", "RELAIS_RECHERCHES_PAR_HEURE"),
    *("RELAIS_BAC_A_SABLE", "RELAIS_QUATRE_YEUX"),
    *("RELAIS_ALERTES_SMTP", "RELAIS_ALERTES_EXPEDITEUR", "RELAIS_CONSOLE_URL"),
)


def child_environment() -> dict[str, str]:
    """What every supervised process inherits: never the caller's whole environment, which may hold secrets."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "contracts")]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
        "TZ": "UTC",
    }
