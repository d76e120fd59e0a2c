"""Answers of reads, as models made of contract fields: each field has its group of rights, as in messages. Services
answer more than this, in clear; a field without a declaration here never leaves the hub.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from relais_contrats.codes.usagers import Sexe
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import Accompagne, Regle
from relais_contrats.v1.orientation import (
    ContrainteDiagnostic,
    Criteres,
    Decision,
    OrientationPreconisee,
    ReorientationDemandee,
)
from relais_contrats.v1.partages import EcheanceOrientation, Identifiant, ListeIdentifiants
from relais_contrats.v1.usagers import Coordonnees, DroitsModifies, Identite
from relais_contrats.valeurs import (
    Booleen,
    DateIso,
    DateNaissance,
    Departement,
    LieuNaissance,
    NomPropre,
    ReferenceParcours,
    Texte,
    dit,
)

_Source = Annotated[str, dit("Le partenaire : `/partenaires/<code>`.")]


class IdentiteCherchee(Donnees):
    """Ce que l'on sait de l'état civil : la date de naissance au moins."""

    groupe: ClassVar[Groupe | None] = Groupe.IDENTITE
    regles: ClassVar[tuple[Regle, ...]] = (
        Accompagne("nom_naissance", "prenoms"),
        Accompagne("prenoms", "nom_naissance"),
        Accompagne("nom_usage", "nom_naissance"),
    )

    date_naissance: Annotated[DateNaissance, dit("Date de naissance ; AAAA-MM-00 ou AAAA-00-00 si l'on sait moins.")]
    nom_naissance: Annotated[NomPropre | None, dit("Nom de naissance.")] = None
    nom_usage: Annotated[NomPropre | None, dit("Nom d'usage, s'il diffère.")] = None
    prenoms: Annotated[NomPropre | None, dit("Prénoms à l'état civil, séparés par une espace.")] = None
    sexe: Annotated[Sexe | None, dit("Sexe à l'état civil.")] = None
    commune_naissance: Annotated[LieuNaissance | None, dit("Lieu de naissance.")] = None


class Recherche(Donnees):
    """De qui parle-t-on ? Un NIR et une date de naissance suffisent. L'état civil seul ne désigne personne."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    identifiants: Annotated[ListeIdentifiants, dit("Identifiants connus, au moins un.")]
    identite: Annotated[
        IdentiteCherchee | None,
        dit("Ce que l'on sait de l'état civil : la date de naissance, ou avec elle le nom et les prénoms."),
    ] = None


class IdentifiantConnu(Identifiant):
    """Un identifiant de la personne ; local, avec le partenaire dont le système le connaît."""

    emetteur: _Source | None = None

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        nature = super().groupes_selon(objet)
        return {**nature, "emetteur": nature["valeur"]}


class DroitsConnus(DroitsModifies):
    """Le dernier état du droit au RSA que l'organisme payeur a fait connaître."""

    # The group whose columns are those of `droits.modifies`: département, France Travail, CAF and MSA.
    groupe: ClassVar[Groupe | None] = Groupe.SANCTIONS


class VueParcours(Donnees):
    """Une personne et son parcours, réduits à ce que le partenaire peut voir."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours chez le partenaire.")]
    etat: Annotated[
        str,
        dit(
            "`actif`, `ambigu` ou `clos` ; `signale` pour qui a signalé la personne sans participer encore au "
            "parcours : il relit ce qu'il a envoyé, que la personne soit connue du hub ou non."
        ),
    ]
    departement: Annotated[Departement, dit("Département du parcours.")]
    date_fin: Annotated[DateIso | None, dit("Dernier jour du parcours, s'il est clos.")] = None
    oppose: Annotated[Booleen | None, dit("Vrai si la personne s'est opposée au partage.")] = None
    droits: Annotated[DroitsConnus | None, dit("Dernier état du droit au RSA.")] = None
    identite: Annotated[Identite | None, dit("État civil.")] = None
    identifiants: Annotated[list[IdentifiantConnu] | None, dit("Identifiants connus.")] = None
    coordonnees: Annotated[Coordonnees | None, dit("Adresse, téléphone, courriel.")] = None
    candidats: Annotated[
        list[ReferenceParcours] | None, dit("Parcours possibles du même territoire, tant que la personne est ambiguë.")
    ] = None


class VueOrientation(Decision):
    """Une orientation décidée."""

    etat: Annotated[str, dit("`ouverte`, `close`, ou `a-venir` : décidée pour un jour à venir.")]
    decision: Annotated[str, dit("La préconisation a-t-elle été suivie : `acceptee` ou `refusee`.")]
    motif_refus: Annotated[str | None, dit("Pourquoi la préconisation a été écartée.")] = None
    commentaire_refus: Annotated[Texte | None, dit("Précision du motif.")] = None
    decideur: _Source
    date_notification: Annotated[DateIso | None, dit("Date de notification à la personne.")] = None
    motif_fin: Annotated[Texte | None, dit("Pourquoi elle a pris fin.")] = None


class VueDemande(Donnees):
    """La dernière demande d'orientation et son échéance légale."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    departement: Annotated[Departement, dit("Département saisi.")]
    date_reception: Annotated[DateIso, dit("Date de réception, dont part le délai.", "CASF D. 262-65-2")]
    date_echeance: EcheanceOrientation
    etat: Annotated[str, dit("`en-attente`, `dessaisie`, ou ce qui y a mis fin.")]
    decidee_le: Annotated[DateIso | None, dit("Date de la décision.")] = None
    motif: Annotated[Texte | None, dit("Précision du demandeur.")] = None


