"""Codes of the entry and of the legal choice of a parcours, from France Travail's lists."""

from relais_contrats.codes.liste import Code


class ParcoursType(Code):
    """Les trois parcours de la loi pour le plein emploi (arrêté du 21 novembre 2024).

    Jamais un trigramme : `PS` de la CNAF est social, `PSP` de France Travail est socio-professionnel.
    """

    EMPLOI = "emploi", "Parcours emploi, ou professionnel : accompagnement vers l'emploi."
    SOCIO_PROFESSIONNEL = "socio-professionnel", "Parcours socio-professionnel, ou global : emploi et freins à la fois."
    SOCIAL = "social", "Parcours à vocation d'insertion sociale, préalable à l'emploi."


class DecisionOrientation(Code):
    """Sens de la décision sur la préconisation."""

    ACCEPTEE = "acceptee", "La préconisation est suivie."
    REFUSEE = "refusee", "La préconisation est écartée : la décision porte la contre-proposition et un motif de refus."


class DecisionReorientation(Code):
    """Sens de la décision sur une demande de réorientation."""

    ACCEPTEE = "acceptee", "Réorientation acceptée : la nouvelle décision est jointe et appliquée en une fois."
    REFUSEE = "refusee", "Réorientation refusée."
    MAINTENUE = "maintenue", "Orientation actuelle maintenue après examen."


class MotifRefus(Code):
    """Pourquoi la préconisation est écartée (liste France Travail)."""

    DECLARATION_INEXACTE = "declaration-inexacte", "La déclaration de la personne est inexacte."
    SITUATION_NON_COUVERTE = "situation-non-couverte", "Les critères ne couvrent pas la situation."
    APPRECIATION_DIFFERENTE = "appreciation-differente", "L'appréciation de l'organisme diffère."
    MANQUE_CAPACITE_ACCUEIL = "manque-capacite-accueil", "L'organisme préconisé n'a pas la capacité d'accueil."
    AUTRE = "autre", "Autre motif, à préciser en commentaire."


class SituationProfessionnelle(Code):
    """Rapport de la personne à l'emploi."""

    EN_ACTIVITE = "en-activite", "En activité."
    DEUX_DERNIERES_ANNEES = "deux-dernieres-annees", "A travaillé au cours des deux dernières années."
    PLUS_DEUX_ANS = "plus-deux-ans", "N'a pas travaillé depuis plus de deux ans."
    JAMAIS = "jamais", "N'a jamais travaillé."


class TypeEmploi(Code):
    """Type d'emploi occupé ou recherché."""

    SAISONNIER = "saisonnier", "Saisonnier."
    ARTISTE_OU_AUTEUR = "artiste-ou-auteur", "Artiste ou auteur."
    INTERMITTENT_SPECTACLE = "intermittent-spectacle", "Intermittent du spectacle."
    EXPLOITANT_AGRICOLE = "exploitant-agricole", "Exploitant agricole."
    ASSISTANTE_MATERNELLE = "assistante-maternelle", "Assistante maternelle."
    CREATEUR_ENTREPRISE_OU_INDEPENDANT = "createur-entreprise-ou-independant", "Créateur d'entreprise ou indépendant."
    AUTRE = "autre", "Autre."


class NiveauEtude(Code):
    """Niveau d'étude, codes de la nomenclature France Travail (mêmes lettres, en minuscules)."""

    AFS = "afs", "AFS : aucune formation scolaire."
    C12 = "c12", "C12 : 2nde ou 1re achevée."
    C3A = "c3a", "C3A : 3e achevée ou brevet."
    CFG = "cfg", "CFG : 4e achevée."
    CP4 = "cp4", "CP4 : primaire à 4e."
    NV1 = "nv1", "NV1 : bac + 5 et plus."
    NV2 = "nv2", "NV2 : bac + 3, bac + 4."
    NV3 = "nv3", "NV3 : bac + 2."
    NV4 = "nv4", "NV4 : bac ou équivalent."
    NV5 = "nv5", "NV5 : CAP, BEP ou équivalent."


