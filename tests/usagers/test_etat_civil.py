"""Civil statuses that may be one person's, and those that are not: which doubts a signalement raises."""

import pytest

from services.usagers import subscriptions
from services.usagers.domain.faits import Motif, ParcoursOuvert, UsagerAmbigu
from services.usagers.domain.identite import MAX_HOMONYMES, Identite, cles_etat_civil, jetons, se_ressemblent
from services.usagers.domain.messages import Signalement
from services.usagers.domain.naissance import Ecart, Naissance
from tests.usagers.monde import Monde
from tests.usagers.personnes import CAF, CD, Personne, depot, local

JOUR = "1985-03-14"
Etat = tuple[str, str, str]


def identite(nom: str, prenoms: str, naissance: str = JOUR, **autres: str) -> Identite:
    return Identite(nom, prenoms, Naissance(naissance), **autres)


_MEMES: list[tuple[Identite, Identite]] = [
    # written with or without separators
    (identite("N'DIAYE", "Awa"), identite("NDIAYE", "Awa")),
    (identite("N’Diaye", "Awa"), identite("N DIAYE", "AWA")),
    (identite("DE LA CRUZ", "Rosa"), identite("DELACRUZ", "Rosa")),
    (identite("EL MOUSSAOUI", "Nadia"), identite("ELMOUSSAOUI", "Nadia")),
    (identite("LE GOFF", "Yann"), identite("LEGOFF", "Yann")),
    (identite("BEN ALI", "Sami"), identite("BENALI", "Sami")),
    (identite("SAINT-MARTIN", "Lou"), identite("SAINTMARTIN", "Lou")),
    (identite("Durand", "Abdel Kader"), identite("Durand", "Abdelkader")),
    (identite("Durand", "Jean-Pierre"), identite("Durand", "JEANPIERRE")),
    (identite("Durand", "Jean Pierre Paul"), identite("Durand", "Jean-Pierre")),
    (identite("O'CONNOR", "Abdel-Kader Ali"), identite("OCONNOR", "Abdelkader")),
    # letters that Unicode does not decompose
    (identite("WAŁĘSA", "Łukasz"), identite("WALESA", "Lukasz")),
    (identite("ĐẶNG", "Minh"), identite("DANG", "Minh")),
    (identite("SØRENSEN", "Bjørn"), identite("SORENSEN", "Bjorn")),
    (identite("YILDIRIM", "Işıl"), identite("YILDIRIM", "Isil")),
    (identite("Þórsson", "Ævar"), identite("THORSSON", "AEVAR")),
    (identite("Guðmundsson", "Jón"), identite("GUDMUNDSSON", "JON")),
    (identite("Ɖossou", "Kɔfi"), identite("DOSSOU", "KOFI")),
    (identite("Groß", "Jürgen"), identite("GROSS", "JURGEN")),
    # as passports write them
    (identite("MÜLLER", "Jörg"), identite("MUELLER", "Joerg")),
    (identite("Groß", "Jürgen"), identite("GROSS", "JUERGEN")),
    (identite("MØLLER", "Åse Marie"), identite("MOELLER", "Aase")),
    # swapped, reordered, shortened, married
    (identite("Moreau", "Camille"), identite("Camille", "Moreau")),
    (identite("LE GOFF", "Anne Marie"), identite("Anne-Marie", "LEGOFF")),
    (identite("Moreau", "Anne Marie"), identite("Moreau", "Marie-Anne")),
    (identite("Moreau", "Alexandre"), identite("Moreau", "Alex")),
    (identite("Moreau", "Camille"), identite("Moreau", "C.")),
    (identite("Moreau", "Mohamed"), identite("Moreau", "Mohammed")),
    (identite("Moreau", "Camille", nom_usage="Garcia"), identite("Garcia", "Camille")),
    (identite("Moreau", "Camille"), identite("Moreau-Garcia", "Camille")),
    (identite("Garcia", "Camille"), identite("MOREAU GARCIA", "Camille")),
    # a day by convention, swapped or not known
    (identite("Moreau", "Camille"), identite("Moreau", "Camille", "1985-01-01")),
    (identite("Moreau", "Camille", "1985-03-07"), identite("Moreau", "Camille", "1985-07-03")),
    (identite("Moreau", "Camille"), identite("Moreau", "Camille", "1985-00-00")),
    (identite("Moreau", "Camille"), identite("Moreau", "Camille", "1985-03-00")),
    (identite("N'DIAYE", "Awa", "1961-00-00"), identite("NDIAYE", "Awa", "1961-02-11")),
]
_AUTRES: list[tuple[Identite, Identite]] = [
    # twins, brothers and sisters, spouses
    (identite("Moreau", "Camille"), identite("Moreau", "Solène")),
    (identite("Moreau", "Lou"), identite("Moreau", "Sacha")),
    (identite("Moreau", "Hassan"), identite("Moreau", "Hussein")),
    (identite("Moreau", "Emma"), identite("Moreau", "Léa")),
    (identite("Moreau", "Julie", sexe="feminin"), identite("Moreau", "Julien", sexe="masculin")),
    (identite("Moreau", "Camille"), identite("Garcia", "Dominique")),
    (identite("Moreau", "Camille"), identite("Moreau", "Camille", "1985-03-15")),
    # cousins: one name, other days
    (identite("Moreau", "Camille"), identite("Moreau", "Camille", "1986-03-14")),
    (identite("Moreau", "Camille"), identite("Moreau", "Camille", "1985-04-14")),
    (identite("Moreau", "Camille"), identite("Moreau", "Camille", "1986-01-01")),
    (identite("Moreau", "Camille"), identite("Moreau", "Camille", "1985-04-00")),
    (identite("Moreau", "Camille"), identite("Moreau", "Camille", "1986-00-00")),
    # a particle is not a family
    (identite("BEN ALI", "Mohamed"), identite("BEN SALAH", "Mohamed")),
    (identite("DE VRIES", "Anne"), identite("DE JONG", "Anne")),
    (identite("EL AMRANI", "Nadia"), identite("EL IDRISSI", "Nadia")),
    (identite("SAINT-MARTIN", "Lou"), identite("SAINT-PIERRE", "Lou")),
    # a conventional day with another given name, or a part of the name only
    (identite("Moreau", "Camille", "1985-01-01"), identite("Moreau", "Solène")),
    (identite("Moreau-Garcia", "Camille", "1985-01-01"), identite("Garcia", "Camille")),
    (identite("Moreau", "Camille"), identite("Garcia", "Camille")),
]


