"""Who enters a parcours by its own message: one rule for the door, which opens at once what its 201 says, and for the
fan-out, which tells the others. Pure.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from relais_contrats.droits import Role
from relais_contrats.partenaires import Partenaire


class Repertoire(Protocol):
    """What is asked of the partners' snapshot."""

    def du_territoire(self, departement: str, types: Iterable[str]) -> list[Partenaire]: ...

    def de_la_structure(self, systeme: str, valeur: str) -> list[Partenaire]: ...


def role_du_signalant(departement: str, reconnait_dans: Collection[str]) -> Role:
    """What somebody who signals a person becomes: it takes part where it may be told who she is, and knows her by its
    own name of her elsewhere."""
    return Role.EMETTEUR if departement in reconnait_dans else Role.SIGNALANT


def referents(type_: str, data: Mapping[str, Any], repertoire: Repertoire) -> list[Partenaire] | None:
    """The partners of the structure in which a fact designates the référent; None when it designates none."""
    match type_:
        case "referent.designe":
            designation = data
        case "referent.remplace":
            designation = data["nouveau"]
        case "reprise.declaree" if data.get("referent"):
            designation = data["referent"]
        case _:
            return None
    structure = designation["structure"]
    return repertoire.de_la_structure(structure["systeme"], structure["valeur"])


def est_accueilli(departement: str, repertoire: Repertoire) -> bool:
    """Whether a parcours that moves there is received: where no département is a partner, it stays where it is."""
    return bool(repertoire.du_territoire(departement, ["departement"]))
