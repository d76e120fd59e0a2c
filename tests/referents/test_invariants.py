"""Invariants 8, 9 and 15 of the catalogue over any sequence of messages, in any order, repeated, with merges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.referents.domain.dossier import (
    Designation,
    Dossier,
    Orientation,
    Professionnel,
    RendezVous,
    Statut,
    Structure,
)
from tests.referents import dits as messages
from tests.referents.fabrique import (
    AGENT,
    AUTRE,
    CD,
    COLLEGUE,
    MISSION,
    PARCOURS,
    PARIS,
    POLE,
    Histoire,
    accepte,
    accompagne,
    affectation,
    designe,
    orientation,
    rendez_vous,
)

# Steps of a few days from a September on: changes of hour and a 29th of February fall inside the longer histories.
DEPART = datetime(2027, 9, 1, 6, tzinfo=UTC)
Recu = tuple[datetime, messages.Message]


@dataclass(frozen=True, slots=True)
class Moment:
    """When the hub receives something, and what a partner may then be talking about."""

    recu_a: datetime
    cible: UUID
    structure: Structure
    agent: Professionnel
    decalage: int

    @property
    def jour(self) -> date:
        return self.recu_a.astimezone(PARIS).date() + timedelta(days=self.decalage)

    @property
    def rdv(self) -> RendezVous:
        return rendez_vous(debut=self.recu_a + timedelta(hours=9 * self.decalage))


def oriente(moment: Moment) -> messages.Message:
    debut = moment.recu_a.astimezone(PARIS).date()
    return messages.OrientationDecidee(moment.cible, "59", orientation(1, debut, moment.structure))


def propose(moment: Moment) -> messages.Message:
    return designe(moment.cible, moment.recu_a, debut=moment.jour, structure=moment.structure, referent=moment.agent)


def accepter(moment: Moment) -> messages.Message:
    return accepte(moment.cible, moment.recu_a)


def change(moment: Moment) -> messages.Message:
    nouvelle = affectation(moment.jour + timedelta(days=1), moment.structure, moment.agent)
    return messages.RemplacerReferent(moment.cible, moment.jour, "Départ.", nouvelle, moment.recu_a)


def termine(moment: Moment) -> messages.Message:
    return messages.TerminerReferent(moment.cible, moment.jour, "Fin du suivi.", moment.recu_a)


def prend_rdv(moment: Moment) -> messages.Message:
    return messages.PlanifierRdv(moment.cible, moment.rdv, CD)


def clot(moment: Moment) -> messages.Message:
    annule = replace(moment.rdv, statut=Statut.ANNULE, annule_par="usager")
    return messages.AnnulerRdv(moment.cible, annule)


FABRIQUES: Sequence[Callable[[Moment], messages.Message]] = [
    oriente,
    propose,
    propose,
    propose,
    accepter,
    accepter,
    accepter,
    change,
    change,
    lambda m: messages.DeclinerReferent(m.cible, "Portefeuille complet."),
    termine,
    termine,
    termine,
    lambda m: messages.OrientationClose(m.cible, m.jour),
    lambda m: messages.UsagerFusionne(PARCOURS, "59", (AUTRE,)),
    lambda m: messages.ParcoursTransfere(m.cible, "62"),
    lambda m: accompagne(m.cible),
    prend_rdv,
    lambda m: messages.ModifierRdv(m.cible, m.rdv),
    lambda m: messages.ConstaterRdv(m.cible, replace(m.rdv, statut=Statut.HONORE), m.recu_a),
    lambda m: messages.ConstaterRdv(m.cible, replace(m.rdv, statut=Statut.NON_HONORE), m.recu_a),
    clot,
]

SUIVIE = [oriente, propose, accepter, prend_rdv]

pas = st.tuples(
    st.integers(0, 6 * 24 * 60),
    st.sampled_from([PARCOURS, PARCOURS, PARCOURS, AUTRE]),
    st.sampled_from([POLE, POLE, POLE, MISSION]),
    st.sampled_from([AGENT, COLLEGUE]),
    st.one_of(st.just(0), st.integers(-3, 20)),
    st.sampled_from(FABRIQUES),
)


@st.composite
def sequences(tirer: st.DrawFn) -> list[Recu]:
    """A person followed, then a history in its order; some of its messages come again at its end."""
    debut = Moment(DEPART, PARCOURS, POLE, AGENT, 0)
    recu_a, recus = DEPART, [(DEPART, fabrique(debut)) for fabrique in SUIVIE]
    for minutes, cible, structure, agent, decalage, fabrique in tirer(st.lists(pas, min_size=5, max_size=25)):
        recu_a += timedelta(minutes=minutes)
        moment = Moment(recu_a, cible, structure, agent, decalage)
        recus += [(recu_a, dit(moment)) for dit in ([propose, accepter] if fabrique is propose else [fabrique])]
    return recus + tirer(st.lists(st.sampled_from(recus), max_size=4))


def joue(recus: Sequence[Recu]) -> Histoire:
    """Each rank counts what the dossier holds, as `orientation` would number it."""
    histoire = Histoire()
    histoire.dossiers[AUTRE] = Dossier(AUTRE, "59")
    for recu_a, recu in recus:
        jouer(histoire, recu_a, recu)
    return histoire


def jouer(histoire: Histoire, recu_a: datetime, recu: messages.Message) -> None:
    if recu.type == "orientation.decidee":
        rang, dite = len(histoire.dossiers[recu.parcours].orientations) + 1, Orientation.lue(recu.data, "59")
        decision = orientation(rang, dite.debut, dite.structure)
        recu = messages.OrientationDecidee(recu.parcours, recu.departement, decision)
    histoire.recoit(replace(recu, au_repos=True), recu_a)


def jours_suivis(dossier: Dossier) -> list[Designation]:
    """The designations under which somebody followed the person for at least a day, in the order of days."""
    suivies = [d for d in dossier.designations if d.acceptee_le and (d.fin is None or d.fin >= d.affectation.debut)]
    return sorted(suivies, key=lambda designation: designation.affectation.debut)


@settings(max_examples=100, deadline=None)
@given(sequences())
def test_at_most_one_designation_is_in_force_and_no_two_share_a_day(recus: list[Recu]) -> None:
    histoire = joue(recus)

    for dossier in histoire.dossiers.values():
        assert sum(designation.est_en_cours for designation in dossier.designations) <= 1
        assert all(a.fin and a.fin < b.affectation.debut for a, b in pairwise(jours_suivis(dossier)))
        assert [d.numero for d in dossier.designations] == [*range(1, len(dossier.designations) + 1)]


@settings(max_examples=100, deadline=None)
@given(sequences())
def test_the_referent_in_force_is_of_the_structure_of_the_open_orientation(recus: list[Recu]) -> None:
    histoire = Histoire()
    histoire.dossiers[AUTRE] = Dossier(AUTRE, "59")
    for recu_a, recu in recus:
        jouer(histoire, recu_a, recu)

        for designation, ouverte in ((d.designation, d.ouverte) for d in histoire.dossiers.values()):
            assert designation is None or (ouverte and designation.affectation.structure.est(ouverte.structure))
            assert designation is None or (ouverte and designation.affectation.debut >= ouverte.debut)


@settings(max_examples=100, deadline=None)
@given(sequences())
def test_no_appointment_was_kept_or_missed_before_it_began(recus: list[Recu]) -> None:
    histoire = joue(recus)

    for suivi in (suivi for dossier in histoire.dossiers.values() for suivi in dossier.rendez_vous):
        est_constate = suivi.statut in (Statut.HONORE, Statut.NON_HONORE)
        assert est_constate is (suivi.constate_a is not None)
        assert suivi.constate_a is None or suivi.rendez_vous.debut <= suivi.constate_a


def terminees(dossier: Dossier, recu_a: datetime) -> list[Designation]:
    """Those that are over on that day: an end announced for later may still come earlier."""
    jour = recu_a.astimezone(PARIS).date()
    return [d for d in dossier.designations if d.issue and (d.fin is None or d.fin < jour)]


@settings(max_examples=100, deadline=None)
@given(sequences())
def test_what_ended_does_not_change_any_more(recus: list[Recu]) -> None:
    histoire = Histoire()
    histoire.dossiers[AUTRE] = Dossier(AUTRE, "59")
    for recu_a, recu in recus:
        avant = {id_: terminees(dossier, recu_a) for id_, dossier in histoire.dossiers.items()}

        jouer(histoire, recu_a, recu)

        for id_, dossier in histoire.dossiers.items():
            assert all(d in dossier.designations for d in avant[id_])


@settings(max_examples=60, deadline=None)
@given(sequences(), st.randoms(use_true_random=False))
def test_disorder_never_gives_two_referents(recus: list[Recu], hasard: object) -> None:
    """Messages that reach the service in another order than the hub received them."""
    histoire = Histoire()
    histoire.dossiers[AUTRE] = Dossier(AUTRE, "59")
    melanges = list(recus)
    hasard.shuffle(melanges)  # type: ignore[attr-defined]

    for recu_a, recu in melanges:
        jouer(histoire, recu_a, recu)

    for dossier in histoire.dossiers.values():
        assert sum(designation.est_en_cours for designation in dossier.designations) <= 1
        assert all(a.fin and a.fin < b.affectation.debut for a, b in pairwise(jours_suivis(dossier)))
