"""Events of `engagements` about sanctions: one to instruct, one in force for a while."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from relais_contrats.v1 import delais
from services.feuille_de_route.domain.recu import Recu

SUSPENSION_DU_RSA = "susp-rsa"


SUIVIES = frozenset({"sanction.proposee", "sanction.decidee", "sanction.levee", "levee.effective"})


@dataclass(slots=True)
class Sanctions:
    """By key: when each was proposed, from when and for how many months a suspension holds, and the day on which it is
    to be lifted, when that was published in advance."""

    proposees: dict[str, date] = field(default_factory=dict)
    suspensions: dict[str, tuple[date, int]] = field(default_factory=dict)
    levees: dict[str, date] = field(default_factory=dict)

    def recevoir(self, recu: Recu) -> None:
        donnees = recu.donnees
        match recu.type:
            case "sanction.proposee":
                self.proposees[donnees["sanction_id"]] = date.fromisoformat(donnees["date_proposition"])
            case "sanction.decidee":
                self.proposees.pop(donnees["sanction_id"], None)
                if donnees["type"] == SUSPENSION_DU_RSA:
                    depuis = date.fromisoformat(donnees["date_notification"])
                    self.suspensions[donnees["sanction_id"]] = (depuis, donnees["duree_mois"])
            case "sanction.levee" if recu.effet:
                self.levees[donnees["sanction_id"]] = recu.effet
            case "sanction.levee" | "levee.effective":
                self.proposees.pop(donnees["sanction_id"], None)
                self.suspensions.pop(donnees["sanction_id"], None)

    def a_instruire(self) -> Iterator[tuple[str, date]]:
        """Each that waits for a decision, and the last day of its instruction."""
        return ((cle, delais.INSTRUCTION.fin(le)) for cle, le in self.proposees.items())
