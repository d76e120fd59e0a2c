"""Invariants 6 (its part), 10, 11, 12 and the states of a contract, over any sequence of messages in simulated time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decision import Attente, Refus
from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import engagements as v1
from relais_contrats.v1.delais import decaler
from services.dossiers.regles import Dit
from services.engagements.domain.contenu import Bilan
from services.engagements.domain.delai import date_de_signature_due
from services.engagements.domain.dossier import (
    EN_ATTENTE,
    EN_VIGUEUR,
    Dossier,
    EtatContrat,
    EtatSanction,
    Issue,
    Orientation,
    StatutReferent,
)
from services.engagements.domain.heures import SEUIL_HEBDO, LectureHeures, comparer
from services.engagements.domain.reexamen import ReexamenPrevu, date_echeance
from tests.engagements import dits as messages
from tests.engagements.dits import selon
from tests.engagements.fabrique import (
    AUTRE,
    CD,
    ORGANISME,
    PARCOURS,
    PERSONNE,
    SIGNATURE,
    Histoire,
    a,
    contenu,
    engage,
    manquement,
    mesure,
    orientation,
    reprend,
    suspend,
)

# Two winters and a 29th of February: changes of hour and every length of month fall inside the delays.
DEPART = datetime(2027, 9, 1, 6, tzinfo=UTC)
PASSAGES = {
    (None, "a-signer"),
    ("a-signer", "signe"),
    ("a-signer", "refuse"),
    ("a-signer", "clos"),
    ("refuse", "signe"),
    ("refuse", "a-signer"),
    ("refuse", "clos"),
    ("signe", "suspendu"),
    ("signe", "a-signer"),
    ("signe", "clos"),
    ("suspendu", "signe"),
    ("suspendu", "clos"),
}
"""The states of the catalogue, and the end that may come from any."""

minutes = st.one_of(st.integers(0, 3 * 24 * 60), st.integers(0, 60 * 24 * 60), st.just(400 * 24 * 60))
"""From one message to the next: the same day, some weeks, or more than a year."""
heures_hebdo = st.one_of(st.none(), st.floats(0, 60, allow_nan=False))
Recus = list[tuple[datetime, messages.Message]]


@st.composite
def sequences(tirer: st.DrawFn) -> Recus:
    """Messages with the instants at which the hub receives them; most begin with a parcours that can sign."""
    recu_a = DEPART
    recus: Recus = []
    if tirer(st.integers(0, 3)):
        prelude = _prelude(jour_legal("59", recu_a), recu_a, tirer(st.sampled_from([PARCOURS, PARCOURS, AUTRE])))
        recus = [(recu_a, recu) for recu in prelude[: tirer(st.integers(4, 5))]]
    for _ in range(tirer(st.integers(0, 20))):
        recu_a += timedelta(minutes=tirer(minutes))
        recus.append((recu_a, tirer(message(recu_a))))
    return recus


def _prelude(le: date, recu_a: datetime, cible: UUID) -> Sequence[messages.Message]:
    return [
        messages.OrientationDecidee(cible, "59", orientation(le)),
        messages.OrientationNotifiee(cible, "59", le),
        messages.ReferentChange(cible, "59", StatutReferent.ACTIF),
        messages.ProposerContrat(cible, CD, contenu(date_debut=le), recu_a),
        messages.SignerContrat(cible, "ce-1", le, ("usager", "referent"), recu_a),
    ]


@st.composite
def message(tirer: st.DrawFn, recu_a: datetime) -> messages.Message:
    le = jour_legal("59", recu_a) - timedelta(days=tirer(st.sampled_from([0, 0, 0, 0, 1, 10, -1])))
    cible = tirer(st.sampled_from([PARCOURS, PARCOURS, PARCOURS, AUTRE]))
    cle = tirer(st.sampled_from(["ce-1", "ce-1", "ce-1", "ce-2"]))
    if tirer(st.integers(0, 2)):
        return tirer(st.sampled_from(_depots(cible, cle, le, recu_a, tirer(heures_hebdo))))
    if tirer(st.integers(0, 9)) == 0:
        return messages.UsagerFusionne(PARCOURS, "59", (AUTRE,))
    return tirer(st.sampled_from(_evenements(cible, le, tirer(st.booleans()))))


def _depots(cible: UUID, cle: str, le: date, recu_a: datetime, heures: float | None) -> Sequence[messages.Message]:
    propose = contenu(cle, date_debut=le, engagements_usager=(replace(PERSONNE, heures_hebdo=heures),))
    return [
        messages.ProposerContrat(cible, CD, propose, recu_a),
        messages.ProposerContrat(cible, CD, replace(propose, motif_dispense="garde-enfant"), recu_a),
        messages.SignerContrat(cible, cle, le, ("usager", "referent"), recu_a),
        messages.SignerContrat(cible, cle, le, ("usager", "referent"), recu_a),
        messages.SignerContrat(cible, cle, le, ("usager", "referent"), recu_a),
        messages.RefuserContrat(cible, cle, le, None, recu_a),
        messages.SuspendreContrat(cible, cle, le, "Cessation d'inscription.", recu_a),
        messages.ReprendreContrat(cible, cle, le, "Réinscription.", recu_a),
        messages.CloreContrat(cible, cle, le, "Emploi durable.", recu_a),
        messages.FaireBilan(cible, cle, Bilan(le, ("Point.",)), recu_a),
        replace(manquement(le=le), parcours=cible, recu_a=recu_a),
        messages.ProposerSanction(cible, mesure(), le, recu_a),
        messages.DeciderSanction(cible, mesure(), le, recu_a),
        messages.LeverSanction(cible, "s-1", le, "Engagements repris.", recu_a),
    ]


def _evenements(cible: UUID, le: date, est_social: bool) -> Sequence[messages.Message]:
    decidee = orientation(le, "social" if est_social else "emploi")
    return [
        messages.OrientationDecidee(cible, "59", decidee),
        messages.OrientationDecidee(cible, "59", decidee),
        messages.OrientationNotifiee(cible, "59", le),
        messages.OrientationNotifiee(cible, "59", le),
        messages.ReferentChange(cible, "59", StatutReferent.ACTIF),
        messages.ReferentChange(cible, "59", StatutReferent.ACTIF),
        messages.ReferentChange(cible, "59", None),
        messages.OrientationClose(cible, "59"),
        messages.ReorientationDecidee(cible, "59", le),
        messages.DiagnosticRealise(cible, "59", {"boe": est_social}, le),
        messages.ParcoursTransfere(cible, "62" if est_social else "59"),
    ]


class Registre(Histoire):
    """Plays the messages and the clock, and keeps what it would take to contradict the invariants."""

    def __init__(self) -> None:
        super().__init__()
        self.dossiers[AUTRE] = Dossier(AUTRE, "59")
        self.passages: set[tuple[str | None, str]] = set()
        self.signatures: list[tuple[messages.Message, Dossier, Dit[v1.ContratSigne, bool]]] = []
        self.hors_delai_refuses: list[Refus] = []
        self.retards: list[tuple[UUID, date, int]] = []

    def jouer(self, recu_a: datetime, recu: messages.Message) -> None:
        self.sonner(recu_a)
        self.recoit(recu, recu_a + timedelta(minutes=1))

    def recoit(self, message: messages.Message, maintenant: datetime | None = None) -> Sequence[Any] | Refus | Attente:
        avant = dict(self.dossiers)
        suite = super().recoit(message, maintenant)
        self._noter_les_passages(avant)
        for fait in () if isinstance(suite, Refus | Attente) else suite:
            if selon([fait], v1.EngagementRetard):
                numero = len(self.dossiers[fait.parcours].delais)
                self.retards.append((fait.parcours, fait.data.date_notification, numero))
            if selon([fait], v1.ContratSigne) and message.type == "contrat.signe":
                self.signatures.append((message, avant[fait.parcours], fait))
        if isinstance(suite, Refus) and message.type == "contrat.signe" and suite.code == "delai-depasse":
            self.hors_delai_refuses.append(suite)
        return suite

    def _noter_les_passages(self, avant: dict[UUID, Dossier]) -> None:
        for id_, dossier in self.dossiers.items():
            connus = {contrat.numero: contrat.etat.value for contrat in avant[id_].contrats}
            for contrat in dossier.contrats:
                if connus.get(contrat.numero) != contrat.etat.value:
                    self.passages.add((connus.get(contrat.numero), contrat.etat.value))


def joue(recus: Sequence[tuple[datetime, messages.Message]]) -> Registre:
    registre = Registre()
    for recu_a, recu in recus:
        registre.jouer(recu_a, recu)
    registre.sonner(max((recu_a for recu_a, _ in recus), default=DEPART) + timedelta(days=800))
    return registre


@settings(max_examples=80, deadline=None)
@given(sequences())
def test_a_contract_passes_only_between_the_states_of_the_catalogue(recus: Recus) -> None:
    registre = joue(recus)

    # A merge tells a contract again on the survivor: it appears there in the state in which it was.
    repris = {(None, etat.value) for etat in EtatContrat} if any(_est_une_fusion(recu) for _, recu in recus) else set()
    assert registre.passages <= PASSAGES | repris
    for dossier in registre.dossiers.values():
        assert sum(c.etat in EN_VIGUEUR and not c.est_a_venir for c in dossier.contrats) <= 1
        assert sum(contrat.etat in EN_ATTENTE for contrat in dossier.contrats) <= 1
        assert [contrat.numero for contrat in dossier.contrats] == [*range(1, len(dossier.contrats) + 1)]


def _est_une_fusion(recu: messages.Message) -> bool:
    return recu.type == "usager.fusionne"


@settings(max_examples=80, deadline=None)
@given(sequences())
def test_6_a_new_decision_leaves_no_contract_signed(recus: Recus) -> None:
    registre = Registre()
    for recu_a, recu in recus:
        avant = registre.dossiers[recu.parcours]

        registre.jouer(recu_a, recu)

        apres = registre.dossiers[recu.parcours]
        if _est_une_nouvelle_decision(avant, recu, apres):
            assert not any(contrat.etat is EtatContrat.SIGNE for contrat in apres.contrats)
            assert apres.delai is None
            assert all(contrat.cause for contrat in apres.contrats if contrat.etat is EtatContrat.SUSPENDU)


def _est_une_nouvelle_decision(avant: Dossier, recu: messages.Message, apres: Dossier) -> bool:
    if recu.type != "orientation.decidee" or avant.est_clos:
        return False
    decidee = Orientation.lue(recu.data)
    return apres.orientation == decidee and (avant.orientation is None or not avant.orientation.est_la_meme(decidee))


@settings(max_examples=80, deadline=None)
@given(sequences())
def test_10_a_signature_has_an_orientation_and_a_referent_and_is_never_refused_as_late(recus: Recus) -> None:
    registre = joue(recus)

    assert registre.hors_delai_refuses == []
    for signe, avant, fait in registre.signatures:
        assert avant.orientation is not None
        assert avant.referent is StatutReferent.ACTIF
        limite = date_de_signature_due(avant.delai.notifiee_le) if avant.delai else date.max
        assert fait.garde is (signe.data.date_signature > limite)


@settings(max_examples=80, deadline=None)
@given(sequences())
def test_10_each_month_is_told_late_at_most_once_and_never_when_signed_in_it(recus: Recus) -> None:
    registre = joue(recus)

    assert len(registre.retards) == len(set(registre.retards))
    for dossier in registre.dossiers.values():
        assert sum(delai.issue is None for delai in dossier.delais) <= 1
        assert all(delai.issue is not None or delai.est_en_retard or dossier.est_clos for delai in dossier.delais)
        assert all((delai.issue is Issue.SIGNEE) == (delai.signe_le is not None) for delai in dossier.delais)


@settings(max_examples=80, deadline=None)
@given(st.lists(heures_hebdo, min_size=1, max_size=8), st.sampled_from([None, "sante", "activite"]))
def test_11_hours_are_read_against_fifteen_and_never_refused(heures: list[float | None], dispense: str | None) -> None:
    engagements = tuple(replace(PERSONNE, id=f"u{rang}", heures_hebdo=h) for rang, h in enumerate(heures))
    propose = contenu(engagements_usager=engagements, motif_dispense=dispense)
    histoire = Histoire()

    histoire.accepte(messages.ProposerContrat(PARCOURS, CD, propose, DEPART))

    total = sum(h for h in heures if h is not None)
    assert (comparer(propose).lecture is LectureHeures.ATTEINT) == (total >= SEUIL_HEBDO)
    assert (comparer(propose).lecture is LectureHeures.DISPENSE) == (total < SEUIL_HEBDO and dispense is not None)


@settings(max_examples=80, deadline=None)
@given(sequences())
def test_12_a_contract_has_commitments_of_both_sides(recus: Recus) -> None:
    registre = joue(recus)

    for dossier in registre.dossiers.values():
        for contrat in dossier.contrats:
            assert contrat.contenu.engagements_usager == (
                replace(PERSONNE, heures_hebdo=contrat.contenu.engagements_usager[0].heures_hebdo),
            )
            assert contrat.contenu.engagements_organisme == (ORGANISME,)


@settings(max_examples=80, deadline=None)
@given(sequences())
def test_what_falls_due_is_handled_and_no_sanction_comes_from_silence(recus: Recus) -> None:
    registre = joue(recus)

    decidees = {recu.data.sanction_id for _, recu in recus if recu.type == "sanction.decidee"}
    for dossier in registre.dossiers.values():
        periode = dossier.reexamen
        assert periode is None or periode.du_le in (decaler(periode.depuis, 6), decaler(periode.depuis, 12))
        assert not any(contrat.etat is EtatContrat.SUSPENDU for contrat in dossier.contrats if not dossier.est_clos)
        for sanction in dossier.sanctions:
            assert sanction.etat is EtatSanction.PROPOSEE or sanction.id in decidees
            assert sanction.etat is not EtatSanction.PROPOSEE or sanction.est_hors_delai or dossier.est_clos


@settings(max_examples=80, deadline=None)
@given(sequences())
def test_the_siblings_always_know_the_day_of_the_next_examination(recus: Recus) -> None:
    registre = Registre()
    for recu_a, recu in recus:
        registre.jouer(recu_a, recu)

        prevus = {f.parcours: f.data for f in selon(registre.faits, ReexamenPrevu)}
        for id_, dossier in registre.dossiers.items():
            if dossier.reexamen and not dossier.est_clos:
                assert prevus[id_].depuis == dossier.reexamen.depuis
                assert prevus[id_].date_echeance == date_echeance(dossier)


jours = st.integers(0, 900)


@settings(max_examples=80, deadline=None)
@given(jours, st.integers(0, 365), jours, st.integers(0, 7 * 24 - 1), st.integers(0, 40))
def test_a_suspension_and_its_resumption_may_be_told_however_late(
    debut: int, duree: int, retard: int, heures_entre: int, tic: int
) -> None:
    """Both in one week: the contract runs again, whenever the clock of the service looks in between and after."""
    histoire, saisie = engage(), a(SIGNATURE + timedelta(days=debut + duree + retard))
    suspendu_le = SIGNATURE + timedelta(days=debut)
    repris_le = min(suspendu_le + timedelta(days=duree), decaler(suspendu_le, 12))
    reprise_saisie = saisie + timedelta(hours=heures_entre)

    histoire.accepte(suspend(suspendu_le, recu_a=saisie))
    histoire.sonner(saisie + timedelta(hours=heures_entre * tic / 40))
    histoire.accepte(reprend(repris_le, recu_a=reprise_saisie))
    histoire.sonner(reprise_saisie + timedelta(days=800))

    assert [contrat.etat for contrat in histoire.dossier.contrats] == [EtatContrat.SIGNE]


@settings(max_examples=60, deadline=None)
@given(sequences(), st.randoms(use_true_random=False))
def test_disorder_never_breaks_the_states(recus: Recus, hasard: object) -> None:
    """Messages that reach the service in another order than the hub received them."""
    registre = Registre()
    melanges = list(recus)
    hasard.shuffle(melanges)  # type: ignore[attr-defined]

    for recu_a, recu in melanges:
        registre.recoit(recu, recu_a)

    for dossier in registre.dossiers.values():
        assert sum(c.etat in EN_VIGUEUR and not c.est_a_venir for c in dossier.contrats) <= 1
        assert all(c.signe_le for c in dossier.contrats if c.etat in EN_VIGUEUR)
        assert all(c.clos_le for c in dossier.contrats if c.etat is EtatContrat.CLOS)
