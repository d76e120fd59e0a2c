"""Erasure, asked of a whole hub: afterwards a search of all that it keeps finds nothing of the person."""

import asyncio
import contextlib
import hashlib
import json
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from deploy.postgres import connect_admin
from relais_contrats.client import Answer, Partner
from relais_contrats.identifiants import cle_nir
from tests.hub import Hub
from tests.parcours.dumps import VUES
from tests.parcours.fouille import Fouille
from tests.parcours.noms import same_parcours

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

_STRUCTURE = {"systeme": "siret", "valeur": "90000083700014", "nom": "Plateforme mobilité de Lille"}


class Personne:
    """Somebody whose every word is found nowhere else, also in what agents wrote of her in free text."""

    def __init__(self) -> None:
        alea = "".join(chr(ord("a") + secrets.randbelow(26)) for _ in range(10))
        self.nom, self.prenom, self.rue = f"Zq{alea}", f"Xk{alea}", f"Wv{alea}"
        self.sante = f"Hy{alea}"
        self.courriel, self.telephone = f"{alea}@exemple.test", f"06{secrets.randbelow(10**8):08d}"
        racine = f"2880559{secrets.randbelow(10**6):06d}"
        self.nir = racine + cle_nir(racine)
        self.matricule = f"{secrets.randbelow(10**9):09d}"

    @property
    def mots(self) -> list[str]:
        return [
            self.nom,
            self.prenom,
            self.rue,
            self.sante,
            self.courriel,
            self.telephone,
            self.nir[:13],
            self.matricule,
        ]

    def signalement(self, *identifiants: dict[str, str], **autres: Any) -> dict[str, Any]:
        return {
            "identite": {"nom_naissance": self.nom, "prenoms": self.prenom, "date_naissance": "1988-05-17"},
            "identifiants": list(identifiants),
            "brsa": True,
            "date_reception_droit": "2026-11-20",
            "origine": "inscription-auto-caf",
        } | autres

    def coordonnees(self) -> dict[str, Any]:
        adresse = {"code_commune": "59350", "code_postal": "59000", "voie": f"1 {self.rue}"}
        return {"adresse": adresse, "telephone": self.telephone, "courriel": self.courriel}


_ACCOMPAGNANTS = ("90000075300013", "90000083700014")
_ACCOMPAGNANT = {
    "nom": "MODELE",
    "prenom": "Dominique",
    "courriel": "dominique.modele@exemple.fr",
    "identifiant_agent": "AG-1042",
}
# Where a text of health is kept while its person is: what was told, what each service makes of it, what was deposited.
_DE_LA_SANTE = {
    *("orientation.dossiers", "orientation.histoire", "orientation.faits"),
    *("feuille_de_route.dossiers", "feuille_de_route.faits"),
    *("feuille_de_route.histoire", "feuille_de_route.feuilles"),
    "passerelle.evenements",
}


def _contrainte(code: str, libelle: str) -> dict[str, str]:
    """By the reference of France Travail: 23 is mobility, 25 health."""
    dite = {"niveau": "contrainte", "code": code, "referentiel": "ft-v4", "valeur": "oui"}
    return dite | {"libelle": libelle, "impact": "moyen"}


async def accepted(
    partner: Partner, fait: str, data: dict[str, Any], subject: str | None = None, **attributes: Any
) -> Answer:
    message = partner.message(fait, data, departement="59", subject=subject, **attributes)
    answer = await partner.post(message, wait_s=20)
    assert answer.etat == "accepte", answer
    return answer


async def received(partner: Partner, fait: str, mot: str) -> dict[str, Any]:
    """The first event of that type in which the word is found, from the beginning of the feed on."""
    after = None
    async with asyncio.timeout(30):
        while True:
            page = await partner.events(after=after, wait_s=2)
            for event in page.evenements:
                if event["type"] == f"fr.insertion.{fait}.v1" and mot in json.dumps(event, ensure_ascii=False):
                    return event
            after = page.curseur


