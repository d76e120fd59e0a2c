"""A piece played on a whole hub: who deposits what, who takes part from then on, and all that each partner gets.

What each event must be for each partner is computed from `droits_attendus`: nothing here asks the gateway.
"""

import json
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from gateway import objets
from gateway.objets import Objet
from gateway.pseudonyms import Pseudonyms
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import nommer_objets, nommer_objets_vue
from relais_contrats.client import Answer, Partner
from relais_contrats.modele import Donnees
from tests.parcours import droits_attendus as attendu
from tests.receiver import Endpoint, Received

PARTAGE = "parcours.partage"
PATIENCE_S = 15.0
_FINALITES = {"engagements": "engagement", "orientation": "orientation", "usagers": "orientation"}

Cle = tuple[str, str, str]
"""What tells an event apart, whoever receives it: source, type, and the message that it repeats (its agent ends with
its id), or when a service told it, and in which turn."""
Evenement = dict[str, Any]


@dataclass(frozen=True)
class Profil:
    """What the rights of a partner depend on, besides why it takes part."""

    type_organisme: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Etape:
    """A deposit. `suite`: what services tell because of it, and on which parcours; `vers`: where its roles change.

    `{P2}` in the data is the parcours as the emitter names it.
    """

    qui: str
    fait: str
    sur: str
    data: Mapping[str, Any]
    suite: tuple[tuple[str, str], ...] = ()
    entre: tuple[tuple[str, str], ...] = ()
    sort: tuple[tuple[str, str], ...] = ()
    vers: str = ""
    refus: str = ""
    """The code with which it is refused; nothing follows then."""
    dit: Mapping[str, Any] = field(default_factory=dict)
    """What the hub adds to the data."""
    enveloppe: Mapping[str, Any] = field(default_factory=dict)
    """Attributes that are not what they should be; `{n}006` is the id of the seventh message."""


@dataclass(frozen=True)
class Dit:
    """An event with all its data, and why each partner took part when it was told. `cause`: whose deposit led to it."""

    cle: Cle
    sur: str
    data: Mapping[str, Any]
    raisons: Mapping[str, attendu.Raisons]
    cause: str
    oppose: bool = False

    @property
    def fait(self) -> str:
        return self.cle[1]

    def pour(
        self, code: str, profil: Profil, raisons: attendu.Raisons | None = None, *, est_la_cause: bool = True
    ) -> dict[str, Any] | None:
        """What this partner has of it; None when it has nothing. `raisons`: those of another moment."""
        raisons = self.raisons.get(code, frozenset()) if raisons is None else raisons
        oppose = self.oppose and self.fait not in attendu.FINS_DE_PARTAGE
        titre = est_la_cause and code == self.cause
        if not attendu.recoit(self.fait, profil.type_organisme, raisons, est_la_cause=titre, oppose=oppose):
            return None
        visibles = attendu.groupes(profil.type_organisme, profil.scopes, raisons, oppose=oppose)
        modele = CATALOGUE[self.fait].modele
        vu = attendu.projette(modele, self.data, visibles)
        vu = dict(self.data) if raisons == {attendu.SIGNALANT} else vu
        dit_quelque_chose = vu if self.data else modele.groupe in visibles
        return sans_noms(self.fait, vu) if dit_quelque_chose else None


