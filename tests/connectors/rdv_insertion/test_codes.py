"""Codes of rdv-insertion: one-to-one where we would write them, one place where we only read them."""

import pytest

from connectors.rdv_insertion.codes import MODALITE, motif_of
from relais_contrats.codes.suivi import AnnulePar, Modalite, MotifRdv, StatutRdv
from relais_contrats.correspondances import RDVI, CodeSansCorrespondance, Correspondance, correspondance

STATUT = correspondance(RDVI, "rdv_statut")
# domaine, rdv-insertion: status and location_type
THEIR_STATUSES = {"unknown", "seen", "excused", "revoked", "noshow"}
THEIR_PLACES = {"public_office", "phone", "home", "visio"}


@pytest.mark.parametrize("table", [STATUT, MODALITE], ids=["statut", "modalite"])
def test_each_code_comes_back_as_it_went(table: Correspondance) -> None:
    assert {table.de_nous(table.vers_nous(theirs)) for theirs in table.paires} == set(table.paires)
    assert {table.vers_nous(table.de_nous(ours)) for ours in table.paires.values()} == set(table.paires.values())


def test_every_code_of_theirs_is_known_and_leads_to_every_code_of_ours() -> None:
    cancelled = {f"annule:{by.value}" for by in AnnulePar}

    assert set(STATUT.paires) == THEIR_STATUSES
    assert set(STATUT.paires.values()) == {s.value for s in StatutRdv} - {"annule"} | cancelled
    assert set(MODALITE.paires) | set(MODALITE.synonymes) == THEIR_PLACES
    assert set(MODALITE.paires.values()) == {m.value for m in Modalite}


def test_a_code_that_they_do_not_have_is_refused() -> None:
    with pytest.raises(CodeSansCorrespondance):
        MODALITE.vers_nous("domicile")


@pytest.mark.parametrize(
    ("category", "motif"),
    [
        ("rsa_orientation_france_travail", MotifRdv.ORIENTATION),
        ("rsa_premier_rdv_daccompagnement", MotifRdv.ACCOMPAGNEMENT),
        ("rsa_accompagnement", MotifRdv.AUTRE),
        ("siae_interview", MotifRdv.AUTRE),
    ],
)
def test_the_category_of_an_appointment_is_read_as_they_tell_it_to_france_travail(
    category: str, motif: MotifRdv
) -> None:
    assert motif_of(category) is motif
