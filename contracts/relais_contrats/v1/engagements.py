"""Messages of the reciprocal commitments: contract, review, failure to comply, sanctions."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from relais_contrats.briques import ENGAGEMENTS
from relais_contrats.codes.engagements import (
    CauseReexamen,
    CauseResignature,
    ModaliteSanction,
    MotifDispense,
    NatureManquement,
    QualiteSignataire,
    RangManquement,
    TypeSanction,
)
from relais_contrats.codes.suivi import Theme
from relais_contrats.declaration import (
    CAF,
    CD,
    DU_REFERENT,
    FT,
    HUB,
    MSA,
    STRUCTURE_ORIENTATION,
    STRUCTURE_REFERENT,
    TOUS,
    message,
)
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import Interdit, Ordre, Plage, Regle, Requis, Semantique
from relais_contrats.v1 import delais
from relais_contrats.valeurs import (
    CleContrat,
    CleEngagement,
    CleManquement,
    CleSanction,
    DateIso,
    Entier,
    IdMessage,
    Nombre,
    SansDoublon,
    Texte,
    TexteCourt,
    dit,
)

_CONTRAT_ID = dit("Clé du contrat chez l'émetteur, ou l'`obj_…` lu pour celui d'un autre.")


def _engagements_distincts(valeurs: Mapping[str, Any]) -> bool:
    cles = [e.id for e in (*valeurs["engagements_usager"], *valeurs["engagements_organisme"])]
    return len(set(cles)) == len(cles)


class Engagement(Donnees):
    """Un engagement du contrat, de la personne ou de l'organisme."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    id: Annotated[CleEngagement, dit("Clé de l'engagement dans le contrat.")]
    theme: Annotated[Theme, dit("Thème. Un engagement de santé n'est visible qu'avec le droit `sante:lire`.")]
    libelle: Annotated[TexteCourt, dit("Ce à quoi l'on s'engage.")]
    heures_hebdo: Annotated[
        Nombre | None,
        dit("Heures par semaine. Comparées à quinze, jamais refusées pour cela.", "C. trav. L. 5411-6", ge=0, le=60),
    ] = None
    echeance: Annotated[DateIso | None, dit("Date prévue.")] = None

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        return dict.fromkeys(cls.model_fields, Groupe.SANTE) if objet.get("theme") == Theme.SANTE else {}


class DispenseHeures(Donnees):
    """Dispense d'une partie des quinze heures hebdomadaires."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    motif: Annotated[MotifDispense, dit("Motif de la dispense.", "C. trav. L. 5411-6")]

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        return {"motif": Groupe.SANTE} if objet.get("motif") in (MotifDispense.SANTE, MotifDispense.HANDICAP) else {}


ListeEngagements = Annotated[list[Engagement], Field(min_length=1, max_length=100)]


class ContratPropose(Donnees):
    """Un contrat d'engagement est proposé. Les engagements sont réciproques : il y en a de chaque côté."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT
    regles: ClassVar[tuple[Regle, ...]] = (
        Semantique(
            "engagements-distincts",
            "engagements_usager",
            "schema-invalide",
            "Deux engagements portent la même clé.",
            _engagements_distincts,
        ),
    )

    contrat_id: Annotated[CleContrat, _CONTRAT_ID]
    date_debut: Annotated[DateIso, dit("Premier jour du contrat.", "WebRSA dd_ci")]
    duree_mois: Annotated[Entier, dit("Durée en mois.", "WebRSA duree_engag", ge=1, le=36)]
    engagements_usager: Annotated[ListeEngagements, dit("Engagements de la personne.")]
    engagements_organisme: Annotated[ListeEngagements, dit("Engagements de l'organisme.")]
    dispense_heures: Annotated[DispenseHeures | None, dit("Dispense d'heures, s'il y en a une.")] = None


class ContratSigne(Donnees):
    """Le contrat est signé. Au-delà du mois, il est enregistré hors délai, jamais refusé."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT
    regles: ClassVar[tuple[Regle, ...]] = (
        Semantique(
            "signature-de-la-personne",
            "signataires",
            "schema-invalide",
            "La personne, ou son représentant légal, est parmi les signataires.",
            lambda v: bool({"usager", "representant-legal"} & set(v["signataires"])),
        ),
    )

    contrat_id: Annotated[CleContrat, _CONTRAT_ID]
    date_signature: Annotated[DateIso, dit("Date de signature.", "C. trav. D. 5411-14-1")]
    signataires: Annotated[
        Annotated[list[QualiteSignataire], Field(min_length=1, max_length=4), SansDoublon()], dit("Qui a signé.")
    ]


class ContratRefuse(Donnees):
    """La personne refuse de signer le contrat. Elle pourra le signer plus tard."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    contrat_id: Annotated[CleContrat, _CONTRAT_ID]
    date_refus: Annotated[DateIso, dit("Date du refus.", "France Travail dateRefus")]
    motif: Annotated[Texte | None, dit("Motif donné par la personne.")] = None


