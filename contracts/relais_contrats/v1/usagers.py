"""Messages of identity, rights and life of the parcours."""

from typing import Annotated, ClassVar

from pydantic import Field

from relais_contrats.codes.usagers import (
    Confiance,
    DecisionRapprochement,
    EtatDossier,
    MotifCloture,
    MotifSuspension,
    Origine,
    RegleRapprochement,
    Sexe,
)
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import AuMoinsUn, Interdit, Regle, Requis, Semantique
from relais_contrats.v1.partages import ListeIdentifiants
from relais_contrats.valeurs import (
    Booleen,
    CodeCommune,
    CodePostal,
    Courriel,
    DateIso,
    Departement,
    LieuNaissance,
    NomPropre,
    ReferenceParcours,
    SansDoublon,
    Slug,
    Telephone,
    Texte,
    TexteCourt,
    dit,
)

Prenoms = Annotated[NomPropre, dit("Prénoms à l'état civil, séparés par une espace.", "CNAF PRENOM")]


class Identite(Donnees):
    """L'état civil de la personne."""

    groupe: ClassVar[Groupe | None] = Groupe.IDENTITE

    nom_naissance: Annotated[NomPropre, dit("Nom de naissance.", "CNAF NOMNAI")]
    nom_usage: Annotated[NomPropre | None, dit("Nom d'usage, s'il diffère.", "CNAF NOM")] = None
    prenoms: Prenoms
    date_naissance: Annotated[DateIso, dit("Date de naissance.", "CNAF DTNAI")]
    sexe: Annotated[Sexe | None, dit("Sexe à l'état civil.", "CNAF SEXE")] = None
    commune_naissance: Annotated[
        LieuNaissance | None,
        dit("Code INSEE de la commune de naissance, ou du pays (99xxx).", "INSEE, code officiel géographique"),
    ] = None


class IdentiteCorrigee(Donnees):
    """Les seuls champs d'état civil qui changent."""

    groupe: ClassVar[Groupe | None] = Groupe.IDENTITE
    regles: ClassVar[tuple[Regle, ...]] = (
        AuMoinsUn(("nom_naissance", "nom_usage", "prenoms", "date_naissance", "sexe", "commune_naissance")),
    )

    nom_naissance: Annotated[NomPropre | None, dit("Nom de naissance corrigé.")] = None
    nom_usage: Annotated[NomPropre | None, dit("Nom d'usage corrigé.")] = None
    prenoms: Annotated[NomPropre | None, dit("Prénoms corrigés.")] = None
    date_naissance: Annotated[DateIso | None, dit("Date de naissance corrigée.")] = None
    sexe: Annotated[Sexe | None, dit("Sexe corrigé.")] = None
    commune_naissance: Annotated[LieuNaissance | None, dit("Lieu de naissance corrigé.")] = None


class Adresse(Donnees):
    """L'adresse de la personne. Le code postal n'est pas un code INSEE : les deux sont demandés."""

    groupe: ClassVar[Groupe | None] = Groupe.IDENTITE

    code_commune: Annotated[CodeCommune, dit("Code INSEE de la commune.", "France Travail code_commune, CNAF NUMCOM")]
    code_postal: Annotated[CodePostal, dit("Code postal.", "CNAF CODEPOS")]
    voie: Annotated[
        TexteCourt | None, dit("Numéro, type et libellé de la voie.", "France Travail numero_type_libelle_voie")
    ] = None


class Coordonnees(Donnees):
    """Où joindre la personne."""

    groupe: ClassVar[Groupe | None] = Groupe.IDENTITE

    adresse: Annotated[Adresse, dit("Adresse, ou domiciliation.")]
    telephone: Annotated[
        Telephone | None, dit("Téléphone : 10 chiffres, ou forme internationale commençant par « + ».")
    ] = None
    courriel: Annotated[Courriel | None, dit("Adresse de courriel.")] = None


class CoordonneesCorrigees(Donnees):
    """Les seules coordonnées qui changent."""

    groupe: ClassVar[Groupe | None] = Groupe.IDENTITE
    regles: ClassVar[tuple[Regle, ...]] = (AuMoinsUn(("adresse", "telephone", "courriel")),)

    adresse: Annotated[Adresse | None, dit("Nouvelle adresse.")] = None
    telephone: Annotated[Telephone | None, dit("Nouveau téléphone.")] = None
    courriel: Annotated[Courriel | None, dit("Nouveau courriel.")] = None


class UsagerSignale(Donnees):
    """Un partenaire signale une personne : elle demande le RSA, s'inscrit ou est reçue."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN
    regles: ClassVar[tuple[Regle, ...]] = (
        Interdit(("date_reception_droit",), {"brsa": (False,)}),
        Semantique(
            "naissance-avant-droit",
            "date_reception_droit",
            "dates-incoherentes",
            "« date_reception_droit » ne peut précéder la naissance.",
            lambda v: v["date_reception_droit"] is None or v["date_reception_droit"] >= v["identite"].date_naissance,
        ),
    )

    identite: Annotated[Identite, dit("État civil de la personne.")]
    identifiants: Annotated[ListeIdentifiants, dit("Identifiants connus de l'émetteur, au moins un.")]
    coordonnees: Annotated[Coordonnees | None, dit("Adresse, téléphone, courriel.")] = None
    brsa: Annotated[Booleen, dit("Vrai si la personne demande ou perçoit le RSA.", "France Travail brsa")]
    date_reception_droit: Annotated[
        DateIso | None,
        dit(
            "Date à laquelle le département a reçu l'information de l'ouverture (ou du transfert) du droit. "
            "Elle ouvre le délai de six semaines pour orienter.",
            "CASF D. 262-65-2",
        ),
    ] = None
    origine: Annotated[Origine, dit("Origine de l'inscription.", "France Travail origine")]


class UsagerCorrige(Donnees):
    """Un partenaire corrige l'état civil, les coordonnées ou les identifiants d'une personne."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN
    regles: ClassVar[tuple[Regle, ...]] = (AuMoinsUn(("identite", "identifiants", "coordonnees")),)

    identite: Annotated[IdentiteCorrigee | None, dit("Champs d'état civil corrigés.")] = None
    identifiants: Annotated[ListeIdentifiants | None, dit("Identifiants à ajouter ou à remplacer (un par nature).")] = (
        None
    )
    coordonnees: Annotated[CoordonneesCorrigees | None, dit("Coordonnées corrigées.")] = None


