"""What release 0.2.0 sealed of persons is opened whole, once, and sealed under the keys of their parcours."""

from __future__ import annotations

import hmac
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.database import Pool
from deploy import provisioning
from deploy.components import ROOT, schemas
from services.dossiers.rejouer import rejouer
from services.usagers.domain import EtatParcours, Parcours
from services.usagers.domain.identite import Adresse, Coordonnees, Identifiant, Identite
from services.usagers.domain.naissance import Naissance
from services.usagers.domain.parcours import Acte, Dire, Droits, FusionConnue
from services.usagers.store import lectures
from services.usagers.store.anciens import Ancien, Reprise
from services.usagers.store.dossiers import REGISTRE
from services.usagers.store.index import INDEX
from tests.deploy.test_migrations import made_by, migrations
from tests.engines import Engines

pytestmark = pytest.mark.anyio

CLE = b"\x07" * 32
VIF, ABSORBE, ALIAS, EFFACE, SON_NOM = (UUID(int=number) for number in (0x59, 0x5A, 0x5B, 0x5C, 0x5D))
DEPOT, FAIT = UUID(int=0xD1), UUID(int=0xE1)
MIDI = datetime(2026, 3, 2, 12, tzinfo=UTC)
CAMILLE = {"nom_naissance": "Moreau", "prenoms": "Camille", "date_naissance": "1985-03-14", "nom_usage": None}
CAMILLE |= {"sexe": "2", "commune_naissance": None}
ALEX = {**CAMILLE, "nom_naissance": "Petit", "prenoms": "Alex", "date_naissance": "1990-00-00", "sexe": None}
NIR = {"nature": "nir", "valeur": "2850359000001", "role": None, "emetteur": None, "ecrit": "285035900000109"}
LOCAL = {"nature": "local", "valeur": "B", "role": None, "emetteur": "/partenaires/caf-59", "ecrit": "B"}
ADRESSE = {"code_commune": "59350", "code_postal": "59000", "voie": None}
CONTACTS = {"adresse": ADRESSE, "telephone": None, "courriel": "c@exemple.fr"}
CONTACTS |= {"dites_a": {"courriel": "2026-03-02T12:00:00+00:00"}}
DROITS = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": "2026-03-01"}
DROITS |= {"motif_suspension": None, "motif_cloture": None, "dit_a": "2026-03-02T12:00:00+00:00"}


def scelle(parcours: UUID, champ: str, contenu: Any) -> bytes:
    """As 0.2.0 did."""
    nonce = os.urandom(12)
    aead = AESGCM(hmac.digest(CLE, parcours.bytes, "sha256"))
    return nonce + aead.encrypt(nonce, orjson.dumps(contenu), parcours.bytes + champ.encode())


def avant(id_: UUID, identites: list[Any], identifiants: list[Any]) -> dict[str, Any]:
    """A person in what undoes a merge."""
    brut = {"id": id_, "etat": "actif", "departement": "59", "emetteur": "/partenaires/caf-59", "identites": identites}
    brut |= {"identifiants": identifiants, "coordonnees": None, "droits": None, "candidats": [], "date_fin": None}
    brut |= {"oppose_a": None, "transfert": ["62", "2026-04-01"], "attend_un_partenaire": False}
    return brut | {"arrivees_signalees": "", "distincts": []}


async def ecrire(conn: asyncpg.Connection) -> None:
    await conn.execute("SET search_path = usagers")
    await conn.execute(
        "INSERT INTO parcours VALUES ($1, 'actif', '59', '/partenaires/caf-59', '{}', NULL, $2, NULL, $3, '62',"
        " '2026-04-01', false, 'caf:62', ARRAY[$4::uuid])",
        VIF,
        orjson.dumps(DROITS).decode(),
        MIDI,
        UUID(int=9),
    )
    autres = "INSERT INTO parcours (id, etat, departement, emetteur, survivant) VALUES ($1, $2, '59', '/a', $3)"
    await conn.executemany(autres, [(ABSORBE, "fusionne", VIF), (ALIAS, "fusionne", VIF), (EFFACE, "efface", None)])
    await conn.execute(
        "INSERT INTO coffre VALUES ($1, $2, $3, $4)",
        VIF,
        scelle(VIF, "identite", [CAMILLE, ALEX]),
        scelle(VIF, "identifiants", [LOCAL, NIR]),
        scelle(VIF, "coordonnees", CONTACTS),
    )
    await conn.execute(
        "INSERT INTO dires VALUES ($1, $2, '59', '/partenaires/ml', $3)",
        SON_NOM,
        ABSORBE,
        scelle(SON_NOM, "dire", [ALEX, [LOCAL], None]),
    )
    personnes = [avant(VIF, [CAMILLE], [NIR]), avant(VIF, [CAMILLE, ALEX], [LOCAL, NIR])]
    await conn.execute(
        "INSERT INTO fusions (depot, conserve, absorbes, auteur, fait, suivaient, chiffre)"
        " VALUES ($1, $2, ARRAY[$3::uuid], '/partenaires/cd-59', $4, $5, $6)",
        DEPOT,
        VIF,
        ABSORBE,
        FAIT,
        orjson.dumps({str(ABSORBE): [str(ALIAS)]}).decode(),
        scelle(VIF, "fusion", [*personnes, avant(ABSORBE, [ALEX], [LOCAL])]),
    )
    champ = scelle(VIF, str(FAIT), {"identite": CAMILLE})
    await conn.execute("INSERT INTO champs_proteges VALUES ($1, $2, $3)", FAIT, VIF, champ)
    await conn.execute("INSERT INTO oublis (agregat) VALUES ($1)", EFFACE)
    nir = INDEX.empreinte(("nir", NIR["valeur"] or ""))
    await conn.execute("INSERT INTO cles VALUES ($1, 'nir', $2, true)", VIF, nir)


