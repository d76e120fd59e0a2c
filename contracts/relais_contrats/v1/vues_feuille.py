"""The feuille de route as a read returns it, and the due dates; each field has its group of rights, as in messages.

An object that touches on health (theme, or declared sensitivity) stays in the list: its existence and state are
everyday follow-up; its content needs `sante:lire`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from relais_contrats.codes.offre import IssueParticipation, MotifRefusPrescription
from relais_contrats.codes.suivi import Sensibilite
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.v1.engagements import DispenseHeures, Engagement
from relais_contrats.v1.feuille_de_route import Action, Objectif, ObservationAjoutee
from relais_contrats.v1.partages import EcheanceOrientation, Structure
from relais_contrats.v1.referents import AccompagnantAjoute, Designation, RendezVous
from relais_contrats.v1.vues import VueOrientation
from relais_contrats.valeurs import (
    Booleen,
    CleAction,
    CleContrat,
    CleObjet,
    ClePrescription,
    DateIso,
    Departement,
    Instant,
    ReferenceParcours,
    Texte,
    dit,
)

_AUTEUR = dit("Qui l'a ajouté : `/partenaires/<code>`.")
_VISIBLES = frozenset({"prescripteur", "etat", "date", "sensibilite"})
"""What remains to be seen of a prescription that serves a health action."""
_DU_CONTRAT = frozenset({"signature", "reexamen", "engagement", "fin-contrat"})
_DES_SANCTIONS = frozenset({"sanction", "fin-suspension"})


class VueDemandeEnAttente(Donnees):
    """La demande d'orientation qui attend sa décision."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    date_reception: Annotated[DateIso, dit("Date de réception, dont part le délai.", "CASF D. 262-65-2")]
    date_echeance: EcheanceOrientation
    etat: Annotated[str, dit("`en-attente`, ou `dessaisie` : France Travail est devenu compétent.")]
    motif: Annotated[Texte | None, dit("Précision du demandeur.")] = None


class VueFeuilleReferent(Designation):
    """Un référent unique. Celui qui est en cours l'est pour l'orientation ouverte, jamais pour une autre."""

    etat: Annotated[str, dit("`propose`, `actif`, `decline` ou `termine`.")]
    date_fin: Annotated[DateIso | None, dit("Dernier jour.")] = None
    motif: Annotated[Texte | None, dit("Pourquoi il a décliné, ou pourquoi le suivi a pris fin.")] = None


class VueFeuilleContrat(Donnees):
    """Le contrat d'engagement. Signé avant la décision d'orientation en vigueur, il est à signer de nouveau."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    contrat_id: Annotated[CleContrat, dit("Clé du contrat, ou `obj_…` pour celui d'un autre.")]
    etat: Annotated[str, dit("`a-signer`, `signe`, `refuse`, `suspendu` ou `clos`.")]
    date_debut: Annotated[DateIso | None, dit("Premier jour.")] = None
    duree_mois: Annotated[int | None, dit("Durée en mois.")] = None
    engagements_usager: Annotated[list[Engagement] | None, dit("Engagements de la personne.")] = None
    engagements_organisme: Annotated[list[Engagement] | None, dit("Engagements de l'organisme.")] = None
    dispense_heures: Annotated[DispenseHeures | None, dit("Dispense d'heures, s'il y en a une.")] = None
    date_limite_signature: Annotated[
        DateIso | None, dit("Dernier jour du mois ouvert par la notification.", "C. trav. D. 5411-14-1")
    ] = None
    date_signature: Annotated[DateIso | None, dit("Date de signature.")] = None
    signataires: Annotated[list[str] | None, dit("Qui a signé.")] = None
    hors_delai: Annotated[Booleen | None, dit("Vrai si la signature est postérieure au mois.")] = None
    date_refus: Annotated[DateIso | None, dit("Date du refus.")] = None
    cause: Annotated[str | None, dit("Pourquoi il est à signer de nouveau.")] = None
    motif: Annotated[Texte | None, dit("Motif du refus, de la suspension ou de la fin.")] = None


class VueAction(Action):
    """Une action. Liée à une prescription, son état suit celui de la prescription."""

    auteur: Annotated[str, _AUTEUR]
    ajoute_a: Annotated[Instant, dit("Quand elle a été ajoutée.")]
    modifie_a: Annotated[Instant | None, dit("Dernier changement.")] = None
    etat_prescription: Annotated[str | None, dit("Où en est la prescription liée.")] = None

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        cachees = super().groupes_selon(objet)
        return {**cachees, "etat_prescription": Groupe.SANTE} if cachees else cachees


class VueObjectif(Objectif):
    """Un objectif et les actions qui le servent."""

    auteur: Annotated[str, _AUTEUR]
    ajoute_a: Annotated[Instant, dit("Quand il a été ajouté.")]
    modifie_a: Annotated[Instant | None, dit("Dernier changement.")] = None
    actions: Annotated[list[VueAction] | None, dit("Ses actions, dans l'ordre où elles ont été ajoutées.")] = None


class VuePrescription(Donnees):
    """Une prescription et la suite donnée. Celle qui sert une action de santé est cachée comme elle."""

    # Not the group of the offer, which every partner sees: this is the follow-up of a person.
    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    prescription_id: Annotated[ClePrescription, dit("Clé de la prescription.")]
    etat: Annotated[
        str,
        dit("`emise`, `a-l-etude`, `acceptee`, `commencee`, `terminee`, `refusee`, `annulee` ou `expiree`."),
    ]
    prescripteur: Annotated[str, dit("Qui l'a émise : `/partenaires/<code>`.")]
    service_id: Annotated[str, dit("Service prescrit, `source--id`.")]
    structure: Annotated[Structure | None, dit("Structure du service, si sa fiche la nomme.")] = None
    motif: Annotated[Texte, dit("Ce que l'on attend du service.")]
    contact_prefere: Annotated[str, dit("Comment joindre la personne.")]
    disponibilite: Annotated[DateIso | None, dit("Disponible à partir de cette date.")] = None
    action_id: Annotated[CleAction | None, dit("Action que la prescription sert.")] = None
    date: Annotated[DateIso | None, dit("Date de la dernière suite donnée.")] = None
    motifs: Annotated[list[MotifRefusPrescription] | None, dit("Motifs du refus.")] = None
    message: Annotated[Texte | None, dit("Message au prescripteur.")] = None
    issue: Annotated[IssueParticipation | None, dit("Comment la participation s'est terminée.")] = None
    sensibilite: Annotated[Sensibilite | None, dit("« sante » cache le service, le motif et les suites.")] = None

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        est_sensible = objet.get("sensibilite") == Sensibilite.SANTE
        return dict.fromkeys(cls.model_fields.keys() - _VISIBLES, Groupe.SANTE) if est_sensible else {}


class VueObservation(ObservationAjoutee):
    """Une observation d'un participant."""

    auteur: Annotated[str, _AUTEUR]
    ajoute_a: Annotated[Instant, dit("Quand elle a été notée.")]