@contextlib.asynccontextmanager
async def lived(hub: Hub, personne: Personne) -> AsyncIterator[tuple[Partner, str]]:
    """A whole life in the hub: told twice, ambiguous, recognised, corrected, oriented, with names in free texts, and
    her health in a diagnostic and an observation.

    Yields the département and its pseudonym of the parcours.
    """
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as cd, hub.partner("ml-lille") as ml:
        subject = await _told(caf, cd, ml, personne)
        await _oriented(
            cd, subject, f"{personne.prenom} {personne.nom}, matricule {personne.matricule}", personne.sante
        )
        async with hub.partner("ft-hauts-de-france") as ft:
            await received(ft, "parcours.clos", personne.nom)
        yield cd, subject


async def _told(caf: Partner, cd: Partner, ml: Partner, personne: Personne) -> str:
    nir = {"type": "nir", "valeur": personne.nir}
    matricule = {"type": "matricule-caf", "valeur": personne.matricule, "role": "demandeur"}
    await accepted(caf, "usager.signale", personne.signalement(nir, matricule, coordonnees=personne.coordonnees()))
    subject = str((await received(cd, "usager.signale", personne.nir))["subject"])
    local = {"type": "local", "valeur": personne.matricule}
    await accepted(ml, "usager.signale", personne.signalement(local, brsa=False, date_reception_droit=None))
    pending = str((await received(cd, "usager.ambigu", subject))["subject"])
    await accepted(cd, "usager.rapproche", {"decision": "meme-personne", "parcours": subject}, pending)
    await accepted(cd, "usager.corrige", {"coordonnees": {"courriel": f"nouveau-{personne.courriel}"}}, subject)
    return subject


async def _oriented(cd: Partner, subject: str, texte: str, sante: str) -> None:
    """The mission locale and the association follow her by then: neither holds `sante:lire`."""
    suivi = {"finalite": "accompagnement"}
    for siret in _ACCOMPAGNANTS:
        ajoute = {"accompagnant": _ACCOMPAGNANT, "structure": {**_STRUCTURE, "valeur": siret}, "role": "accompagnant"}
        await accepted(cd, "accompagnant.ajoute", ajoute | {"date_debut": "2026-11-20"}, subject, **suivi)
    contraintes = [_contrainte("23", texte), _contrainte("25", sante)]
    diagnostic = {"criteres": {"projet_pro": "salariat"}, "contraintes_diagnostic": contraintes}
    await accepted(cd, "diagnostic.realise", diagnostic, subject)
    await accepted(cd, "observation.ajoutee", {"texte": sante, "sensibilite": "sante"}, subject, **suivi)
    decision = {"parcours_type": "social", "organisme": "departement", "structure": {**_STRUCTURE, "nom": texte}}
    dates = {"date_decision": "2026-11-21", "date_debut": "2026-11-21", "rang": 1}
    refusee = {"decision": "refusee", "motif_refus": "autre", "commentaire_refus": texte}
    await accepted(cd, "orientation.decidee", {**decision, **dates, **refusee}, subject)
    await accepted(cd, "orientation.close", {"date_fin": "2026-11-22", "motif": texte}, subject)
    await accepted(cd, "parcours.clos", {"date_fin": "2026-11-22", "motif": texte}, subject)


async def test_after_an_erasure_a_search_of_all_that_is_kept_finds_nothing(hub: Hub) -> None:
    personne = Personne()
    fouille = Fouille(hub, personne.mots)
    async with lived(hub, personne) as (cd, subject):
        avant, lisible = await fouille.lieux(), await fouille.en_clair()

        await accepted(cd, "usager.efface", {"motif": "Demande de la personne."}, subject)
        deadline = time.monotonic() + 30
        while (apres := await fouille.lieux()) and time.monotonic() < deadline:
            await asyncio.sleep(0.5)

    assert (lisible, await fouille.en_clair()) == (set(), set())
    temoin = await Fouille(hub, ["ml-lille"]).en_clair()
    assert {lieu.partition("/")[0] for lieu in temoin} >= {"passerelle.partenaires", "postgres"}
    assert {
        "usagers.dossiers",
        "usagers.histoire",
        "usagers.champs_proteges",
        "orientation.dossiers",
        "orientation.faits",
    } <= avant
    assert {"feuille_de_route.feuilles", "feuille_de_route.histoire"} <= avant
    assert {"orientation.histoire", "passerelle.evenements"} <= avant
    assert any(lieu.startswith("nats/") for lieu in avant)
    assert apres == set()


