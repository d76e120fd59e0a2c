"""Messages of identity, rights and life of the parcours."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from relais_contrats.briques import USAGERS
from relais_contrats.codes.acteurs import TypeOrganisme
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
from relais_contrats.declaration import CAF, CD, EMETTEUR, ENTRANT, FT, HUB, MSA, SIGNALEURS, TOUS, message
from relais_contrats.groupes import Groupe
from relais_contrats.identifiants import nir_contredit
from relais_contrats.modele import Donnees
from relais_contrats.regles import AuMoinsUn, Interdit, Regle, Requis, Semantique
from relais_contrats.v1 import delais
from relais_contrats.v1.partages import ListeIdentifiants
from relais_contrats.valeurs import (
    Booleen,
    CodeCommune,
    CodePostal,
    Courriel,
    DateIso,
    DateNaissance,
    Departement,
    IdMessage,
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
    date_naissance: Annotated[
        DateNaissance,
        dit("Date de naissance ; AAAA-MM-00 ou AAAA-00-00 si le jour ou le mois n'est pas connu.", "CNAF DTNAI"),
    ]
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
    date_naissance: Annotated[DateNaissance | None, dit("Date de naissance corrigée.")] = None
    sexe: Annotated[Sexe | None, dit("Sexe corrigé.")] = None
    commune_naissance: Annotated[LieuNaissance | None, dit("Lieu de naissance corrigé.")] = None


def _nir_accorde(valeurs: Mapping[str, Any]) -> bool:
    """Compare the NIR with the fields of the identity that are given, and only with them."""
    identite = valeurs["identite"]
    if identite is None:
        return True
    nirs = [i.valeur for i in valeurs["identifiants"] or () if i.type == "nir"]
    return not any(nir_contredit(nir, identite.sexe, identite.date_naissance) for nir in nirs)


_NIR_ACCORDE = Semantique(
    "nir-et-etat-civil",
    "identifiants",
    "identifiant-invalide",
    "Le NIR dit un autre sexe, une autre année ou un autre mois de naissance que l'état civil : corrigez l'un ou "
    "l'autre ; dans le doute, signalez la personne sans ce NIR, par un autre identifiant.",
    _nir_accorde,
)
"""A rule of the message alone: it tells nothing of the persons whom the hub knows."""


class Adresse(Donnees):
    """L'adresse de la personne. Le code postal n'est pas un code INSEE : les deux sont demandés."""

    groupe: ClassVar[Groupe | None] = Groupe.IDENTITE

    code_commune: Annotated[CodeCommune, dit("Code INSEE de la commune.", "France Travail code_commune, CNAF NUMCOM")]
    code_postal: Annotated[CodePostal, dit("Code postal.", "CNAF CODEPOS")]
    voie: Annotated[
        TexteCourt | None, dit("Numéro, type et libellé de la voie.", "France Travail numero_type_libelle_voie")
    ] = None


class Coordonnees(Donnees):
    """Où joindre la personne : ce que l'émetteur en sait, au moins un champ."""

    groupe: ClassVar[Groupe | None] = Groupe.IDENTITE
    regles: ClassVar[tuple[Regle, ...]] = (AuMoinsUn(("adresse", "telephone", "courriel")),)

    adresse: Annotated[Adresse | None, dit("Adresse, ou domiciliation.")] = None
    telephone: Annotated[
        Telephone | None,
        dit("10 chiffres, ou « + », l'indicatif (590, 594, 596, 262 ou 508 outre-mer) et le numéro sans son 0."),
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
            lambda v: (
                v["date_reception_droit"] is None
                or v["date_reception_droit"].isoformat() >= v["identite"].date_naissance
            ),
        ),
        _NIR_ACCORDE,
    )

    identite: Annotated[Identite, dit("État civil de la personne.")]
    identifiants: Annotated[ListeIdentifiants, dit("Identifiants connus de l'émetteur, au moins un.")]
    coordonnees: Annotated[Coordonnees | None, dit("Adresse, téléphone, courriel.")] = None
    brsa: Annotated[Booleen, dit("Vrai si la personne demande ou perçoit le RSA.", "France Travail brsa")]
    date_reception_droit: Annotated[
        DateIso | None,
        dit(
            "Date à laquelle le département a reçu l'information de l'ouverture (ou du transfert) du droit. "
            f"Elle ouvre le délai de {delais.ORIENTATION} pour orienter.",
            delais.ORIENTATION.source,
        ),
    ] = None
    origine: Annotated[Origine, dit("Origine de l'inscription.", "France Travail origine")]