class VueProchaine(Donnees):
    """Ce qui tombe à une date pour la personne, dépassé ou à venir, tant que ce n'est pas fait."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    nature: Annotated[
        str,
        dit(
            "`action`, `ambiguite` (dire de qui est ce parcours), `decision`, `engagement`, `fin-contrat`, "
            "`fin-suspension`, `premier-rendez-vous`, `reexamen`, `referent` (à désigner), `sanction` (à instruire) ou "
            "`signature`."
        ),
    ]
    date_echeance: Annotated[DateIso, dit("Le dernier jour.")]
    objet: Annotated[CleObjet | None, dit("Clé de l'action, de l'engagement, du contrat ou de la sanction.")] = None
    libelle: Annotated[str | None, dit("Ce dont il s'agit.")] = None
    sensibilite: Annotated[Sensibilite | None, dit("« sante » cache l'objet et le libellé.")] = None

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        nature = objet.get("nature")
        groupes = dict.fromkeys(VueProchaine.model_fields, Groupe.CONTRAT) if nature in _DU_CONTRAT else {}
        if nature in _DES_SANCTIONS:
            return dict.fromkeys(VueProchaine.model_fields, Groupe.SANCTIONS)
        if objet.get("sensibilite") == Sensibilite.SANTE:
            # An engagement of health is hidden whole, as in the contract.
            caches = VueProchaine.model_fields if nature in _DU_CONTRAT else ("objet", "libelle")
            return {**groupes, **dict.fromkeys(caches, Groupe.SANTE)}
        return groupes


class VueFeuilleDeRoute(Donnees):
    """Tout ce qui est décidé pour une personne, par toutes les briques, en une seule vue cohérente."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours."), Groupe.COMMUN]
    departement: Annotated[Departement, dit("Département du parcours."), Groupe.COMMUN]
    etat: Annotated[str, dit("`ouverte`, ou `close` avec le parcours."), Groupe.COMMUN]
    date_fin: Annotated[DateIso | None, dit("Dernier jour du parcours, s'il est clos."), Groupe.COMMUN] = None
    motif_fin: Annotated[Texte | None, dit("Pourquoi le parcours a pris fin."), Groupe.COMMUN] = None
    demande: Annotated[VueDemandeEnAttente | None, dit("La demande d'orientation en attente.")] = None
    orientation: Annotated[VueOrientation | None, dit("L'orientation en vigueur.")] = None
    orientations_passees: Annotated[list[VueOrientation] | None, dit("Les orientations passées.")] = None
    referent: Annotated[VueFeuilleReferent | None, dit("Le référent unique, proposé ou actif.")] = None
    anciens_referents: Annotated[list[VueFeuilleReferent] | None, dit("Ceux qui l'ont été, ou ont décliné.")] = None
    accompagnants: Annotated[list[AccompagnantAjoute] | None, dit("Les autres professionnels.")] = None
    contrat: Annotated[VueFeuilleContrat | None, dit("Le contrat d'engagement.")] = None
    renouvellement: Annotated[
        VueFeuilleContrat | None, dit("Le contrat qui attend sa signature, à côté de celui qui est en vigueur.")
    ] = None
    rendez_vous: Annotated[list[RendezVous] | None, dit("Les rendez-vous, du plus ancien au plus récent.")] = None
    objectifs: Annotated[list[VueObjectif] | None, dit("Les objectifs et leurs actions.")] = None
    prescriptions: Annotated[list[VuePrescription] | None, dit("Les prescriptions.")] = None
    observations: Annotated[list[VueObservation] | None, dit("Les observations, dans l'ordre.")] = None
    echeances: Annotated[list[VueProchaine] | None, dit("Ce qui tombe à une date, la plus proche d'abord.")] = None


class VueEcheanceFeuille(VueProchaine):
    """Une échéance du portefeuille d'un département, et le parcours dont elle est."""

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours."), Groupe.COMMUN]
    departement: Annotated[Departement, dit("Département du parcours."), Groupe.COMMUN]
