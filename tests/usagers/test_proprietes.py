"""Invariants 1 to 3 of the catalogue under generated signalements, corrections, decisions, merges and erasures."""

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.decision import Refus
from chassis.facts import Entree
from relais_contrats import champs
from relais_contrats.v1 import usagers as contrat
from services.usagers.domain import EtatParcours
from services.usagers.domain.faits import (
    ParcoursOuvert,
    ParcoursRattache,
    SignalementConserve,
    UsagerAmbigu,
    UsagerSignale,
)
from services.usagers.translation import faits
from tests.usagers.monde import Monde
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
    numero_ft,
    signale,
)

_EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Few names and birth dates, so that namesakes, twins and spouses abound; numbers are those of each person.
_NOMS = ("Moreau", "Léger", "Leger", "Ben Ali")
_PRENOMS = ("Camille", "Anne-Marie", "Marie Anne", "Lou", "Moreau")
_NAISSANCES = (date(1985, 3, 14), date(1985, 3, 15), date(1990, 12, 1))


@dataclass(frozen=True)
class Vraie:
    """A real person and its true numbers."""

    rang: int
    nom: str
    prenoms: str
    naissance: date

    @property
    def nir(self) -> str:
        lieu = ("2A", "2B", "59350", "99350")[self.rang % 4]
        sexe = "7" if self.rang % 5 == 4 else "2"
        return nir(self.rang, lieu=lieu, sexe=sexe, naissance=f"{self.naissance:%y%m}")

    def signalement(self, numeros: set[str], emetteur: str, *, retourne: bool = False) -> Entree:
        """What `emetteur` tells of this person with some of its numbers; `retourne` swaps the names."""
        noms = (self.prenoms, self.nom) if retourne else (self.nom, self.prenoms)
        personne = Personne(*noms, self.naissance, self.nir if "nir" in numeros else None)
        connus = {
            "ft": numero_ft(f"{self.rang + 1:011d}"),
            "matricule": matricule(f"{self.rang // 2 + 1:07d}", ("demandeur", "conjoint")[self.rang % 2]),
            "local": local(f"dossier-{self.rang}"),
        }
        choisis = [connus[n] for n in sorted(numeros & connus.keys())] or [local(f"dossier-{self.rang}")]
        return signale(personne, *choisis, emetteur=emetteur)


_PERSONNES = st.lists(
    st.tuples(st.sampled_from(_NOMS), st.sampled_from(_PRENOMS), st.sampled_from(_NAISSANCES)), min_size=2, max_size=7
).map(lambda traits: [Vraie(rang, *t) for rang, t in enumerate(traits)])
_NUMEROS = st.sets(st.sampled_from(["nir", "ft", "matricule", "local"]))
_DIRES = st.lists(
    st.tuples(st.integers(0, 99), _NUMEROS, st.sampled_from([CAF, CD]), st.booleans()), min_size=1, max_size=20
)


@_EXAMPLES
@given(_PERSONNES, _DIRES)
def test_two_persons_never_share_a_parcours(
    personnes: list[Vraie], dires: list[tuple[int, set[str], str, bool]]
) -> None:
    monde = Monde()
    derriere: defaultdict[UUID, set[int]] = defaultdict(set)
    for choix, numeros, emetteur, retourne in dires:
        personne = personnes[choix % len(personnes)]
        faits = monde.accepter(personne.signalement(numeros, emetteur, retourne=retourne))
        derriere[faits[0].parcours].add(personne.rang)

    assert all(len(rangs) == 1 for rangs in derriere.values())


@_EXAMPLES
@given(_PERSONNES, _DIRES, st.randoms(use_true_random=False))
def test_whoever_comes_first_a_nir_gathers_the_same_signalements(
    personnes: list[Vraie], dires: list[tuple[int, set[str], str, bool]], hasard: object
) -> None:
    definitifs = personnes[:4]  # the fifth has a provisional number, which proves less
    entrees = [
        (rang, definitifs[choix % len(definitifs)].signalement(numeros | {"nir"}, emetteur))
        for rang, (choix, numeros, emetteur, _) in enumerate(dires)
    ]
    melange = list(entrees)
    hasard.shuffle(melange)  # type: ignore[attr-defined]

    assert _partition(entrees) == _partition(melange)


