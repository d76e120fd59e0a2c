"""The codes of the catalogue that the page offers, in the words of the structure; and the kinds of mail."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from relais_contrats.codes.offre import ContactPrefere, IssueParticipation, MotifRefusPrescription
from relais_contrats.codes.suivi import AnnulePar, Forme, Modalite, MotifRdv, StatutRdv


class Nature(StrEnum):
    """Why a mail leaves; also the end of the nature of its exchange."""

    AVIS = "avis"
    RAPPEL = "rappel"
    POINT = "point"
    CODE = "code"


REFUS: Final = MappingProxyType({motif.value: motif.description.rstrip(".") for motif in MotifRefusPrescription})
ISSUES: Final = MappingProxyType({issue.value: issue.description.rstrip(".") for issue in IssueParticipation})
MODALITES: Final = MappingProxyType({one.value: one.description.rstrip(".") for one in Modalite})
CONTACTS: Final = MappingProxyType(
    {
        ContactPrefere.TELEPHONE.value: "par téléphone",
        ContactPrefere.COURRIEL.value: "par courriel",
        ContactPrefere.REFERENT.value: "par l'intermédiaire de son référent",
        ContactPrefere.AUTRE.value: "autrement, à convenir avec le prescripteur",
    }
)
FORMES: Final = MappingProxyType({Forme.INDIVIDUEL.value: "Individuel", Forme.COLLECTIF.value: "Collectif"})
OBJETS: Final = MappingProxyType(
    {
        MotifRdv.ACCOMPAGNEMENT.value: "Premier rendez-vous d'accompagnement",
        MotifRdv.ORIENTATION.value: "Rendez-vous d'orientation",
        MotifRdv.AUTRE.value: "Autre rendez-vous",
    }
)
STATUTS: Final = MappingProxyType(
    {
        StatutRdv.PLANIFIE.value: "prévu",
        StatutRdv.HONORE.value: "la personne est venue",
        StatutRdv.NON_HONORE.value: "la personne n'est pas venue",
        StatutRdv.ANNULE.value: "annulé",
    }
)
ANNULATIONS: Final = MappingProxyType(
    {AnnulePar.USAGER.value: "La personne", AnnulePar.STRUCTURE.value: "Notre structure"}
)
ETATS: Final = MappingProxyType(
    {
        "emise": "attend votre réponse",
        "a-l-etude": "à l'étude",
        "acceptee": "acceptée",
        "commencee": "commencée",
        "terminee": "terminée",
        "refusee": "refusée",
        "annulee": "annulée par le prescripteur",
        "expiree": "sans suite",
    }
)
"""States of a prescription, as the roadmap names them."""
A_REPONDRE: Final = frozenset({"emise", "a-l-etude"})
FINALS: Final = frozenset({"terminee", "refusee", "annulee", "expiree"})
