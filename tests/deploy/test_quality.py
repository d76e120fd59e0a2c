"""The stages of `./relais test` and their order."""

from deploy.quality import stages


def test_a_chosen_test_comes_first_and_a_whole_run_ends_with_the_tests() -> None:
    chosen = [stage.name for stage in stages("designation", False, [])]
    by_path = [stage.name for stage in stages(None, False, ["tests/referents"])]
    whole = [stage.name for stage in stages(None, False, [])]

    assert chosen[0] == by_path[0] == "pytest"
    assert whole[-2:] == ["pytest", "pytest, un test à la fois"]
    assert set(chosen[1:]) == set(whole[:-2])
