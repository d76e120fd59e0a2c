"""The stages of `./relais test` and their order."""

from deploy.quality import stages


def test_a_chosen_test_comes_first_and_a_whole_run_ends_with_the_tests() -> None:
    chosen = [stage.name for stage in stages("designation", False, [])]
    by_path = [stage.name for stage in stages(None, False, ["tests/referents"])]
    whole = [stage.name for stage in stages(None, False, [])]

    assert chosen[0] == by_path[0] == "pytest"
    assert [name for name in whole if name.startswith("pytest")] == ["pytest", "pytest, un test à la fois"]
    assert whole[-1] == "pytest, un test à la fois"
    assert set(chosen[1:]) == {name for name in whole if not name.startswith("pytest")}


def test_only_a_check_goes_beside_and_it_reports_before_the_tests_that_measure_time() -> None:
    whole = stages(None, False, [])

    assert [stage.name for stage in whole if stage.is_aside] == ["mypy --strict"]
    assert whole[-2].is_aside