async def test_health_is_read_by_right_only_and_by_nobody_after_an_erasure(hub: Hub) -> None:
    personne = Personne()
    fouille = Fouille(hub, [personne.sante])
    async with lived(hub, personne) as (cd, subject):
        avant = await fouille.lieux()
        lus = {code: await shown(hub, code, same_parcours(hub, subject, code)) for code in _PARTENAIRES}

        await accepted(cd, "usager.efface", {"motif": "Demande de la personne."}, subject)
        deadline = time.monotonic() + 30
        while (apres := await fouille.lieux()) and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
        ensuite = {code: await shown(hub, code, same_parcours(hub, subject, code)) for code in _PARTENAIRES}

    assert {code for code, texte in lus.items() if personne.sante in texte} == {"cd-59", "ft-hauts-de-france"}
    assert {lieu for lieu in avant if not lieu.startswith("nats/")} == _DE_LA_SANTE
    assert "observation.ajoutee" in lus["ml-lille"] and "diagnostic.realise" in lus["ml-lille"]
    assert apres == set()
    assert not {code for code, texte in ensuite.items() if personne.sante in texte}


_PARTENAIRES = ("cd-59", "ft-hauts-de-france", "ml-lille", "asso-mobilite", "caf-59", "di-offres")


async def shown(hub: Hub, code: str, prc: str) -> str:
    """All that this partner can read of a parcours: its whole feed, acknowledged or not, and every view."""
    async with hub.partner(code) as partner:
        pages, after = [], "depuis=2020-01-01T00:00:00Z"
        while True:
            page = await partner._send("GET", f"/v1/evenements?{after}&limite=500")
            pages.append(page.text)
            if not (content := page.json())["evenements"]:
                break
            after = f"apres={content['curseur']}"
        pages += [(await partner._send("GET", f"/v1/parcours/{prc}{vue}")).text for vue in VUES]
    return "\n".join(pages)


async def test_no_blind_index_of_an_erased_person_is_left(hub: Hub) -> None:
    personne = Personne()
    empreinte = Fouille(hub, [Fouille(hub, []).empreinte("nir", personne.nir)])
    async with lived(hub, personne) as (cd, subject):
        avant = await empreinte.lieux()

        await accepted(cd, "usager.efface", {"motif": "Demande de la personne."}, subject)

    assert avant == {"usagers.cles"}
    assert await empreinte.lieux() == set()


async def test_receipts_hold_after_an_erasure(hub: Hub) -> None:
    async with lived(hub, Personne()) as (cd, subject):
        await accepted(cd, "usager.efface", {"motif": "Demande de la personne."}, subject)
    key = ECKey.import_key((hub.data.secrets / "passerelle" / "recu.pem").read_text())

    conn = await connect_admin(hub.data, hub.data.known_ports().postgres)
    rows = await conn.fetch("SELECT chaine, rang, jws FROM passerelle.recus ORDER BY chaine, rang")
    await conn.close()

    chains: defaultdict[Any, list[str]] = defaultdict(list)
    for row in rows:
        chains[row["chaine"]].append(row["jws"])
    assert len(rows) > 10
    for chain, receipts in chains.items():
        previous = hashlib.sha256(chain.bytes).hexdigest()
        for rank, receipt in enumerate(receipts, start=1):
            said = json.loads(jws.deserialize_compact(receipt, key, algorithms=["ES256"]).payload)
            assert (said["rang"], said["precedent"]) == (rank, previous)
            previous = hashlib.sha256(receipt.encode()).hexdigest()
