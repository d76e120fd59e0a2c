"""Codes about a person's registration, rights and life of the parcours."""

from relais_contrats.codes.liste import Code


class TypeIdentifiant(Code):
    """Nature d'un identifiant de personne."""

    NIR = "nir", "Numéro de sécurité sociale, 13 caractères, ou 15 avec la clé."
    NUMERO_FRANCE_TRAVAIL = "numero-france-travail", "Numéro France Travail : 11 chiffres, ou 8 caractères (ancien)."
    MATRICULE_CAF = "matricule-caf", "Matricule de la CAF. Il désigne un foyer : le rôle est obligatoire."
    MATRICULE_MSA = "matricule-msa", "Matricule de la MSA. Il désigne un foyer : le rôle est obligatoire."
    NUMERO_DEMANDE_RSA = "numero-demande-rsa", "Numéro de demande de RSA (NUMDEMRSA), 11 chiffres."
    LOCAL = "local", "Identifiant propre au système du partenaire, unique chez lui."
    IMILO = "imilo", "Identifiant de dossier i-milo (missions locales)."


class Role(Code):
    """Rôle de la personne dans le foyer du dossier RSA (CNAF ROLEPERS)."""

    DEMANDEUR = "demandeur", "Demandeur (DEM)."
    CONJOINT = "conjoint", "Conjoint (CJT)."
    ENFANT = "enfant", "Enfant (ENF)."
    AUTRE = "autre", "Autre personne à charge (AUT)."
    RESPONSABLE_DOSSIER = "responsable-dossier", "Responsable du dossier (RDO)."


class Sexe(Code):
    """Sexe à l'état civil."""

    FEMININ = "feminin", "Féminin."
    MASCULIN = "masculin", "Masculin."


class Origine(Code):
    """Origine de l'inscription (liste France Travail)."""

    INSCRIPTION_VOLONTAIRE = "inscription-volontaire", "La personne s'est inscrite elle-même."
    INSCRIPTION_AUTO_MILO = "inscription-auto-milo", "Inscription automatique par la mission locale."
    INSCRIPTION_AUTO_CAF = "inscription-auto-caf", "Inscription automatique à la demande de RSA, par la CAF."
    INSCRIPTION_AUTO_MSA = "inscription-auto-msa", "Inscription automatique à la demande de RSA, par la MSA."
    INSCRIPTION_CONSEILLER_FT = "inscription-conseiller-ft", "Inscription par un conseiller France Travail."
    INSCRIPTION_CONSEILLER_CD = "inscription-conseiller-cd", "Inscription par un conseiller du département."
    RDS_LPE = "rds-lpe", "Reprise de stock de la loi pour le plein emploi."


class RegleRapprochement(Code):
    """Règle qui a permis, ou interdit, de reconnaître une personne."""

    NIR = "nir", "Même NIR."
    NUMERO_FRANCE_TRAVAIL = "numero-france-travail", "Même numéro France Travail et même date de naissance."
    MATRICULE = "matricule", "Même matricule, même rôle et même date de naissance."
    NUMERO_DEMANDE_RSA = "numero-demande-rsa", "Même numéro de demande de RSA et même rôle."
    LOCAL = "local", "Même identifiant local chez le même partenaire."
    IMILO = "imilo", "Même dossier i-milo."
    ETAT_CIVIL = "etat-civil", "Mêmes noms normalisés et même date de naissance : jamais suffisant pour être certain."
    AUCUNE = "aucune", "Aucun dossier ne correspond : un parcours est ouvert."
    DECISION = "decision", "Un agent habilité a tranché (`usager.rapproche`)."


class Confiance(Code):
    """Force d'un rapprochement."""

    CERTAINE = "certaine", "Un identifiant fort concorde et rien ne le contredit."
    PROBABLE = "probable", "Seul l'état civil concorde."


class DecisionRapprochement(Code):
    """Ce que décide l'agent devant une personne ambiguë."""

    MEME_PERSONNE = "meme-personne", "C'est une personne déjà connue : le parcours désigné est le sien."
    PERSONNE_NOUVELLE = "personne-nouvelle", "C'est une autre personne : elle reçoit son propre parcours."


class EtatDossier(Code):
    """État du dossier RSA, code CNAF ETATDOSRSA d'un caractère."""

    DEMANDE_EN_ATTENTE = "0", "Nouvelle demande, en attente de décision."
    REFUSE = "1", "Droit refusé."
    OUVERT_VERSABLE = "2", "Droit ouvert et versable."
    OUVERT_SUSPENDU = "3", "Droit ouvert et suspendu."
    OUVERT_VERSEMENT_SUSPENDU = "4", "Droit ouvert mais versement suspendu."
    CLOS = "5", "Droit clos."
    CLOS_MOIS_ANTERIEUR = "6", "Droit clos sur un mois antérieur."


class MotifCloture(Code):
    """Motif de fin de droit (CNAF MOTICLORSA)."""

    DECISION_PCD = "decision-pcd", "Décision du président du conseil départemental (PCG)."
    ECHEANCE = "echeance", "Échéance (ECH)."
    BASCULE_RMI = "bascule-rmi", "Annulation par bascule RMI (EFF)."
    MUTATION = "mutation", "Mutation vers un autre organisme (MUT)."
    REGROUPEMENT = "regroupement", "Regroupement de dossiers (RGD)."
    RADIE_FIN_DE_DROIT = "radie-fin-de-droit", "Radiation en fin de droit (RFD)."
    RADIE_AUTRE = "radie-autre", "Radiation, autre motif (RAU)."
    OPTION_RSTA = "option-rsta", "Option pour le RSTA (RST)."
    OPTION_RSO = "option-rso", "Option pour le RSO (RSO)."


class MotifSuspension(Code):
    """Motif de suspension du versement (CNAF MOTISUSVERSRSA).

    La caisse transmet un code de deux caractères. Les libellés publics manquent pour la plupart : le code fait foi.
    """

    M01 = "01", "Motif CNAF 01."
    M02 = "02", "Motif CNAF 02."
    M03 = "03", "Motif CNAF 03."
    M04 = "04", "Motif CNAF 04."
    M05 = "05", "Motif CNAF 05."
    M06 = "06", "Motif CNAF 06."
    M09 = "09", "Motif CNAF 09."
    M19 = "19", "Motif CNAF 19."
    M31 = "31", "Motif CNAF 31."
    M34 = "34", "Motif CNAF 34."
    M35 = "35", "Motif CNAF 35."
    M36 = "36", "Motif CNAF 36."
    M44 = "44", "Motif CNAF 44."
    M70 = "70", "Action non engagée."
    M78 = "78", "Motif CNAF 78."
    M84 = "84", "Motif CNAF 84."
    M85 = "85", "Motif CNAF 85."
    M97 = "97", "Bénéficiaire de l'AAH."
    AB = "AB", "Motif CNAF AB."
    CV = "CV", "Motif CNAF CV."
    CZ = "CZ", "Motif CNAF CZ."
    DA = "DA", "Motif CNAF DA."
    DB = "DB", "Motif CNAF DB."
    DC = "DC", "Motif CNAF DC."
