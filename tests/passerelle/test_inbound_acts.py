"""The acts on deliveries: what each changes, under whose name, and what it leaves to the partner."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.inbound.administration import aside, deliveries
from gateway.inbound.administration.office import AUTEUR, Fait, Geste, Refusee
from gateway.inbound.events.replays import Replays
from gateway.inbound.events.subscriptions import Subscriptions
from gateway.outbound.suspensions import Suspensions
from relais_contrats.abonnements import NouveauRejeu
from relais_contrats.administration.livraisons import UnAbonnement, UnElement, UnePanne, UnRejeu
from tests.passerelle.outgoing import KEY, Sortant
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.test_inbound_replays import claimed, told

pytestmark = pytest.mark.anyio
NOWHERE = "http://127.0.0.1:9/recu"


async def act(sortant: Sortant, nom: str, corps: Any) -> Fait:
    gestes: dict[str, Geste] = {**deliveries.GESTES, **aside.gestes(sortant.process.bus)}
    AUTEUR.set("local/camille")
    async with sortant.process.pool.acquire() as conn, conn.transaction():
        return await gestes[nom](conn, corps, datetime.now(UTC))


async def test_a_subscription_that_an_operator_suspends_is_not_woken_by_its_partner(sortant: Sortant) -> None:
    abonnement = await sortant.subscribe("cd-59", NOWHERE)
    await act(sortant, "abonnement-suspendre", UnAbonnement(abonnement=abonnement))
    await Suspensions(sortant.process.pool, sortant.vault, lambda: None).tell_due()
    subscriptions = Subscriptions(sortant.process.pool, KEY, [], sortant.client._resolver, sortant.pseudonyms)
    async with api(subscriptions.routes(OpenDoor(sortant.annuaire))) as client:
        path = f"/v1/abonnements/{abonnement}"
        woken = await client.patch(path, headers=as_partner("cd-59"), json={"actif": True})
        renamed = await client.patch(path, headers=as_partner("cd-59"), json={"lot": 3})
    await act(sortant, "abonnement-reprendre", UnAbonnement(abonnement=abonnement))

    notice = await sortant.body("SELECT id, corps, scelle FROM evenements WHERE type = 'abonnement.suspendu'")
    assert (woken.status_code, renamed.status_code) == (409, 200)
    assert notice["data"]["motif"].startswith("L'exploitation du relais")
    assert await sortant.field("SELECT etat FROM abonnements") == "a-verifier"
    assert await sortant.field("SELECT suspendu_par FROM abonnements") is None


async def test_a_replay_that_is_paused_hands_nothing_over_and_holds_nothing_back(sortant: Sortant) -> None:
    sortant.distribute()
    await told(sortant)
    abonnement = await sortant.subscribe("cd-59", NOWHERE)
    fait = await act(sortant, "rejeu-demander", _replay(abonnement))
    rejeu = UnRejeu(rejeu=fait.resultat["rejeu"])
    await act(sortant, "rejeu-suspendre", rejeu)
    replays = Replays(sortant.process.pool)
    paused = await replays.hand_over()
    await sortant.process.pool.execute(_LIVE, abonnement)
    passed = await claimed(sortant, abonnement)
    await act(sortant, "rejeu-poursuivre", rejeu)

    assert fait.resultat["comptes"]["en_attente"] == 5
    assert (paused, len(passed)) == (0, 1)
    assert await sortant.field("SELECT demande_par FROM rejeux") == "local/camille"


async def test_what_the_fan_out_set_aside_is_settled_once_and_its_place_is_passed(sortant: Sortant) -> None:
    element, parcours = uuid4(), uuid4()
    await sortant.process.pool.execute(_ASIDE, element, parcours)
    asked = UnElement(element=element, composant="sortant", motif="vu avec l'éditeur")

    await act(sortant, "rebut-reprendre", asked)
    await act(sortant, "rebut-ecarter", asked)
    with pytest.raises(Refusee, match="deja-regle"):
        await act(sortant, "rebut-ecarter", asked)

    rows = await sortant.process.pool.fetch("SELECT geste, par, motif FROM gestes ORDER BY numero")
    assert [tuple(row) for row in rows] == [
        ("repris", "local/camille", "vu avec l'éditeur"),
        ("ecarte", "local/camille", "vu avec l'éditeur"),
    ]
    assert await sortant.field("SELECT etat FROM rebut") == "ecarte"
    assert await sortant.field("SELECT sequence FROM positions WHERE agregat = $1", parcours) == 7


async def test_a_failure_is_taken_settled_and_given_back(sortant: Sortant) -> None:
    panne = UnePanne(cause="refus/cd-59//schema-invalide", note="appelé")

    await act(sortant, "panne-prendre", panne)
    settled = await act(sortant, "panne-regler", UnePanne(cause=panne.cause))
    given_back = await act(sortant, "panne-rendre", UnePanne(cause=panne.cause))

    assert settled.apres == {"prise_par": "local/camille", "note": "appelé", "reglee_par": "local/camille"}
    assert given_back.apres == {"prise_par": None, "note": "appelé", "reglee_par": None}


def _replay(abonnement: UUID) -> NouveauRejeu:
    now = datetime.now(UTC)
    du, au = (now - timedelta(hours=1)).isoformat(), (now + timedelta(hours=1)).isoformat()
    return NouveauRejeu(abonnement=str(abonnement), du=du, au=au)


_ASIDE = """
INSERT INTO rebut (id, nature, type, brique, agregat, sequence, entree, raison, parque_a)
VALUES ($1, 'evenement', 'droits.modifies', 'usagers', $2, 7, '{}', 'KeyError', now())
"""
# An event of today, in the queue of a parcours that the replay has not reached.
_LIVE = """
WITH une AS (SELECT numero, parcours FROM livraisons WHERE partenaire = 'cd-59' ORDER BY numero DESC LIMIT 1),
f AS (INSERT INTO files (abonnement, parcours, restants, prochain_a) SELECT $1, parcours, 1, now() FROM une)
INSERT INTO envois (abonnement, livraison, parcours, relaisnumero) SELECT $1, numero, parcours, 1 FROM une
"""