class EtapeContrat(Donnees):
    """Un changement d'état du contrat, daté et motivé."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    contrat_id: Annotated[CleContrat, _CONTRAT_ID]
    date: Annotated[DateIso, dit("Date d'effet.")]
    motif: Annotated[Texte, dit("Motif.")]


class ContratSuspendu(EtapeContrat):
    """Le contrat est suspendu : la personne n'est plus inscrite. Il sera clos s'il ne reprend pas à temps."""


class ContratRepris(EtapeContrat):
    """Le contrat reprend dans l'état qu'il avait avant la suspension."""


class ContratClos(EtapeContrat):
    """Le contrat prend fin."""


class ContratAnnule(Donnees):
    """Le dernier dépôt sur un contrat est annulé (proposition, signature, refus, suspension, reprise ou fin) : contrats
    et mois pour signer sont comme avant. Refusée (`annulation-impossible`) quand la suite repose déjà sur lui."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    annule: Annotated[
        IdMessage,
        dit("Le dépôt annulé : l'identifiant que vous lui aviez donné ; sinon celui de l'événement reçu."),
    ]
    motif: Annotated[Texte, dit("Pourquoi il est annulé.")]


class ContratAResigner(Donnees):
    """Le contrat doit être signé de nouveau, dans le mois qui suit la nouvelle notification."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    contrat_id: Annotated[CleContrat, _CONTRAT_ID]
    cause: Annotated[CauseResignature, dit("Ce qui oblige à signer de nouveau.", "C. trav. D. 5411-8-2")]


class ContratBilan(Donnees):
    """Un bilan du contrat avec la personne."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    contrat_id: Annotated[CleContrat, _CONTRAT_ID]
    date: Annotated[DateIso, dit("Date du bilan.")]
    heures_realisees: Annotated[Nombre | None, dit("Heures réalisées par semaine, en moyenne.", ge=0, le=168)] = None
    points: Annotated[list[Texte], dit("Points du bilan.", min_length=1, max_length=50)]


class EngagementRetard(Donnees):
    """Le contrat n'est pas signé dans le délai que la notification de l'orientation a ouvert."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT
    regles: ClassVar[tuple[Regle, ...]] = (Ordre("date_notification", "date_echeance"),)

    contrat_id: Annotated[CleContrat | None, dit("Le contrat proposé, s'il existe.")] = None
    date_notification: Annotated[DateIso, dit("Notification qui a ouvert le mois.", "C. trav. D. 5411-14-1")]
    date_echeance: Annotated[DateIso, dit("Dernier jour du mois.", "C. trav. D. 5411-14-1")]


class ReexamenDu(Donnees):
    """Parcours social : la situation doit être réexaminée. Certaines difficultés allongent le délai."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT
    regles: ClassVar[tuple[Regle, ...]] = (
        Ordre("date_debut", "date_echeance"),
        Requis(("cause",), {"duree_mois": (delais.REEXAMEN_AVEC_DIFFICULTE.nombre,)}, "motif-obligatoire"),
        Interdit(("cause",), {"duree_mois": (delais.REEXAMEN.nombre,)}),
    )

    date_debut: Annotated[DateIso, dit("Début du parcours social, ou réexamen précédent.", delais.REEXAMEN.source)]
    date_echeance: Annotated[DateIso, dit("Date à laquelle le réexamen est dû.")]
    duree_mois: Annotated[
        Entier,
        dit(
            f"{delais.REEXAMEN}, ou {delais.REEXAMEN_AVEC_DIFFICULTE}.".capitalize(),
            delais.REEXAMEN_AVEC_DIFFICULTE.source,
            ge=delais.REEXAMEN.nombre,
            le=delais.REEXAMEN_AVEC_DIFFICULTE.nombre,
        ),
    ]
    cause: Annotated[
        CauseReexamen | None,
        dit(f"Difficulté qui porte le délai à {delais.REEXAMEN_AVEC_DIFFICULTE}."),
        Groupe.SANTE,
    ] = None


class ManquementSignale(Donnees):
    """La structure du référent signale au département que la personne ne respecte pas ses engagements."""

    groupe: ClassVar[Groupe | None] = Groupe.SANCTIONS

    manquement_id: Annotated[
        CleManquement, dit("Clé du manquement chez l'émetteur, ou l'`obj_…` lu pour celui d'un autre.")
    ]
    nature: Annotated[NatureManquement, dit("Nature du manquement.", "France Travail natureManquement")]
    rang: Annotated[RangManquement, dit("Rang du manquement.", "France Travail rangManquement")]
    date_constat: Annotated[DateIso, dit("Date du constat.")]
    faits: Annotated[Texte, dit("Les faits, sans appréciation sur la personne ni donnée de santé.")]


