"""Two hundred identities that collide, told from outside to a whole hub: never a silent merge, never a duplicate."""

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from chassis.settings import Settings
from coffre.keys import Keyring
from deploy.postgres import connect_admin
from gateway.pseudonyms import Pseudonyms
from relais_contrats.client import Answer, Partner
from services.usagers.store.dossiers import MODELE
from tests.hub import Hub
from tests.parcours.collisions import (
    EMETTEURS,
    Agit,
    Dire,
    Ensemble,
    Hesite,
    Ouvre,
    Refuse,
    Rejoint,
    Scenario,
    dires,
    scenarios,
)
from tests.parcours.fouille import keyring

pytestmark = pytest.mark.lent

GRAINE = 20_261_123
_A_LA_FOIS = 8
_MSA = (
    "--type msa --nom MSA-du-Nord --departement 59 --scope messages:deposer --scope evenements:lire "
    "--convention orientation:2030-12-31"
)


class Histoire:
    """One scenario as it is played. `parcours`: the internal id that each telling was answered."""

    def __init__(self, scenario: Scenario, scene: "Scene") -> None:
        self.scenario = scenario
        self.parcours: dict[str, UUID] = {}
        self.refus: dict[str, str | None] = {}
        self._scene = scene

    async def jouer(self) -> None:
        for etape in self.scenario.etapes:
            match etape:
                case Dire():
                    await self._dire(etape)
                case Ensemble(dires=ensemble):
                    await asyncio.gather(*map(self._dire, ensemble))
                case Agit():
                    await self._agir(etape)

    async def _dire(self, dire: Dire) -> None:
        answer = await self._scene.depose(dire.emetteur, "usager.signale", dire.donnees)
        self.refus[dire.nom] = answer.code
        if answer.parcours:
            self.parcours[dire.nom] = self._scene.interne(dire.emetteur, answer.parcours)

    async def _agir(self, acte: Agit) -> None:
        """The département knows a parcours once the event that opens it has reached it: until then it asks again."""
        noms = {nom: self._scene.pseudonyme("cd-59", id_) for nom, id_ in self.parcours.items()}
        data = {cle: _remplir(valeur, noms) for cle, valeur in acte.donnees.items()}
        async with asyncio.timeout(30):
            while True:
                answer = await self._scene.depose("cd-59", acte.fait, data, noms[acte.sur])
                if answer.etat == "accepte":
                    return
                assert answer.code == "parcours-inconnu", answer
                await asyncio.sleep(0.2)


class Scene:
    """The partners of a hub, and what the hub alone knows: whose pseudonym is which parcours."""

    def __init__(self, hub: Hub, partners: dict[str, Partner]) -> None:
        self._partners = partners
        secrets = hub.data.secrets / "passerelle"
        self._pseudonyms = Pseudonyms(Settings.model_construct(secrets=secrets).key("pseudonymes"))

    async def depose(self, code: str, fait: str, data: dict[str, Any], subject: str | None = None) -> Answer:
        partner = self._partners[code]
        answer = await partner.post(partner.message(fait, data, departement="59", subject=subject), wait_s=20)
        assert answer.etat != "en-attente", answer
        return answer

    def interne(self, code: str, pseudonyme: str) -> UUID:
        lu = self._pseudonyms.read(code, pseudonyme)
        assert lu
        return lu

    def pseudonyme(self, code: str, parcours: UUID) -> str:
        return self._pseudonyms.of(code, parcours)


def _remplir(valeur: Any, noms: dict[str, str]) -> Any:
    if isinstance(valeur, list):
        return [_remplir(v, noms) for v in valeur]
    return valeur.format(**noms) if isinstance(valeur, str) else valeur


@pytest.fixture(scope="module")
def histoires(hub: Hub) -> list[Histoire]:
    hub.relais(f"partenaire creer msa-59 {_MSA}")
    return asyncio.run(_raconter(hub))


async def _raconter(hub: Hub) -> list[Histoire]:
    """Everything told, some scenarios at a time, so that strangers collide in the same batches."""
    async with AsyncExitStack() as stack:
        partners = {code: await stack.enter_async_context(hub.known(code)) for code in EMETTEURS}
        scene = Scene(hub, partners)
        jouees = [Histoire(scenario, scene) for scenario in scenarios(GRAINE)]
        places = asyncio.Semaphore(_A_LA_FOIS)

        async def jouer(histoire: Histoire) -> None:
            async with places:
                await histoire.jouer()

        await asyncio.gather(*map(jouer, jouees))
    return jouees


