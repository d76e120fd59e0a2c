"""Every message of the brique has one rule, every fact one fold."""

from typing import get_args

from relais_contrats.catalogue import CATALOGUE
from services.usagers.domain import REGLES, faits, messages
from services.usagers.subscriptions import DEPOTS, ECHEANCES


def test_every_message_of_the_brique_has_one_rule_and_every_fact_one_fold() -> None:
    """The table of the brique, as `pytest -s` prints it."""
    table = REGLES.table({})
    print(*(f"{nom:22} {regle:30} {repli}" for nom, regle, repli in table), sep="\n")  # noqa: T201

    se_deposent = {nom for nom, message in CATALOGUE.items() if message.brique == "usagers" and message.se_depose}
    assert {nom for nom, regle, _ in table if regle} == {message.__name__ for message in get_args(messages.Message)}
    assert {nom for nom, _, repli in table if repli} == {
        faits.ParcoursAbsorbe.__name__,
        *(fait.__name__ for fait in get_args(faits.Fait)),
    }
    assert {"usager.signale", *DEPOTS} == se_deposent
    assert len(get_args(messages.Message)) == len(se_deposent) + len(ECHEANCES)