@dataclass
class Boite:
    """What one partner got: `flux` as it was pulled, `webhooks` as it was pushed."""

    partenaire: Partner
    profil: Profil
    endpoint: Endpoint | None = None
    flux: list[Evenement] = field(default_factory=list)
    curseur: str | None = None
    abonnement: str = ""
    secret: str = ""
    _verifies: list[Evenement] = field(default_factory=list)
    _lus: int = 0

    @property
    def webhooks(self) -> list[Evenement]:
        """What was pushed to this partner, in order: its secret tells it from what others still send to a port."""
        nouveaux = self.endpoint.received[self._lus :] if self.endpoint else []
        self._lus += len(nouveaux)
        self._verifies += [one.event for one in nouveaux if self._est_sien(one) and "subject" in one.event]
        return self._verifies

    def _est_sien(self, one: Received) -> bool:
        try:
            Webhook(self.secret).verify(one.body, dict(one.headers))
        except WebhookVerificationError:
            return False
        return True

    async def va_au_bout(self) -> None:
        """What was told before is not of the piece."""
        while len((page := await self.partenaire.events(after=self.curseur)).evenements):
            self.curseur = page.curseur

    async def releve(self, attente_s: int = 0) -> None:
        page = await self.partenaire.events(after=self.curseur, wait_s=attente_s)
        self.flux += page.evenements
        self.curseur = page.curseur


def sans_pseudonyme(valeur: Any) -> Any:
    """Each partner has its own names of the parcours: what they name is compared elsewhere."""
    if isinstance(valeur, Mapping):
        return {nom: sans_pseudonyme(v) for nom, v in valeur.items()}
    if isinstance(valeur, list):
        return [sans_pseudonyme(v) for v in valeur]
    return "prc" if isinstance(valeur, str) and valeur.startswith(("prc_", "{P")) else valeur


def sans_noms(fait: str, data: Mapping[str, Any]) -> Any:
    """Nor their own names of the objects."""
    return sans_pseudonyme(nommer_objets(fait, data, lambda nature, _: nature))


def sans_noms_de_vue(modele: type[Donnees], vue: Any) -> Any:
    """The same of a view, if there is one."""
    return sans_pseudonyme(nommer_objets_vue(modele, vue, lambda nature, _: nature)) if vue else vue


def cle(event: Evenement) -> Cle:
    repete = event.get("agent", "").rpartition(" ")[2]
    quand = repete or f"{event['time']} {event.get('sequence')}"
    return event["source"], event["type"].removeprefix("fr.insertion.").removesuffix(".v1"), quand


def compte(events: Iterable[tuple[str, Cle, Any]]) -> Counter[str]:
    """What was told, in a form whose difference can be read."""
    return Counter(f"{sur} {fait} de {source} {_texte(data)}" for sur, (source, fait, _), data in events)


def _texte(data: Any) -> str:
    """9 and 9.0 are one JSON number."""
    return json.dumps(json.loads(json.dumps(data), parse_int=float), sort_keys=True)


