"""What `usagers` tells of a parcours: where it is, whether it goes on."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.feuille_de_route.domain.recu import Recu


@dataclass(slots=True)
class Vie:
    """Folds the events of `usagers` about one parcours; those of the parcours merged with it do not count.

    `fin` and `motif_fin` are set once it is closed, by the event `close_par`; `transfere_par` is the last transfer.
    """

    departement: str | None = None
    fin: date | None = None
    motif_fin: str | None = None
    close_par: UUID | None = None
    transfere_par: UUID | None = None

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
            case _:
                self.departement = self.departement or recu.departement