class Sanction(Donnees):
    """Le contenu d'une sanction."""

    groupe: ClassVar[Groupe | None] = Groupe.SANCTIONS
    regles: ClassVar[tuple[Regle, ...]] = (
        Requis(("modalite", "montant", "duree_mois"), {"type": ("susp-rsa",)}),
        Requis(("modalite",), {"type": ("supp-rsa",)}),
        Interdit(("modalite", "montant"), {"type": ("radiation",)}),
        Plage("montant", 30, 100, {"modalite": ("pourcentage",)}),
    )

    sanction_id: Annotated[
        CleSanction, dit("Clé de la sanction chez l'émetteur, ou l'`obj_…` lu pour celle d'un autre.")
    ]
    manquement_id: Annotated[CleManquement | None, dit("Manquement à l'origine.")] = None
    nature: Annotated[NatureManquement, dit("Nature du manquement.", "France Travail natureManquement")]
    rang: Annotated[RangManquement, dit("Rang du manquement.", "France Travail rangManquement")]
    type: Annotated[TypeSanction, dit("Type de sanction.", "France Travail typeSanctionValide")]
    modalite: Annotated[
        ModaliteSanction | None, dit("Montant en euros ou pourcentage.", "France Travail modaliteDecisionValidee")
    ] = None
    montant: Annotated[
        Nombre | None,
        dit("Euros, ou pourcentage de 30 à 100.", "France Travail montantValide, décret 2025-478", ge=0, le=5000),
    ] = None
    duree_mois: Annotated[
        Entier | None, dit("Durée, de 1 à 4 mois.", "France Travail dureeValidee, décret 2025-478", ge=1, le=4)
    ] = None


class SanctionProposee(Sanction):
    """Une sanction est proposée au département, qui décide."""

    date_proposition: Annotated[DateIso, dit(f"Date de la proposition : {delais.INSTRUCTION} pour instruire.")]


class SanctionDecidee(Sanction):
    """Le département a décidé une sanction ; l'organisme payeur l'applique."""

    date_notification: Annotated[
        DateIso, dit("Date de notification à la personne.", "France Travail dateNotificationDecisionSanction")
    ]


class SanctionLevee(Donnees):
    """Une sanction est levée : la personne a repris ses engagements, ou la sanction est annulée."""

    groupe: ClassVar[Groupe | None] = Groupe.SANCTIONS

    sanction_id: Annotated[CleSanction, dit("La sanction levée.")]
    date_effet: Annotated[DateIso, dit("Date d'effet.")]
    motif: Annotated[Texte, dit("Motif de la levée.")]


MESSAGES = (
    message("contrat.propose", ENGAGEMENTS, ContratPropose, "Contrat proposé", (CD, FT), TOUS, DU_REFERENT),
    message("contrat.signe", ENGAGEMENTS, ContratSigne, "Contrat signé", (CD, FT), TOUS, DU_REFERENT),
    message("contrat.refuse", ENGAGEMENTS, ContratRefuse, "Contrat refusé", (CD, FT), TOUS, DU_REFERENT),
    message("contrat.suspendu", ENGAGEMENTS, ContratSuspendu, "Contrat suspendu", (CD, FT), TOUS),
    message("contrat.repris", ENGAGEMENTS, ContratRepris, "Contrat repris", (CD, FT), TOUS),
    message("contrat.clos", ENGAGEMENTS, ContratClos, "Contrat clos", (CD, FT, HUB), TOUS),
    message("contrat.annule", ENGAGEMENTS, ContratAnnule, "Contrat annulé", (CD, FT), TOUS, DU_REFERENT),
    message("contrat.a-resigner", ENGAGEMENTS, ContratAResigner, "Contrat à signer de nouveau", (HUB,), TOUS),
    message("contrat.bilan", ENGAGEMENTS, ContratBilan, "Bilan du contrat", (), TOUS, DU_REFERENT),
    message(
        "engagement.retard",
        ENGAGEMENTS,
        EngagementRetard,
        "Contrat en retard",
        (HUB,),
        (CD, STRUCTURE_REFERENT, STRUCTURE_ORIENTATION),
    ),
    message(
        "reexamen.du",
        ENGAGEMENTS,
        ReexamenDu,
        "Réexamen dû",
        (HUB,),
        (CD, STRUCTURE_REFERENT, STRUCTURE_ORIENTATION),
    ),
    message("manquement.signale", ENGAGEMENTS, ManquementSignale, "Manquement signalé", (), (CD,), DU_REFERENT),
    message("sanction.proposee", ENGAGEMENTS, SanctionProposee, "Sanction proposée", (), (CD,), DU_REFERENT),
    message("sanction.decidee", ENGAGEMENTS, SanctionDecidee, "Sanction décidée", (CD,), (CAF, MSA, FT)),
    message("sanction.levee", ENGAGEMENTS, SanctionLevee, "Sanction levée", (CD,), (CAF, MSA, FT)),
)
