"""What reads answer about the reciprocal contract: contract, month to sign, re-examination, sanctions.

The service answers more than this, in clear; a field that is not written here never leaves the hub.
"""

from typing import Annotated, ClassVar

from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.v1 import delais
from relais_contrats.v1.engagements import ContratPropose, ManquementSignale, Sanction
from relais_contrats.valeurs import Booleen, DateIso, Departement, Entier, Nombre, ReferenceParcours, Texte, dit

_ETAT = "`a-signer`, `signe`, `refuse`, `suspendu` ou `clos`."


class VueContratHeures(Donnees):
    """Les heures des engagements de la personne, comparées à quinze par semaine ; jamais un motif de refus."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    total_hebdo: Annotated[Nombre | None, dit("Heures par semaine ; absent si aucun engagement ne les dit.")] = None
    seuil_hebdo: Annotated[Entier, dit("Quinze heures.", "C. trav. L. 5411-6")]
    lecture: Annotated[str, dit("`atteint`, `dispense`, `inferieur` ou `non-renseigne`.")]


class VueContratSuspension(Donnees):
    """Une suspension du contrat, en cours ou passée."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    date_debut: Annotated[DateIso, dit("Premier jour de la suspension.")]
    motif: Annotated[Texte, dit("Motif.")]
    date_limite: Annotated[DateIso, dit("Dernier jour pour reprendre : le contrat est clos ensuite.")]
    date_reprise: Annotated[DateIso | None, dit("Date de la reprise.")] = None
    motif_reprise: Annotated[Texte | None, dit("Motif de la reprise.")] = None


class VueContratBilan(Donnees):
    """Un bilan du contrat."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    date: Annotated[DateIso, dit("Date du bilan.")]
    heures_realisees: Annotated[Nombre | None, dit("Heures réalisées par semaine, en moyenne.")] = None
    points: Annotated[list[Texte], dit("Points du bilan.")]


class VueContratDetail(ContratPropose):
    """Un contrat du parcours, et ce qu'il est devenu."""

    etat: Annotated[str, dit(_ETAT)]
    date_fin: Annotated[DateIso, dit("Dernier jour prévu : début et durée.")]
    heures: Annotated[VueContratHeures, dit("Lecture des quinze heures.")]
    proposeur: Annotated[str, dit("Le partenaire : `/partenaires/<code>`.")]
    agent: Annotated[str | None, dit("Qui a agi en dernier sur ce contrat, dans le système émetteur.")] = None
    date_signature: Annotated[DateIso | None, dit("Dernière signature, même s'il est à signer de nouveau.")] = None
    signataires: Annotated[list[str] | None, dit("Qui a signé.")] = None
    est_hors_delai: Annotated[Booleen | None, dit("Vrai si la signature est postérieure au mois.")] = None
    date_refus: Annotated[DateIso | None, dit("Date du refus de la personne.")] = None
    motif_refus: Annotated[Texte | None, dit("Motif donné par la personne.")] = None
    cause_resignature: Annotated[str | None, dit("Ce qui oblige à le signer de nouveau.")] = None
    suspensions: Annotated[list[VueContratSuspension] | None, dit("Suspensions, dans l'ordre.")] = None
    bilans: Annotated[list[VueContratBilan] | None, dit("Bilans, dans l'ordre.")] = None
    date_cloture: Annotated[DateIso | None, dit("Date de fin effective.")] = None
    motif_cloture: Annotated[Texte | None, dit("Pourquoi il a pris fin.")] = None


class VueContratSignature(Donnees):
    """Le mois pour signer que la dernière notification a ouvert."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    date_notification: Annotated[DateIso, dit("Notification de l'orientation.", "C. trav. D. 5411-14-1")]
    date_echeance: Annotated[DateIso, dit("Dernier jour du mois.", "C. trav. D. 5411-14-1")]
    etat: Annotated[str, dit("`en-cours`, `en-retard`, `signee`, ou ce qui a mis fin au mois.")]
    est_en_retard: Annotated[Booleen, dit("Vrai si le mois a passé sans signature connue du hub.")]
    date_signature: Annotated[DateIso | None, dit("Date de la signature qui y a répondu.")] = None


class VueContratReexamen(Donnees):
    """Le prochain réexamen d'un parcours social."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    date_debut: Annotated[DateIso, dit("Début du parcours social, ou réexamen précédent.", delais.REEXAMEN.source)]
    date_echeance: Annotated[DateIso, dit("Date à laquelle il est dû.")]
    duree_mois: Annotated[
        Entier,
        dit(
            f"{delais.REEXAMEN}, ou {delais.REEXAMEN_AVEC_DIFFICULTE}.".capitalize(),
            delais.REEXAMEN_AVEC_DIFFICULTE.source,
        ),
    ]
    cause: Annotated[
        str | None, dit(f"Difficulté qui porte le délai à {delais.REEXAMEN_AVEC_DIFFICULTE}."), Groupe.SANTE
    ] = None
    est_du: Annotated[Booleen, dit("Vrai si l'échéance est passée sans réexamen connu du hub.")]


class VueContratManquement(ManquementSignale):
    """Un manquement signalé au département."""


class VueContratSanction(Sanction):
    """Une sanction proposée, décidée ou levée."""

    groupe: ClassVar[Groupe | None] = Groupe.SANCTIONS

    etat: Annotated[str, dit("`proposee`, `decidee` ou `levee`.")]
    date_proposition: Annotated[DateIso | None, dit("Date de la proposition, s'il y en a eu une.")] = None
    date_limite_instruction: Annotated[DateIso | None, dit(f"Proposition + {delais.INSTRUCTION}.")] = None
    est_hors_delai: Annotated[
        Booleen, dit(f"Vrai si les {delais.INSTRUCTION} ont passé sans décision. La proposition reste à décider.")
    ]
    date_notification: Annotated[DateIso | None, dit("Date de notification de la décision.")] = None
    date_levee: Annotated[DateIso | None, dit("Date d'effet de la levée ; à venir, la sanction vaut jusque-là.")] = None
    motif_levee: Annotated[Texte | None, dit("Motif de la levée.")] = None


class VueContrat(Donnees):
    """Le contrat d'engagement d'un parcours : en vigueur, en attente de signature, passés, et leurs échéances."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    parcours: Annotated[ReferenceParcours, dit("Pseudonyme du parcours."), Groupe.COMMUN]
    departement: Annotated[Departement, dit("Département du parcours."), Groupe.COMMUN]
    etat: Annotated[str | None, dit(f"État du contrat en vigueur, sinon de celui qui attend : {_ETAT}")] = None
    en_vigueur: Annotated[VueContratDetail | None, dit("Le contrat signé, ou suspendu.")] = None
    a_venir: Annotated[
        VueContratDetail | None, dit("Le renouvellement signé, qui prendra sa place à son premier jour.")
    ] = None
    en_attente: Annotated[
        VueContratDetail | None, dit("Le contrat à signer, ou refusé ; parfois un renouvellement.")
    ] = None
    contrats: Annotated[list[VueContratDetail] | None, dit("Tous, dans l'ordre où ils ont été proposés.")] = None
    signature: Annotated[VueContratSignature | None, dit("Le mois pour signer.")] = None
    reexamen: Annotated[VueContratReexamen | None, dit("Le prochain réexamen.")] = None
    manquements: Annotated[list[VueContratManquement] | None, dit("Manquements."), Groupe.SANCTIONS] = None
    sanctions: Annotated[list[VueContratSanction] | None, dit("Sanctions."), Groupe.SANCTIONS] = None
