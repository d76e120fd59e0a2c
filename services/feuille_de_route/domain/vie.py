"""Events of `usagers` about a parcours: its territory, and whether it goes on."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from relais_contrats.territoires import jour_legal
from services.feuille_de_route.domain.recu import Recu


@dataclass(slots=True)
class Vie:
    """Folds the events of `usagers` about one parcours; those of the parcours merged with it do not count.

    `fin` and `motif_fin` are set once it is closed, by the event `close_par`; `transfere_par` is the last transfer.
    `ambigu_depuis` is the day since which it waits for an agent to identify the person.
    """

    departement: str | None = None
    fin: date | None = None
    motif_fin: str | None = None
    close_par: UUID | None = None
    transfere_par: UUID | None = None
    ambigu_depuis: date | None = None

    @property
    def est_close(self) -> bool:
        return self.close_par is not None

    def recevoir(self, recu: Recu) -> None:
        match recu.type:
            case "parcours.transfere":
                self.departement = recu.donnees["departement_nouveau"]
                self.transfere_par = recu.id
            case "parcours.clos":
                self.fin = date.fromisoformat(recu.donnees["date_fin"])
                self.motif_fin = recu.donnees["motif"]
                self.close_par = recu.id
            case "usager.ambigu":
                self.ambigu_depuis = jour_legal(recu.departement, recu.survenu_a)
            case "usager.rapproche":
                self.ambigu_depuis = None
            case _:
                self.departement = self.departement or recu.departement
