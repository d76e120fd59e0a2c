"""One HTTP exchange as a run records it; `masque` shows it without anything about a person, nor any secret."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

CACHE = "•••"
_CORPS_MAX_SIGNES = 4_000
_LISTE_MAX = 5
# What is told of a message or of an answer: all the rest is hidden.
_DITS = frozenset(
    [
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "datacontenttype",
        "departement",
        "finalite",
        "subject",
        "sequence",
        "traceparent",
        "causeid",
        "relaisnumero",
        "etat",
        "evenements",
        "parcours",
        "rejoue",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "relancable",
        "erreurs",
        "pointeur",
        "message",
        "ligne",
        "curseur",
        "error",
        "error_description",
        "token_type",
        "expires_in",
        "scope",
        "grant_type",
        "conforme",
        "traites",
        "avertissements",
        "correlationid",
        "versionattendue",
        "dataschema",
        "client_id",
        "probleme",
    ]
)
_EN_TETES = frozenset(
    [
        "content-type",
        "traceparent",
        "retry-after",
        "prefer",
        "www-authenticate",
        "location",
        "relais-rejoue",
        "webhook-id",
        "webhook-timestamp",
        "dpop-nonce",
    ]
)
_SECRETS = frozenset({"authorization", "dpop", "webhook-signature"})
# Looser than the contract's own test: a report shows nothing that merely looks like a NIR.
_ENTRE = "[ ._:/-]?"
_NIR = re.compile(
    rf"[1-478](?:{_ENTRE}[0-9]){{4}}{_ENTRE}(?:[0-9]{_ENTRE}[0-9]|2{_ENTRE}[AB])(?:{_ENTRE}[0-9]){{6,8}}", re.IGNORECASE
)

Entetes = Sequence[tuple[str, str]]


@dataclass(eq=False)
class Echange:
    """`debut`, `fin`: seconds of a monotonic clock; `statut` None: there was no answer. `note`: the fault that the kit
    injected.
    """

    methode: str
    chemin: str
    """With its query, as it was written."""
    entetes: Entetes
    corps: bytes
    debut: float
    instant: datetime = field(default_factory=lambda: datetime.now(UTC))
    fin: float | None = None
    statut: int | None = None
    entetes_rendus: Entetes = ()
    corps_rendu: bytes = b""
    note: str = ""

    def entete(self, nom: str) -> str | None:
        """The first of this name, in lower case."""
        return next((valeur for cle, valeur in self.entetes if cle == nom), None)

    def masque(self) -> dict[str, Any]:
        """For a report: `{instant, requete, entetes, corps, statut, entetes_rendus, corps_rendu, note, duree_s}`."""
        return {
            "instant": self.instant.isoformat(timespec="milliseconds"),
            "requete": f"{self.methode} {sans_nir(unquote(self.chemin))}",
            "entetes": _entetes(self.entetes),
            "corps": _corps(self.corps),
            "statut": self.statut,
            "entetes_rendus": _entetes(self.entetes_rendus),
            "corps_rendu": _corps(self.corps_rendu),
            "duree_s": None if self.fin is None else round(self.fin - self.debut, 3),
            "note": self.note,
        }


@dataclass(eq=False)
class _Relu(Echange):
    """Of an interrupted run: all that is left is what may be shown."""

    dit: dict[str, Any] = field(default_factory=dict)

    def masque(self) -> dict[str, Any]:
        return self.dit


def relu(dit: Mapping[str, Any]) -> Echange:
    """From what `masque` gave."""
    methode, _, chemin = str(dit["requete"]).partition(" ")
    return _Relu(methode, chemin, (), b"", 0.0, statut=dit["statut"], dit=dict(dit))


def sans_nir(texte: str) -> str:
    return _NIR.sub(CACHE, texte)


def _entetes(entetes: Entetes) -> dict[str, str]:
    secrets = {nom: CACHE for nom, _ in entetes if nom in _SECRETS}
    return {nom: sans_nir(valeur) for nom, valeur in entetes if nom in _EN_TETES} | secrets


def _corps(corps: bytes) -> str:
    if not corps:
        return ""
    try:
        lus = [json.loads(corps)]
    except ValueError:
        try:
            lus = [json.loads(ligne) for ligne in corps.splitlines()[: _LISTE_MAX + 1] if ligne.strip()]
        except ValueError:
            return f"{CACHE} ({len(corps)} octets)"
    return "\n".join(json.dumps(_cacher(lu), ensure_ascii=False, indent=2) for lu in lus)[:_CORPS_MAX_SIGNES]


def _cacher(valeur: Any, *, est_dit: bool = False) -> Any:
    if isinstance(valeur, Mapping):
        return {
            sans_nir(str(nom)): _tout_cacher(v) if nom == "data" else _cacher(v, est_dit=nom in _DITS)
            for nom, v in valeur.items()
        }
    if isinstance(valeur, list):
        reste = [f"… et {len(valeur) - _LISTE_MAX} de plus"] if len(valeur) > _LISTE_MAX else []
        return [_cacher(v, est_dit=est_dit) for v in valeur[:_LISTE_MAX]] + reste
    if isinstance(valeur, bool) or valeur is None:
        return valeur
    if not est_dit:
        return CACHE
    return sans_nir(valeur) if isinstance(valeur, str) else valeur


def _tout_cacher(valeur: Any) -> Any:
    """The content of a message: its fields are told, none of its values."""
    if isinstance(valeur, Mapping):
        return {sans_nir(str(nom)): _tout_cacher(v) for nom, v in valeur.items()}
    if isinstance(valeur, list):
        return [_tout_cacher(v) for v in valeur[:_LISTE_MAX]]
    return CACHE