def _partition(entrees: list[tuple[int, Entree]]) -> set[frozenset[int]]:
    monde = Monde()
    groupes: defaultdict[UUID, set[int]] = defaultdict(set)
    for rang, entree in entrees:
        groupes[monde.accepter(entree)[0].parcours].add(rang)
    return {frozenset(rangs) for rangs in groupes.values()}


ML = "/partenaires/ml-lille"


def _noms(monde: Monde, entrees: list[Entree]) -> list[int]:
    """Which of its own names an emitter that may be told nobody gets for each of its signalements, in turn."""
    noms: list[UUID] = []
    for entree in entrees:
        conserve = next(f for f in monde.accepter(entree) if isinstance(f, SignalementConserve))
        noms.append(conserve.alias)
    return [noms.index(nom) for nom in noms]


@_EXAMPLES
@given(_PERSONNES, _DIRES, _DIRES)
def test_the_names_that_an_emitter_gets_follow_from_its_own_words_alone(
    personnes: list[Vraie], autres: list[tuple[int, set[str], str, bool]], siens: list[tuple[int, set[str], str, bool]]
) -> None:
    peuple = Monde()
    for choix, numeros, emetteur, retourne in autres:
        peuple.accepter(personnes[choix % len(personnes)].signalement(numeros, emetteur, retourne=retourne))
    entrees = [personnes[c % len(personnes)].signalement(n, ML, retourne=r) for c, n, _, r in siens]

    assert _noms(peuple, entrees) == _noms(Monde(), entrees)


_GESTES = st.lists(
    st.tuples(
        st.sampled_from(["signaler", "signaler", "meme", "nouvelle", "fusionner", "corriger", "clore", "effacer"]),
        st.integers(0, 99),
        st.integers(0, 99),
        _NUMEROS,
    ),
    min_size=5,
    max_size=40,
)


def _geste(monde: Monde, personnes: list[Vraie], geste: tuple[str, int, int, set[str]]) -> Entree | None:
    """Anything at all, also on parcours that were absorbed, closed or erased, and with the numbers of others."""
    nom, a, b, numeros = geste
    tous = sorted(monde.parcours)
    if nom == "signaler" or not tous:
        emprunte = replace(personnes[a % len(personnes)], rang=b % (len(personnes) * 2))
        return emprunte.signalement(numeros, (CAF, CD)[b % 2])
    x, y = tous[a % len(tous)], tous[b % len(tous)]
    match nom:
        case "meme":
            candidats = monde.parcours[x].candidats or (y,)
            return depot(
                "usager.rapproche", {"decision": "meme-personne", "parcours": str(candidats[b % len(candidats)])}, x
            )
        case "nouvelle":
            return depot("usager.rapproche", {"decision": "personne-nouvelle"}, x)
        case "fusionner":
            return depot("usager.fusionne", {"conserve": str(x), "absorbes": [str(y)]}, x) if x != y else None
        case "corriger":
            return corrige({"identifiants": [{"type": "nir", "valeur": nir(b)}]}, x)
        case "clore":
            return depot("parcours.clos", {"date_fin": "2026-03-01", "motif": "Fin"}, x) if b % 4 == 0 else None
        case _:
            return depot("usager.efface", {"motif": "Demande"}, x) if b % 4 == 0 else None


@_EXAMPLES
@given(_PERSONNES, _GESTES)
def test_an_exclusive_identifier_is_held_by_one_active_parcours(
    personnes: list[Vraie], gestes: list[tuple[str, int, int, set[str]]]
) -> None:
    monde = Monde()
    for geste in gestes:
        entree = _geste(monde, personnes, geste)
        if entree is not None:
            monde.recevoir(entree)

    assert set(monde.tenants().values()) <= {1}


