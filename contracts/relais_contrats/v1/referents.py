"""Messages of the follow-up: référent unique, accompagnants, appointments."""

from typing import Annotated, ClassVar

from relais_contrats.briques import REFERENTS
from relais_contrats.codes.suivi import (
    AnnulePar,
    Forme,
    Modalite,
    MotifRdv,
    RoleAccompagnant,
    StatutRdv,
)
from relais_contrats.declaration import (
    CD,
    DU_REFERENT,
    HUB,
    PARTICIPANT,
    STRUCTURE_ORIENTATION,
    STRUCTURE_REFERENT,
    TOUS,
    message,
)
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import Interdit, Regle, Requis, ValeursSelon
from relais_contrats.v1.partages import Professionnel, Structure
from relais_contrats.valeurs import CleRdv, CodeLocal, DateIso, Entier, IdMessage, Instant, Texte, TexteCourt, dit


class Designation(Donnees):
    """Un référent, sa structure et le jour où il commence."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    referent: Annotated[Professionnel, dit("Le référent unique.", "CASF L. 262-27 et suivants")]
    structure: Annotated[Structure, dit("Sa structure : celle de l'orientation ouverte.")]
    date_debut: Annotated[DateIso, dit("Premier jour de la désignation.", "WebRSA dddesignation")]


class ReferentDesigne(Designation):
    """La structure de l'orientation ouverte, ou le département, désigne le référent unique."""


class ReferentAccepte(Donnees):
    """Le référent désigné accepte le suivi."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    motif: Annotated[Texte | None, dit("Commentaire.")] = None


class ReferentDecline(Donnees):
    """Le référent désigné décline, et dit pourquoi."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    motif: Annotated[Texte, dit("Pourquoi le suivi est décliné : toujours obligatoire.")]


class ReferentRemplace(Donnees):
    """Le référent change : l'ancienne désignation finit et la nouvelle commence, en une fois."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    date_fin: Annotated[DateIso, dit("Dernier jour de l'ancien référent.", "WebRSA dfdesignation")]
    motif: Annotated[Texte, dit("Pourquoi le référent change.")]
    nouveau: Annotated[Designation, dit("La nouvelle désignation.")]


class ReferentTermine(Donnees):
    """La désignation du référent prend fin sans remplaçant."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    date_fin: Annotated[DateIso, dit("Dernier jour.", "WebRSA dfdesignation")]
    motif: Annotated[Texte, dit("Motif de fin.", "les-emplois GPS end_reason")]


class ReferentAnnule(Donnees):
    """Une désignation, un remplacement ou une fin de suivi est annulé : le référent d'avant suit de nouveau la
    personne. Refusée (`annulation-impossible`) quand la suite repose déjà sur elle."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    annule: Annotated[
        IdMessage,
        dit("Le dépôt annulé : l'identifiant que vous lui aviez donné ; sinon celui de l'événement reçu."),
    ]
    motif: Annotated[Texte, dit("Pourquoi il est annulé.")]


class AccompagnantAjoute(Donnees):
    """Un professionnel rejoint l'accompagnement, aux côtés du référent unique."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    accompagnant: Annotated[Professionnel, dit("Le professionnel.")]
    structure: Annotated[Structure, dit("Sa structure.")]
    date_debut: Annotated[DateIso, dit("Premier jour.")]
    role: Annotated[RoleAccompagnant, dit("À quel titre il accompagne.")]