@pytest.fixture(scope="module")
def connus(hub: Hub, histoires: list[Histoire]) -> dict[UUID, Any]:
    """The rows of every parcours, once all was told."""
    return asyncio.run(_lire(hub))


async def _lire(hub: Hub) -> dict[UUID, Any]:
    conn = await connect_admin(hub.data, hub.data.known_ports().postgres)
    try:
        trousseau = await keyring(conn, hub.data)
        rows: list[Any] = [
            # A partner that may not be told has a name of its own, that leads to the parcours.
            *await conn.fetch(
                "SELECT absorbe AS id, 'fusionne' AS etat, '{}'::uuid[] AS candidats, survivant FROM passerelle.alias"
            ),
            *[_ouvert(trousseau, row) for row in await conn.fetch("SELECT parcours, etat FROM usagers.dossiers")],
        ]
    finally:
        await conn.close()
    return {row["id"]: row for row in rows}


def _ouvert(trousseau: Keyring, row: Any) -> dict[str, Any]:
    clair = trousseau.open("usagers.dossiers", row["parcours"], row["etat"])
    assert clair is not None
    lu = MODELE.lire(clair)
    return {"id": lu.id, "etat": lu.etat.value, "candidats": list(lu.candidats), "survivant": lu.survivant}


def _final(connus: dict[UUID, Any], id_: UUID) -> UUID:
    while survivant := connus[id_]["survivant"]:
        id_ = survivant
    return id_


def test_each_telling_became_what_it_had_to(histoires: list[Histoire], connus: dict[UUID, Any]) -> None:
    """`Hesite` is read on the candidates of those that still wait, and on their survivor once an agent has decided."""
    fautes = [
        (histoire.scenario.nom, dire.nom, dire.attendu)
        for histoire in histoires
        for dire in dires(histoire.scenario)
        if not _conforme(histoire, dire, connus)
    ]

    assert fautes == []
    assert sum(histoire.scenario.identites for histoire in histoires) == 200


def _conforme(histoire: Histoire, dire: Dire, connus: dict[UUID, Any]) -> bool:
    if isinstance(dire.attendu, Refuse):
        return histoire.refus[dire.nom] == dire.attendu.code
    parcours = histoire.parcours[dire.nom]
    match dire.attendu:
        case Ouvre():
            avant = [d.nom for d in dires(histoire.scenario)]
            autres = {histoire.parcours[nom] for nom in avant[: avant.index(dire.nom)] if nom in histoire.parcours}
            return parcours not in autres and connus[parcours]["etat"] in ("actif", "fusionne")
        case Rejoint(nom):
            return _final(connus, parcours) == _final(connus, histoire.parcours[nom])
        case Hesite(noms):
            attendus = {_final(connus, histoire.parcours[nom]) for nom in noms}
            etat = connus[parcours]["etat"]
            if etat == "fusionne":
                return parcours not in attendus and _final(connus, parcours) in attendus
            return etat == "ambigu" and set(connus[parcours]["candidats"]) == attendus


def test_no_parcours_speaks_of_two_persons(histoires: list[Histoire], connus: dict[UUID, Any]) -> None:
    personnes: defaultdict[UUID, set[tuple[int, str]]] = defaultdict(set)
    for rang, histoire in enumerate(histoires):
        for dire in dires(histoire.scenario):
            if dire.nom in histoire.parcours:
                personnes[_final(connus, histoire.parcours[dire.nom])].add((rang, dire.vrai))

    assert {parcours: vrais for parcours, vrais in personnes.items() if len(vrais) > 1} == {}


def test_no_person_has_two_active_parcours(histoires: list[Histoire], connus: dict[UUID, Any]) -> None:
    actifs: defaultdict[tuple[int, str], set[UUID]] = defaultdict(set)
    for rang, histoire in enumerate(histoires):
        for dire in dires(histoire.scenario):
            if dire.nom in histoire.parcours:
                final = _final(connus, histoire.parcours[dire.nom])
                if connus[final]["etat"] == "actif":
                    actifs[rang, dire.vrai].add(final)

    assert {vrai: len(ids) for vrai, ids in actifs.items() if len(ids) > 1} == {}
    assert len(actifs) == sum(histoire.scenario.identites for histoire in histoires) - 3 * 5
