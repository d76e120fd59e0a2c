"""A merge that was a mistake is undone: each parcours has its own back, and nobody merges the two again by matching."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.facts import Entree, FaitEnregistre
from services.usagers.domain import EtatParcours, Parcours
from services.usagers.domain.faits import ParcoursRattache, ParcoursRendu, UsagerAmbigu, UsagerDefusionne
from services.usagers.store.dossiers import REGISTRE
from tests.services.ouvert import ecrit, faits
from tests.usagers.conftest import Essai
from tests.usagers.monde import Monde
from tests.usagers.personnes import CAF, CD, Personne, depot, local, matricule, nir, nir_avec_cle, numero_ft, signale

CAMILLE = Personne(nir=nir(1))
SOSIE = Personne()
M1, M2 = matricule("0000001", "demandeur"), matricule("0000002", "demandeur")
FT = "/partenaires/ft-hauts-de-france"


def _fusionner(monde: Monde, conserve: UUID, *absorbes: UUID, emetteur: str = CD) -> Entree:
    donnees = {"conserve": str(conserve), "absorbes": [str(id_) for id_ in absorbes]}
    entree = depot("usager.fusionne", donnees, conserve, emetteur=emetteur)
    monde.accepter(entree)
    return entree


def _defusion(annule: Entree, sujet: UUID, *, emetteur: str = CD, **plus: Any) -> Entree:
    donnees = {"annule": str(annule.id), "motif": "Deux personnes."} | plus
    return depot("usager.defusionne", donnees, sujet, emetteur=emetteur)


def _deux(monde: Monde) -> tuple[UUID, UUID]:
    """Two persons of one civil status, that the household numbers tell apart."""
    un = monde.accepter(signale(CAMILLE, M1, local("A")))[0].parcours
    personne = monde.accepter(signale(SOSIE, M2, numero_ft("12345678901"), emetteur=FT))[0].parcours
    monde.accepter(depot("usager.rapproche", {"decision": "personne-nouvelle"}, personne))
    return un, personne


def test_each_parcours_has_its_own_back() -> None:
    monde = Monde()
    un, autre = _deux(monde)
    avant = monde.parcours
    fusion = _fusionner(monde, un, autre)

    faits = monde.accepter(_defusion(fusion, un))

    assert [type(fait) for fait in faits] == [UsagerDefusionne, ParcoursRendu]
    assert [fait.parcours for fait in faits] == [un, autre]
    assert monde.parcours[un] == replace(avant[un], distincts=frozenset({autre}))
    assert monde.parcours[autre] == replace(avant[autre], distincts=frozenset({un}))


def test_what_was_learnt_since_stays_with_the_survivor_but_what_the_absorbed_one_held() -> None:
    monde = Monde()
    un, autre = _deux(monde)
    fusion = _fusionner(monde, un, autre)
    monde.accepter(signale(CAMILLE, numero_ft("12345678901"), local("Z"), emetteur=FT))

    monde.accepter(_defusion(fusion, un))

    assert {(i.nature, i.valeur) for i in monde.parcours[un].identifiants} == {
        ("nir", nir_avec_cle(nir(1))),
        ("matricule-caf", "1"),
        ("local", "A"),
        ("local", "Z"),
    }
    assert "numero-france-travail" in {i.nature for i in monde.parcours[autre].identifiants}


def test_a_parcours_that_was_recognised_by_mistake_is_somebody_else() -> None:
    monde = Monde()
    connu = monde.accepter(signale(CAMILLE, local("A")))[0].parcours
    douteux = monde.accepter(signale(replace(CAMILLE, nir=nir(2)), local("A"), M2))[0].parcours
    reconnu = depot("usager.rapproche", {"decision": "meme-personne", "parcours": str(connu)}, douteux, emetteur=CD)
    monde.accepter(reconnu)

    monde.accepter(_defusion(reconnu, connu))

    rendu = monde.parcours[douteux]
    assert (rendu.etat, rendu.candidats) == (EtatParcours.ACTIF, ())
    assert {i.nature for i in rendu.identifiants} == {"nir", "matricule-caf"}
    assert max(monde.tenants().values()) == 1


@pytest.mark.parametrize("dite", [(SOSIE, (M2,)), (CAMILLE, (M1,)), (SOSIE, (numero_ft("12345678901"),))])
def test_the_same_words_about_one_of_them_reach_it_again(dite: tuple[Personne, tuple[dict[str, str], ...]]) -> None:
    monde = Monde()
    un, autre = _deux(monde)
    monde.accepter(_defusion(_fusionner(monde, un, autre), un))

    faits = monde.accepter(signale(dite[0], *dite[1]))

    assert faits[0].parcours == (un if dite[0] is CAMILLE else autre)
    assert isinstance(faits[1], ParcoursRattache)
    assert not any(isinstance(fait, UsagerAmbigu) for fait in faits)


def test_a_number_of_the_other_one_raises_no_doubt_and_is_not_taken() -> None:
    monde = Monde()
    connu = monde.accepter(signale(CAMILLE, local("A")))[0].parcours
    seconde = replace(CAMILLE, nir=nir(2))
    douteux = monde.accepter(signale(seconde, local("A")))[0].parcours
    reconnu = depot("usager.rapproche", {"decision": "meme-personne", "parcours": str(connu)}, douteux, emetteur=CD)
    monde.accepter(reconnu)
    monde.accepter(_defusion(reconnu, connu))

    faits = monde.accepter(signale(seconde, local("A")))

    assert [fait.parcours for fait in faits if isinstance(fait, ParcoursRattache)] == [douteux]
    assert max(monde.tenants().values()) == 1


def test_an_agent_may_merge_them_again() -> None:
    monde = Monde()
    un, autre = _deux(monde)
    monde.accepter(_defusion(_fusionner(monde, un, autre), un))

    _fusionner(monde, un, autre)

    assert monde.parcours[autre].survivant == un
    assert monde.parcours[un].distincts == frozenset()


@pytest.mark.parametrize(
    ("role", "emetteur", "code"),
    [("departement", CAF, None), ("france-travail", CD, None), ("france-travail", FT, "non-autorise")],
)
def test_who_decided_it_or_the_departement_undoes_it(role: str, emetteur: str, code: str | None) -> None:
    monde = Monde()
    un, autre = _deux(monde)
    fusion = _fusionner(monde, un, autre)

    decision = monde.recevoir(replace(_defusion(fusion, un, emetteur=emetteur), role=role))

    assert getattr(decision, "code", None) == code


def _efface(monde: Monde, un: UUID, _: UUID) -> None:
    monde.accepter(depot("usager.efface", {"motif": "Demande."}, un))


def _s_oppose(monde: Monde, un: UUID, _: UUID) -> None:
    monde.accepter(depot("usager.oppose", {"motif": "Demande."}, un))


def _absorbe_encore(monde: Monde, un: UUID, _: UUID) -> None:
    troisieme = monde.accepter(signale(Personne("Petit", "Alex", date(1990, 5, 5)), local("C")))[0].parcours
    _fusionner(monde, un, troisieme)


def _est_absorbe(monde: Monde, un: UUID, _: UUID) -> None:
    troisieme = monde.accepter(signale(Personne("Petit", "Alex", date(1990, 5, 5)), local("C")))[0].parcours
    _fusionner(monde, troisieme, un)


@pytest.mark.parametrize(
    ("suite", "code", "depend"),
    [
        (_efface, "parcours-inconnu", None),
        (_s_oppose, "annulation-impossible", "usager.oppose"),
        (_absorbe_encore, "annulation-impossible", "usager.fusionne"),
        (_est_absorbe, "annulation-impossible", "usager.fusionne"),
    ],
)
def test_what_stands_on_it_is_named(suite: Callable[[Monde, UUID, UUID], None], code: str, depend: str | None) -> None:
    monde = Monde()
    un, autre = _deux(monde)
    fusion = _fusionner(monde, un, autre)
    suite(monde, un, autre)

    refus = monde.refuser(_defusion(fusion, un))

    assert (refus.code, refus.details.get("depend")) == (code, depend)


def test_what_stands_on_it_elsewhere_is_named_too() -> None:
    monde = Monde()
    un, autre = _deux(monde)
    fusion = _fusionner(monde, un, autre)

    refus = monde.refuser(_defusion(fusion, un, repose="contrat.signe"))

    assert (refus.code, refus.details) == ("annulation-impossible", {"depend": "contrat.signe"})


def test_it_is_undone_once() -> None:
    monde = Monde()
    un, autre = _deux(monde)
    fusion = _fusionner(monde, un, autre)
    monde.accepter(_defusion(fusion, un))

    refus = monde.refuser(_defusion(fusion, un))

    assert (refus.code, refus.details) == ("annulation-impossible", {"motif": "fusion-inconnue"})


def test_what_merged_nothing_is_not_undone() -> None:
    monde = Monde()
    un, _ = _deux(monde)

    refus = monde.refuser(_defusion(depot("usager.oppose", {}, un), un))

    assert refus.details == {"motif": "fusion-inconnue"}


_SUITES = st.lists(
    st.sampled_from(
        [
            signale(CAMILLE, M1),
            signale(SOSIE, M2),
            signale(CAMILLE, local("A"), numero_ft("99999999999"), emetteur=FT),
            depot("usager.signale", SOSIE.donnees(M2, coordonnees={"telephone": "+33600000001"})),
            signale(replace(SOSIE, nir=nir(1)), local("N")),
            signale(Personne("Petit", "Alex", date(1990, 5, 5)), local("A")),
        ]
    ),
    max_size=6,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_SUITES, _SUITES, st.booleans())
def test_whatever_came_before_and_between_one_number_names_one_parcours(
    avant: list[Entree], entre: list[Entree], dans_l_autre_sens: bool
) -> None:
    monde = Monde()
    paire = _deux(monde)
    for entree in avant:
        monde.recevoir(entree)
    conserve, absorbe = reversed(paire) if dans_l_autre_sens else paire
    connus = monde.parcours
    fusion = _fusionner(monde, conserve, absorbe)
    for entree in entre:
        monde.recevoir(entree)

    monde.accepter(_defusion(fusion, absorbe))

    rendus = monde.parcours
    assert _sans_distincts(rendus[absorbe]) == connus[absorbe].seul
    assert rendus[conserve].identifiants >= connus[conserve].identifiants
    assert max(monde.tenants().values()) == 1
    if not entre:
        assert _sans_distincts(rendus[conserve]) == connus[conserve].seul


def _sans_distincts(parcours: Parcours) -> Parcours:
    return replace(parcours.seul, distincts=frozenset())


@pytest.mark.anyio
async def test_the_store_gives_all_of_it_back(essai: Essai) -> None:
    un, autre, alias = await _trois(essai)
    avant = [await essai.lire("parcours", parcours=str(id_)) for id_ in (un, autre)]
    fusion = depot("usager.fusionne", {"conserve": str(un), "absorbes": [str(autre)]}, un, emetteur=CD)
    [dit] = await essai.accepte(fusion)

    defusionne, rendu = await essai.accepte(_defusion(fusion, un))

    assert [await essai.lire("parcours", parcours=str(id_)) for id_ in (un, autre)] == avant
    assert defusionne.donnees["rendus"] == [str(autre)]
    assert (rendu.agregat, rendu.donnees["causes"]) == (autre, [str(dit.id)])
    assert (await essai.lire("alias", parcours=[str(alias)]))[str(alias)] == str(autre)
    assert await _ecrites(essai) == 1
    assert (await essai.resoudre(identifiants=[M2], identite=SOSIE.identite()))["parcours"] == str(autre)


@pytest.mark.anyio
async def test_the_store_refuses_a_deposit_that_merged_nobody(essai: Essai) -> None:
    un, _, _ = await _trois(essai)

    refus = await essai.refuse("usager.defusionne", {"annule": str(uuid4()), "motif": "Erreur."}, un)

    assert refus == "annulation-impossible"


@pytest.mark.anyio
async def test_nothing_of_a_merge_outlives_the_person(essai: Essai) -> None:
    un, autre, _ = await _trois(essai)
    fusion = depot("usager.fusionne", {"conserve": str(un), "absorbes": [str(autre)]}, un, emetteur=CD)
    await essai.accepte(fusion)

    await essai.accepte(depot("usager.efface", {"motif": "Demande."}, un))

    assert await _ecrites(essai) == 0


async def _trois(essai: Essai) -> tuple[UUID, UUID, UUID]:
    """Two persons, and a parcours that was absorbed by the second before."""
    un = await essai.ouvrir(signale(CAMILLE, M1, local("A")))
    autre = await essai.ouvrir(signale(SOSIE, M2, emetteur=FT))
    await essai.accepte(depot("usager.rapproche", {"decision": "personne-nouvelle"}, autre))
    alias = await essai.ouvrir(signale(Personne("Petit", "Alex", date(1990, 5, 5)), local("C")))
    faits: list[FaitEnregistre] = list(
        await essai.accepte(depot("usager.fusionne", {"conserve": str(autre), "absorbes": [str(alias)]}, autre))
    )
    assert faits
    return un, autre, alias


async def _ecrites(essai: Essai) -> int:
    """The merges that stand, in all dossiers."""
    async with essai.pool.acquire() as conn:
        dossiers = await REGISTRE.ouvrir(conn, await conn.fetch("SELECT parcours, etat FROM dossiers"))
    return sum(len(dossier.fusions) for dossier in dossiers.values())


@pytest.mark.anyio
async def test_a_merge_that_was_undone_leaves_nothing_of_one_person_in_the_history_of_the_other(essai: Essai) -> None:
    conserve = await essai.ouvrir(signale(CAMILLE))
    absorbe = await essai.ouvrir(signale(Personne("Petit", "Alex", date(1990, 5, 5)), local("B")))
    fusion = depot("usager.fusionne", {"conserve": str(conserve), "absorbes": [str(absorbe)]}, conserve)
    await essai.accepte(fusion)
    await essai.accepte(depot("usager.defusionne", {"annule": str(fusion.id), "motif": "Erreur."}, conserve))

    tenus = {row["dossier"] for row in await faits(essai.pool, REGISTRE.sceaux) if "Petit" in ecrit(row)}

    assert tenus == {absorbe}