class AccompagnantRetire(Donnees):
    """Un professionnel quitte l'accompagnement."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    identifiant_agent: Annotated[CodeLocal, dit("Identifiant donné à l'ajout.")]
    structure: Annotated[Structure, dit("Sa structure.")]
    date_fin: Annotated[DateIso, dit("Dernier jour.")]
    motif: Annotated[Texte | None, dit("Motif de fin.")] = None


class RendezVous(Donnees):
    """L'état complet d'un rendez-vous : chaque message le redit en entier."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION
    regles: ClassVar[tuple[Regle, ...]] = (
        Requis(("annule_par",), {"statut": ("annule",)}),
        Interdit(("annule_par",), {"statut": ("planifie", "honore", "non-honore")}),
    )

    rdv_id: Annotated[CleRdv, dit("Clé du rendez-vous chez l'émetteur, ou l'`obj_…` lu pour celui d'un autre.")]
    motif: Annotated[MotifRdv, dit("Objet.", "France Travail motif")]
    debut: Annotated[Instant, dit("Début, avec le décalage horaire.", "RFC 3339")]
    duree_min: Annotated[Entier, dit("Durée en minutes.", "France Travail duree", ge=5, le=1440)]
    modalite: Annotated[
        Modalite, dit("Sur place, par téléphone ou en visioconférence.", "France Travail modaliteContact")
    ]
    forme: Annotated[Forme, dit("Individuel ou collectif.", "France Travail typeReception")]
    lieu: Annotated[TexteCourt | None, dit("Adresse ou nom du lieu, pour un rendez-vous sur place.")] = None
    statut: Annotated[StatutRdv, dit("État du rendez-vous.", "France Travail statut, rdv-insertion status")]
    annule_par: Annotated[AnnulePar | None, dit("Qui a annulé, si le rendez-vous l'est.")] = None


class RdvPlanifie(RendezVous):
    """Un rendez-vous est pris."""

    regles: ClassVar[tuple[Regle, ...]] = (*RendezVous.regles, ValeursSelon("statut", ("planifie",), {}))


class RdvModifie(RendezVous):
    """Un rendez-vous change d'heure, de lieu ou de forme."""

    regles: ClassVar[tuple[Regle, ...]] = (*RendezVous.regles, ValeursSelon("statut", ("planifie",), {}))


class RdvAnnule(RendezVous):
    """Un rendez-vous est annulé, par la personne ou par la structure."""

    regles: ClassVar[tuple[Regle, ...]] = (*RendezVous.regles, ValeursSelon("statut", ("annule",), {}))


class RdvConstate(RendezVous):
    """Après la date : la personne est venue, ou non."""

    regles: ClassVar[tuple[Regle, ...]] = (*RendezVous.regles, ValeursSelon("statut", ("honore", "non-honore"), {}))


MESSAGES = (
    message("referent.designe", REFERENTS, ReferentDesigne, "Référent désigné", (CD,), TOUS, (STRUCTURE_ORIENTATION,)),
    message("referent.accepte", REFERENTS, ReferentAccepte, "Référent accepté", (), TOUS, DU_REFERENT),
    message("referent.decline", REFERENTS, ReferentDecline, "Référent décliné", (), TOUS, DU_REFERENT),
    message(
        "referent.remplace",
        REFERENTS,
        ReferentRemplace,
        "Référent remplacé",
        (CD,),
        TOUS,
        (STRUCTURE_REFERENT, STRUCTURE_ORIENTATION),
    ),
    message(
        "referent.termine",
        REFERENTS,
        ReferentTermine,
        "Suivi du référent terminé",
        (CD, HUB),
        TOUS,
        (STRUCTURE_REFERENT, STRUCTURE_ORIENTATION),
    ),
    message(
        "referent.annule",
        REFERENTS,
        ReferentAnnule,
        "Désignation du référent annulée",
        (CD,),
        TOUS,
        (STRUCTURE_REFERENT, STRUCTURE_ORIENTATION),
    ),
    message("accompagnant.ajoute", REFERENTS, AccompagnantAjoute, "Accompagnant ajouté", (), TOUS, (PARTICIPANT,)),
    message("accompagnant.retire", REFERENTS, AccompagnantRetire, "Accompagnant retiré", (), TOUS, (PARTICIPANT,)),
    message("rdv.planifie", REFERENTS, RdvPlanifie, "Rendez-vous planifié", (), TOUS, (PARTICIPANT,)),
    message("rdv.modifie", REFERENTS, RdvModifie, "Rendez-vous modifié", (), TOUS, (PARTICIPANT,)),
    message("rdv.annule", REFERENTS, RdvAnnule, "Rendez-vous annulé", (), TOUS, (PARTICIPANT,)),
    message("rdv.constate", REFERENTS, RdvConstate, "Rendez-vous constaté", (), TOUS, (PARTICIPANT,)),
)
