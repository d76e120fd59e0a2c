"""A merge, and its undoing, in any order of arrival: each brique and each parcours in its own, none between them."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.dossiers.lot import Lot
from services.dossiers.regles import Recu as Message
from services.feuille_de_route.app import lire
from services.feuille_de_route.domain import REGLES
from services.feuille_de_route.domain.dossier import Dossier
from services.feuille_de_route.domain.recu import Recu
from services.feuille_de_route.store.dossiers import MODELE, canonique
from tests.feuille_de_route.fabrique import (
    AUTRE,
    JOUR,
    PARCOURS,
    Recit,
    a,
    decision,
    designation,
    evenement,
    oriente,
    prescription,
    rendez_vous,
)
from tests.feuille_de_route.histoires import entrelacements

ANCIEN = UUID("01890000-0000-7000-8000-000000000003")
DEPOT = UUID("01890000-0000-7000-8000-00000000d001")
SERVICE = "/services/referents"
SIEN, AVANT = f"cd-59/rdv-2@{PARCOURS.hex}", f"cd-59/rdv-1@{PARCOURS.hex}"


def joue(recus: Iterable[Recu]) -> Lot[Dossier]:
    """The dossiers once these have been heard one after the other."""
    lot = Lot(MODELE, {})
    for recu in recus:
        message = lire(evenement(recu))
        assert isinstance(message, Message)
        suite = REGLES.decider(lot.de(message), message, a(JOUR))
        assert isinstance(suite, list)
        for fait in suite:
            lot.appliquer(fait)
    return lot


def fusionne() -> Recit:
    """`ANCIEN` is merged into `PARCOURS`, that into `AUTRE`; the siblings tell again what goes on."""
    recit = Recit(AUTRE)
    recit.dit("parcours.ouvert", parcours=ANCIEN)
    recit.dit("parcours.ouvert", parcours=PARCOURS)
    recit.dit("parcours.ouvert")
    for recu in oriente(Recit(PARCOURS)).recus[1:]:
        recit.dit(recu.type, dict(recu.donnees), PARCOURS)
    recit.dit("rdv.planifie", rendez_vous(date(2026, 4, 2), rdv_id=AVANT), PARCOURS)
    recit.dit("prescription.emise", prescription("p-0"), ANCIEN)
    recit.dit("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(ANCIEN)]}, PARCOURS, cause=UUID(int=1))
    fusion = recit.dit("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, cause=DEPOT)
    fin = {"date_fin": "2026-04-01", "motif": "Parcours fusionné."}
    recit.dit("orientation.close", fin, PARCOURS, par=SERVICE, cause=fusion.id)
    recit.dit("orientation.decidee", decision(), par=SERVICE, cause=fusion.id)
    recit.dit("referent.termine", fin, PARCOURS, par=SERVICE, cause=fusion.id)
    recit.dit("referent.designe", designation(), par=SERVICE, cause=fusion.id)
    recit.dit("rdv.planifie", rendez_vous(date(2026, 4, 2), rdv_id=AVANT), par=SERVICE, cause=fusion.id)
    recit.dit("rdv.modifie", rendez_vous(date(2026, 4, 3), rdv_id=AVANT))
    recit.dit("rdv.planifie", rendez_vous(date(2026, 4, 9), rdv_id=SIEN))
    recit.dit("rdv.modifie", rendez_vous(date(2026, 4, 10), rdv_id=SIEN))
    recit.dit("prescription.emise", prescription("p-1"))
    return recit


def defusionne() -> Recit:
    recit = fusionne()
    fusion = next(recu for recu in recit.recus if recu.cause == DEPOT)
    annule = {"annule": str(DEPOT), "causes": [str(fusion.id)]}
    recit.dit("usager.defusionne", annule | {"motif": "Erreur.", "rendus": [str(PARCOURS)]})
    recit.dit("parcours.rendu", annule, PARCOURS)
    recit.dit("rdv.modifie", rendez_vous(date(2026, 4, 11), rdv_id=SIEN), PARCOURS)
    recit.dit("rdv.constate", rendez_vous(date(2026, 4, 11), "honore", rdv_id=SIEN), PARCOURS)
    return recit


def vues(lot: Lot[Dossier], *parcours: UUID) -> list[bytes]:
    return [canonique(dossier.composee[0]) for un in parcours if (dossier := lot[lot.survivor(un)])]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_merge_gives_the_same_view_whatever_is_heard_first(donnees: st.DataObject) -> None:
    recus = fusionne().recus

    lot = joue(donnees.draw(entrelacements(recus)))

    assert {lot.survivor(un) for un in (ANCIEN, PARCOURS, AUTRE)} == {AUTRE}
    assert vues(lot, AUTRE) == vues(joue(recus), AUTRE)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_its_undoing_gives_the_same_two_views_whatever_is_heard_first(donnees: st.DataObject) -> None:
    recus = defusionne().recus

    lot = joue(donnees.draw(entrelacements(recus)))

    assert [lot.survivor(un) for un in (ANCIEN, PARCOURS, AUTRE)] == [PARCOURS, PARCOURS, AUTRE]
    assert vues(lot, PARCOURS, AUTRE) == vues(joue(recus), PARCOURS, AUTRE)


def test_what_was_wrongly_merged_is_as_if_it_had_not_been() -> None:
    lot = joue(defusionne().recus)

    rendu, autre = lot[PARCOURS], lot[AUTRE]
    assert rendu is not None
    assert autre is not None
    vue, sienne = rendu.composee[0], autre.composee[0]
    assert (vue["orientation"]["etat"], vue["referent"]["etat"], vue["contrat"]["etat"]) == (
        "ouverte",
        "actif",
        "signe",
    )
    rdvs = [(rdv["rdv_id"], rdv["debut"][:10], rdv["statut"]) for rdv in vue["rendez_vous"]]
    assert rdvs == [(AVANT, "2026-04-03", "planifie"), (SIEN, "2026-04-11", "honore")]
    assert [une["prescription_id"] for une in vue["prescriptions"]] == ["p-0"]
    assert ("orientation" in sienne, sienne["rendez_vous"]) == (False, [])
    assert [une["prescription_id"] for une in sienne["prescriptions"]] == ["p-1"]
