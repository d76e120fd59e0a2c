"""The last word on an object holds, whatever order the messages come in; what is refused for it is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decision import Attente, Refus
from relais_contrats.catalogue import CATALOGUE, CHANGENT_UN_OBJET
from relais_contrats.champs import objet_principal
from relais_contrats.ordre import DISENT_UN_OBJET, DISENT_UNE_OFFRE, dit_a, objets_dits
from services.order import Dit, Mots

PARCOURS = UUID(int=1)
MATIN = datetime(2026, 11, 29, 8, tzinfo=UTC)
RDV = "/data/rdv_id"


def dit(heure: int, message: str = "", objet: str = "rdv A") -> Dit:
    return Dit(message, PARCOURS, {RDV: objet}, MATIN + timedelta(hours=heure))


@dataclass
class Objet:
    """An object whose messages each tell all of it, once the first one has opened it."""

    mots: Mots
    etat: int | None = None

    def recoit(self, un: Dit, *, ouvre: bool) -> str:
        decision: Sequence[str] | Refus = self.mots.refus(un) or (
            Refus("etat-interdit", RDV) if self.etat is None and not ouvre else ["changé"]
        )
        self.mots.retenir(un, decision)
        if isinstance(decision, Refus):
            return decision.code
        self.etat = (un.dit_a - MATIN) // timedelta(hours=1)
        return "accepte"


@given(st.permutations(range(6)))
def test_whatever_their_order_the_newest_holds_or_all_are_refused_by_name(ordre: list[int]) -> None:
    """The first of them opens the object, the others change it."""
    objet = Objet(Mots({}))

    recus = {heure: objet.recoit(dit(heure), ouvre=heure == 0) for heure in ordre}

    assert objet.etat in (None, 5)
    assert set(recus.values()) <= {"accepte", "version-perimee", "etat-interdit"}
    assert (objet.etat is None) is ("accepte" not in recus.values())


def test_nothing_older_than_what_was_refused_opens_the_object() -> None:
    objet = Objet(Mots({}))

    codes = [objet.recoit(dit(2), ouvre=False), objet.recoit(dit(0), ouvre=True), objet.recoit(dit(3), ouvre=True)]

    assert codes == ["etat-interdit", "version-perimee", "accepte"]


def test_at_one_instant_what_came_last_holds() -> None:
    objet = Objet(Mots({}))

    assert [objet.recoit(dit(1), ouvre=True), objet.recoit(dit(1), ouvre=False)] == ["accepte", "accepte"]


@pytest.mark.parametrize(
    "decision", [Attente("dossier absent"), Refus("deja-traite", RDV), Refus("etat-interdit", "/")]
)
def test_what_waits_or_is_refused_for_another_reason_is_no_word(decision: Refus | Attente) -> None:
    mots = Mots({})

    mots.retenir(dit(5), decision)

    assert (mots.dits, mots.refus(dit(1))) == ({}, None)


def test_what_came_too_early_for_a_known_object_is_its_last_word_too() -> None:
    """A contract that is resumed before it was suspended is not suspended afterwards."""
    mots = Mots({"rdv A": MATIN})

    mots.retenir(dit(5), Refus("etat-interdit", RDV, {"etat": "signe"}))

    assert mots.refus(dit(4)) is not None
    assert mots.refus(dit(6)) is None


def test_the_refusal_says_what_is_newer() -> None:
    mots = Mots({"rdv A": MATIN + timedelta(hours=2)})

    refus = mots.refus(dit(1))

    assert refus == Refus("version-perimee", "/time", {"objet": RDV, "dit_a": "2026-11-29T10:00:00+00:00"})


def test_another_object_has_its_own_word() -> None:
    mots = Mots({"rdv A": MATIN + timedelta(hours=2)})

    assert mots.refus(dit(1, objet="rdv B")) is None


def test_a_clock_that_runs_ahead_has_not_the_last_word_for_ever() -> None:
    assert dit_a(datetime(2090, 1, 1, tzinfo=UTC), MATIN) == MATIN


@pytest.mark.parametrize("type_message", sorted(CHANGENT_UN_OBJET - {"contrat.bilan"}))
def test_whatever_changes_an_object_has_its_place_in_the_order(type_message: str) -> None:
    principal = objet_principal(type_message)
    assert principal is not None

    dits = objets_dits(type_message, {principal[0]: "cd-59/1@a"}, "p")

    assert dits == {f"/data/{principal[0]}": f"{principal[1]} cd-59/1@a"}


@pytest.mark.parametrize("type_message", sorted(CATALOGUE.keys() - DISENT_UN_OBJET - DISENT_UNE_OFFRE))
def test_a_message_about_no_such_object_has_none(type_message: str) -> None:
    if type_message.startswith(("referent.", "accompagnant.", "parcours.transfere")):
        return

    assert objets_dits(type_message, {"rdv_id": "x", "contrat_id": "x", "sanction_id": "x"}, "p") == {}


def test_each_field_of_a_person_is_corrected_by_itself() -> None:
    nom, sexe = {"identite": {"nom_usage": "EXEMPLE"}}, {"identite": {"sexe": "feminin"}}
    nir = {"identifiants": [{"type": "nir", "valeur": "x"}], "identite": {"nom_usage": "EXEMPLE"}}

    lus = [set(objets_dits("usager.corrige", donnees, "p")) for donnees in (nom, sexe, nir)]

    assert lus == [
        {"/data/identite/nom_usage"},
        {"/data/identite/sexe"},
        {"/data/identite/nom_usage", "/data/identifiants/nir"},
    ]
