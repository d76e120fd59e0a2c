"""The views of one parcours that a service answers as they are. The route, the projection and OpenAPI follow a row."""

from dataclasses import dataclass

from relais_contrats.modele import Donnees
from relais_contrats.operations import INCHANGE, PRC, QUI, SI_NON, Operation, lu
from relais_contrats.v1.vues import VueDiagnostic, VueOrientations
from relais_contrats.v1.vues_engagements import VueContrat
from relais_contrats.v1.vues_referents import VueReferent, VueRendezVous


@dataclass(frozen=True, slots=True)
class Vue:
    """`lecture`: the service and the name of its reading. `message`: one that serves the same purposes."""

    nom: str
    lecture: str
    modele: type[Donnees]
    message: str
    resume: str
    reponse: str

    @property
    def chemin(self) -> str:
        return f"/v1/parcours/{{prc}}/{self.nom}"

    @property
    def operation(self) -> Operation:
        return Operation(
            "GET",
            self.chemin,
            self.resume,
            "parcours:lire",
            lu(self.reponse, self.modele) | INCHANGE,
            en_tetes=(*QUI, SI_NON),
            cle=PRC,
        )


VUES = (
    Vue(
        "diagnostic",
        "orientation.diagnostic",
        VueDiagnostic,
        "diagnostic.realise",
        "Lire le diagnostic : critères connus, critères qui manquent, contraintes",
        "Le diagnostic.",
    ),
    Vue(
        "orientations",
        "orientation.orientations",
        VueOrientations,
        "orientation.decidee",
        "Lire l'orientation d'un parcours",
        "L'orientation.",
    ),
    Vue(
        "referent",
        "referents.referent",
        VueReferent,
        "referent.designe",
        "Savoir qui suit la personne",
        "Le référent unique, ses prédécesseurs, les accompagnants.",
    ),
    Vue(
        "rdv",
        "referents.rdv",
        VueRendezVous,
        "rdv.planifie",
        "Lire les rendez-vous",
        "Les rendez-vous.",
    ),
    Vue(
        "contrat",
        "engagements.contrat",
        VueContrat,
        "contrat.propose",
        "Lire le contrat d'engagement",
        "Le contrat.",
    ),
)
