"""Events of `referents`: the designations of the référent unique, the other professionals, the appointments."""

from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from services.feuille_de_route.domain.orientations import identite_structure
from services.feuille_de_route.domain.recu import Json, Recu


@dataclass(frozen=True, slots=True)
class Designation:
    """`donnees` is `{referent, structure, date_debut}`; `etat` is `propose`, `actif`, `decline` or `termine`."""

    parcours: UUID
    designee_par: UUID
    donnees: Json
    etat: str = "propose"
    fin: date | None = None
    motif: str | None = None

    @property
    def est_vivante(self) -> bool:
        return self.etat in ("propose", "actif")

    @property
    def structure(self) -> tuple[str, str]:
        return identite_structure(self.donnees["structure"])


@dataclass(slots=True)
class Suivi:
    """Folds the events of `referents`. The last event about each follower and appointment counts; a merge publishes the
    ones that go on again, on the survivor."""

    designations: list[Designation] = field(default_factory=list)
    accompagnants: dict[tuple[str, tuple[str, str]], Json] = field(default_factory=dict)
    rendez_vous: dict[str, Json] = field(default_factory=dict)

    def reprendre(self, recu: Recu) -> None:
        """Who followed the person before the hub did, and the appointments of then."""
        if declaree := recu.donnees.get("referent"):
            self.designations.append(Designation(recu.parcours, recu.id, declaree, "actif"))
        self.rendez_vous |= {rdv["rdv_id"]: rdv for rdv in recu.donnees.get("rdv") or ()}

    def recevoir(self, recu: Recu) -> None:
        donnees = recu.donnees
        match recu.type:
            case "referent.designe":
                self.designations.append(Designation(recu.parcours, recu.id, donnees))
            case "referent.accepte":
                self._sur_la_vivante(recu, etat="actif")
            case "referent.decline":
                self._sur_la_vivante(recu, etat="decline", motif=donnees["motif"])
            case "referent.termine":
                self._terminer(recu)
            case "referent.remplace":
                remplacee = self._terminer(recu)
                etat = remplacee.etat if remplacee else "propose"
                self.designations.append(Designation(recu.parcours, recu.id, donnees["nouveau"], etat))
            case "referent.annule":
                return  # what it cancels is left out
            case "accompagnant.ajoute":
                self.accompagnants[_agent(donnees["accompagnant"], donnees["structure"])] = donnees
            case "accompagnant.retire":
                self.accompagnants.pop(_agent(donnees, donnees["structure"]), None)
            case "suivi.effectif":
                if donnees["etat"]:
                    self._sur_la_vivante(recu, etat=donnees["etat"])
            case _:
                self.rendez_vous[donnees["rdv_id"]] = donnees

    def _terminer(self, recu: Recu) -> Designation | None:
        fin = date.fromisoformat(recu.donnees["date_fin"])
        return self._sur_la_vivante(recu, etat="termine", fin=fin, motif=recu.donnees["motif"])

    def _sur_la_vivante(self, recu: Recu, **change: object) -> Designation | None:
        """Change the designation under way, of this parcours or else of one merged with it; returns it as it was."""
        vivantes = [designation for designation in self.designations if designation.est_vivante]
        vivante = max(vivantes, key=lambda d: (d.parcours == recu.parcours, d.designee_par), default=None)
        if vivante:
            place = self.designations.index(vivante)
            self.designations[place] = replace(vivante, **change)  # type: ignore[arg-type]  # its own fields
        return vivante


def _agent(professionnel: Json, structure: Json) -> tuple[str, tuple[str, str]]:
    return (professionnel["identifiant_agent"], identite_structure(structure))
