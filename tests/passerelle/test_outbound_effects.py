"""Who enters and leaves a parcours with which event: the rule alone, without a database."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ordering import Event
from gateway.outbound.distribution import Distribution
from gateway.outbound.effects import effets
from gateway.outbound.order import Cause
from relais_contrats.droits import Role
from relais_contrats.partenaires import Convention, Partenaire, Structure
from tests.passerelle.outgoing import DECISION, FINALITES, PARTNERS, SIGNALE

P, Q = UUID(int=1), UUID(int=2)
SANCTION = {
    "sanction_id": "s-1",
    "manquement_id": "m-1",
    "nature": "n65",
    "rang": "r1",
    "type": "susp-rsa",
    "modalite": "pourcentage",
    "montant": 50,
    "duree_mois": 1,
    "date_notification": "2026-03-02",
}


class Known:
    """The partners of the bench, in memory; those given on top."""

    def __init__(self, *others: Partenaire) -> None:
        self._all = {p.code: p for p in (*map(partner, PARTNERS), *others)}

    async def reload(self) -> None:
        return

    def partenaire(self, code: str) -> Partenaire | None:
        return self._all.get(code)

    def du_territoire(self, departement: str, types: Iterable[str]) -> list[Partenaire]:
        wanted = set(types)
        return [p for p in self._all.values() if p.type_organisme in wanted and departement in p.departements]

    def de_la_structure(self, systeme: str, valeur: str) -> list[Partenaire]:
        return [p for p in self._all.values() if any((s.systeme, s.valeur) == (systeme, valeur) for s in p.structures)]


def partner(code: str, like: str | None = None) -> Partenaire:
    type_organisme, departements, structure, scopes = PARTNERS[like or code]
    structures = (Structure(**structure),) if structure and not like else ()
    agreed = tuple(Convention(finalite, None) for finalite in FINALITES)
    return Partenaire(code, type_organisme, code, frozenset(departements), structures, agreed, frozenset(scopes), True)


def event(
    type_: str, data: dict[str, Any], parcours: UUID = P, source: str = "/partenaires/cd-59", cause: UUID | None = None
) -> Event:
    body = {"source": source, "departement": "59", "time": "2026-03-02T09:30:00Z", "data": data}
    body |= {"causeid": str(cause)} if cause else {}
    return Event(uuid4(), type_, "usagers", parcours, 1, body, 1)


def after(
    event_: Event, held: dict[UUID, dict[str, frozenset[Role]]], known: Known | None = None, **more: Any
) -> Distribution:
    participants = {p: dict(roles) for p, roles in held.items()}
    territoires = {P: "59", Q: "59"}
    distribution = Distribution(known or Known(), participants, [], {}, **{"territoires": territoires, **more})
    distribution.take(event_)
    return distribution


def cause(code: str, *reconnait_dans: str) -> Cause:
    recu_a = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    return Cause(code, "m-1", 1, recu_a, nomme_son_parcours=False, reconnait_dans=frozenset(reconnait_dans))


def signalled_by(code: str, *reconnait_dans: str) -> Distribution:
    deposit = uuid4()
    told = event("usager.signale", SIGNALE, source=f"/partenaires/{code}", cause=deposit)
    distribution = Distribution(Known(), {}, [], {deposit: cause(code, *reconnait_dans)})
    distribution.take(told)
    return distribution


def test_a_signalement_brings_in_the_territory_and_the_emitter_that_may_be_told() -> None:
    assert signalled_by("caf-59", "59").participants[P] == {
        "caf-59": {Role.EMETTEUR},
        "cd-59": {Role.TERRITOIRE},
        "ft-hdf": {Role.TERRITOIRE},
    }


@pytest.mark.parametrize("reconnait_dans", [[], ["62"]])
def test_an_emitter_that_may_not_be_told_takes_no_part(reconnait_dans: list[str]) -> None:
    assert signalled_by("caf-59", *reconnait_dans).participants[P].keys() == {"cd-59", "ft-hdf"}


def test_the_departement_that_looked_at_a_signalement_brings_its_emitter_in_under_its_former_name() -> None:
    pending = uuid4()
    told = event("usager.rapproche", {"decision": "meme-personne", "parcours": str(P)}, parcours=pending)

    distribution = after(
        told,
        {pending: {"ml-lille": frozenset({Role.SIGNALANT})}},
        signalants={pending: [(pending, "ml-lille")], P: [(uuid4(), "caf-59")]},
    )

    assert distribution.participants[P] == {"ml-lille": {Role.EMETTEUR}}
    [partage] = [e for e in distribution.evenements if e.type == "parcours.partage"]
    assert partage.corps["data"]["anciens"] == [str(pending)]


def test_a_merge_confirms_nobody() -> None:
    other = uuid4()
    told = event("usager.fusionne", {"conserve": str(P), "absorbes": [str(other)]})

    distribution = after(told, {other: {"ml-lille": frozenset({Role.SIGNALANT})}})

    assert "ml-lille" not in distribution.participants.get(P, {})
    assert distribution.livraisons == []


def test_a_sanction_is_told_to_the_payer_that_signalled_the_person_and_to_no_other_signaller() -> None:
    names = {P: [(uuid4(), "caf-59"), (uuid4(), "ml-lille")]}

    distribution = after(event("sanction.decidee", SANCTION), {}, signalants=names)

    assert [(d.partenaire, d.type) for d in distribution.livraisons] == [
        ("caf-59", "parcours.partage"),
        ("caf-59", "sanction.decidee"),
    ]


@pytest.mark.parametrize("type_", ["usager.oppose", "usager.efface"])
def test_the_end_of_sharing_is_told_to_who_signalled_under_its_own_name(type_: str) -> None:
    name = uuid4()

    distribution = after(event(type_, {"motif": "Demande."}), {}, signalants={P: [(name, "ml-lille")]})

    assert [(d.partenaire, d.parcours) for d in distribution.livraisons] == [("ml-lille", name)]


@pytest.mark.parametrize("type_", ["parcours.rattache", "parcours.ouvert", "usager.ambigu", "parcours.clos"])
def test_who_only_signalled_is_told_nothing_even_of_its_own_deposit(type_: str) -> None:
    deposit, data = uuid4(), {"parcours": str(P), "motif": "x", "candidats": [], "motifs": []}
    told = event(type_, data, source="/services/usagers", cause=deposit)
    held: dict[UUID, dict[str, frozenset[Role]]] = {P: {"ml-lille": frozenset({Role.SIGNALANT})}}

    distribution = Distribution(Known(), held, [], {deposit: cause("ml-lille")})
    distribution.take(told)

    assert distribution.livraisons == []


def test_an_emitter_that_is_also_the_territory_is_not_told_of_a_parcours_that_its_201_named() -> None:
    distribution = signalled_by("cd-59", "59")

    assert [(d.partenaire, d.type) for d in distribution.livraisons] == [
        ("ft-hdf", "parcours.partage"),
        ("ft-hdf", "usager.signale"),
    ]


@pytest.mark.parametrize("decision", ["acceptee", "refusee"])
def test_a_decision_gives_the_parcours_to_who_holds_the_structure_and_takes_it_from_the_previous(decision: str) -> None:
    held = {P: {"asso-mobilite": frozenset({Role.ORIENTATION})}}

    distribution = after(event("orientation.decidee", DECISION | {"decision": decision}), held)

    assert distribution.participants[P] == {"ml-lille": {Role.ORIENTATION}}
    assert [p.partenaire for p in distribution.entered] == ["ml-lille"]
    assert [p.partenaire for p in distribution.left] == ["asso-mobilite"]


def test_an_unknown_structure_falls_back_on_the_only_partner_of_that_kind() -> None:
    unknown = DECISION | {"structure": {"systeme": "local", "valeur": "inconnue", "nom": "Inconnue"}}
    other = partner("ml-roubaix", like="ml-lille")

    alone = after(event("orientation.decidee", unknown), {})
    with_another = after(event("orientation.decidee", unknown), {}, Known(other))

    assert alone.participants[P] == {"ml-lille": {Role.ORIENTATION}}
    assert with_another.participants.get(P, {}) == {}


def test_the_same_structure_decided_again_neither_leaves_nor_enters() -> None:
    held = {P: {"ml-lille": frozenset({Role.ORIENTATION})}}

    distribution = after(event("orientation.decidee", DECISION), held)

    assert distribution.entered == distribution.left == []
    assert [d.type for d in distribution.livraisons] == ["orientation.decidee"]


@pytest.mark.parametrize(
    ("type_", "data", "role"),
    [
        ("orientation.close", {"date_fin": "2026-03-02", "motif": "Emploi."}, Role.ORIENTATION),
        ("referent.termine", {"date_fin": "2026-03-02", "motif": "Départ."}, Role.REFERENT),
        ("referent.decline", {"motif": "Indisponible."}, Role.REFERENT),
    ],
)
def test_an_end_takes_that_role_only(type_: str, data: dict[str, Any], role: Role) -> None:
    held = {P: {"ml-lille": frozenset({Role.ORIENTATION, Role.REFERENT}), "cd-59": frozenset({Role.TERRITOIRE})}}

    distribution = after(event(type_, data), held)

    assert distribution.participants[P] == {
        "ml-lille": {Role.ORIENTATION, Role.REFERENT} - {role},
        "cd-59": {Role.TERRITOIRE},
    }


def test_a_transfer_brings_the_new_departement_in_and_lets_the_former_one_read_on_for_a_month() -> None:
    held = {P: {"cd-59": frozenset({Role.TERRITOIRE}), "ft-hdf": frozenset({Role.TERRITOIRE})}}

    transfert = {"departement_nouveau": "62", "date_effet": "2026-03-02"}
    distribution = after(event("parcours.transfere", transfert, source="/partenaires/cd-59"), held)

    assert distribution.participants[P].keys() == {"cd-59", "cd-62", "ft-hdf"}
    assert [(depart.partenaire, depart.le) for depart in distribution.departs] == [
        ("cd-59", datetime(2026, 3, 31, 22, tzinfo=UTC))
    ]
    assert [(d.partenaire, d.type) for d in distribution.livraisons] == [
        ("cd-62", "parcours.partage"),
        ("cd-62", "parcours.transfere"),
        ("ft-hdf", "parcours.transfere"),
    ]


@pytest.mark.parametrize(
    ("type_", "data", "parcours"),
    [
        ("usager.fusionne", {"conserve": str(P), "absorbes": [str(Q)]}, P),
        ("usager.rapproche", {"decision": "meme-personne", "parcours": str(P)}, Q),
    ],
)
def test_what_is_recognised_as_one_person_is_shared_by_all_who_held_one(
    type_: str, data: dict[str, Any], parcours: UUID
) -> None:
    held = {P: {"cd-59": frozenset({Role.TERRITOIRE})}, Q: {"caf-59": frozenset({Role.EMETTEUR})}}

    distribution = after(event(type_, data, parcours), held)

    assert distribution.participants[P] == {"cd-59": {Role.TERRITOIRE}, "caf-59": {Role.EMETTEUR}}
    assert distribution.absorptions[0].survivant == P
    assert distribution.absorptions[0].absorbes == (Q,)


def test_a_person_found_to_be_new_is_absorbed_by_nobody() -> None:
    distribution = after(event("usager.rapproche", {"decision": "personne-nouvelle"}), {})

    assert distribution.absorptions == []


@given(
    holders=st.dictionaries(
        st.sampled_from(sorted(PARTNERS)), st.frozensets(st.sampled_from(Role), min_size=1), max_size=6
    )
)
def test_applying_the_same_decision_twice_is_applying_it_once(holders: dict[str, frozenset[Role]]) -> None:
    decision = event("orientation.decidee", DECISION)
    once = after(decision, {P: holders})

    again = after(decision, once.participants)

    assert again.participants == once.participants
    assert again.entered == again.left == []


@given(
    holders=st.dictionaries(
        st.sampled_from(sorted(PARTNERS)), st.frozensets(st.sampled_from(Role), min_size=1), max_size=6
    ),
    source=st.sampled_from(sorted(PARTNERS)),
)
def test_nobody_hears_itself_and_nobody_outside_hears_anything(
    holders: dict[str, frozenset[Role]], source: str
) -> None:
    decision = event("orientation.decidee", DECISION, source=f"/partenaires/{source}")

    distribution = after(decision, {P: holders})

    receivers = {d.partenaire for d in distribution.livraisons if d.type == "orientation.decidee"}
    assert source not in receivers
    assert receivers <= holders.keys() | {"ml-lille"}


def test_an_event_of_no_known_type_changes_nothing() -> None:
    unknown = event("chose.nouvelle", {})

    assert list(effets(unknown, Known(), {})) == []
    assert after(unknown, {}).livraisons == []


def test_a_structure_takes_part_until_the_last_of_its_accompagnants_leaves() -> None:
    asso = {"systeme": "local", "valeur": "asso", "nom": "Association"}
    distribution = Distribution(Known(), {}, [], {})
    for agent in ("a-1", "a-2"):
        added = {"accompagnant": {"identifiant_agent": agent}, "structure": asso}
        distribution.take(event("accompagnant.ajoute", added))

    distribution.take(event("accompagnant.retire", {"identifiant_agent": "a-1", "structure": asso}))
    after_the_first = distribution.participants[P]["asso-mobilite"]
    distribution.take(event("accompagnant.retire", {"identifiant_agent": "a-2", "structure": asso}))

    assert after_the_first == {Role.ACCOMPAGNANT}
    assert "asso-mobilite" not in distribution.participants[P]