@pytest.fixture
async def pool(engines: Engines, tmp_path: Path) -> AsyncIterator[Pool]:
    async for conn in made_by(migrations(ROOT / "deploy" / "migrations-0.2.0.sha256"), engines, tmp_path):
        nom = await conn.fetchval("SELECT current_database()")
        INDEX.lier(b"\x01" * 32)
        await ecrire(conn)
        await conn.execute("RESET search_path")
        await provisioning.provision_database(conn, {role: engines.password(role) for role in schemas()}, ROOT)
        async with await engines.pool(nom, "usagers") as pool:
            yield pool


async def test_every_person_of_0_2_0_opens_and_can_be_given_back(pool: Pool) -> None:
    await Reprise(pool, REGISTRE, Ancien(CLE)).tout()
    await Reprise(pool, REGISTRE, Ancien(CLE)).tout()  # a second replica finds nothing to do

    async with pool.acquire() as conn:
        lus = await REGISTRE.ouvrir(conn, await conn.fetch("SELECT parcours, etat FROM dossiers"))
        vue = await lectures.parcours(conn, ALIAS)
        champs = await lectures.champs(conn, [FAIT])
        dire = await lectures.dire(conn, SON_NOM, "/partenaires/ml")
    compte = await rejouer(pool, REGISTRE, a_blanc=True)
    restes = [await pool.fetchval(f"SELECT count(*) FROM {table}") for table in ANCIENNES]

    camille = Identite("Moreau", "Camille", Naissance("1985-03-14"), sexe="2")
    alex = Identite("Petit", "Alex", Naissance("1990-00-00"))
    nir, local = Identifiant("nir", "2850359000001"), Identifiant("local", "B", emetteur="/partenaires/caf-59")
    seul = Parcours(VIF, EtatParcours.ACTIF, "59", "/partenaires/caf-59", camille, transfert=("62", date(2026, 4, 1)))
    autre = Parcours(ABSORBE, EtatParcours.ACTIF, "59", "/partenaires/caf-59", alex, transfert=seul.transfert)
    assert lus == {
        VIF: Parcours(
            VIF,
            EtatParcours.ACTIF,
            "59",
            "/partenaires/caf-59",
            identite=camille,
            variantes=frozenset({alex}),
            identifiants=frozenset({nir, local}),
            coordonnees=Coordonnees(Adresse("59350", "59000"), None, "c@exemple.fr", {"courriel": MIDI}),
            droits=Droits(MIDI, "2", True, date(2026, 3, 1)),
            oppose_a=MIDI,
            transfert=("62", date(2026, 4, 1)),
            arrivees_signalees=frozenset({("caf", "62")}),
            distincts=frozenset({UUID(int=9)}),
            fusions=(
                FusionConnue(
                    Acte(DEPOT, "/partenaires/cd-59"),
                    FAIT,
                    avec(seul, nir),
                    avec(seul, nir, local, variantes=frozenset({alex})),
                    (avec(autre, local),),
                ),
            ),
        ),
        ABSORBE: Parcours(
            ABSORBE,
            EtatParcours.FUSIONNE,
            "59",
            "/a",
            survivant=VIF,
            dires=(Dire(SON_NOM, ABSORBE, "59", "/partenaires/ml", alex, frozenset({local})),),
        ),
        ALIAS: Parcours(ALIAS, EtatParcours.FUSIONNE, "59", "/a", survivant=ABSORBE),
    }
    assert vue is not None and vue["parcours"] == str(VIF)
    assert champs == {str(FAIT): {"identite": CAMILLE}}
    assert dire is not None and dire["identite"]["nom_naissance"] == "Petit"
    assert (compte.dossiers, compte.differents) == (3, [])
    assert restes == [0] * len(ANCIENNES)


ANCIENNES = ("anciens_parcours", "anciens_coffres", "anciens_dires", "anciennes_fusions", "anciens_champs")


def avec(parcours: Parcours, *identifiants: Identifiant, **autres: Any) -> Parcours:
    return replace(parcours, identifiants=frozenset(identifiants), **autres)
