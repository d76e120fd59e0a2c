"""Messages of the entry and of the orientation: the legal choice of a parcours and of an organisme."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from relais_contrats.briques import ORIENTATION
from relais_contrats.codes.acteurs import Organisme
from relais_contrats.codes.diagnostic import (
    VALEURS_PAR_NIVEAU,
    Impact,
    NiveauContrainte,
    ValeurContrainte,
    est_sante,
)
from relais_contrats.codes.orientation import (
    ContrainteFamiliale,
    ContrainteImpact,
    ContrainteLogement,
    ContrainteMobilite,
    ContrainteNumerique,
    ContrainteSante,
    DecisionOrientation,
    DecisionReorientation,
    DemarchesMsa,
    MotifRefus,
    NiveauEtude,
    ParcoursType,
    ProjetPro,
    SituationProfessionnelle,
    TypeEmploi,
)
from relais_contrats.declaration import (
    CAF,
    CD,
    CE,
    DCD,
    FT,
    HUB,
    ML,
    MSA,
    STRUCTURE_ORIENTATION,
    STRUCTURE_REFERENT,
    TOUS,
    message,
)
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import (
    Interdit,
    Ordre,
    Regle,
    Requis,
    Semantique,
    ValeursSelon,
)
from relais_contrats.v1 import delais
from relais_contrats.v1.partages import EcheanceOrientation, Structure
from relais_contrats.valeurs import Booleen, DateIso, Entier, IdMessage, Texte, TexteCourt, dit

MOTIF_CODE_NIVEAU = "^[0-9]{1,3}$"
MOTIF_CRITERE = "^[a-z0-9_]{1,64}$"
MOTIF_REFERENTIEL = "^[a-z0-9][a-z0-9.-]{0,31}$"
_FT = "France Travail, API orientation usager"
CRITERES_DE_SANTE = frozenset(
    {
        "contrainte_sante",
        "boe",
        "baeeh",
        "esat",
        "boe_souhait_accompagnement",
        "scolarite_etablissement_specialise",
        "capacite_a_travailler",
    }
)

CRITERES_REQUIS = (
    "situation_professionnelle",
    "niveau_etude",
    "projet_pro",
    "contrainte_sante",
    "contrainte_logement",
    "contrainte_mobilite",
    "contrainte_familiale",
    "contrainte_financiere",
    "contrainte_administrative_juridique",
    "contrainte_francais_calcul",
    "contrainte_numerique",
)
"""Without them nothing is recommended. `type_emploi` has no meaning for who never worked, the yes/no criteria say
nothing when absent, and the MSA's own are known to the MSA only."""