class Piece:
    """The parcours as they are played: who takes part, what was told, under which name each partner knows them.

    `temoins` have every right where they take part: what services tell is read from them. `serie` begins every id.
    """

    def __init__(
        self,
        boites: Mapping[str, Boite],
        pseudonymes: Pseudonyms,
        departement: str,
        temoins: Sequence[str],
        serie: str | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.boites = boites
        self.dits: list[Dit] = []
        self.deposes: list[tuple[str, dict[str, Any], Answer]] = []
        self.raisons: dict[str, dict[str, attendu.Raisons]] = {}
        self.partages: list[tuple[str, str, str]] = []
        self.parcours: dict[str, UUID] = {}
        self._opposes: set[str] = set()
        self._createurs: dict[tuple[str, str, str], str] = {}
        self._pseudonymes = pseudonymes
        self._departement = departement
        self._temoins = temoins
        self._serie = serie or secrets.token_hex(8)
        self._patience_s = patience_s

    def nom(self, code: str, event: Evenement) -> str | None:
        """The parcours that an event is about; None for one that is not of this piece."""
        lu = self._pseudonymes.read(code, event["subject"])
        return next((nom for nom, id_ in self.parcours.items() if id_ == lu), None)

    def noms_connus(self, code: str, event: Evenement) -> bool:
        """Whether every parcours that it names is named as this partner does."""
        noms = re.findall(r"prc_[a-z0-9]+", json.dumps(event))
        return all(self._pseudonymes.read(code, nom) in self.parcours.values() for nom in noms)

    def pseudonyme(self, code: str, sur: str) -> str:
        return self._pseudonymes.of(code, self.parcours[sur])

    def de_la_piece(self, code: str, events: Iterable[Evenement]) -> list[Evenement]:
        return [event for event in events if self.nom(code, event)]

    def attendu_de(
        self, dit: Dit, code: str, raisons: attendu.Raisons | None = None, *, est_la_cause: bool = True
    ) -> dict[str, Any] | None:
        return dit.pour(code, self.boites[code].profil, raisons, est_la_cause=est_la_cause)

    def attendus(self, code: str, sauf: str = "") -> Counter[str]:
        """All that this partner must have been told, but what it said itself."""
        des_autres = (dit for dit in self.dits if dit.cle[0] != f"/partenaires/{code}" and dit.sur != sauf)
        vus = ((dit, self.attendu_de(dit, code)) for dit in des_autres)
        return compte((dit.sur, dit.cle, vu) for dit, vu in vus if vu is not None)

    def recus(self, code: str, events: Iterable[Evenement]) -> Counter[str]:
        """Without what lets a partner in: see `entrees`."""
        return compte(
            (str(self.nom(code, e)), cle(e), sans_noms(cle(e)[1], e["data"]))
            for e in self.de_la_piece(code, events)
            if cle(e)[1] != PARTAGE
        )

    def entrees(self, code: str, events: Iterable[Evenement]) -> Counter[tuple[str, str]]:
        """Where it was told that it takes part, and as what."""
        partages = [e for e in self.de_la_piece(code, events) if cle(e)[1] == PARTAGE]
        assert all(e["data"].keys() - {"anciens"} == {"motif", "role"} and e["data"]["motif"] for e in partages)
        return Counter((str(self.nom(code, e)), e["data"]["role"]) for e in partages)

    def entrees_attendues(self, code: str) -> Counter[tuple[str, str]]:
        return Counter((sur, role) for qui, sur, role in self.partages if qui == code)

    async def joue(self, etape: Etape) -> None:
        """Deposit; then wait until it has arrived where it must, so that the next step finds what it changes."""
        message = self._message(etape)
        partenaire = self.boites[etape.qui].partenaire
        answer = await partenaire.post(message, wait_s=20)
        if answer.etat == "en-attente":
            answer = await partenaire.settled(message["id"], patience_s=self._patience_s)
        assert (answer.code or "accepte") == (etape.refus or "accepte"), (etape.qui, etape.fait, answer)
        self.deposes.append((etape.qui, message, answer))
        if not etape.refus:
            for nature, cle_ in objets.crees_par(etape.fait, etape.data):
                self._createurs.setdefault((etape.sur, nature, cle_), etape.qui)
            await self._suit(etape, message["id"], answer)

    async def _suit(self, etape: Etape, message: str, answer: Answer) -> None:
        if etape.sur not in self.parcours:
            lu = self._pseudonymes.read(etape.qui, answer.parcours or "")
            assert lu, answer
            self.parcours[etape.sur] = lu
        avant = dict(self.raisons.get(etape.sur, {}))
        self._bouge(etape)
        apres = self.raisons[etape.sur]
        pendant = {c: avant.get(c, frozenset()) | apres.get(c, frozenset()) for c in avant.keys() | apres.keys()}
        sienne = (f"/partenaires/{etape.qui}", etape.fait, message)
        await self._attend(self._dit(sienne, etape.sur, {**etape.data, **etape.dit}, pendant, etape.qui))
        for fait, sur in etape.suite:
            await self._suite(fait, sur, etape.qui)
        if etape.fait == "usager.oppose":
            self._opposes.add(etape.sur)

    def _dit(
        self, cle: Cle, sur: str, data: Mapping[str, Any], raisons: Mapping[str, attendu.Raisons], cause: str
    ) -> Dit:
        self.dits.append(Dit(cle, sur, data, dict(raisons), cause, sur in self._opposes))
        return self.dits[-1]

    def _message(self, etape: Etape) -> dict[str, Any]:
        connu = CATALOGUE.get(etape.fait)
        a_un_sujet = connu is not None and connu.porte_sur_parcours and not connu.ouvre_parcours
        numero = f"{self._serie}-{len(self.deposes):03}"
        message = self.boites[etape.qui].partenaire.message(
            etape.fait,
            self._data(etape),
            departement=self._departement,
            subject=self.pseudonyme(etape.qui, etape.sur) if a_un_sujet else None,
            id_=numero,
            finalite=_FINALITES.get(connu.brique if connu else "", "accompagnement"),
            agent=f"Temoin-agent Camille {numero}",
        )
        return message | {nom: self._noms(etape.qui, valeur) for nom, valeur in etape.enveloppe.items()}

    def _data(self, etape: Etape) -> dict[str, Any]:
        """The script calls an object by the key of who created it: the others know it by a pseudonym."""
        data = {nom: self._noms(etape.qui, valeur) for nom, valeur in etape.data.items()}
        if etape.fait not in CATALOGUE:
            return data

        def nom(nature: str, cle: str) -> str:
            createur = self._createurs.get((etape.sur, nature, cle), etape.qui)
            if createur == etape.qui:
                return cle
            return objets.nom(self._pseudonymes, etape.qui, Objet(createur, cle, self.parcours[etape.sur]).interne)

        return nommer_objets(etape.fait, data, nom)

    def _noms(self, code: str, valeur: Any) -> Any:
        if isinstance(valeur, list):
            return [self._noms(code, v) for v in valeur]
        if isinstance(valeur, str) and valeur.startswith("{P"):
            return self.pseudonyme(code, valeur.strip("{}"))
        return valeur.replace("{n}", f"{self._serie}-") if isinstance(valeur, str) else valeur

    def _bouge(self, etape: Etape) -> None:
        """A partner that is new on a parcours is told, unless its own deposit made it enter."""
        ou = etape.vers or etape.sur
        raisons = self.raisons.setdefault(ou, {})
        for code, raison in etape.sort:
            raisons[code] = raisons[code] - {raison}
        for code, raison in etape.entre:
            if not raisons.get(code, frozenset()) - {attendu.SIGNALANT} and code != etape.qui:
                genre = self.boites[code].profil.type_organisme
                self.partages.append((code, ou, genre if raison == attendu.TERRITOIRE else raison))
            raisons[code] = raisons.get(code, frozenset()) | {raison}
        for code in [c for c, r in raisons.items() if not r]:
            del raisons[code]

    async def _attend(self, dit: Dit) -> None:
        """Until somebody who must have it has it."""
        autres = (code for code in self.boites if f"/partenaires/{code}" != dit.cle[0])
        code = next((c for c in autres if self.attendu_de(dit, c) is not None), None)
        assert code, dit
        await self._arrive(code, lambda event: cle(event) == dit.cle, dit.fait)

    async def _suite(self, fait: str, sur: str, cause: str) -> None:
        """A fact of a service, as it is told to who may see it whole."""
        connus, raisons = {d.cle for d in self.dits if d.sur == sur}, self.raisons[sur]
        temoin = next(code for code in self._temoins if code in raisons)

        def est(event: Evenement) -> bool:
            nouveau = cle(event) not in connus and self.nom(temoin, event) == sur
            return nouveau and cle(event)[1] == fait and event["source"].startswith("/services/")

        event = await self._arrive(temoin, est, fait)
        self._dit(cle(event), sur, event["data"], raisons, cause)

    async def _arrive(self, code: str, est: Callable[[Evenement], bool], fait: str) -> Evenement:
        boite, limite = self.boites[code], time.monotonic() + self._patience_s
        while True:
            if found := next((e for e in reversed(boite.flux) if est(e)), None):
                return found
            assert time.monotonic() < limite, (code, fait, "n'arrive pas")
            await boite.releve(1)