def _ids(paires: list[tuple[Identite, Identite]]) -> list[str]:
    return [f"{a.nom_naissance} {a.prenoms}-{b.nom_naissance} {b.prenoms} {b.date_naissance}" for a, b in paires]


@pytest.mark.parametrize(("a", "b"), _MEMES, ids=_ids(_MEMES))
def test_one_person_in_two_writings_leaves_a_doubt_and_is_found(a: Identite, b: Identite) -> None:
    assert se_ressemblent(a, b)
    assert se_ressemblent(b, a)
    assert cles_etat_civil(a) & cles_etat_civil(b)


@pytest.mark.parametrize(("a", "b"), _AUTRES, ids=_ids(_AUTRES))
def test_two_persons_leave_no_doubt(a: Identite, b: Identite) -> None:
    assert not se_ressemblent(a, b)
    assert not se_ressemblent(b, a)


@pytest.mark.parametrize(("a", "b"), _MEMES[:12], ids=_ids(_MEMES[:12]))
def test_a_second_writing_waits_for_an_agent_and_makes_no_silent_duplicate(a: Identite, b: Identite) -> None:
    monde = Monde()
    monde.accepter(depot("usager.signale", _donnees(a, "A"), emetteur=CAF))

    faits = monde.accepter(depot("usager.signale", _donnees(b, "B"), emetteur=CD))

    assert isinstance(faits[1], UsagerAmbigu)
    assert faits[1].motifs == (Motif.ETAT_CIVIL_SEUL,)