class ProjetPro(Code):
    """Projet professionnel."""

    SALARIAT = "salariat", "Emploi salarié."
    ENTREPRENARIAT = "entreprenariat", "Création ou reprise d'entreprise."
    FORMATION = "formation", "Formation."
    AUCUN = "aucun", "Pas de projet exprimé."


class ContrainteSante(Code):
    """Contrainte de santé. Donnée de santé : visible avec le droit `sante:lire` seulement."""

    INCAPACITE_RECHERCHE_ACTIVITE_PRO = "incapacite-recherche-activite-pro", "Recherche d'activité impossible."
    IMPACT_FORT_RECHERCHE_EMPLOI = "impact-fort-recherche-emploi", "Impact fort sur la recherche d'emploi."
    IMPACT_FAIBLE_RECHERCHE_EMPLOI = "impact-faible-recherche-emploi", "Impact faible sur la recherche d'emploi."
    AUCUNE = "aucune", "Aucune contrainte."


class ContrainteLogement(Code):
    """Contrainte de logement."""

    SANS_LOGEMENT = "sans-logement", "Sans logement."
    PROCEDURE_EXPULSION = "procedure-expulsion", "Procédure d'expulsion en cours."
    IMPACT_FORT_RECHERCHE_EMPLOI = "impact-fort-recherche-emploi", "Impact fort sur la recherche d'emploi."
    IMPACT_FAIBLE_RECHERCHE_EMPLOI = "impact-faible-recherche-emploi", "Impact faible sur la recherche d'emploi."
    AUCUNE = "aucune", "Aucune contrainte."


class ContrainteMobilite(Code):
    """Contrainte de mobilité."""

    AUCUN_MOYEN_DE_TRANSPORT = "aucun-moyen-de-transport", "Aucun moyen de transport."
    DEPENDANT_TRANSPORT = "dependant-transport", "Dépend des transports en commun."
    AUTRE = "autre", "Autre contrainte."
    AUCUNE = "aucune", "Aucune contrainte."


class ContrainteFamiliale(Code):
    """Contrainte familiale."""

    AIDANT_FAMILIAL = "aidant-familial", "Aidant familial."
    ENFANT_SANS_SOLUTION_GARDE = "enfant-sans-solution-garde", "Enfant sans solution de garde."
    IMPACT_FORT_RECHERCHE_EMPLOI = "impact-fort-recherche-emploi", "Impact fort sur la recherche d'emploi."
    IMPACT_FAIBLE_RECHERCHE_EMPLOI = "impact-faible-recherche-emploi", "Impact faible sur la recherche d'emploi."
    AUCUNE = "aucune", "Aucune contrainte."


class ContrainteImpact(Code):
    """Contrainte décrite par son seul impact : financière, administrative et juridique, français et calcul."""

    IMPACT_FORT_RECHERCHE_EMPLOI = "impact-fort-recherche-emploi", "Impact fort sur la recherche d'emploi."
    IMPACT_FAIBLE_RECHERCHE_EMPLOI = "impact-faible-recherche-emploi", "Impact faible sur la recherche d'emploi."
    AUCUNE = "aucune", "Aucune contrainte."


class ContrainteNumerique(Code):
    """Contrainte numérique."""

    NON_ACCES_INTERNET = "non-acces-internet", "Pas d'accès à internet."
    NON_MAITRISE = "non-maitrise", "Ne maîtrise pas les outils numériques."
    REFUS = "refus", "Refuse l'usage du numérique."
    AUCUNE = "aucune", "Aucune contrainte."


class DemarchesMsa(Code):
    """Démarches professionnelles déclarées à la MSA."""

    AUCUNE_DEMARCHE = "aucune-demarche", "Aucune démarche."
    PEU_DEMARCHES = "peu-demarches", "Peu de démarches."
    PLUSIEURS_DEMARCHES = "plusieurs-demarches", "Plusieurs démarches."
