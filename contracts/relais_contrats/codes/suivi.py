"""Codes of everyday follow-up: référent, appointments, roadmap."""

from relais_contrats.codes.liste import Code


class MotifRdv(Code):
    """Objet du rendez-vous (liste France Travail)."""

    ORIENTATION = "orientation", "Rendez-vous d'orientation (ORI)."
    ACCOMPAGNEMENT = "accompagnement", "Premier rendez-vous d'accompagnement (ACC)."
    AUTRE = "autre", "Autre rendez-vous (AUT)."


class Modalite(Code):
    """Comment la personne est reçue."""

    PHYSIQUE = "physique", "Sur place."
    TELEPHONE = "telephone", "Par téléphone."
    VISIO = "visio", "En visioconférence."


class Forme(Code):
    """Entretien individuel ou collectif."""

    INDIVIDUEL = "individuel", "Individuel (IND)."
    COLLECTIF = "collectif", "Collectif (COL)."


class StatutRdv(Code):
    """Ce qu'il est advenu du rendez-vous."""

    PLANIFIE = "planifie", "Planifié."
    HONORE = "honore", "La personne est venue."
    NON_HONORE = "non-honore", "La personne n'est pas venue."
    ANNULE = "annule", "Annulé, par la personne ou par la structure."


class AnnulePar(Code):
    """Qui a annulé : France Travail confond les deux, rdv-insertion les distingue, nous aussi."""

    USAGER = "usager", "La personne (rdv-insertion : excused)."
    STRUCTURE = "structure", "La structure (rdv-insertion : revoked)."


class RoleAccompagnant(Code):
    """À quel titre un professionnel accompagne la personne, aux côtés du référent unique."""

    ACCOMPAGNANT = "accompagnant", "Accompagne la personne sur un sujet."
    ANCIEN_REFERENT = "ancien-referent", "A été son référent et garde le lien."
    PRESCRIPTEUR = "prescripteur", "Lui a prescrit un service."


class Theme(Code):
    """Thème d'un objectif : les catégories de data·inclusion et l'emploi."""

    CHOISIR_UN_METIER = "choisir-un-metier", "Choisir un métier."
    CREER_UNE_ENTREPRISE = "creer-une-entreprise", "Créer une entreprise."
    DIFFICULTES_ADMINISTRATIVES_OU_JURIDIQUES = (
        "difficultes-administratives-ou-juridiques",
        "Difficultés administratives ou juridiques.",
    )
    DIFFICULTES_FINANCIERES = "difficultes-financieres", "Difficultés financières."
    EQUIPEMENT_ET_ALIMENTATION = "equipement-et-alimentation", "Équipement et alimentation."
    FAMILLE = "famille", "Famille."
    LECTURE_ECRITURE_CALCUL = "lecture-ecriture-calcul", "Lecture, écriture, calcul."
    LOGEMENT_HEBERGEMENT = "logement-hebergement", "Logement et hébergement."
    MOBILITE = "mobilite", "Mobilité."
    NUMERIQUE = "numerique", "Numérique."
    PREPARER_SA_CANDIDATURE = "preparer-sa-candidature", "Préparer sa candidature."
    REMOBILISATION = "remobilisation", "Remobilisation."
    SANTE = "sante", "Santé : visible avec le droit `sante:lire` seulement."
    SE_FORMER = "se-former", "Se former."
    SOUVRIR_A_LINTERNATIONAL = "souvrir-a-linternational", "S'ouvrir à l'international."
    TROUVER_UN_EMPLOI = "trouver-un-emploi", "Trouver un emploi."


class StatutObjectif(Code):
    """État d'un objectif."""

    EN_COURS = "en-cours", "En cours."
    ATTEINT = "atteint", "Atteint."
    ABANDONNE = "abandonne", "Abandonné."


class StatutAction(Code):
    """État d'une action. Les deux derniers sont finals."""

    PREVUE = "prevue", "Prévue."
    EN_COURS = "en-cours", "En cours."
    EN_PAUSE = "en-pause", "En pause."
    REALISEE = "realisee", "Réalisée."
    ABANDONNEE = "abandonnee", "Abandonnée."


class Sensibilite(Code):
    """Sensibilité d'une observation, déclarée par son auteur."""

    COURANTE = "courante", "Observation courante."
    SANTE = "sante", "Touche à la santé : visible avec le droit `sante:lire` seulement."