@_EXAMPLES
@given(_PERSONNES, _GESTES)
def test_an_alias_leads_in_the_end_to_a_parcours_that_is_not_one(
    personnes: list[Vraie], gestes: list[tuple[str, int, int, set[str]]]
) -> None:
    monde = Monde()
    for geste in gestes:
        entree = _geste(monde, personnes, geste)
        if entree is not None:
            monde.recevoir(entree)

    for absorbe in monde.parcours.values():
        suivis, dernier = {absorbe.id}, absorbe
        while dernier.survivant and (suivant := monde.parcours.get(dernier.survivant)):  # none once it is erased
            assert suivant.id not in suivis
            suivis.add(suivant.id)
            dernier = suivant
        assert dernier.survivant or dernier.etat is not EtatParcours.FUSIONNE


@_EXAMPLES
@given(_PERSONNES, _GESTES)
def test_without_closure_nor_erasure_every_survivor_is_active(
    personnes: list[Vraie], gestes: list[tuple[str, int, int, set[str]]]
) -> None:
    monde = Monde()
    for geste in gestes:
        entree = _geste(monde, personnes, geste) if geste[0] not in ("clore", "effacer") else None
        if entree is not None:
            monde.recevoir(entree)

    survivants = [p.survivant for p in monde.parcours.values() if p.survivant]
    assert all(monde.parcours[id_].etat is EtatParcours.ACTIF for id_ in survivants)


@_EXAMPLES
@given(_PERSONNES, _GESTES)
def test_what_left_active_life_holds_nothing_of_the_person(
    personnes: list[Vraie], gestes: list[tuple[str, int, int, set[str]]]
) -> None:
    monde = Monde()
    for geste in gestes:
        entree = _geste(monde, personnes, geste)
        if entree is not None:
            monde.recevoir(entree)

    partis = [p for p in monde.parcours.values() if p.etat in (EtatParcours.FUSIONNE, EtatParcours.EFFACE)]
    assert all(p.identites == () and not p.identifiants and p.coordonnees is None for p in partis)


def _collisions() -> list[tuple[str, Entree, Entree, type]]:
    """200 pairs of signalements that look alike, and what the second must become."""
    paires: list[tuple[str, Entree, Entree, type]] = []
    for n in range(25):
        jour = date(1970 + n, 1 + n % 12, 1 + n)
        a = Personne(f"Nom{n}", f"Prenom{n}", jour, nir(n))
        sans = replace(a, nir=None)
        autre = replace(a, nir=nir(n + 500))
        corse = replace(a, nir=nir(n, lieu="2A"))
        paires += [
            (f"jumeaux-{n}", signale(a), signale(autre), ParcoursOuvert),
            (f"noms-inverses-{n}", signale(a), signale(Personne(a.prenoms, a.nom, jour), local(f"x{n}")), UsagerAmbigu),
            (f"noms-inverses-nir-{n}", signale(a), signale(Personne(a.prenoms, a.nom, jour, a.nir)), ParcoursRattache),
            (f"nir-errone-{n}", signale(a, local(f"x{n}")), signale(autre, local(f"x{n}")), UsagerAmbigu),
            (
                f"nir-d-autrui-{n}",
                signale(a),
                signale(Personne("Petit", "Alex", date(1999, 9, 9), a.nir)),
                UsagerAmbigu,
            ),
            (f"corse-{n}", signale(corse), signale(replace(a, nir=nir(n, lieu="2B"))), ParcoursOuvert),
            (f"provisoire-{n}", signale(replace(a, nir=nir(n, sexe="8"))), signale(a), UsagerAmbigu),
            (
                f"foyer-{n}",
                signale(sans, matricule("7")),
                signale(replace(sans, prenoms="Dominique", naissance=date(1960, 1, 1)), matricule("7", "conjoint")),
                ParcoursOuvert,
            ),
        ]
    return paires


