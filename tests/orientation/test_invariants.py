"""Invariants 4, 5 and 7 of the catalogue over any sequence of messages, in any order, repeated, in simulated time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decision import Attente, Refus
from relais_contrats.v1.orientation import OrientationDecidee, OrientationDessaisie
from services.orientation.domain import echeances
from services.orientation.domain.decision import Auteur, Decision
from services.orientation.domain.dossier import Dossier
from tests.orientation import dits as messages
from tests.orientation.fabrique import AUTRE, CD, FT, PARCOURS, PARIS, Histoire, decision, reorientation

# Two winters and a 29th of February: changes of hour fall inside many delays.
DEPART = datetime(2027, 9, 1, 6, tzinfo=UTC)
JOURS = 800
PARTENAIRES = (CD, FT)

instants = st.integers(0, JOURS * 24 * 60).map(lambda minutes: DEPART + timedelta(minutes=minutes))
decalages = st.integers(-40, 40)
rangs = st.integers(1, 4)


def jour(instant: datetime) -> date:
    return instant.astimezone(PARIS).date()


@st.composite
def message(tirer: st.DrawFn) -> tuple[datetime, messages.Message]:
    """A message and the instant at which the hub receives it."""
    recu_a = tirer(instants)
    le = jour(recu_a)
    cible = tirer(st.sampled_from([PARCOURS, PARCOURS, PARCOURS, AUTRE]))
    auteur = tirer(st.sampled_from(PARTENAIRES))
    debut = le + timedelta(days=tirer(decalages))
    decidee = decision(tirer(rangs), debut, date_decision=le - timedelta(days=tirer(st.integers(-1, 5))))
    fin = tirer(st.one_of(st.none(), st.integers(0, 90).map(lambda n: debut + timedelta(days=n))))
    fin_annoncee = replace(decidee, date_fin=fin)
    return recu_a, tirer(st.sampled_from(_possibles(cible, auteur, recu_a, le, decidee.rang, fin_annoncee)))


def _possibles(
    cible: UUID, auteur: Auteur, recu_a: datetime, le: date, rang: int, decidee: Decision
) -> Sequence[messages.Message]:
    return [
        messages.DemanderOrientation(cible, le - timedelta(days=3), None, recu_a),
        messages.DeciderOrientation(cible, auteur, decidee, None, recu_a),
        messages.DeciderOrientation(cible, auteur, replace(decidee, date_fin=None), None, recu_a),
        messages.NotifierOrientation(cible, auteur, le, recu_a),
        replace(reorientation(auteur), parcours=cible),
        messages.DeciderReorientation(cible, auteur, "acceptee", None, _suivante(decidee), recu_a),
        messages.DeciderReorientation(cible, auteur, "maintenue", "Rien n'a changé.", None, recu_a),
        messages.CloreOrientation(cible, auteur, le + timedelta(days=rang - 1), "Emploi durable.", recu_a),
        messages.UsagerSignale(cible, "59", True, le - timedelta(days=1), recu_a, recu_a),
        messages.DroitsModifies(cible, "59", rang != 1, (recu_a, decidee.date_debut)),
        messages.ParcoursTransfere(cible, "62" if rang % 2 else "59", le),
        messages.UsagerFusionne(PARCOURS, "59", (AUTRE,)),
    ]


def _suivante(decidee: Decision) -> Decision:
    """A réorientation is no first decision."""
    return replace(decidee, date_fin=None, rang=max(decidee.rang, 2))


class Registre(Histoire):
    """Plays the messages and the clock, and keeps what it would take to contradict the invariants."""

    def __init__(self) -> None:
        super().__init__()
        self.dossiers[AUTRE] = Dossier(AUTRE, "59", brsa=True)
        self.dessaisies: list[tuple[UUID, int]] = []
        self.tardives: list[tuple[messages.Message, object]] = []

    def jouer(self, recu_a: datetime, recu: messages.Message) -> None:
        self.sonner(recu_a)
        est_tardive = self._est_tardive(recu)
        suite = self._noter(recu, recu_a)
        if est_tardive:
            self.tardives.append((recu, suite))

    def sonner(self, maintenant: datetime) -> None:
        """Fire all that is due, earliest first, each due date once."""
        while dues := [e for d in self.dossiers.values() for e in echeances(d) if e.du_a <= maintenant]:
            due = min(dues, key=lambda echeance: echeance.du_a)
            nature, _, numero = due.nature.rpartition("-")
            sonnerie = messages.sonne(nature, due.agregat, int(numero))
            assert not isinstance(self._noter(sonnerie, due.du_a), Attente)

    def _noter(self, recu: messages.Message, maintenant: datetime) -> Sequence[Any] | Refus | Attente:
        suite = self.recoit(recu, maintenant)
        for fait in () if isinstance(suite, Refus | Attente) else suite:
            if messages.est(fait, OrientationDessaisie):
                self.dessaisies.append((fait.parcours, len(self.dossiers[fait.parcours].demandes)))
        return suite

    def _est_tardive(self, recu: messages.Message) -> bool:
        if not isinstance(recu.data, OrientationDecidee) or recu.auteur != CD.partenaire:
            return False
        dossier = self.dossiers[recu.parcours]
        if dossier.est_clos or not dossier.brsa or dossier.demande is None:
            return False
        return (jour(recu.recu_a) - dossier.demande.recue_le).days > 42


def joue(recus: Sequence[tuple[datetime, messages.Message]]) -> Registre:
    registre = Registre()
    for recu_a, recu in sorted(recus, key=lambda paire: paire[0]):
        registre.jouer(recu_a, recu)
    registre.sonner(DEPART + timedelta(days=JOURS * 2))
    return registre


sequences = st.lists(message(), max_size=25).flatmap(
    lambda recus: (
        st.lists(st.sampled_from(recus), max_size=5).map(lambda repetes: recus + repetes) if recus else st.just(recus)
    )
)


@settings(max_examples=150, deadline=None)
@given(sequences)
def test_at_most_one_orientation_at_any_date(recus: list[tuple[datetime, messages.Message]]) -> None:
    registre = joue(recus)

    for dossier in registre.dossiers.values():
        rangees = sorted(dossier.orientations, key=lambda orientation: orientation.debut)
        assert all(a.fin and a.est_close and a.fin < b.debut for a, b in pairwise(rangees))
        assert all(o.fin is None or o.fin >= o.debut for o in rangees)
        assert sum(not o.est_close for o in rangees) <= 1


@settings(max_examples=150, deadline=None)
@given(sequences)
def test_ranks_have_no_gap_and_only_the_last_orientation_changes(
    recus: list[tuple[datetime, messages.Message]],
) -> None:
    registre = Registre()
    for recu_a, recu in sorted(recus, key=lambda paire: paire[0]):
        avant = dict(registre.dossiers)

        registre.jouer(recu_a, recu)

        for id_, dossier in registre.dossiers.items():
            anciennes = [o for o in avant[id_].orientations if o.est_close]
            assert [o.rang for o in dossier.orientations] == [*range(1, dossier.rang + 1)]
            assert [replace(o, decision=decision()) for o in anciennes] == [
                replace(o, decision=decision()) for o in dossier.orientations if o.rang in {a.rang for a in anciennes}
            ]


@settings(max_examples=150, deadline=None)
@given(sequences)
def test_what_falls_due_happens_once(
    recus: list[tuple[datetime, messages.Message]],
) -> None:
    registre = joue(recus)

    assert len(registre.dessaisies) == len(set(registre.dessaisies))
    for dossier in registre.dossiers.values():
        attendue = dossier.demande
        assert attendue is None or not dossier.brsa or attendue.est_dessaisie
        racontees = [numero for parcours, numero in registre.dessaisies if parcours == dossier.parcours]
        assert dossier.ouverte is None or dossier.ouverte.fin is None
        assert racontees == [d.numero for d in dossier.demandes if d.est_dessaisie]


@settings(max_examples=150, deadline=None)
@given(sequences)
def test_a_late_decision_of_the_departement_is_refused_as_late(
    recus: list[tuple[datetime, messages.Message]],
) -> None:
    registre = joue(recus)

    for _, suite in registre.tardives:
        assert isinstance(suite, Refus)
        assert suite.code == "delai-depasse"


@settings(max_examples=60, deadline=None)
@given(sequences, st.randoms(use_true_random=False))
def test_disorder_never_breaks_the_ranges(recus: list[tuple[datetime, messages.Message]], hasard: object) -> None:
    """Messages that reach the service in another order than the hub received them."""
    registre = Registre()
    melanges = list(recus)
    hasard.shuffle(melanges)  # type: ignore[attr-defined]

    for recu_a, recu in melanges:
        registre.recoit(recu, recu_a)

    for dossier in registre.dossiers.values():
        rangees = sorted(dossier.orientations, key=lambda orientation: orientation.debut)
        assert all(a.fin and (a.est_close or not b.est_effective) and a.fin < b.debut for a, b in pairwise(rangees))
        assert [o.rang for o in dossier.orientations] == [*range(1, dossier.rang + 1)]