def criteres_manquants(criteres: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(nom for nom in CRITERES_REQUIS if nom not in criteres)


class OrientationDemandee(Donnees):
    """Le département, ou un partenaire pour lui, demande qu'une personne soit orientée."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    date_reception: Annotated[
        DateIso,
        dit(
            "Date à laquelle le département a reçu l'information du droit : "
            f"le délai de {delais.ORIENTATION} part de là.",
            delais.ORIENTATION.source,
        ),
    ]
    motif: Annotated[Texte | None, dit("Précision utile à celui qui oriente.")] = None


class Criteres(Donnees):
    """Les critères d'orientation. Chacun est facultatif tant que le diagnostic n'est pas complet."""

    groupe: ClassVar[Groupe | None] = Groupe.DIAGNOSTIC

    situation_professionnelle: Annotated[SituationProfessionnelle | None, dit("Rapport à l'emploi.", _FT)] = None
    type_emploi: Annotated[TypeEmploi | None, dit("Type d'emploi.", _FT)] = None
    niveau_etude: Annotated[NiveauEtude | None, dit("Niveau d'étude.", _FT)] = None
    projet_pro: Annotated[ProjetPro | None, dit("Projet professionnel.", _FT)] = None
    contrainte_sante: Annotated[ContrainteSante | None, dit("Contrainte de santé.", _FT), Groupe.SANTE] = None
    contrainte_logement: Annotated[ContrainteLogement | None, dit("Contrainte de logement.", _FT)] = None
    contrainte_mobilite: Annotated[ContrainteMobilite | None, dit("Contrainte de mobilité.", _FT)] = None
    contrainte_familiale: Annotated[ContrainteFamiliale | None, dit("Contrainte familiale.", _FT)] = None
    contrainte_financiere: Annotated[ContrainteImpact | None, dit("Contrainte financière.", _FT)] = None
    contrainte_administrative_juridique: Annotated[
        ContrainteImpact | None, dit("Contrainte administrative ou juridique.", _FT)
    ] = None
    contrainte_francais_calcul: Annotated[ContrainteImpact | None, dit("Difficulté en français ou en calcul.", _FT)] = (
        None
    )
    contrainte_numerique: Annotated[ContrainteNumerique | None, dit("Contrainte numérique.", _FT)] = None
    brsa: Annotated[Booleen | None, dit("Bénéficiaire du RSA.", _FT)] = None
    boe: Annotated[
        Booleen | None, dit("Bénéficiaire de l'obligation d'emploi des travailleurs handicapés.", _FT), Groupe.SANTE
    ] = None
    baeeh: Annotated[
        Booleen | None, dit("Bénéficiaire de l'allocation d'éducation de l'enfant handicapé.", _FT), Groupe.SANTE
    ] = None
    scolarite_etablissement_specialise: Annotated[
        Booleen | None, dit("Scolarité en établissement spécialisé.", _FT), Groupe.SANTE
    ] = None
    esat: Annotated[Booleen | None, dit("Orientation vers un ESAT.", _FT), Groupe.SANTE] = None
    boe_souhait_accompagnement: Annotated[
        Booleen | None, dit("Souhaite un accompagnement par Cap emploi.", _FT), Groupe.SANTE
    ] = None
    capacite_a_travailler: Annotated[Booleen | None, dit("Capacité à travailler.", _FT), Groupe.SANTE] = None
    msa_autonomie_recherche_emploi: Annotated[
        Entier | None, dit("Autonomie dans la recherche d'emploi, échelle de la MSA.", _FT, ge=0, le=10)
    ] = None
    msa_demarches_professionnelles: Annotated[
        DemarchesMsa | None, dit("Démarches professionnelles déclarées à la MSA.", _FT)
    ] = None


class ContrainteDiagnostic(Donnees):
    """Un élément du diagnostic : contrainte, situation ou objectif, avec la version du référentiel qui le nomme."""

    groupe: ClassVar[Groupe | None] = Groupe.DIAGNOSTIC
    regles: ClassVar[tuple[Regle, ...]] = (
        *(ValeursSelon("valeur", permises, {"niveau": (niveau,)}) for niveau, permises in VALEURS_PAR_NIVEAU.items()),
        Requis(("impact",), {"niveau": ("contrainte",)}),
        Interdit(("impact",), {"niveau": ("situation", "objectif")}),
    )

    niveau: Annotated[NiveauContrainte, dit("Niveau : un même numéro désigne autre chose à un autre niveau.")]
    code: Annotated[
        str, dit("Code dans ce niveau.", "France Travail, diagnostic argumenté v4", pattern=MOTIF_CODE_NIVEAU)
    ]
    libelle: Annotated[
        TexteCourt, dit("Libellé. Il voyage avec le code : deux copies du référentiel inversent 27 et 28.")
    ]
    referentiel: Annotated[str, dit("Version du référentiel, par exemple « ft-v4 ».", pattern=MOTIF_REFERENTIEL)]
    valeur: Annotated[ValeurContrainte, dit("Valeur, dans la liste du niveau.")]
    impact: Annotated[Impact | None, dit("Impact sur la recherche d'emploi, pour une contrainte.")] = None

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        if est_sante(objet.get("niveau"), objet.get("code"), objet.get("referentiel")):
            return dict.fromkeys(cls.model_fields, Groupe.SANTE)
        return {}


class DiagnosticRealise(Donnees):
    """Un professionnel a fait, ou complété, le diagnostic de la situation."""

    groupe: ClassVar[Groupe | None] = Groupe.DIAGNOSTIC

    criteres: Annotated[Criteres, dit("Critères d'orientation renseignés.", _FT)]
    contraintes_diagnostic: Annotated[
        list[ContrainteDiagnostic] | None,
        dit("Contraintes, situations et objectifs.", "France Travail, diagnostic argumenté v4", max_length=200),
    ] = None


class MotifPreconisation(Donnees):
    """Ce qui, dans le diagnostic, a conduit à la préconisation."""

    groupe: ClassVar[Groupe | None] = Groupe.DIAGNOSTIC

    critere: Annotated[str, dit("Nom du critère, tel que dans `diagnostic.realise`.", pattern=MOTIF_CRITERE)]
    valeur: Annotated[TexteCourt | None, dit("Valeur observée.")] = None
    explication: Annotated[Texte, dit("La règle appliquée, en une phrase.")]

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        if objet.get("critere") in CRITERES_DE_SANTE:
            return dict.fromkeys(cls.model_fields, Groupe.SANTE)
        return {}


class OrientationPreconisee(Donnees):
    """Un calcul ou un conseiller propose un parcours et un organisme, et dit pourquoi."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    parcours_type: Annotated[ParcoursType, dit("Parcours préconisé.", "Arrêté du 21 novembre 2024")]
    organisme: Annotated[Organisme, dit("Organisme préconisé.", "C. trav. L. 5411-5-1")]
    structure: Annotated[Structure | None, dit("Structure préconisée, si elle est connue.")] = None
    motifs: Annotated[
        list[MotifPreconisation], dit("Critères qui ont conduit à la préconisation.", min_length=1, max_length=50)
    ]


class Decision(Donnees):
    """Le contenu d'une décision d'orientation : parcours, organisme, structure, dates et rang."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION
    regles: ClassVar[tuple[Regle, ...]] = (Ordre("date_debut", "date_fin"),)

    parcours_type: Annotated[ParcoursType, dit("Parcours décidé.", "Arrêté du 21 novembre 2024")]
    organisme: Annotated[Organisme, dit("Organisme référent décidé.", "C. trav. L. 5411-5-1")]
    structure: Annotated[Structure, dit("Structure qui accueille la personne.")]
    date_decision: Annotated[DateIso, dit("Date de la décision.", "France Travail date_decision")]
    date_debut: Annotated[DateIso, dit("Premier jour de l'orientation.", "France Travail date_entree_parcours")]
    date_fin: Annotated[
        DateIso | None,
        dit(
            "Dernier jour, s'il est connu d'avance ; sinon l'orientation reste ouverte.",
            "France Travail date_sortie_parcours",
        ),
    ] = None
    rang: Annotated[Entier, dit("Rang de l'orientation dans le parcours : 1, puis 2…", "WebRSA rgorient", ge=1, le=999)]


class OrientationDecidee(Decision):
    """L'orientation est décidée. Refuser la préconisation, c'est décider autre chose : la contre-proposition est
    portée par `parcours_type`, `organisme` et `structure`, avec le motif du refus."""

    regles: ClassVar[tuple[Regle, ...]] = (
        *Decision.regles,
        Requis(("motif_refus",), {"decision": ("refusee",)}, "motif-obligatoire"),
        Interdit(("motif_refus", "commentaire_refus"), {"decision": ("acceptee",)}),
        Requis(("commentaire_refus",), {"decision": ("refusee",), "motif_refus": ("autre",)}, "motif-obligatoire"),
    )

    decision: Annotated[
        DecisionOrientation,
        dit("La préconisation est-elle suivie ? Sans préconisation : acceptee.", "France Travail etat_decision"),
    ]
    motif_refus: Annotated[
        MotifRefus | None, dit("Pourquoi la préconisation est écartée.", "France Travail motif_refus")
    ] = None
    commentaire_refus: Annotated[
        Texte | None, dit("Précision, obligatoire quand le motif est « autre ».", "France Travail commentaire_refus")
    ] = None


class OrientationNotifiee(Donnees):
    """La décision a été notifiée à la personne : le mois pour signer le contrat commence."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    date_notification: Annotated[DateIso, dit("Date de notification.", "C. trav. D. 5411-14-1")]


class OrientationDessaisie(Donnees):
    """Le délai passe sans décision : la compétence d'orienter va à France Travail."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION
    regles: ClassVar[tuple[Regle, ...]] = (Ordre("date_reception", "date_echeance"),)

    date_reception: Annotated[DateIso, dit("Date de réception qui a ouvert le délai.", "CASF D. 262-65-2")]
    date_echeance: EcheanceOrientation


class ReorientationDemandee(Donnees):
    """La structure du référent, ou un orienteur, demande que la personne change de parcours."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    motif: Annotated[Texte, dit("Pourquoi changer d'orientation.", "WebRSA id_motif_reorientation")]
    parcours_type_propose: Annotated[ParcoursType, dit("Parcours demandé.")]
    structure_proposee: Annotated[Structure | None, dit("Structure d'accueil souhaitée.")] = None
    accord_referent: Annotated[Booleen, dit("Le référent d'accueil est d'accord.", "WebRSA accord_referent")]
    accord_personne: Annotated[Booleen, dit("La personne est d'accord.", "WebRSA accord_allocataire")]
    urgence: Annotated[Booleen, dit("La demande est urgente.", "WebRSA urgence")]


class ReorientationDecidee(Donnees):
    """Réponse à une demande de réorientation. Acceptée, elle porte la nouvelle décision, appliquée en une fois."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION
    regles: ClassVar[tuple[Regle, ...]] = (
        Requis(("motif",), {"decision": ("refusee", "maintenue")}, "motif-obligatoire"),
        Requis(("nouvelle_decision",), {"decision": ("acceptee",)}),
        Interdit(("nouvelle_decision",), {"decision": ("refusee", "maintenue")}),
        Semantique(
            "rang-de-reorientation",
            "nouvelle_decision",
            "orientation-prealable-obligatoire",
            "Une réorientation suit une orientation décidée : son rang est au moins 2.",
            lambda v: v["nouvelle_decision"] is None or v["nouvelle_decision"].rang >= 2,
        ),
    )

    decision: Annotated[DecisionReorientation, dit("Sens de la décision.")]
    motif: Annotated[Texte | None, dit("Motif, obligatoire si la demande n'est pas acceptée.")] = None
    nouvelle_decision: Annotated[Decision | None, dit("La nouvelle orientation, si la demande est acceptée.")] = None


class OrientationAnnulee(Donnees):
    """Une décision d'orientation est annulée : l'état, les délais et les accès sont comme si elle n'avait pas été
    prise. Refusée (`annulation-impossible`) quand la suite repose déjà sur elle."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    annule: Annotated[
        IdMessage,
        dit("Le dépôt annulé : l'identifiant que vous lui aviez donné ; sinon celui de l'événement reçu."),
    ]
    motif: Annotated[Texte, dit("Pourquoi la décision est annulée.")]


