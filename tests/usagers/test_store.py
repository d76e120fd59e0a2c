"""The store on the real PostgreSQL: what is written, found again, moved, freed, read and forgotten."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from services.service import DueDates
from services.usagers import clocks
from services.usagers.store.dossiers import MODELE
from tests.usagers.conftest import Essai
from tests.usagers.personnes import (
    CAF,
    CD,
    MAINTENANT,
    Personne,
    corrige,
    depot,
    local,
    matricule,
    nir,
    nir_avec_cle,
    numero_ft,
    signale,
    types,
)

pytestmark = pytest.mark.anyio

CAMILLE = Personne(nir=nir(1))
ALEX = Personne("Petit", "Alex", date(1990, 5, 5))
CLOS = {"date_fin": "2026-03-01", "motif": "Emploi durable"}


def _fusion(conserve: UUID, *absorbes: UUID) -> dict[str, object]:
    return {"conserve": str(conserve), "absorbes": [str(id_) for id_ in absorbes]}


async def test_a_new_person_opens_a_parcours(essai: Essai) -> None:
    faits = await essai.accepte(signale(CAMILLE))

    assert types(faits) == ["usager.signale", "parcours.ouvert"]
    assert [f.sequence for f in faits] == [1, 2]


async def test_the_same_nir_reaches_the_same_parcours(essai: Essai) -> None:
    premier = await essai.ouvrir(signale(CAMILLE))

    faits = await essai.accepte(signale(replace(CAMILLE, nir=nir_avec_cle(nir(1))), emetteur=CD))

    assert types(faits) == ["usager.signale", "parcours.rattache", "signalement.conserve"]
    assert {f.agregat for f in faits[:2]} == {premier}


async def test_who_may_be_told_gets_the_name_of_the_parcours_itself(essai: Essai) -> None:
    premier = await essai.ouvrir(signale(CAMILLE))

    faits = await essai.accepte(signale(CAMILLE, emetteur=CD, reconnait_dans=["59"]))

    assert types(faits) == ["usager.signale", "parcours.rattache"]
    assert {f.agregat for f in faits} == {premier}


async def test_an_emitter_reads_its_own_words_and_nobody_else_s(essai: Essai) -> None:
    await essai.accepte(signale(CAMILLE, numero_ft("12345678901")))
    conserve = (await essai.accepte(signale(replace(CAMILLE, prenoms="CAMILLE"), local("7"), emetteur=CD)))[-1]

    dit = await essai.lire("dire", alias=str(conserve.agregat), emetteur=CD)
    autre = await essai.lire("dire", alias=str(conserve.agregat), emetteur=CAF)

    assert dit["identite"]["prenoms"] == "CAMILLE"
    assert {i["type"] for i in dit["identifiants"]} == {"nir", "local"}
    assert (dit["parcours"], dit["etat"], dit["departement"]) == (str(conserve.agregat), "signale", "59")
    assert autre is None


async def test_the_same_person_signalled_again_in_another_batch_keeps_its_name(essai: Essai) -> None:
    await essai.accepte(signale(CAMILLE))
    premier = (await essai.accepte(signale(CAMILLE, local("7"), emetteur=CD)))[-1]

    second = (await essai.accepte(signale(CAMILLE, local("7"), emetteur=CD)))[-1]

    assert second.agregat == premier.agregat
    assert (premier.donnees["est_neuf"], second.donnees["est_neuf"]) == (True, False)


async def test_the_words_of_an_emitter_go_with_an_erased_person(essai: Essai) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    conserve = (await essai.accepte(signale(CAMILLE, emetteur=CD)))[-1]

    await essai.accepte(depot("usager.efface", {"motif": "Demande"}, parcours))

    assert await essai.lire("dire", alias=str(parcours), emetteur=CAF) is None
    assert await essai.lire("dire", alias=str(conserve.agregat), emetteur=CD) is None


async def test_one_batch_that_tells_a_person_twice_opens_one_parcours(essai: Essai) -> None:
    reponses = await essai.decider(signale(CAMILLE), signale(CAMILLE, emetteur=CD))

    assert len({reponse.faits[0].agregat for reponse in reponses}) == 1


async def test_what_travels_keeps_the_right_and_never_the_person(essai: Essai) -> None:
    donnees = CAMILLE.donnees(local("IODAS-77"), date_reception_droit="2026-02-27")

    [signalement, _] = await essai.accepte(depot("usager.signale", donnees))

    assert signalement.donnees == {
        "brsa": True,
        "date_reception_droit": "2026-02-27",
        "origine": "inscription-auto-caf",
    }


async def test_the_protected_part_of_a_fact_is_read_by_its_id(essai: Essai) -> None:
    adresse = {"adresse": {"code_commune": "59350", "code_postal": "59000"}, "courriel": "camille@exemple.fr"}
    [signalement, ouvert] = await essai.accepte(depot("usager.signale", CAMILLE.donnees(coordonnees=adresse)))

    champs = await essai.lire("champs", faits=[str(signalement.id), str(ouvert.id)])

    assert champs == {
        str(signalement.id): {
            "identite": CAMILLE.identite(),
            "identifiants": [{"type": "nir", "valeur": nir(1)}],
            "coordonnees": adresse,
        }
    }


async def test_a_parcours_is_read_in_clear_through_any_of_its_ids(essai: Essai) -> None:
    conserve = await essai.ouvrir(signale(CAMILLE, matricule("0012345")))
    absorbe = await essai.ouvrir(signale(ALEX, local("B")))
    droits = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": "2026-03-01"}
    await essai.accepte(depot("droits.modifies", droits, conserve))
    await essai.accepte(depot("usager.fusionne", _fusion(conserve, absorbe), conserve))

    lu = await essai.lire("parcours", parcours=str(absorbe))

    assert (lu["parcours"], lu["etat"], lu["departement"]) == (str(conserve), "actif", "59")
    assert lu["droits"] == droits
    assert lu["identite"]["prenoms"] == "Camille"
    assert {(i["type"], i["valeur"]) for i in lu["identifiants"]} == {
        ("nir", nir_avec_cle(nir(1))),
        ("matricule-caf", "0012345"),
        ("local", "B"),
    }


async def test_an_unknown_parcours_reads_as_nothing(essai: Essai) -> None:
    inconnu = "01890000-0000-7000-8000-000000000000"

    assert await essai.lire("parcours", parcours=inconnu) is None
    assert await essai.lire("alias", parcours=[inconnu]) == {}


async def test_an_ambiguous_person_is_read_with_its_candidates(essai: Essai) -> None:
    connu = await essai.ouvrir(signale(CAMILLE, local("A")))
    douteux = await essai.ouvrir(signale(replace(CAMILLE, nir=nir(2)), local("A")))

    lu = await essai.lire("parcours", parcours=str(douteux))

    assert (lu["etat"], lu["candidats"]) == ("ambigu", [str(connu)])


async def test_a_search_answers_found_none_or_several(essai: Essai) -> None:
    connu = await essai.ouvrir(signale(CAMILLE, numero_ft("12345678901")))

    par_nir = await essai.resoudre(identifiants=[{"type": "nir", "valeur": nir_avec_cle(nir(1))}])
    inconnu = await essai.resoudre(identifiants=[{"type": "nir", "valeur": nir(8)}])
    par_noms = await essai.resoudre(identifiants=[local("Z")], identite=CAMILLE.identite(), emetteur=CD)

    assert par_nir == {"resultat": "trouve", "parcours": str(connu)}
    assert inconnu == {"resultat": "aucun"}
    assert par_noms == {"resultat": "plusieurs"}


async def test_a_search_says_nothing_of_another_territory_and_opens_nobody_there(
    essai: Essai, monkeypatch: pytest.MonkeyPatch
) -> None:
    await essai.ouvrir(signale(CAMILLE))
    await essai.ouvrir(signale(replace(CAMILLE, nir=None), local("Z"), emetteur=CD))
    monkeypatch.setattr(type(MODELE), "lire", lambda *_: pytest.fail("somebody of another territory was opened"))

    par_nir = await essai.resoudre("62", identifiants=[{"type": "nir", "valeur": nir(1)}])
    par_noms = await essai.resoudre("62", identifiants=[local("Y")], identite=CAMILLE.identite(), emetteur=CD)
    mesure = await essai.lire("resoudre", departements=["62"], identifiants=[{"type": "nir", "valeur": nir(1)}])

    assert par_nir == par_noms == {"resultat": "aucun"}
    assert mesure["ailleurs"]


async def test_an_ambiguity_is_settled_and_its_id_leads_to_the_person(essai: Essai) -> None:
    connu = await essai.ouvrir(signale(CAMILLE, local("A")))
    douteux = await essai.ouvrir(signale(replace(CAMILLE, nir=nir(2)), local("A"), numero_ft("12345678901")))
    decision = {"decision": "meme-personne", "parcours": str(connu)}

    faits = await essai.accepte(depot("usager.rapproche", decision, douteux))

    assert types(faits) == ["usager.rapproche", "parcours.rattache", "usager.fusionne"]
    assert await essai.lire("alias", parcours=[str(douteux)]) == {str(douteux): str(connu)}
    assert await essai.ouvrir(signale(CAMILLE, numero_ft("12345678901"))) == connu


async def test_a_new_person_leaves_to_another_what_it_holds(essai: Essai) -> None:
    connu = await essai.ouvrir(signale(CAMILLE, local("A")))
    douteux = await essai.ouvrir(signale(replace(CAMILLE, nir=nir(2)), local("A")))

    await essai.accepte(depot("usager.rapproche", {"decision": "personne-nouvelle"}, douteux))

    assert await essai.ouvrir(signale(replace(CAMILLE, nir=nir(2)))) == douteux
    assert await essai.ouvrir(signale(CAMILLE, local("A"))) == connu


async def test_a_merge_leaves_to_another_what_it_holds_since_the_absorbed_one_was_closed(essai: Essai) -> None:
    conserve, alias = await essai.ouvrir(signale(CAMILLE)), await essai.ouvrir(signale(ALEX, local("A")))
    absorbe = await essai.ouvrir(signale(replace(ALEX, nom="Grand"), local("B")))
    await essai.accepte(depot("usager.fusionne", _fusion(absorbe, alias), absorbe))
    await essai.accepte(depot("parcours.clos", CLOS, absorbe))
    tenant = await essai.ouvrir(signale(replace(ALEX, nom="Leroy"), local("B")))

    await essai.accepte(depot("usager.fusionne", _fusion(conserve, alias), conserve))

    trouves = [await essai.resoudre(identifiants=[local(v)], emetteur=CAF) for v in "AB"]
    assert [t["parcours"] for t in trouves] == [str(conserve), str(tenant)]


async def test_merges_of_merges_move_every_alias_in_the_database(essai: Essai) -> None:
    ids = [await essai.ouvrir(signale(replace(ALEX, nom=f"Nom{n}"), local(str(n)))) for n in range(4)]
    for absorbe, conserve in ((0, 1), (1, 2), (2, 3)):
        await essai.accepte(depot("usager.fusionne", _fusion(ids[conserve], ids[absorbe]), ids[conserve]))

    survivants = await essai.lire("alias", parcours=[str(id_) for id_ in ids])

    assert set(survivants.values()) == {str(ids[3])}


async def test_merges_of_merges_in_one_batch_end_at_the_last_survivor(essai: Essai) -> None:
    ids = [await essai.ouvrir(signale(replace(ALEX, nom=f"Nom{n}"), local(str(n)))) for n in range(3)]

    await essai.decider(
        depot("usager.fusionne", _fusion(ids[1], ids[0]), ids[1]),
        depot("usager.fusionne", _fusion(ids[2], ids[1]), ids[2]),
    )

    survivants = await essai.lire("alias", parcours=[str(id_) for id_ in ids])
    assert set(survivants.values()) == {str(ids[2])}


async def test_a_message_for_an_absorbed_id_reaches_the_survivor(essai: Essai) -> None:
    conserve, absorbe = await essai.ouvrir(signale(CAMILLE)), await essai.ouvrir(signale(ALEX, local("B")))
    await essai.accepte(depot("usager.fusionne", _fusion(conserve, absorbe), conserve))

    [fait] = await essai.accepte(depot("parcours.clos", CLOS, absorbe))

    assert fait.agregat == conserve


async def test_a_closure_frees_the_numbers_and_sets_the_end_of_retention(essai: Essai) -> None:
    ancien = await essai.ouvrir(signale(CAMILLE))
    await essai.accepte(depot("parcours.clos", CLOS, ancien))

    nouveau = await essai.ouvrir(signale(CAMILLE))

    async with essai.pool.acquire() as conn:
        echeances = await conn.fetch("SELECT agregat, nature FROM echeances")
    assert nouveau != ancien
    assert [tuple(e) for e in echeances] == [(ancien, "conservation")]


async def test_a_correction_is_found_under_its_new_number_only(essai: Essai) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await essai.accepte(corrige({"identifiants": [{"type": "nir", "valeur": nir(3)}]}, parcours))

    ancien = await essai.resoudre(identifiants=[{"type": "nir", "valeur": nir(1)}])
    nouveau = await essai.resoudre(identifiants=[{"type": "nir", "valeur": nir(3)}])

    assert (ancien["resultat"], nouveau["parcours"]) == ("aucun", str(parcours))


async def test_the_database_refuses_a_second_holder_of_a_nir(essai: Essai) -> None:
    await essai.ouvrir(signale(CAMILLE))
    autre = await essai.ouvrir(signale(ALEX, local("B")))

    async with essai.pool.acquire() as conn:
        with pytest.raises(asyncpg.UniqueViolationError):
            await conn.execute(
                "INSERT INTO cles SELECT $1, nature, empreinte, active FROM cles WHERE nature = 'nir'", autre
            )


async def test_nobody_can_be_read_in_the_database(essai: Essai) -> None:
    secrets = Personne("Zwingelstein", "Barnabé", date(1977, 7, 7), nir(424242))
    contact = {"adresse": {"code_commune": "59350", "code_postal": "59000", "voie": "3 rue Introuvable"}}
    entree = depot("usager.signale", secrets.donnees(matricule("777888999"), local("IODAS-XYZ"), coordonnees=contact))
    await essai.accepte(entree)

    async with essai.pool.acquire() as conn:
        tables = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'usagers'")
        lignes = [str(await conn.fetch(f'SELECT t::text FROM "{t["tablename"]}" t')) for t in tables]

    tout = "".join(lignes).lower()
    hexa = [mot.encode().hex() for mot in ("Zwingelstein", "Barnabé", nir(424242), "777888999", "Introuvable")]
    for mot in ("zwingelstein", "barnab", nir(424242), "777888999", "introuvable", "iodas-xyz", "1977-07-07", *hexa):
        assert mot not in tout


async def test_a_ciphertext_does_not_open_for_another_person(essai: Essai) -> None:
    a = await essai.ouvrir(signale(CAMILLE))
    b = await essai.ouvrir(signale(ALEX, local("B")))
    async with essai.pool.acquire() as conn:
        await conn.execute("UPDATE dossiers SET etat = (SELECT etat FROM dossiers WHERE parcours = $1)", a)

    with pytest.raises(InvalidTag):
        await essai.lire("parcours", parcours=str(b))


async def test_a_ciphertext_does_not_open_in_another_table(essai: Essai) -> None:
    [signalement, _] = await essai.accepte(signale(CAMILLE))
    async with essai.pool.acquire() as conn:
        await conn.execute("UPDATE champs_proteges SET chiffre = (SELECT etat FROM dossiers)")

    with pytest.raises(InvalidTag):
        await essai.lire("champs", faits=[str(signalement.id)])


async def test_a_transfer_is_told_where_the_person_leaves_and_the_rest_where_it_arrives(essai: Essai) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    transfert = {"departement_nouveau": "2A", "date_effet": "2026-03-01"}

    [part] = await essai.accepte(depot("parcours.transfere", transfert, parcours))
    suite = await essai.accepte(signale(CAMILLE, departement="2A"))

    assert (part.partition, {f.partition for f in suite}) == ("59", {"2A"})


async def test_who_waits_for_a_partner_is_listed_and_enters_once_there_is_one(essai: Essai) -> None:
    due_dates = DueDates(essai.engine, essai.process, lambda: MAINTENANT)
    arrivees = clocks.Arrivees(essai.engine, essai.pool, lambda: MAINTENANT)
    transfert = {"departement_nouveau": "2A", "date_effet": "2026-03-01"}
    await essai.servir("59")
    parcours = await essai.ouvrir(signale(CAMILLE))
    [part] = await essai.accepte(depot("parcours.transfere", transfert, parcours))
    await due_dates.fire()

    attend = await essai.lire("en_attente", limite=10)
    before = await arrivees.accueillir()
    await essai.servir("59", "2A")
    after = [await arrivees.accueillir() for _ in range(2)]

    [listed] = attend["parcours"]
    assert (listed["parcours"], listed["departement"], listed["departement_nouveau"]) == (str(parcours), "59", "2A")
    assert (part.effet, before, after) == ("2026-03-01", 0, [1, 0])
    assert (await essai.lire("en_attente", limite=10))["parcours"] == []
    assert (await essai.lire("parcours", parcours=str(parcours)))["departement"] == "2A"
