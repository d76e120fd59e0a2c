"""What a signalement costs does not grow with the number of its namesakes: comparisons and rows are counted."""

from dataclasses import replace

import pytest

from services.usagers import subscriptions
from services.usagers.domain import identite, rapprochement
from services.usagers.domain.identite import MAX_HOMONYMES, Identite
from services.usagers.domain.messages import Signalement
from services.usagers.domain.parcours import Parcours
from services.usagers.store.dossiers import REGISTRE
from tests.usagers.conftest import Essai
from tests.usagers.monde import Monde
from tests.usagers.personnes import Personne, depot, local, nir, signale

pytestmark = pytest.mark.anyio
LOT = 256


def _homonyme(n: int) -> Personne:
    return Personne(nir=nir(n))


def _compares(monde: Monde, depuis: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many known persons a batch of namesakes is compared with."""
    compares: list[Parcours] = []
    examiner = rapprochement._examiner

    def compter(*arguments: object) -> object:
        compares.append(arguments[2])  # type: ignore[arg-type]
        return examiner(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(rapprochement, "_examiner", compter)
        for n in range(depuis, depuis + LOT):
            monde.accepter(signale(_homonyme(n), local(str(n))))
    return len(compares)


def test_a_batch_of_namesakes_compares_a_bounded_number_of_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    monde = Monde()

    [aucun, *_, beaucoup] = [_compares(monde, depuis, monkeypatch) for depuis in (0, LOT, 2 * LOT, 3 * LOT)]

    assert beaucoup <= LOT * MAX_HOMONYMES
    assert beaucoup <= 1.2 * aucun


def test_namesakes_are_one_comparison_of_civil_statuses() -> None:
    identite.oublier()
    monde = Monde()

    for n in range(LOT):
        monde.accepter(signale(_homonyme(n), local(str(n))))

    assert identite.se_ressemblent.cache_info().misses == 1
    assert identite.accord.cache_info().misses == 1


async def test_the_database_gives_a_bounded_number_of_namesakes(essai: Essai) -> None:
    for lot in range(3):
        await essai.decider(*(signale(_homonyme(n), local(str(n))) for n in range(lot * LOT, (lot + 1) * LOT)))
    messages = [subscriptions.lire(signale(_homonyme(n), local(str(n)))) for n in range(3 * LOT, 4 * LOT)]

    async with essai.pool.acquire() as conn, conn.transaction():
        dossiers = await REGISTRE.charger(conn, [m for m in messages if isinstance(m, Signalement)])

    cles = len(identite.cles_etat_civil(_identite()))
    assert MAX_HOMONYMES <= len(dossiers._before) <= cles * MAX_HOMONYMES


def _identite() -> Identite:
    lu = subscriptions.lire(depot("usager.signale", replace(Personne(), nir=None).donnees(local("x1"))))
    assert isinstance(lu, Signalement)
    return lu.identite


async def test_nothing_of_a_comparison_stays_after_an_erasure(essai: Essai) -> None:
    parcours = await essai.ouvrir(signale(_homonyme(1), local("1")))
    await essai.accepte(signale(_homonyme(2), local("2")))

    await essai.accepte(depot("usager.efface", {"motif": "Demande"}, parcours))

    tailles = [f.cache_info().currsize for f in (identite.noms, identite.cles_etat_civil, identite.accord)]
    assert [*tailles, identite.se_ressemblent.cache_info().currsize] == [0, 0, 0, 0]