class VuePreconisation(OrientationPreconisee):
    """La préconisation en cours."""

    est_calculee: Annotated[Booleen, dit("Vrai si le moteur de règles l'a produite.")]


class VueAuteur(Donnees):
    """Qui a demandé."""

    partenaire: _Source
    role: Annotated[str, dit("Nature de son organisme.")]


class VueReorientation(ReorientationDemandee):
    """La demande de réorientation en cours."""

    demandeur: Annotated[VueAuteur, dit("Qui demande.")]


class VueOrientations(Donnees):
    """L'orientation d'un parcours : en vigueur, passées, demande et préconisation."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours."), Groupe.COMMUN]
    departement: Annotated[Departement, dit("Département du parcours."), Groupe.COMMUN]
    etat: Annotated[str, dit("`brouillon`, `en-attente`, `ouverte` ou `close`.")]
    ouverte: Annotated[VueOrientation | None, dit("L'orientation en vigueur.")] = None
    orientations: Annotated[list[VueOrientation] | None, dit("Toutes, dans l'ordre des rangs.")] = None
    demande: Annotated[VueDemande | None, dit("La dernière demande.")] = None
    preconisation: Annotated[VuePreconisation | None, dit("La préconisation.")] = None
    reorientation: Annotated[VueReorientation | None, dit("La demande de réorientation.")] = None


class VueEcheance(Donnees):
    """Un parcours du portefeuille : où il en est et, s'il attend une orientation, jusqu'à quand."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours."), Groupe.COMMUN]
    departement: Annotated[Departement, dit("Département du parcours."), Groupe.COMMUN]
    etat: Annotated[
        str | None, dit("`actif`, `ambigu`, `clos`, `signale` ou `transfert-en-attente`."), Groupe.COMMUN
    ] = None
    departement_nouveau: Annotated[
        Departement | None, dit("Où la personne est partie, sans que le département y soit encore partenaire.")
    ] = None
    date_effet: Annotated[DateIso | None, dit("Depuis quand ce transfert attend.")] = None
    ouverte: Annotated[VueOrientation | None, dit("L'orientation en vigueur.")] = None
    date_reception: Annotated[DateIso | None, dit("Date de réception de la demande.")] = None
    date_echeance: Annotated[DateIso | None, dit("Dernier jour pour orienter.")] = None
    est_dessaisie: Annotated[Booleen | None, dit("Vrai si la compétence est passée à France Travail.")] = None


class VueDiagnostic(Donnees):
    """Ce que l'on sait de la situation de la personne, et ce qui manque pour préconiser une orientation."""

    groupe: ClassVar[Groupe | None] = Groupe.DIAGNOSTIC

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours chez le partenaire."), Groupe.COMMUN]
    criteres: Annotated[Criteres | None, dit("Critères d'orientation connus.")] = None
    criteres_manquants: Annotated[list[str] | None, dit("Critères sans lesquels rien n'est préconisé.")] = None
    contraintes_diagnostic: Annotated[
        list[ContrainteDiagnostic] | None, dit("Contraintes, situations et objectifs connus.")
    ] = None