class UsagerCorrige(Donnees):
    """Un partenaire corrige l'état civil, les coordonnées ou les identifiants d'une personne."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN
    regles: ClassVar[tuple[Regle, ...]] = (AuMoinsUn(("identite", "identifiants", "coordonnees")), _NIR_ACCORDE)

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
    anciens: Annotated[
        list[ReferenceParcours] | None,
        dit(
            "Pseudonymes que le partenaire a reçus en signalant la personne : ils mènent à ce parcours.",
            min_length=1,
            max_length=50,
        ),
    ] = None


ListeParcours = Annotated[list[ReferenceParcours], Field(min_length=1, max_length=50), SansDoublon()]


ListeCandidats = Annotated[list[ReferenceParcours], Field(max_length=50), SansDoublon()]


class UsagerAmbigu(Donnees):
    """Plusieurs parcours peuvent correspondre, ou un identifiant se contredit : rien n'est fusionné."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    candidats: Annotated[
        ListeCandidats,
        dit(
            "Parcours possibles du même territoire, sans aucune donnée de la personne. La liste est vide quand le "
            "doute vient d'un autre territoire."
        ),
    ]
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


class UsagerDefusionne(Donnees):
    """Une fusion réunissait à tort deux personnes : chacune retrouve le sien comme s'il n'y avait pas eu de fusion, et
    le relais ne les rapproche plus de lui-même. Refusée (`annulation-impossible`) quand la suite repose sur elle."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    annule: Annotated[
        IdMessage,
        dit(
            "Le dépôt qui a fusionné (`usager.fusionne` ou `usager.rapproche`) : l'identifiant que vous lui aviez "
            "donné ; sinon celui de l'événement reçu."
        ),
    ]
    motif: Annotated[Texte, dit("Pourquoi la fusion est annulée.")]


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
    """La personne change de département : le nouveau entre dans le parcours, un délai pour orienter s'ouvre. Un
    transfert annoncé se retire, avant de prendre effet, en nommant le département où le parcours est déjà."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    departement_nouveau: Annotated[Departement, dit("Le nouveau territoire, écrit comme dans l'enveloppe.")]
    date_effet: Annotated[DateIso, dit("Date du transfert.", "CASF D. 262-65-2 (transfert du droit)")]


class TransfertSignale(Donnees):
    """La personne est signalée dans un autre territoire : le transfert est à confirmer par l'ancien département, ou par
    la CAF ou la MSA du nouveau. D'ici là, personne n'y accède au parcours."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    departement_nouveau: Annotated[Departement, dit("Le territoire où la personne est signalée.")]
    origine: Annotated[TypeOrganisme, dit("Nature du partenaire qui l'y a signalée.")]
    date_effet: Annotated[DateIso | None, dit("Date annoncée du transfert, si elle est connue.")] = None


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


MESSAGES = (
    message("usager.signale", USAGERS, UsagerSignale, "Usager signalé", SIGNALEURS, (CD, FT), ouvre=True, sujet=False),
    message("usager.corrige", USAGERS, UsagerCorrige, "Usager corrigé", SIGNALEURS, (CD, FT)),
    message("parcours.ouvert", USAGERS, ParcoursOuvert, "Parcours ouvert", (HUB,), (EMETTEUR, CD)),
    message("parcours.rattache", USAGERS, ParcoursRattache, "Parcours rattaché", (HUB,), (EMETTEUR, CD)),
    message("parcours.partage", USAGERS, ParcoursPartage, "Parcours partagé", (HUB,), (ENTRANT,)),
    message("usager.ambigu", USAGERS, UsagerAmbigu, "Usager ambigu", (HUB,), (EMETTEUR, CD)),
    message("usager.rapproche", USAGERS, UsagerRapproche, "Usager rapproché", (CD, FT), (EMETTEUR, CD, FT)),
    message("usager.fusionne", USAGERS, UsagerFusionne, "Usagers fusionnés", (CD, FT), TOUS),
    message("usager.defusionne", USAGERS, UsagerDefusionne, "Usagers défusionnés", (CD, FT), TOUS),
    message("droits.modifies", USAGERS, DroitsModifies, "Droits modifiés", (CAF, MSA, CD), (CD, FT)),
    message("parcours.transfere", USAGERS, ParcoursTransfere, "Parcours transféré", (CD,), TOUS),
    message("transfert.signale", USAGERS, TransfertSignale, "Transfert à confirmer", (HUB,), (CD, FT)),
    message("parcours.clos", USAGERS, ParcoursClos, "Parcours clos", (CD, FT), TOUS),
    message("usager.oppose", USAGERS, UsagerOppose, "Opposition au partage", (CD,), TOUS),
    message("usager.efface", USAGERS, UsagerEfface, "Usager effacé", (CD,), TOUS),
)