class Rapprochement(Donnees):
    """Comment la personne a été reconnue."""

    regle: Annotated[RegleRapprochement, dit("Règle appliquée.")]
    confiance: Annotated[Confiance, dit("Force du rapprochement.")]


class ParcoursOuvert(Donnees):
    """Le hub ouvre un parcours pour une personne inconnue jusqu'ici."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours chez le destinataire.")]
    motif: Annotated[Texte, dit("Pourquoi, en une phrase.")]
    rapprochement: Annotated[Rapprochement, dit("Règle et confiance du rapprochement.")]


class ParcoursRattache(ParcoursOuvert):
    """Le hub rattache le signalement à un parcours déjà ouvert."""


class ParcoursPartage(Donnees):
    """Premier message que reçoit un partenaire qui entre dans un parcours : il lui donne son pseudonyme."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    motif: Annotated[Texte, dit("Pourquoi le partenaire participe désormais au parcours.")]
    role: Annotated[Slug, dit("À quel titre : departement, organisme, structure-referent, accompagnant…")]


ListeParcours = Annotated[list[ReferenceParcours], Field(min_length=1, max_length=50), SansDoublon()]


class UsagerAmbigu(Donnees):
    """Plusieurs parcours peuvent correspondre, ou un identifiant se contredit : rien n'est fusionné."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    candidats: Annotated[ListeParcours, dit("Parcours possibles, sans aucune donnée de la personne.")]
    motifs: Annotated[list[Texte], dit("Ce qui empêche de trancher.", min_length=1, max_length=20)]


class UsagerRapproche(Donnees):
    """Un agent habilité tranche : même personne qu'un parcours connu, ou personne nouvelle."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN
    regles: ClassVar[tuple[Regle, ...]] = (
        Requis(("parcours",), {"decision": ("meme-personne",)}),
        Interdit(("parcours",), {"decision": ("personne-nouvelle",)}),
    )

    decision: Annotated[DecisionRapprochement, dit("Ce que l'agent a décidé.")]
    parcours: Annotated[ReferenceParcours | None, dit("Le parcours reconnu, si c'est la même personne.")] = None


class UsagerFusionne(Donnees):
    """Deux parcours désignaient la même personne : l'un est conservé, les autres y renvoient désormais."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN
    regles: ClassVar[tuple[Regle, ...]] = (
        Semantique(
            "fusion-sur-soi",
            "absorbes",
            "schema-invalide",
            "Le parcours conservé ne peut être absorbé par lui-même.",
            lambda v: v["conserve"] not in v["absorbes"],
        ),
    )

    conserve: Annotated[ReferenceParcours, dit("Parcours conservé.")]
    absorbes: Annotated[ListeParcours, dit("Parcours absorbés : tout message ultérieur pour eux atteint le conservé.")]


class DroitsModifies(Donnees):
    """L'organisme payeur fait connaître l'état du droit au RSA."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN
    regles: ClassVar[tuple[Regle, ...]] = (
        Requis(("motif_cloture",), {"etat_dossier": ("5", "6")}, "motif-obligatoire"),
        Requis(("motif_suspension",), {"etat_dossier": ("4",)}, "motif-obligatoire"),
    )

    etat_dossier: Annotated[EtatDossier, dit("État du dossier.", "CNAF ETATDOSRSA")]
    soumis_droits_devoirs: Annotated[
        Booleen, dit("Vrai si la personne est soumise aux droits et devoirs.", "CNAF TOPPERSDRODEVORSA")
    ]
    date_effet: Annotated[DateIso, dit("Date d'effet de ce nouvel état.")]
    motif_suspension: Annotated[
        MotifSuspension | None, dit("Motif de suspension du versement.", "CNAF MOTISUSVERSRSA")
    ] = None
    motif_cloture: Annotated[MotifCloture | None, dit("Motif de fin de droit.", "CNAF MOTICLORSA")] = None


class ParcoursTransfere(Donnees):
    """La personne change de département : le nouveau entre dans le parcours, un délai de six semaines s'ouvre."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    departement_nouveau: Annotated[Departement, dit("Code INSEE du nouveau département.")]
    date_effet: Annotated[DateIso, dit("Date du transfert.", "CASF D. 262-65-2 (transfert du droit)")]


class ParcoursClos(Donnees):
    """Le parcours prend fin."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    date_fin: Annotated[DateIso, dit("Dernier jour du parcours.", "France Travail date_sortie_parcours")]
    motif: Annotated[Texte, dit("Motif de sortie.", "France Travail motif_sortie_parcours")]


class UsagerOppose(Donnees):
    """La personne s'oppose au partage de ses données (RGPD, art. 21)."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    motif: Annotated[Texte, dit("Motif de la demande, sans donnée de la personne.")]


class UsagerEfface(UsagerOppose):
    """Les données de la personne sont effacées partout ; les preuves, faites d'empreintes seules, restent."""
