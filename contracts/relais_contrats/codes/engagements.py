"""Codes of the reciprocal commitments and of the sanctions."""

from relais_contrats.codes.liste import Code


class StatutContrat(Code):
    """État du contrat d'engagement."""

    A_SIGNER = "a-signer", "À signer."
    SIGNE = "signe", "Signé."
    REFUSE = "refuse", "Refusé par la personne."
    SUSPENDU = "suspendu", "Suspendu : la personne n'est plus inscrite."
    CLOS = "clos", "Clos."


class MotifDispense(Code):
    """Motif de dispense d'une partie des quinze heures hebdomadaires (C. trav. L. 5411-6)."""

    SANTE = "sante", "Raison de santé."
    HANDICAP = "handicap", "Handicap ou invalidité."
    GARDE_ENFANT = "garde-enfant", "Enfant sans solution de garde."
    PROCHE_AIDANT = "proche-aidant", "Proche aidant."
    LOGEMENT = "logement", "Difficulté de logement."
    ACTIVITE = "activite", "Activité professionnelle ou formation en cours."
    AUTRE = "autre", "Autre situation."


class QualiteSignataire(Code):
    """Qui signe le contrat. Le nom de la personne n'y figure pas."""

    USAGER = "usager", "La personne accompagnée."
    REPRESENTANT_LEGAL = "representant-legal", "Son représentant légal."
    REFERENT = "referent", "Le référent unique."
    DEPARTEMENT = "departement", "Le président du conseil départemental, ou son délégué."


class CauseResignature(Code):
    """Pourquoi le contrat doit être signé de nouveau."""

    REORIENTATION = "reorientation", "Nouvelle orientation : le mois court de nouveau."
    TRANSFERT = "transfert", "Changement de département."
    MODIFICATION_ESSENTIELLE = "modification-essentielle", "Modification essentielle du parcours."


class CauseReexamen(Code):
    """Difficulté qui allonge le délai du réexamen (CASF D. 262-65-2-1)."""

    SANTE = "sante", "Santé."
    HANDICAP = "handicap", "Handicap."
    INVALIDITE = "invalidite", "Invalidité."
    LOGEMENT = "logement", "Logement."
    FAMILLE = "famille", "Difficultés familiales, garde d'enfant, proche aidant."


class NatureManquement(Code):
    """Nature du manquement, code France Travail. Seul N65 est publié : un lecteur accepte un code inconnu."""

    N65 = "n65", "N65 : manquement aux engagements du contrat."


class RangManquement(Code):
    """Rang du manquement, code France Travail."""

    R1 = "r1", "Premier manquement."
    R2 = "r2", "Deuxième manquement."
    R3 = "r3", "Troisième manquement."
    R4 = "r4", "Quatrième manquement."


class TypeSanction(Code):
    """Type de sanction."""

    SUSPENSION_RSA = "susp-rsa", "Suspension du RSA, levée si la personne reprend ses engagements (SUSP_RSA)."
    SUPPRESSION_RSA = "supp-rsa", "Suppression du RSA."
    RADIATION = "radiation", "Radiation de la liste des demandeurs d'emploi."


class ModaliteSanction(Code):
    """Comment le montant est exprimé, code France Travail M ou P."""

    MONTANT = "montant", "Montant en euros (M)."
    POURCENTAGE = "pourcentage", "Pourcentage du RSA, de 30 à 100 (P)."


class EvenementSanction(Code):
    """Étape d'instruction d'une sanction (France Travail typeEvenement)."""

    SAISIE_SANCTION = "saisie-sanction", "Sanction saisie."
    REFUS_SAISIE_SANCTION = "refus-saisie-sanction", "Saisie refusée."
    VALID_SANCTION = "valid-sanction", "Sanction validée."
    REFUS_SANCTION = "refus-sanction", "Sanction refusée."
    VALID_LEVEE_SUSP = "valid-levee-susp", "Levée de la suspension validée."
    REFUS_LEVEE_SUSP = "refus-levee-susp", "Levée de la suspension refusée."
    ANNULATION_SANCTION = "annulation-sanction", "Sanction annulée."
