"""Who exchanges, on what ground and with which rights: organisations, purposes, scopes, agents' structures."""

from relais_contrats.codes.liste import Code


class TypeOrganisme(Code):
    """Nature d'un partenaire. Un partenaire en a une seule."""

    DEPARTEMENT = "departement", "Conseil départemental (CD)."
    DELEGATAIRE = "delegataire", "Délégataire du conseil départemental (DCD) : association, PLIE, agence locale."
    FRANCE_TRAVAIL = "france-travail", "France Travail (FT)."
    MISSION_LOCALE = "mission-locale", "Mission locale (ML)."
    CAP_EMPLOI = "cap-emploi", "Cap emploi (CE)."
    CAF = "caf", "Caisse d'allocations familiales, organisme payeur du RSA."
    MSA = "msa", "Mutualité sociale agricole, organisme payeur du RSA."
    CCAS = "ccas", "Centre communal ou intercommunal d'action sociale."
    ASSOCIATION = "association", "Association partenaire."
    SIAE = "siae", "Structure d'insertion par l'activité économique."
    PLATEFORME_OFFRE = "plateforme-offre", "Plateforme qui publie l'offre d'insertion (data·inclusion, DORA…)."


class Organisme(Code):
    """Organisme référent : celui vers lequel une personne est orientée (C. trav. L. 5411-5-1)."""

    DEPARTEMENT = "departement", "Conseil départemental (France Travail : CD)."
    DELEGATAIRE = "delegataire", "Délégataire du conseil départemental (France Travail : DCD)."
    FRANCE_TRAVAIL = "france-travail", "France Travail (FT)."
    MISSION_LOCALE = "mission-locale", "Mission locale (ML)."
    CAP_EMPLOI = "cap-emploi", "Cap emploi (CE)."


class Finalite(Code):
    """Finalité d'un échange (CASF R. 263-1 et suivants). Une convention ouvre une ou plusieurs finalités."""

    ORIENTATION = "orientation", "Orienter la personne vers un parcours et un organisme."
    ACCOMPAGNEMENT = "accompagnement", "Accompagner la personne : référent, rendez-vous, feuille de route."
    ENGAGEMENT = "engagement", "Établir et suivre le contrat d'engagement."
    OFFRE = "offre", "Publier l'offre de services et y prescrire."
    PILOTAGE = "pilotage", "Mesurer et piloter, sans donnée nominative."


class Scope(Code):
    """Droit technique porté par un jeton d'accès OAuth 2.0."""

    MESSAGES_DEPOSER = "messages:deposer", "Déposer des messages."
    EVENEMENTS_LIRE = "evenements:lire", "Lire le fil d'événements et gérer ses abonnements."
    PARCOURS_LIRE = "parcours:lire", "Lire les parcours auxquels le partenaire participe."
    IDENTITE_RESOUDRE = "identite:resoudre", "Rechercher un parcours à partir d'un identifiant."
    OFFRES_LIRE = "offres:lire", "Rechercher dans l'offre de services."
    OFFRES_PUBLIER = "offres:publier", "Publier des structures et des services."
    SANTE_LIRE = "sante:lire", "Lire les champs de santé et de handicap."
    PILOTAGE_LIRE = "pilotage:lire", "Lire les statistiques de délais."


class SystemeStructure(Code):
    """Référentiel dans lequel une structure est désignée. Toutes n'ont pas de SIRET."""

    SIRET = "siret", "Numéro SIRET à 14 chiffres."
    AURORE = "aurore", "Code Aurore de France Travail (remplace SAFIR)."
    SAFIR = "safir", "Code SAFIR de France Travail, à 5 chiffres (déprécié)."
    LOCAL = "local", "Code propre au système du partenaire."
