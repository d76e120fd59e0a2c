"""Answers of the reads of the follow-up: the référent, the appointments, the active file.

As in `vues`, each field has its group of rights, and a field without a declaration here never leaves the hub. Names and
contacts are those of professionals: a reader of the orientation must be able to reach them.
"""

from typing import Annotated, ClassVar

from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.v1.partages import Professionnel, Structure
from relais_contrats.valeurs import (
    Booleen,
    CleRdv,
    DateIso,
    Departement,
    Entier,
    Instant,
    ReferenceParcours,
    Texte,
    TexteCourt,
    dit,
)


class VueDesignation(Donnees):
    """Un référent unique, passé, présent ou proposé."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    etat: Annotated[str, dit("`propose`, `actif`, `decline` ou `termine`.")]
    referent: Annotated[Professionnel, dit("Le référent et ses coordonnées professionnelles.")]
    structure: Annotated[Structure, dit("Sa structure.")]
    date_debut: Annotated[DateIso, dit("Premier jour de la désignation.", "WebRSA dddesignation")]
    date_fin: Annotated[
        DateIso | None,
        dit(
            "Dernier jour ; la veille du premier si elle a pris fin avant de commencer.",
            "WebRSA dfdesignation",
        ),
    ] = None
    designe_le: Annotated[DateIso, dit("Jour où le hub a reçu la désignation.")]
    accepte_le: Annotated[DateIso | None, dit("Jour où le hub a reçu l'acceptation.")] = None
    rang: Annotated[Entier, dit("Rang de l'orientation sous laquelle il est désigné.")]
    issue: Annotated[
        str | None,
        dit("Ce qui y a mis fin : `declinee`, `remplacee`, `terminee`, `orientation`, `cloture` ou `fusion`."),
    ] = None
    motif_fin: Annotated[Texte | None, dit("Motif de fin.", "les-emplois GPS end_reason")] = None


class VueAccompagnant(Donnees):
    """Un professionnel aux côtés du référent unique."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    accompagnant: Annotated[Professionnel, dit("Le professionnel et ses coordonnées professionnelles.")]
    structure: Annotated[Structure, dit("Sa structure.")]
    role: Annotated[str, dit("À quel titre il accompagne.")]
    date_debut: Annotated[DateIso, dit("Premier jour.")]
    date_fin: Annotated[DateIso | None, dit("Dernier jour, s'il est connu.")] = None
    motif_fin: Annotated[Texte | None, dit("Motif de fin.")] = None


class VueReferent(Donnees):
    """Qui suit cette personne, qui va la suivre, qui l'a suivie, qui l'accompagne."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours."), Groupe.COMMUN]
    departement: Annotated[Departement, dit("Département du parcours."), Groupe.COMMUN]
    referent: Annotated[VueDesignation | None, dit("Le référent unique qui suit la personne aujourd'hui.")] = None
    suivant: Annotated[VueDesignation | None, dit("Le référent accepté qui commence plus tard.")] = None
    propose: Annotated[VueDesignation | None, dit("Le référent proposé, tant qu'il n'a pas répondu.")] = None
    historique: Annotated[list[VueDesignation] | None, dit("Toutes les désignations, dans l'ordre.")] = None
    accompagnants: Annotated[list[VueAccompagnant] | None, dit("Les accompagnants actuels.")] = None
    anciens_accompagnants: Annotated[list[VueAccompagnant] | None, dit("Ceux qui ne le sont plus.")] = None


class VueRdv(Donnees):
    """Un rendez-vous et ce qu'il reste à en faire."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    rdv_id: Annotated[CleRdv, dit("Clé du rendez-vous, ou `obj_…` pour celui d'un autre.")]
    motif: Annotated[str, dit("Objet : `orientation`, `accompagnement` ou `autre`.")]
    debut: Annotated[Instant, dit("Début.", "RFC 3339")]
    duree_min: Annotated[Entier, dit("Durée en minutes.")]
    modalite: Annotated[str, dit("`physique`, `telephone` ou `visio`.")]
    forme: Annotated[str, dit("`individuel` ou `collectif`.")]
    lieu: Annotated[TexteCourt | None, dit("Adresse ou nom du lieu.")] = None
    statut: Annotated[str, dit("`planifie`, `honore`, `non-honore` ou `annule`.")]
    annule_par: Annotated[str | None, dit("Qui a annulé : `usager` ou `structure`.")] = None
    organisateur: Annotated[str, dit("Le partenaire qui l'a pris : `/partenaires/<code>`.")]
    agent: Annotated[str | None, dit("Qui a agi en dernier sur ce rendez-vous, dans le système émetteur.")] = None
    constate_a: Annotated[Instant | None, dit("Quand le hub a reçu le constat.")] = None
    est_a_venir: Annotated[Booleen, dit("Vrai s'il est planifié et n'a pas commencé.")]
    est_a_renseigner: Annotated[
        Booleen, dit("Vrai si sa date est passée sans constat.", "rdv-insertion rdv_needs_status_update")
    ]
    est_a_confirmer: Annotated[
        Booleen, dit("Vrai s'il a été pris sous une orientation remplacée depuis, et n'a pas été redit.")
    ]


class VueRendezVous(Donnees):
    """Les rendez-vous d'un parcours : à venir, le prochain d'abord, puis les autres, du plus récent au plus ancien."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours."), Groupe.COMMUN]
    departement: Annotated[Departement, dit("Département du parcours."), Groupe.COMMUN]
    rendez_vous: Annotated[list[VueRdv] | None, dit("Les rendez-vous.")] = None


class VueFileActive(Donnees):
    """Un parcours de la file active d'une structure."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours."), Groupe.COMMUN]
    departement: Annotated[Departement, dit("Département du parcours."), Groupe.COMMUN]
    referent: Annotated[Professionnel, dit("Le référent unique.")]
    date_debut: Annotated[DateIso, dit("Depuis quand il suit la personne.")]
    date_fin: Annotated[DateIso | None, dit("Dernier jour, s'il est déjà connu.")] = None
    prochain_rdv: Annotated[Instant | None, dit("Début du prochain rendez-vous.", "RFC 3339")] = None
