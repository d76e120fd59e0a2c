"""The names that each partner has of parcours, events and traces; ids that a partner chose stay with it."""

import re
from uuid import UUID, uuid4, uuid5

from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from gateway.pseudonyms import OBJECT_PREFIX, PREFIX, Pseudonyms, belonging, own
from tests.passerelle.outgoing import KEY, TRACE

NAMES = Pseudonyms(KEY)
UUIDS = st.uuids(version=4) | st.builds(uuid7) | st.builds(uuid5, st.uuids(), st.text())


@given(UUIDS)
def test_an_event_has_one_id_per_partner_that_every_validator_takes_and_the_hub_reads_back(evenement: UUID) -> None:
    seen = NAMES.event_of("cd-59", evenement)

    assert seen == NAMES.event_of("cd-59", evenement)
    assert NAMES.read_event("cd-59", seen) == evenement
    assert len({evenement, seen, NAMES.event_of("cd-62", evenement)}) == 3
    assert seen.variant == "specified in RFC 4122"
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", str(seen))


def test_the_id_of_one_partner_names_nothing_at_another() -> None:
    evenement = uuid7()

    assert NAMES.read_event("cd-62", NAMES.event_of("cd-59", evenement)) != evenement


def test_a_parcours_and_an_event_of_the_same_id_have_names_of_their_own() -> None:
    same = uuid4()

    assert NAMES.of("cd-59", same) != NAMES.of("ft-hdf", same)
    assert NAMES.read("cd-59", NAMES.of("cd-59", same)) == same
    assert NAMES.event_of("cd-59", same).hex != UUID(bytes=same.bytes).hex


def test_the_name_of_a_parcours_names_no_object_of_the_same_id() -> None:
    same = uuid7()
    as_object = OBJECT_PREFIX + NAMES.of("cd-59", same).removeprefix(PREFIX)

    assert NAMES.read_object("cd-59", NAMES.object_of("cd-59", same)) == same
    assert NAMES.read_object("cd-59", as_object) != same
    assert NAMES.object_of("cd-59", same) != as_object


def test_a_partner_has_a_trace_of_its_own_the_same_at_each_retry() -> None:
    version, trace, span, flags = TRACE.split("-")

    seen = NAMES.trace_of("cd-59", TRACE)

    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", seen)
    assert seen == NAMES.trace_of("cd-59", TRACE) != NAMES.trace_of("cd-62", TRACE)
    assert (seen.split("-")[0], seen.split("-")[3]) == (version, flags)
    assert trace not in seen
    assert span not in seen


def test_an_id_that_a_partner_chose_is_read_by_it_alone() -> None:
    kept = belonging("cd-59", "dossier.12-a")

    assert own("cd-59", kept) == "dossier.12-a"
    assert [own(code, kept) for code in ("cd-5", "cd-590", "ft-hdf", "")] == [None] * 4
    assert own("cd-59", None) is None
    assert own("cd-59", "dossier") is None
