"""Events of `orientation`: the waiting request, the orientations, and which one is open."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from relais_contrats.territoires import jour_legal
from services.feuille_de_route.domain.recu import Json, Recu

MOTIF_REMPLACEE = "Remplacée par une nouvelle décision."
_UN_JOUR = timedelta(days=1)
_DE_LA_REPRISE = ("date_notification", "date_reexamen")
"""What a declared orientation says beside its decision."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """A decision as published, and its state. `decidee_par` is the event of the decision."""

    parcours: UUID
    decidee_par: UUID
    decideur: str
    decision: Json
    debut: date
    fin: date | None
    est_close: bool = False
    motif_fin: str | None = None
    notifiee_le: date | None = None
    notifiee_par: UUID | None = None
    reprise_le: date | None = None
    """The day on which it was declared from before the hub: what was due before that day is not awaited."""

    @property
    def structure(self) -> tuple[str, str]:
        return identite_structure(self.decision["structure"])

    @property
    def contenu(self) -> tuple[str, ...]:
        """The common content of copies of one decision: a merge publishes it again with another rank."""
        decision = self.decision
        return (decision["date_decision"], decision["parcours_type"], decision["organisme"], *self.structure)


@dataclass(frozen=True, slots=True)
class Demande:
    """`demandee_par` is the event that published it."""

    recue_le: date
    demandee_par: UUID
    motif: str | None = None
    est_dessaisie: bool = False


@dataclass(slots=True)
class Orientations:
    """Folds the events of `orientation`. A request of a merged parcours does not count: partners ask again if need be.

    `changee_par` is the last event that changed the open orientation.
    """

    survivant: UUID
    decidees: list[Orientation] = field(default_factory=list)
    demande: Demande | None = None
    changee_par: UUID | None = None

    @property
    def ouverte(self) -> Orientation | None:
        """The open orientation of the survivor; until it is published, the latest one of its merged parcours."""
        ouvertes = [orientation for orientation in self.decidees if not orientation.est_close]
        return max(ouvertes, key=lambda o: (o.parcours == self.survivant, o.debut, o.decidee_par), default=None)

    def recevoir(self, recu: Recu) -> None:
        match recu.type:
            case "orientation.demandee":
                self._demander(recu)
            case "orientation.dessaisie":
                if self.demande and recu.parcours == self.survivant:
                    self.demande = replace(self.demande, est_dessaisie=True)
            case "orientation.decidee":
                self._decider(recu)
            case "reprise.declaree":
                self._reprendre(recu)
            case "orientation.notifiee":
                notifiee_le = date.fromisoformat(recu.donnees["date_notification"])
                self._sur_l_ouverte(recu, notifiee_le=notifiee_le, notifiee_par=recu.id)
            case "orientation.close":
                fin = date.fromisoformat(recu.donnees["date_fin"])
                self._sur_l_ouverte(recu, fin=fin, est_close=True, motif_fin=recu.donnees["motif"])
                self._changer(recu)

    def _demander(self, recu: Recu) -> None:
        if recu.parcours == self.survivant:
            recue_le = date.fromisoformat(recu.donnees["date_reception"])
            self.demande = Demande(recue_le, recu.id, recu.donnees.get("motif"))

    def _decider(self, recu: Recu) -> None:
        """After all others it opens, and ends the one before it; in a gap of the past it is over already."""
        fin = recu.donnees.get("date_fin")
        decidee = Orientation(
            parcours=recu.parcours,
            decidee_par=recu.id,
            decideur=recu.auteur,
            decision=recu.donnees,
            debut=date.fromisoformat(recu.donnees["date_debut"]),
            fin=date.fromisoformat(fin) if fin else None,
        )
        derniere = self._derniere(recu.parcours)
        if derniere and decidee.debut <= derniere.debut:
            self.decidees.append(replace(decidee, est_close=True))
            return
        if derniere:
            self._remplacer(derniere, _remplacee(derniere, decidee.debut))
        self.decidees.append(decidee)
        self._changer(recu)
        if self.demande and recu.parcours == self.survivant:
            repond = self.demande.recue_le <= date.fromisoformat(recu.donnees["date_decision"])
            self.demande = None if repond else self.demande

    def _reprendre(self, recu: Recu) -> None:
        """As the decision that it was, with its notification; the request that waited has no more object."""
        declaree = recu.donnees.get("orientation")
        if declaree is None:
            return
        self._decider(replace(recu, donnees={n: v for n, v in declaree.items() if n not in _DE_LA_REPRISE}))
        if recu.parcours == self.survivant:
            self.demande = None
        notifiee_le = declaree.get("date_notification")
        self._sur_l_ouverte(
            recu,
            notifiee_le=date.fromisoformat(notifiee_le) if notifiee_le else None,
            notifiee_par=recu.id,
            reprise_le=jour_legal(recu.departement, datetime.fromisoformat(recu.donnees["recue_a"])),
        )

    def _changer(self, recu: Recu) -> None:
        self.changee_par = max(self.changee_par or recu.id, recu.id)

    def _derniere(self, parcours: UUID) -> Orientation | None:
        propres = [orientation for orientation in self.decidees if orientation.parcours == parcours]
        return max(propres, key=lambda orientation: orientation.debut, default=None)

    def _sur_l_ouverte(self, recu: Recu, **change: object) -> None:
        ouverte = next((o for o in self.decidees if o.parcours == recu.parcours and not o.est_close), None)
        if ouverte:
            self._remplacer(ouverte, replace(ouverte, **change))  # type: ignore[arg-type]  # its own fields

    def _remplacer(self, avant: Orientation, apres: Orientation) -> None:
        self.decidees[self.decidees.index(avant)] = apres


def identite_structure(structure: Json) -> tuple[str, str]:
    """A structure is identified by its code, not by its name."""
    return (structure["systeme"], structure["valeur"])


def _remplacee(precedente: Orientation, debut: date) -> Orientation:
    """Ended by the decision that begins on `debut`: cut the day before if it reached that far."""
    veille = debut - _UN_JOUR
    fin = veille if precedente.fin is None or precedente.fin > veille else precedente.fin
    return replace(precedente, fin=fin, est_close=True, motif_fin=precedente.motif_fin or MOTIF_REMPLACEE)