@pytest.mark.parametrize(
    ("nom", "premier", "second", "attendu"), _collisions(), ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_collision_becomes_what_it_must(nom: str, premier: Entree, second: Entree, attendu: type) -> None:
    monde = Monde()
    monde.accepter(premier)

    faits = monde.accepter(second)

    assert isinstance(faits[0], UsagerSignale)
    assert isinstance(faits[1], attendu)


_PAROLES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(-40, 40), st.sampled_from("02345"), st.booleans()),
    min_size=1,
    max_size=8,
    unique_by=lambda parole: parole[:2],
)


@_EXAMPLES
@given(_PAROLES, st.randoms(use_true_random=False))
def test_the_last_word_on_a_right_holds_in_whatever_order_it_came_and_through_a_merge(
    paroles: list[tuple[int, int, str, bool]], hasard: random.Random
) -> None:
    """`paroles`: told so many hours ago, with effect in so many days, a state, about one or the other parcours."""
    monde = Monde()
    conserve, absorbe = (monde.accepter(signale(Personne(nom), local(nom)))[0].parcours for nom in ("Petit", "Grand"))
    hasard.shuffle(paroles)
    for heures, jours, etat, sur_l_absorbe in paroles:
        effet = (MAINTENANT + timedelta(days=jours)).date()
        donnees = {"etat_dossier": etat, "soumis_droits_devoirs": True, "date_effet": effet.isoformat()}
        dit = depot("droits.modifies", donnees, absorbe if sur_l_absorbe else conserve)
        monde.accepter(replace(dit, survenu_a=MAINTENANT - timedelta(hours=heures)))

    monde.accepter(depot("usager.fusionne", {"conserve": str(conserve), "absorbes": [str(absorbe)]}, conserve))

    _, _, attendu, _ = max(paroles, key=lambda parole: (-parole[0], parole[1]))
    droits = monde.parcours[conserve].droits
    assert droits is not None
    assert droits.etat_dossier == attendu


@_EXAMPLES
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), min_size=5, max_size=5))
def test_merges_of_merges_end_at_one_survivor(ordre: list[int], cibles: list[int]) -> None:
    monde = Monde()
    ids = [
        monde.accepter(signale(Personne(f"Nom{n}", "Alex", date(1990, 1, 1 + n)), local(str(n))))[0].parcours
        for n in range(6)
    ]
    for absorbe, cible in zip(ordre, cibles, strict=False):
        donnees = {"conserve": str(ids[cible]), "absorbes": [str(ids[absorbe])]}
        decision = monde.recevoir(depot("usager.fusionne", donnees, ids[cible]))
        assert not isinstance(decision, Refus) or decision.code == "deja-traite"

    tenus = [i for p in monde.actifs for i in p.identifiants]
    actifs = {p.id for p in monde.actifs}
    assert len(tenus) == len(set(tenus)) == 6
    assert {monde.dossiers.survivor(id_) for id_ in monde.parcours} <= actifs


_CONTACTS = st.none() | st.just(
    {"adresse": {"code_commune": "59350", "code_postal": "59000", "voie": "1 rue A"}, "courriel": "a@exemple.test"}
)


@_EXAMPLES
@given(_PERSONNES, _NUMEROS, st.booleans(), _CONTACTS, st.none() | st.just("2026-02-27"))
def test_a_signalement_is_told_and_split_as_the_contract_says(
    personnes: list[Vraie], numeros: set[str], brsa: bool, coordonnees: dict[str, object] | None, recu: str | None
) -> None:
    """It is said without the contract, for speed: the contract has the last word here."""
    entree = personnes[0].signalement(numeros, CAF)
    autres = {"brsa": brsa, "coordonnees": coordonnees, "date_reception_droit": recu if brsa else None}
    donnees = {**entree.donnees, **{nom: valeur for nom, valeur in autres.items() if valeur is not None}}

    [signale_, *_] = Monde().accepter(replace(entree, donnees=donnees))
    dit = faits.traduire(signale_)

    attendu = champs.separer("usager.signale", contrat.UsagerSignale.model_validate(donnees).en_json())
    assert dit is not None
    assert (dict(dit.donnees), orjson.loads(orjson.dumps(dit.protege))) == attendu