def _donnees(personne: Identite, numero: str) -> dict[str, object]:
    dite = {
        "nom_naissance": personne.nom_naissance,
        "prenoms": personne.prenoms,
        "date_naissance": personne.date_naissance,
    }
    return {"identite": dite, "identifiants": [local(numero)], "brsa": False, "origine": "inscription-auto-milo"}


@pytest.mark.parametrize(
    ("a", "b", "ecart"),
    [
        ("1985-03-14", "1985-03-14", Ecart.AUCUN),
        ("1985-03-14", "1985-03-00", Ecart.AUCUN),
        ("1985-03-14", "1985-00-00", Ecart.AUCUN),
        ("1985-03-00", "1985-00-00", Ecart.AUCUN),
        ("1985-03-00", "1985-04-00", Ecart.AUTRE),
        ("1985-04-00", "1985-01-01", Ecart.AUTRE),
        ("1985-03-14", "1985-01-01", Ecart.DOUTE),
        ("1985-03-07", "1985-07-03", Ecart.DOUTE),
        ("1985-03-14", "1985-03-15", Ecart.AUTRE),
        ("1985-03-14", "1986-03-14", Ecart.AUTRE),
        ("1985-03-14", "1986-01-01", Ecart.AUTRE),
    ],
)
def test_what_two_birth_dates_say_of_one_another(a: str, b: str, ecart: Ecart) -> None:
    assert Naissance(a).ecart(Naissance(b)) is ecart
    assert Naissance(b).ecart(Naissance(a)) is ecart


@pytest.mark.parametrize(
    ("ecrit", "mots"),
    [
        ("Łukasz", ("lukasz",)),
        ("Đặng", ("dang",)),
        ("Bjørn", ("bjorn",)),
        ("Işıl İnan", ("isil", "inan")),
        ("ÞÓR", ("thor",)),
        ("Æsa Œuvrard", ("aesa", "oeuvrard")),
        ("N\u02bcDIAYE", ("n", "diaye")),
        ("Ŋaari Ɓaa", ("naari", "baa")),
    ],
)
def test_letters_without_decomposition_become_those_of_the_alphabet(ecrit: str, mots: tuple[str, ...]) -> None:
    assert jetons(ecrit) == mots


def test_of_many_namesakes_a_bounded_number_is_looked_at() -> None:
    monde = Monde()
    for n in range(300):
        monde.accepter(depot("usager.signale", Personne(nir=f"2850359{n:06d}").donnees(local(str(n)))))
    dernier = depot("usager.signale", Personne().donnees(local("nouveau")), emetteur=CD)
    lu = subscriptions.lire(dernier)
    assert isinstance(lu, Signalement)

    etat = monde.dossiers.de(lu)
    faits = monde.accepter(dernier)

    assert len(etat.proches) <= 2 * MAX_HOMONYMES
    assert isinstance(faits[1], UsagerAmbigu)
    assert len(faits[1].candidats) == 50


def test_among_many_namesakes_with_a_number_the_one_without_is_the_doubt() -> None:
    monde = Monde()
    for n in range(200):
        monde.accepter(depot("usager.signale", Personne(nir=f"2850359{n:06d}").donnees(local(str(n)))))
    [sans, *_] = monde.accepter(depot("usager.signale", Personne().donnees(local("sans")), emetteur=CD))
    monde.accepter(
        depot("usager.rapproche", {"decision": "personne-nouvelle"}, sans.parcours)  # an agent says: somebody new
    )

    faits = monde.accepter(depot("usager.signale", Personne(nir="2850359000999").donnees(), emetteur=CD))
    autre = monde.accepter(depot("usager.signale", Personne("Petit", nir="2850359000998").donnees(), emetteur=CD))

    assert isinstance(faits[1], UsagerAmbigu)
    assert sans.parcours in faits[1].candidats
    assert isinstance(autre[1], ParcoursOuvert)
