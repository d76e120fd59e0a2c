"""What the played hub received, as the checks read it: messages, token, proof. Nothing here judges."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from relais_contrats.lecture import empreinte
from relais_kit.echange import CACHE, Echange, sans_nir

Message = Mapping[str, Any]

_GARDES = ("/v1/messages", "/v1/evenements", "/v1/parcours", "/v1/usagers", "/v1/abonnements", "/v1/reconciliation")
# What some write anew at each attempt.
_DE_L_ESSAI = frozenset({"time", "traceparent", "tracestate"})


@dataclass(frozen=True)
class Depot:
    """One message of one request, and what it was answered. `est_relancable`: the hub asks for it again."""

    message: Message
    recu: "Recu"
    statut: int | None
    est_relancable: bool = False

    @property
    def id(self) -> str:
        return str(self.message.get("id"))

    @property
    def est_accepte(self) -> bool:
        return self.statut is not None and 200 <= self.statut < 300

    @property
    def est_refuse(self) -> bool:
        """For good: the same message again would be refused again."""
        est_a_refaire = self.est_relancable or self.statut in (401, 408, 425, 429)
        return self.statut is not None and 400 <= self.statut < 500 and not est_a_refaire

    @cached_property
    def contenu(self) -> str:
        """The same for two messages that tell the same thing, whatever their ids and instants."""
        return empreinte({nom: self.message.get(nom) for nom in ("type", "subject", "data")})

    @cached_property
    def fait(self) -> str:
        """The same for two messages that differ only by what an attempt writes anew."""
        return empreinte({nom: valeur for nom, valeur in self.message.items() if nom not in _DE_L_ESSAI})

    @cached_property
    def entier(self) -> str:
        return empreinte(self.message)


@dataclass(eq=False)
class Recu(Echange):
    """`rang_panne`: from 1 when a fault of the run was applied to this exchange, else 0."""

    panne: str = ""

    @property
    def route(self) -> str:
        return self.chemin.partition("?")[0]

    @property
    def est_jeton(self) -> bool:
        return self.route == "/oauth/token" and self.methode == "POST"

    @property
    def est_garde(self) -> bool:
        """The API asks for a token there."""
        return self.route.startswith(_GARDES)

    @property
    def est_depot(self) -> bool:
        return self.route == "/v1/messages" and self.methode == "POST"

    @property
    def est_lecture(self) -> bool:
        """A page of the feed."""
        return self.route == "/v1/evenements" and self.methode == "GET"

    @property
    def est_acquittement(self) -> bool:
        return self.route == "/v1/evenements/acquittement" and self.methode == "POST"

    @property
    def est_un_lot(self) -> bool:
        return self.genre in ("application/cloudevents-batch+json", "application/x-ndjson")

    @property
    def genre(self) -> str:
        return (self.entete("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def messages(self) -> Sequence[Message]:
        """What can be read of a deposit; an unreadable one has none."""
        try:
            lignes = self.corps.splitlines() if self.genre == "application/x-ndjson" else [self.corps]
            lus = [json.loads(ligne) for ligne in lignes if ligne.strip()]
        except ValueError:
            return ()
        lus = lus[0] if len(lus) == 1 and isinstance(lus[0], list) else lus
        if self.genre == "application/json":
            lus = [{**self._attributs(), "data": lu} for lu in lus]
        return tuple(lu for lu in lus if isinstance(lu, dict))

    def depots(self) -> Sequence[Depot]:
        """Each message with its own answer, a line of it in a batch."""
        if not self.est_depot:
            return ()
        if not (self.est_un_lot and self.statut == 200):
            est_relancable = self.statut in (429, 503)
            return [Depot(m, self, self.statut, est_relancable) for m in self.messages]
        lignes = lignes_de(self.corps_rendu)
        rendues = [*lignes, *([{}] * (len(self.messages) - len(lignes)))]
        return [
            Depot(m, self, _statut_de(r), bool(r.get("relancable")))
            for m, r in zip(self.messages, rendues, strict=False)
        ]

    @cached_property
    def jeton(self) -> str | None:
        """The access token, without its scheme."""
        return (self.entete("authorization") or "").partition(" ")[2] or None

    @property
    def schema(self) -> str:
        return (self.entete("authorization") or "").partition(" ")[0].lower()

    @property
    def preuves(self) -> Sequence[str]:
        return [valeur for nom, valeur in self.entetes if nom == "dpop"]

    @cached_property
    def preuve(self) -> Mapping[str, Any]:
        """The claims of its DPoP proof; empty when it has none that can be read."""
        return lire_jwt(self.preuves[0]) if self.preuves else {}

    @cached_property
    def demande(self) -> Mapping[str, str]:
        """The form of a token request."""
        return {nom: valeurs[0] for nom, valeurs in parse_qs(self.corps.decode("utf-8", "replace")).items()}

    @cached_property
    def rendu(self) -> Mapping[str, Any]:
        """The JSON object that was answered, empty when it is none."""
        return objet_de(self.corps_rendu)

    def masque(self) -> dict[str, Any]:
        """Return the masked exchange, with the claims of its proof about the request."""
        dit = super().masque()
        if self.preuve:
            htm, htu = self.preuve.get("htm"), sans_nir(str(self.preuve.get("htu")))
            liee = "lié au jeton" if "ath" in self.preuve else "sans ath"
            dit["entetes"]["dpop"] = f"{CACHE} (htm {htm}, htu {htu}, {liee})"
        return dit

    def _attributs(self) -> dict[str, str]:
        return {nom.removeprefix("ce-"): valeur for nom, valeur in self.entetes if nom.startswith("ce-")}


def lignes_de(corps: bytes) -> list[dict[str, Any]]:
    return [objet_de(ligne) for ligne in corps.splitlines() if ligne.strip()]


def objet_de(corps: bytes) -> dict[str, Any]:
    try:
        lu = json.loads(corps)
    except ValueError:
        return {}
    return lu if isinstance(lu, dict) else {}


def lire_jwt(texte: str, partie: int = 1) -> dict[str, Any]:
    """The claims of a JWT (`partie` 0: its header), whose signature is not looked at; empty when it is none."""
    parties = texte.split(".")
    if len(parties) != 3:
        return {}
    try:
        return objet_de(base64.urlsafe_b64decode(parties[partie] + "=" * (-len(parties[partie]) % 4)))
    except ValueError:
        return {}


def _statut_de(ligne: Mapping[str, Any]) -> int | None:
    """Of one line of the answer to a batch."""
    if ligne.get("etat") != "refuse":
        return 200 if ligne else None
    return ligne.get("status") or 422
