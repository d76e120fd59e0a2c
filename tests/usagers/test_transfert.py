"""Moving to another territory: on its day, by the payer of the new one, or once it is confirmed."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from uuid_utils.compat import uuid7

from chassis.decision import Attente, Refus
from services.usagers.domain import Etat, EtatParcours, Parcours, appliquer, decider
from services.usagers.domain.echeances import echeances
from services.usagers.domain.faits import ParcoursTransfere, TransfertEffectif, TransfertSignale, UsagerSignale
from services.usagers.domain.identite import Identifiant, Identite
from services.usagers.domain.messages import Signalement, Transfert, TransfertEchu
from services.usagers.domain.naissance import Naissance
from services.usagers.translation import faits

AUJOURD_HUI = date(2026, 3, 2)
PLUS_TARD = date(2026, 4, 1)
MIDI = datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("Europe/Paris"))
ID = UUID(int=7)
QUI = Identite(nom_naissance="Moreau", prenoms="Camille", date_naissance=Naissance("1985-03-14"))
NIR = Identifiant("nir", "2850359000001", None, None, "2850359000001")


def parcours(**autres: Any) -> Parcours:
    connu = Parcours(ID, EtatParcours.ACTIF, "59", "/partenaires/caf-59", QUI, identifiants=frozenset({NIR}))
    return replace(connu, **autres)


def transfere(jour: date = PLUS_TARD, vers: str = "62") -> Transfert:
    return Transfert(ID, vers, jour)


def signale(role: str, departement: str = "62", recu: date | None = AUJOURD_HUI) -> Signalement:
    return Signalement(
        nouveau=uuid7(),
        emetteur=f"/partenaires/{role}-62",
        departement=departement,
        identite=QUI,
        identifiants=(NIR,),
        coordonnees=None,
        brsa=recu is not None,
        date_reception_droit=recu,
        origine="inscription-auto-caf",
        role=role,
    )


def decide(
    message: Any, connu: Parcours | None = None, maintenant: datetime = MIDI, servis: frozenset[str] | None = None
) -> Any:
    connu = connu or parcours()
    return decider(Etat({ID: connu}, (connu,), servis=servis), message, maintenant)


def test_a_transfer_for_later_leaves_the_parcours_where_it_is_until_its_day() -> None:
    [fait] = decide(transfere())

    apres = appliquer(parcours(), fait)

    assert (apres.departement, apres.transfert) == ("59", ("62", PLUS_TARD))
    [due] = echeances(apres)
    assert due.du_a == datetime(2026, 4, 1, tzinfo=ZoneInfo("Europe/Paris"))
    [effectif] = decide(TransfertEchu(ID), apres, due.du_a)
    assert effectif == TransfertEffectif(ID, "59", "62", PLUS_TARD)
    arrive = appliquer(apres, effectif)
    assert (arrive.departement, arrive.transfert, echeances(arrive)) == ("62", None, [])


@pytest.mark.parametrize("jour", [AUJOURD_HUI, AUJOURD_HUI - timedelta(days=9)])
def test_a_transfer_of_today_or_before_moves_it_at_once(jour: date) -> None:
    [fait] = decide(transfere(jour))

    assert appliquer(parcours(), fait).departement == "62"


def test_nothing_moves_before_the_day() -> None:
    assert isinstance(decide(TransfertEchu(ID), parcours(transfert=("62", PLUS_TARD))), Attente)


def test_the_same_transfer_twice_is_said_once() -> None:
    suite = decide(transfere(), parcours(transfert=("62", PLUS_TARD)))

    assert isinstance(suite, Refus) and suite.code == "deja-traite"


@pytest.mark.parametrize("attend", [False, True])
def test_an_announced_transfer_is_taken_back_by_naming_the_territory_where_it_is(attend: bool) -> None:
    annonce = parcours(transfert=("62", PLUS_TARD), attend_un_partenaire=attend)

    [fait] = decide(transfere(vers="59"), annonce)
    apres = appliquer(annonce, fait)

    assert (apres.departement, apres.transfert, apres.attend_un_partenaire) == ("59", None, False)
    assert echeances(apres) == []
    assert isinstance(decide(TransfertEchu(ID), apres, MIDI + timedelta(days=90)), Attente)
    dit = faits.traduire(fait)
    assert dit is not None and dit.effet == PLUS_TARD.isoformat()  # who follows it moves nothing


def test_there_is_nothing_to_take_back_of_a_transfer_that_was_never_announced() -> None:
    suite = decide(transfere(vers="59"), parcours())

    assert suite == Refus("deja-traite", "/data/departement_nouveau")


@pytest.mark.parametrize("payeur", ["caf", "msa"])
def test_a_right_that_opens_elsewhere_moves_the_parcours(payeur: str) -> None:
    deplace, dit, *_ = decide(signale(payeur))

    assert deplace == ParcoursTransfere(ID, "59", "62", AUJOURD_HUI)
    assert isinstance(dit, UsagerSignale) and dit.departement == "62"


@pytest.mark.parametrize(("role", "recu"), [("mission-locale", AUJOURD_HUI), ("departement", None), ("caf", None)])
def test_any_other_signalement_only_makes_the_move_known(role: str, recu: date | None) -> None:
    connu, dit, *_ = decide(signale(role, recu=recu))

    assert connu == TransfertSignale(ID, "59", "62", role)
    assert isinstance(dit, UsagerSignale) and dit.departement == "59"


def test_a_signalement_of_its_own_territory_moves_nothing() -> None:
    assert not [f for f in decide(signale("caf", "59")) if isinstance(f, ParcoursTransfere | TransfertSignale)]


def test_a_move_that_is_announced_is_not_to_be_confirmed() -> None:
    suite = decide(signale("mission-locale"), parcours(transfert=("62", PLUS_TARD)))

    assert not [fait for fait in suite if isinstance(fait, TransfertSignale)]


def test_a_move_is_made_known_once_by_each_kind_in_each_territory() -> None:
    [signale_62, *_] = decide(signale("mission-locale"))
    connu = appliquer(parcours(), signale_62)

    assert not [f for f in decide(signale("mission-locale"), connu) if isinstance(f, TransfertSignale)]
    assert [f for f in decide(signale("departement"), connu) if isinstance(f, TransfertSignale)]
    assert [f for f in decide(signale("mission-locale", "75"), connu) if isinstance(f, TransfertSignale)]


def test_who_comes_back_later_is_made_known_again() -> None:
    connu = parcours(arrivees_signalees=frozenset({("mission-locale", "62")}))

    for depuis, vers in (("59", "75"), ("75", "59")):
        connu = appliquer(connu, ParcoursTransfere(ID, depuis, vers, AUJOURD_HUI))

    assert [f for f in decide(signale("mission-locale"), connu) if isinstance(f, TransfertSignale)]


SANS_62 = frozenset({"59", "75"})
UN_AUTRE_JOUR = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize("message", [transfere(AUJOURD_HUI), signale("caf")])
def test_to_a_territory_without_partner_nobody_moves_and_the_parcours_waits(message: Any) -> None:
    [part, *_] = decide(message, servis=SANS_62)

    apres = appliquer(parcours(), part)

    assert (apres.departement, apres.transfert) == ("59", ("62", AUJOURD_HUI))
    assert part.effet == AUJOURD_HUI
    [due] = echeances(apres)
    [attend] = decide(TransfertEchu(ID), apres, due.du_a, SANS_62)
    attendu = appliquer(apres, attend)
    assert (attendu.departement, attendu.attend_un_partenaire, echeances(attendu)) == ("59", True, [])
    assert decide(TransfertEchu(ID), attendu, UN_AUTRE_JOUR, SANS_62) == []


def test_once_its_departement_is_a_partner_the_parcours_enters_that_day() -> None:
    attendu = parcours(transfert=("62", AUJOURD_HUI), attend_un_partenaire=True)

    [effectif] = decide(TransfertEchu(ID), attendu, UN_AUTRE_JOUR, SANS_62 | {"62"})

    assert effectif == TransfertEffectif(ID, "59", "62", UN_AUTRE_JOUR.date())
    arrive = appliquer(attendu, effectif)
    assert (arrive.departement, arrive.transfert, arrive.attend_un_partenaire) == ("62", None, False)


def test_who_waits_may_move_elsewhere() -> None:
    attendu = parcours(transfert=("62", AUJOURD_HUI), attend_un_partenaire=True)

    [ailleurs] = decide(transfere(AUJOURD_HUI, "75"), attendu, servis=SANS_62)

    apres = appliquer(attendu, ailleurs)
    assert (apres.departement, apres.attend_un_partenaire) == ("75", False)
