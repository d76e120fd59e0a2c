"""The life of a parcours as each service follows it: what it is asked at a transfer, and what it may decide itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.decision import Attente
from services.dossiers.regles import Recu, Regles
from services.dossiers.vie import DossierAbsorbe, DossierClos, DossierOuvert, DossierTransfere, Situation, Vie

PARCOURS, AUTRE, INCONNU = (UUID(int=number) for number in (1, 2, 3))
MIDI = datetime.fromisoformat("2026-03-02T12:00:00+01:00")


@dataclass(frozen=True)
class Dossier:
    parcours: UUID
    departement: str
    est_clos: bool = False
    absorbe_par: UUID | None = None


def arrive(dossier: Dossier, recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
    return [(dossier.departement, recu.data["date_effet"], maintenant)]


VIE = Vie(Dossier, lambda *_: ["reprise"], lambda *_: [], arrive)


def dit(type_: str, data: Any, absorbes: tuple[UUID, ...] = ()) -> Recu[Any]:
    id_, par = UUID(int=9), "/services/usagers"
    return Recu(type_, PARCOURS, "59", data, id_, par, "hub", MIDI, absorbes=absorbes, nature="evenement")


def suit(recu: Recu[Any], dossier: Dossier | None, *absorbes: Dossier, sauf: Sequence[str] = ()) -> Any:
    regles = Regles()
    VIE.inscrire(regles, sauf=sauf)
    return regles.decider(Situation(dossier, absorbes), recu, MIDI)


TRANSFERE = dit("parcours.transfere", {"departement_nouveau": "62", "date_effet": "2026-04-01"})


def test_a_transfer_asks_what_follows_where_the_person_arrives() -> None:
    suite = suit(TRANSFERE, Dossier(PARCOURS, "59"))

    assert suite == [DossierTransfere(PARCOURS, "62"), ("62", "2026-04-01", MIDI)]


def test_nothing_follows_the_transfer_of_a_closed_dossier() -> None:
    assert suit(TRANSFERE, Dossier(PARCOURS, "59", est_clos=True)) == [DossierTransfere(PARCOURS, "62")]


def test_a_transfer_to_where_the_person_is_changes_nothing() -> None:
    assert suit(TRANSFERE, Dossier(PARCOURS, "62")) == []


def test_a_merge_absorbs_what_nothing_was_heard_of_yet() -> None:
    recu = dit("usager.fusionne", {}, (AUTRE, INCONNU))

    suite = suit(recu, None, Dossier(AUTRE, "59"))

    assert suite == [
        DossierOuvert(PARCOURS, "59"),
        DossierOuvert(INCONNU, "59"),
        DossierAbsorbe(INCONNU, PARCOURS),
        DossierAbsorbe(AUTRE, PARCOURS),
        "reprise",
    ]


def test_a_service_decides_itself_what_it_leaves_out() -> None:
    sauf = ("usager.signale", "usager.fusionne")
    regles = Regles()
    regles.regle(*sauf)(lambda *_: ["la sienne"])

    VIE.inscrire(regles, sauf=sauf)

    decidees = [regles.decider(Situation(None), replace(TRANSFERE, type=nom), MIDI) for nom in sauf]
    assert decidees == [["la sienne"], ["la sienne"]]


@pytest.mark.parametrize(
    ("suivi", "decision"), [((), [DossierOuvert(PARCOURS, "59"), "dit"]), (("usager.signale",), None)]
)
def test_a_dossier_is_born_with_its_first_deposit_unless_the_signal_opens_it(
    suivi: Sequence[str], decision: Sequence[Any] | None
) -> None:
    regles, premier = Regles(), Recu("x", PARCOURS, "59", "x", UUID(int=9), "/partenaires/cd-59", "departement", MIDI)
    regles.regle(str)(lambda situation, *_: ["dit"] if situation.dossier == Dossier(PARCOURS, "59") else [])
    VIE.inscrire(regles, sauf=suivi)

    rendue = regles.decider(Situation(None), premier, MIDI)

    assert rendue == decision if decision else isinstance(rendue, Attente)


def test_a_parcours_that_closes_before_anything_was_said_is_closed() -> None:
    suite = suit(dit("parcours.clos", {"date_fin": "2026-04-01", "motif": "Décès."}), None)

    assert suite == [DossierOuvert(PARCOURS, "59"), DossierClos(PARCOURS)]
