"""Whose an object is and what each partner calls it: in messages, after a merge, and who may change it."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from chassis.database import Connection
from gateway import objets, participations
from gateway.objets import Nomme, Objet, est_un_nom_pour_cle, nom, peut_dire
from gateway.pseudonyms import Pseudonyms
from relais_contrats.catalogue import CATALOGUE, CHANGENT_UN_OBJET, CREENT_UN_OBJET, PARTIES
from relais_contrats.champs import nommer_objets, nommes_dans, objet_principal, plan
from relais_contrats.droits import Role
from relais_contrats.exemples import exemple_valide
from relais_contrats.lecture import MessageInvalide, lire_donnees
from relais_contrats.partenaires import Partenaire
from tests.passerelle.outgoing import KEY, Sortant

NAMES = Pseudonyms(KEY)
PARCOURS, ABSORBE = UUID(int=2 << 64 | 1), UUID(int=1 << 64 | 1)
RDV = Objet("cd-59", "1042", PARCOURS)


@pytest.fixture
async def conn(sortant: Sortant) -> AsyncIterator[Connection]:
    async with sortant.process.pool.acquire() as one:
        yield one


def partner(code: str, type_organisme: str) -> Partenaire:
    return Partenaire(code, type_organisme, code, frozenset({"59"}), (), (), frozenset(), True)


def test_an_internal_key_says_its_emitter_and_reads_back() -> None:
    assert objets.lire(RDV.interne) == RDV
    assert objets.proprietaire(RDV.interne) == "cd-59"
    assert [objets.lire(text) for text in ("1042", "cd-59/1042", "cd-59/1042@x", "@")] == [None] * 4


def test_each_partner_reads_its_own_key_and_a_pseudonym_of_the_rest() -> None:
    seen = {code: nom(NAMES, code, RDV.interne) for code in ("cd-59", "cd-62", "ft-hdf")}

    assert seen.pop("cd-59") == "1042"
    assert len(set(seen.values())) == 2
    assert all(name.startswith("obj_") and len(name) == 30 for name in seen.values())
    assert nom(NAMES, "cd-59", RDV.interne, [RDV.interne]).startswith("obj_")


def test_two_emitters_and_two_parcours_never_share_an_object() -> None:
    others = [Objet("ft-hdf", "1042", PARCOURS), Objet("cd-59", "1042", ABSORBE), Objet("cd-59", "1043", PARCOURS)]

    assert len({one.id for one in [RDV, *others]}) == len({one.interne for one in [RDV, *others]}) == 4


@pytest.mark.parametrize("type_message", sorted(CHANGENT_UN_OBJET))
def test_an_object_is_changed_by_its_emitter_the_referent_and_the_departement(type_message: str) -> None:
    cd, ft, ml = partner("cd-62", "departement"), partner("ft-hdf", "france-travail"), partner("ml", "mission-locale")
    owner, other = partner("cd-59", "departement"), frozenset({Role.ACCOMPAGNANT, Role.ORIENTATION, Role.EMETTEUR})

    assert peut_dire(type_message, owner, other, RDV.interne)
    assert peut_dire(type_message, ml, frozenset({Role.REFERENT}), RDV.interne)
    assert peut_dire(type_message, cd, frozenset({Role.TERRITOIRE}), RDV.interne)
    assert not peut_dire(type_message, ml, other, RDV.interne)
    assert not peut_dire(type_message, ft, frozenset({Role.TERRITOIRE}), RDV.interne)
    assert not peut_dire(type_message, cd, other, RDV.interne)


@pytest.mark.parametrize("type_message", ["contrat.propose", "sanction.decidee"])
def test_a_name_that_names_nothing_becomes_nobodys_key(type_message: str) -> None:
    made_up = Objet("cd-59", "obj_" + "a" * 26, PARCOURS)

    assert est_un_nom_pour_cle(type_message, made_up.interne)
    assert not est_un_nom_pour_cle(type_message, RDV.interne)
    assert not est_un_nom_pour_cle("contrat.signe", made_up.interne)


def test_every_field_that_names_an_object_is_marked() -> None:
    """By its name: a key that is not translated would be common to all who receive it."""
    keys = {"service_id", "structure_id"}  # of the published offer, the same for everybody

    found = {
        f"{type_message}.{field}": champ.objet
        for type_message in CATALOGUE
        for field, champ in plan(type_message).champs.items()
        if field.endswith("_id") and field not in keys
    }

    assert found
    assert [name for name, objet in found.items() if objet is None] == []


def test_what_creates_or_changes_an_object_names_it_first() -> None:
    alone = (CREENT_UN_OBJET | CHANGENT_UN_OBJET) - PARTIES.keys()
    told = {partie for parties in PARTIES.values() for partie in parties.values()}
    named = {type_message: objet_principal(type_message) for type_message in alone | (told & CREENT_UN_OBJET)}

    assert all(found and found[0] == f"{found[1]}_id" for found in named.values()), named


def test_keys_inside_the_commitments_of_a_contract_are_translated_too() -> None:
    data = exemple_valide("contrat.propose")["data"]

    translated = nommer_objets("contrat.propose", data, lambda nature, cle: f"{nature}-{cle}")

    assert {nature for nature, _ in nommes_dans("contrat.propose", data)} == {"contrat", "engagement"}
    assert translated["engagements_usager"][0]["id"] == f"engagement-{data['engagements_usager'][0]['id']}"
    assert translated["contrat_id"] == f"contrat-{data['contrat_id']}"


def test_an_internal_key_is_no_key_in_a_deposit() -> None:
    data = exemple_valide("rdv.planifie")["data"] | {"rdv_id": RDV.interne}

    with pytest.raises(MessageInvalide):
        lire_donnees(CATALOGUE["rdv.planifie"], data)
    CATALOGUE["rdv.planifie"].modele.model_validate(data)


@pytest.mark.anyio
async def test_a_pseudonym_leads_to_its_object_in_its_parcours_and_kind_only(conn: Connection) -> None:
    await objets.noter(conn, [("rdv", RDV.interne)])
    text = nom(NAMES, "ft-hdf", RDV.interne)

    async def read(**other: object) -> str:
        named = Nomme(**({"partenaire": "ft-hdf", "parcours": PARCOURS, "nature": "rdv", "texte": text} | other))  # type: ignore[arg-type]
        return (await objets.resoudre(conn, NAMES, [named], {}))[named]

    elsewhere = uuid4()
    assert await read() == RDV.interne
    assert await read(nature="contrat") == f"ft-hdf/{text}@{PARCOURS.hex}"
    assert await read(parcours=elsewhere) == f"ft-hdf/{text}@{elsewhere.hex}"
    assert await read(partenaire="cd-62") == f"cd-62/{text}@{PARCOURS.hex}"
    assert await read(texte="1042") == f"ft-hdf/1042@{PARCOURS.hex}"


@pytest.mark.anyio
async def test_after_a_merge_a_key_leads_to_the_parcours_that_is_named_else_to_the_one_that_has_it(
    conn: Connection,
) -> None:
    twin, alone = Objet("cd-59", "1042", ABSORBE), Objet("cd-59", "7", ABSORBE)
    await objets.noter(conn, [("rdv", one.interne) for one in (RDV, twin, alone)])
    await participations.absorb(conn, [(PARCOURS, [ABSORBE])])
    survivors = await participations.survivors(conn, [ABSORBE])

    def named(parcours: UUID, texte: str) -> Nomme:
        return Nomme("cd-59", parcours, "rdv", texte)

    asked = [named(PARCOURS, "1042"), named(ABSORBE, "1042"), named(PARCOURS, "7"), named(ABSORBE, "neuf")]
    asked += [named(PARCOURS, nom(NAMES, "cd-59", twin.interne, [twin.interne]))]
    found = await objets.resoudre(conn, NAMES, asked, survivors)

    neuf = Objet("cd-59", "neuf", ABSORBE)
    assert [found[one] for one in asked] == [one.interne for one in (RDV, twin, alone, neuf, twin)]
    assert await objets.homonymes(conn, [PARCOURS]) == {twin.interne}


@pytest.mark.anyio
async def test_a_new_key_under_a_name_of_the_person_is_of_the_parcours_to_which_the_name_led_first(
    conn: Connection,
) -> None:
    nom_du_signalant = uuid4()
    named = Nomme("caf-59", nom_du_signalant, "rdv", "1")
    await participations.absorb(conn, [(ABSORBE, [nom_du_signalant])], sont_des_noms=True)
    before = await objets.resoudre(conn, NAMES, [named], await participations.survivors(conn, [nom_du_signalant]))
    await participations.absorb(conn, [(PARCOURS, [ABSORBE])])

    merged = await objets.resoudre(conn, NAMES, [named], await participations.survivors(conn, [nom_du_signalant]))

    assert before[named] == merged[named] == Objet("caf-59", "1", ABSORBE).interne


@pytest.mark.anyio
async def test_nothing_is_kept_of_the_objects_of_an_erased_person(conn: Connection) -> None:
    await objets.noter(conn, [("rdv", RDV.interne), ("rdv", Objet("cd-59", "1", ABSORBE).interne)])
    await participations.absorb(conn, [(PARCOURS, [ABSORBE])])

    await objets.effacer(conn, [PARCOURS])

    assert await conn.fetchval("SELECT count(*) FROM objets") == 0