class OrientationClose(Donnees):
    """L'orientation prend fin sans être remplacée."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    date_fin: Annotated[DateIso, dit("Dernier jour de l'orientation.", "France Travail date_sortie_parcours")]
    motif: Annotated[Texte, dit("Motif de sortie.", "France Travail motif_sortie_parcours")]


MESSAGES = (
    message(
        "orientation.demandee",
        ORIENTATION,
        OrientationDemandee,
        "Orientation demandée",
        (CD, CAF, MSA, FT, ML),
        TOUS,
    ),
    message("diagnostic.realise", ORIENTATION, DiagnosticRealise, "Diagnostic réalisé", (CD, DCD, FT, ML, CE), TOUS),
    message(
        "orientation.preconisee", ORIENTATION, OrientationPreconisee, "Orientation préconisée", (FT, CD, HUB), TOUS
    ),
    message("orientation.decidee", ORIENTATION, OrientationDecidee, "Orientation décidée", (CD, FT, ML, CE), TOUS),
    message(
        "orientation.notifiee",
        ORIENTATION,
        OrientationNotifiee,
        "Orientation notifiée",
        (CD, FT),
        TOUS,
        (STRUCTURE_ORIENTATION,),
    ),
    message("orientation.dessaisie", ORIENTATION, OrientationDessaisie, "Département dessaisi", (HUB,), (CD, FT)),
    message(
        "reorientation.demandee",
        ORIENTATION,
        ReorientationDemandee,
        "Réorientation demandée",
        (CD, FT),
        TOUS,
        (STRUCTURE_REFERENT,),
    ),
    message("reorientation.decidee", ORIENTATION, ReorientationDecidee, "Réorientation décidée", (CD, FT), TOUS),
    message("orientation.annulee", ORIENTATION, OrientationAnnulee, "Orientation annulée", (CD, FT, ML, CE), TOUS),
    message(
        "orientation.close",
        ORIENTATION,
        OrientationClose,
        "Orientation close",
        (CD, FT, HUB),
        TOUS,
        (STRUCTURE_ORIENTATION,),
    ),
)
