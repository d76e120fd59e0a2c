"""Messages of the follow-up: référent unique, accompagnants, appointments."""

from typing import Annotated, ClassVar

from relais_contrats.codes.suivi import (
    AnnulePar,
    Forme,
    Modalite,
    MotifRdv,
    RoleAccompagnant,
    StatutRdv,
)
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import Interdit, Regle, Requis, ValeursSelon
from relais_contrats.v1.partages import Professionnel, Structure
from relais_contrats.valeurs import (
    CodeLocal,
    DateIso,
    Entier,
    Instant,
    Texte,
    TexteCourt,
    dit,
)


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

    rdv_id: Annotated[CodeLocal, dit("Clé du rendez-vous chez l'émetteur, unique dans le parcours.")]
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
