"""Closed lists of data·inclusion v1 (schéma de l'offre d'insertion), and the codes of prescriptions."""

from relais_contrats.codes.liste import Code


class TypeService(Code):
    """Type de service (data·inclusion)."""

    ACCOMPAGNEMENT = "accompagnement", "Accompagnement."
    AIDE_FINANCIERE = "aide-financiere", "Aide financière."
    AIDE_MATERIELLE = "aide-materielle", "Aide matérielle."
    ATELIER = "atelier", "Atelier."
    FORMATION = "formation", "Formation."
    INFORMATION = "information", "Information."


class Frais(Code):
    """Coût pour la personne (data·inclusion)."""

    GRATUIT = "gratuit", "Gratuit."
    PAYANT = "payant", "Payant."


class ModeAccueil(Code):
    """Mode d'accueil (data·inclusion)."""

    A_DISTANCE = "a-distance", "À distance."
    EN_PRESENTIEL = "en-presentiel", "En présentiel."


class ModeMobilisation(Code):
    """Comment mobiliser le service (data·inclusion)."""

    ENVOYER_UN_COURRIEL = "envoyer-un-courriel", "Envoyer un courriel."
    SE_PRESENTER = "se-presenter", "Se présenter."
    TELEPHONER = "telephoner", "Téléphoner."
    UTILISER_LIEN_MOBILISATION = "utiliser-lien-mobilisation", "Utiliser le lien de mobilisation."


class PersonneMobilisatrice(Code):
    """Qui peut mobiliser le service (data·inclusion)."""

    USAGERS = "usagers", "La personne elle-même."
    PROFESSIONNELS = "professionnels", "Un professionnel."


class Public(Code):
    """Public accueilli (data·inclusion)."""

    TOUS_PUBLICS = "tous-publics", "Tous publics."
    ACTIFS = "actifs", "Actifs."
    BENEFICIAIRES_DES_MINIMAS_SOCIAUX = "beneficiaires-des-minimas-sociaux", "Bénéficiaires des minimas sociaux."
    DEMANDEURS_EMPLOI = "demandeurs-emploi", "Demandeurs d'emploi."
    ETUDIANTS = "etudiants", "Étudiants."
    FAMILLES = "familles", "Familles."
    FEMMES = "femmes", "Femmes."
    JEUNES = "jeunes", "Jeunes."
    PERSONNES_EN_SITUATION_DE_HANDICAP = "personnes-en-situation-de-handicap", "Personnes en situation de handicap."
    PERSONNES_EN_SITUATION_DURGENCE = "personnes-en-situation-durgence", "Personnes en situation d'urgence."
    PERSONNES_EN_SITUATION_JURIDIQUE_SPECIFIQUE = (
        "personnes-en-situation-juridique-specifique",
        "Personnes en situation juridique spécifique.",
    )
    PERSONNES_EXILEES = "personnes-exilees", "Personnes exilées."
    RESIDENTS_QPV_FRR = "residents-qpv-frr", "Résidents d'un QPV ou d'une zone FRR."
    SENIORS = "seniors", "Seniors."


class ContactPrefere(Code):
    """Comment la personne préfère être contactée par la structure (DORA)."""

    TELEPHONE = "telephone", "Par téléphone."
    COURRIEL = "courriel", "Par courriel (DORA : EMAIL)."
    REFERENT = "referent", "Par l'intermédiaire de son référent."
    AUTRE = "autre", "Autrement."


class MotifRefusPrescription(Code):
    """Pourquoi la structure ne donne pas suite. Les libellés de DORA ne sont pas publics : cette liste est la nôtre."""

    PUBLIC_NON_ELIGIBLE = "public-non-eligible", "La personne ne relève pas du public du service."
    HORS_ZONE = "hors-zone", "La personne habite hors de la zone du service."
    CAPACITE_ATTEINTE = "capacite-atteinte", "Plus de place."
    BESOIN_DIFFERENT = "besoin-different", "Le besoin relève d'un autre service."
    PERSONNE_INJOIGNABLE = "personne-injoignable", "La personne n'a pu être jointe."
    PERSONNE_NON_INTERESSEE = "personne-non-interessee", "La personne ne souhaite pas donner suite."
    DOSSIER_INCOMPLET = "dossier-incomplet", "Il manque un élément indispensable."
    AUTRE = "autre", "Autre motif, à préciser en message."


class IssueParticipation(Code):
    """Comment s'est terminée la participation à un service."""

    ACCOMPLIE = "accomplie", "Menée à son terme."
    INTERROMPUE_PERSONNE = "interrompue-personne", "Interrompue par la personne."
    INTERROMPUE_STRUCTURE = "interrompue-structure", "Interrompue par la structure."
    REORIENTEE = "reorientee", "Suite donnée dans un autre service."


class Thematique(Code):
    """Thématique de service, 69 valeurs `categorie--valeur` (data·inclusion v1)."""

    CHOISIR_UN_METIER__CONFIRMER_SON_CHOIX_DE_METIER = (
        "choisir-un-metier--confirmer-son-choix-de-metier",
        "Confirmer son choix de métier.",
    )
    CHOISIR_UN_METIER__CONNAITRE_LES_OPPORTUNITES_DEMPLOI = (
        "choisir-un-metier--connaitre-les-opportunites-demploi",
        "Connaître les opportunités d'emploi.",
    )
    CHOISIR_UN_METIER__DECOUVRIR_UN_METIER_OU_UN_SECTEUR_DACTIVITE = (
        "choisir-un-metier--decouvrir-un-metier-ou-un-secteur-dactivite",
        "Découvrir un métier ou un secteur d'activité.",
    )
    CHOISIR_UN_METIER__IDENTIFIER_SES_POINTS_FORTS_ET_SES_COMPETENCES = (
        "choisir-un-metier--identifier-ses-points-forts-et-ses-competences",
        "Identifier ses points forts et ses compétences.",
    )
    CREER_UNE_ENTREPRISE__DEFINIR_SON_PROJET_DE_CREATION_DENTREPRISE = (
        "creer-une-entreprise--definir-son-projet-de-creation-dentreprise",
        "Définir son projet de création d'entreprise.",
    )
    CREER_UNE_ENTREPRISE__DEVELOPPER_SON_ENTREPRISE = (
        "creer-une-entreprise--developper-son-entreprise",
        "Développer son entreprise.",
    )
    CREER_UNE_ENTREPRISE__STRUCTURER_SON_PROJET_DE_CREATION_DENTREPRISE = (
        "creer-une-entreprise--structurer-son-projet-de-creation-dentreprise",
        "Structurer son projet de création d'entreprise.",
    )
    DIFFICULTES_ADMINISTRATIVES_OU_JURIDIQUES__ACCOMPAGNEMENT_AUX_DEMARCHES_ADMINISTRATIVES = (
        "difficultes-administratives-ou-juridiques--accompagnement-aux-demarches-administratives",
        "Accompagnement aux démarches administratives.",
    )
    DIFFICULTES_ADMINISTRATIVES_OU_JURIDIQUES__ACCOMPAGNEMENT_POUR_LACCES_A_LA_CITOYENNETE = (
        "difficultes-administratives-ou-juridiques--accompagnement-pour-lacces-a-la-citoyennete",
        "Accompagnement pour l'accès à la citoyenneté.",
    )
    DIFFICULTES_ADMINISTRATIVES_OU_JURIDIQUES__ACCOMPAGNEMENT_POUR_LACCES_AUX_DROITS = (
        "difficultes-administratives-ou-juridiques--accompagnement-pour-lacces-aux-droits",
        "Accompagnement pour l'accès aux droits.",
    )
    DIFFICULTES_ADMINISTRATIVES_OU_JURIDIQUES__BENEFICIER_DUNE_MESURE_DACCOMPAGNEMENT_ADAPTE = (
        "difficultes-administratives-ou-juridiques--beneficier-dune-mesure-daccompagnement-adapte",
        "Bénéficier d'une mesure d'accompagnement adapté.",
    )
    DIFFICULTES_ADMINISTRATIVES_OU_JURIDIQUES__CONNAITRE_SES_DROITS_FACE_A_UNE_DISCRIMINATION = (
        "difficultes-administratives-ou-juridiques--connaitre-ses-droits-face-a-une-discrimination",
        "Connaître ses droits face à une discrimination.",
    )
    DIFFICULTES_ADMINISTRATIVES_OU_JURIDIQUES__PRENDRE_EN_COMPTE_UNE_PROBLEMATIQUE_JUDICIAIRE = (
        "difficultes-administratives-ou-juridiques--prendre-en-compte-une-problematique-judiciaire",
        "Prendre en compte une problématique judiciaire.",
    )
    DIFFICULTES_FINANCIERES__ACQUERIR_UNE_AUTONOMIE_BUDGETAIRE = (
        "difficultes-financieres--acquerir-une-autonomie-budgetaire",
        "Acquérir une autonomie budgétaire.",
    )
    DIFFICULTES_FINANCIERES__AMELIORER_SA_GESTION_BUDGETAIRE = (
        "difficultes-financieres--ameliorer-sa-gestion-budgetaire",
        "Améliorer sa gestion budgétaire.",
    )
    DIFFICULTES_FINANCIERES__METTRE_EN_PLACE_UNE_MESURE_DE_PROTECTION_FINANCIERE = (
        "difficultes-financieres--mettre-en-place-une-mesure-de-protection-financiere",
        "Mettre en place une mesure de protection financière.",
    )
    DIFFICULTES_FINANCIERES__PREVENIR_UNE_DEGRADATION_DE_LA_SITUATION_FINANCIERE = (
        "difficultes-financieres--prevenir-une-degradation-de-la-situation-financiere",
        "Prévenir une dégradation de la situation financière.",
    )
    DIFFICULTES_FINANCIERES__SITUATION_DENDETTEMENT_SURENDETTEMENT = (
        "difficultes-financieres--situation-dendettement-surendettement",
        "Situation d'endettement ou de surendettement.",
    )
    EQUIPEMENT_ET_ALIMENTATION__AIDE_MENAGERE = "equipement-et-alimentation--aide-menagere", "Aide ménagère."
    EQUIPEMENT_ET_ALIMENTATION__ALIMENTATION = "equipement-et-alimentation--alimentation", "Alimentation."
    EQUIPEMENT_ET_ALIMENTATION__ELECTROMENAGER = "equipement-et-alimentation--electromenager", "Électroménager."
    EQUIPEMENT_ET_ALIMENTATION__HABILLEMENT = "equipement-et-alimentation--habillement", "Habillement."
    FAMILLE__GARDE_DENFANTS = "famille--garde-denfants", "Garde d'enfants."
    FAMILLE__PRISE_EN_CHARGE_PERSONNE_DEPENDANTE = (
        "famille--prise-en-charge-personne-dependante",
        "Prise en charge d'une personne dépendante.",
    )
    FAMILLE__SOUTIEN_A_LA_PARENTALITE_ET_A_LEDUCATION = (
        "famille--soutien-a-la-parentalite-et-a-leducation",
        "Soutien à la parentalité et à l'éducation.",
    )
    FAMILLE__SOUTIEN_AIDANTS = "famille--soutien-aidants", "Soutien aux aidants."
    FAMILLE__SURMONTER_CONFLITS_SEPARATION_VIOLENCE = (
        "famille--surmonter-conflits-separation-violence",
        "Surmonter les conflits liés à la séparation ou à la violence.",
    )
    LECTURE_ECRITURE_CALCUL__MAITRISER_LE_CALCUL = (
        "lecture-ecriture-calcul--maitriser-le-calcul",
        "Maîtriser le calcul.",
    )
    LECTURE_ECRITURE_CALCUL__MAITRISER_LE_FRANCAIS = (
        "lecture-ecriture-calcul--maitriser-le-francais",
        "Maîtriser le français.",
    )
    LOGEMENT_HEBERGEMENT__ACHETER_UN_LOGEMENT = "logement-hebergement--acheter-un-logement", "Acheter un logement."
    LOGEMENT_HEBERGEMENT__CHANGER_DE_LOGEMENT = "logement-hebergement--changer-de-logement", "Changer de logement."
    LOGEMENT_HEBERGEMENT__LOUER_UN_LOGEMENT = "logement-hebergement--louer-un-logement", "Louer un logement."
    LOGEMENT_HEBERGEMENT__RECHERCHER_UNE_SOLUTION_DHEBERGEMENT_TEMPORAIRE = (
        "logement-hebergement--rechercher-une-solution-dhebergement-temporaire",
        "Rechercher une solution d'hébergement temporaire.",
    )
    LOGEMENT_HEBERGEMENT__REDUIRE_LES_IMPAYES_DE_LOYER = (
        "logement-hebergement--reduire-les-impayes-de-loyer",
        "Réduire les impayés de loyer.",
    )
    LOGEMENT_HEBERGEMENT__SE_MAINTENIR_DANS_LE_LOGEMENT = (
        "logement-hebergement--se-maintenir-dans-le-logement",
        "Se maintenir dans le logement.",
    )
    LOGEMENT_HEBERGEMENT__SINFORMER_SUR_LES_DEMARCHES_LIEES_A_LACCES_AU_LOGEMENT = (
        "logement-hebergement--sinformer-sur-les-demarches-liees-a-lacces-au-logement",
        "S'informer sur les démarches liées à l'accès au logement.",
    )
    MOBILITE__ACCEDER_A_UN_VEHICULE = "mobilite--acceder-a-un-vehicule", "Accéder à un véhicule."
    MOBILITE__ENTRETENIR_REPARER_SON_VEHICULE = (
        "mobilite--entretenir-reparer-son-vehicule",
        "Entretenir et réparer son véhicule.",
    )
    MOBILITE__ETRE_ACCOMPAGNE_DANS_SON_PARCOURS_MOBILITE = (
        "mobilite--etre-accompagne-dans-son-parcours-mobilite",
        "Être accompagné dans son parcours mobilité.",
    )
    MOBILITE__FINANCER_MA_MOBILITE = "mobilite--financer-ma-mobilite", "Financer ma mobilité."
    MOBILITE__PREPARER_UN_PERMIS = "mobilite--preparer-un-permis", "Préparer un permis."
    MOBILITE__MOBILITE_DOUCE_PARTAGEE_COLLECTIVE = (
        "mobilite--mobilite-douce-partagee-collective",
        "Utiliser des services de mobilité douce, partagée ou collective.",
    )
    NUMERIQUE__ACCEDER_A_DES_SERVICES_EN_LIGNE = (
        "numerique--acceder-a-des-services-en-ligne",
        "Accéder à des services en ligne.",
    )
    NUMERIQUE__ACCEDER_A_UNE_CONNEXION_INTERNET = (
        "numerique--acceder-a-une-connexion-internet",
        "Accéder à une connexion Internet.",
    )
    NUMERIQUE__ACQUERIR_UN_EQUIPEMENT = "numerique--acquerir-un-equipement", "Acquérir un équipement."
    NUMERIQUE__MAITRISER_LES_FONDAMENTAUX_DU_NUMERIQUE = (
        "numerique--maitriser-les-fondamentaux-du-numerique",
        "Maîtriser les fondamentaux du numérique.",
    )
    PREPARER_SA_CANDIDATURE__DEVELOPPER_SON_RESEAU = (
        "preparer-sa-candidature--developper-son-reseau",
        "Développer son réseau.",
    )
    PREPARER_SA_CANDIDATURE__ORGANISER_SES_DEMARCHES_DE_RECHERCHE_DEMPLOI = (
        "preparer-sa-candidature--organiser-ses-demarches-de-recherche-demploi",
        "Organiser ses démarches de recherche d'emploi.",
    )
    PREPARER_SA_CANDIDATURE__REALISER_UN_CV_ET_OU_UNE_LETTRE_DE_MOTIVATION = (
        "preparer-sa-candidature--realiser-un-cv-et-ou-une-lettre-de-motivation",
        "Réaliser un CV et/ou une lettre de motivation.",
    )
    PREPARER_SA_CANDIDATURE__VALORISER_SES_COMPETENCES = (
        "preparer-sa-candidature--valoriser-ses-competences",
        "Valoriser ses compétences.",
    )
    REMOBILISATION__ACTIVITES_SPORTIVES_ET_CULTURELLES = (
        "remobilisation--activites-sportives-et-culturelles",
        "Activités sportives et culturelles.",
    )
    REMOBILISATION__BENEVOLAT_ACTION_CITOYENNE = (
        "remobilisation--benevolat-action-citoyenne",
        "Bénévolat et action citoyenne.",
    )
    REMOBILISATION__BIEN_ETRE_CONFIANCE_EN_SOI = (
        "remobilisation--bien-etre-confiance-en-soi",
        "Bien-être et confiance en soi.",
    )
    REMOBILISATION__LIEN_SOCIAL = "remobilisation--lien-social", "Lien social."
    SANTE__ACCES_AUX_SOINS = "sante--acces-aux-soins", "Accès aux soins."
    SANTE__ADDICTIONS = "sante--addictions", "Addictions."
    SANTE__CONSTITUER_UN_DOSSIER_MDPH_INVALIDITE = (
        "sante--constituer-un-dossier-mdph-invalidite",
        "Constituer un dossier MDPH pour invalidité.",
    )
    SANTE__SANTE_MENTALE = "sante--sante-mentale", "Santé mentale."
    SANTE__SANTE_SEXUELLE = "sante--sante-sexuelle", "Santé sexuelle."
    SE_FORMER__MONTER_SON_DOSSIER_DE_FORMATION = (
        "se-former--monter-son-dossier-de-formation",
        "Monter son dossier de formation.",
    )
    SE_FORMER__TROUVER_SA_FORMATION = "se-former--trouver-sa-formation", "Trouver sa formation."
    SOUVRIR_A_LINTERNATIONAL__CONNAITRE_LES_OPPORTUNITES_DEMPLOI_A_LETRANGER = (
        "souvrir-a-linternational--connaitre-les-opportunites-demploi-a-letranger",
        "Connaître les opportunités d'emploi à l'étranger.",
    )
    SOUVRIR_A_LINTERNATIONAL__SINFORMER_SUR_LES_AIDES_POUR_TRAVAILLER_A_LETRANGER = (
        "souvrir-a-linternational--sinformer-sur-les-aides-pour-travailler-a-letranger",
        "S'informer sur les aides pour travailler à l'étranger.",
    )
    SOUVRIR_A_LINTERNATIONAL__SORGANISER_SUITE_A_SON_RETOUR_EN_FRANCE = (
        "souvrir-a-linternational--sorganiser-suite-a-son-retour-en-france",
        "S'organiser suite à son retour en France.",
    )
    TROUVER_UN_EMPLOI__CONVAINCRE_UN_RECRUTEUR_EN_ENTRETIEN = (
        "trouver-un-emploi--convaincre-un-recruteur-en-entretien",
        "Convaincre un recruteur en entretien.",
    )
    TROUVER_UN_EMPLOI__FAIRE_DES_CANDIDATURES_SPONTANEES = (
        "trouver-un-emploi--faire-des-candidatures-spontanees",
        "Faire des candidatures spontanées.",
    )
    TROUVER_UN_EMPLOI__MAINTIEN_DANS_LEMPLOI = "trouver-un-emploi--maintien-dans-lemploi", "Maintien dans l'emploi."
    TROUVER_UN_EMPLOI__REPONDRE_A_DES_OFFRES_DEMPLOI = (
        "trouver-un-emploi--repondre-a-des-offres-demploi",
        "Répondre à des offres d'emploi.",
    )
    TROUVER_UN_EMPLOI__SUIVRE_SES_CANDIDATURES_ET_RELANCER_LES_EMPLOYEURS = (
        "trouver-un-emploi--suivre-ses-candidatures-et-relancer-les-employeurs",
        "Suivre ses candidatures et relancer les employeurs.",
    )


class ReseauPorteur(Code):
    """Réseau porteur d'une structure, 108 valeurs (data·inclusion v1)."""

    N60000_REBONDS = "60000-rebonds", "60 000 Rebonds."
    ACTION_LOGEMENT = "action-logement", "Action Logement."
    ADIE = "adie", "Association pour le Droit à l'Initiative Économique."
    AFPA = "afpa", "Agence Nationale pour la Formation Professionnelle des Adultes."
    AGEFIPH = "agefiph", "Agefiph."
    AI = "ai", "Associations Intermédiaires."
    AIDANTS_CONNECT = "aidants-connect", "Aidants Connect."
    ALLIANCE_VILLES_EMPLOI = "alliance-villes-emploi", "Alliance Villes Emploi."
    ANLCI = "anlci", "Agence Nationale de Lutte Contre l'Illettrisme."
    APPRENTIS_DAUTEUIL = "apprentis-dauteuil", "Apprentis d'Auteuil."
    ASE = "ase", "Aide Sociale à l'Enfance."
    BANQUES_ALIMENTAIRES = "banques-alimentaires", "Banques Alimentaires."
    CAARUD = "caarud", "Centres d'Accueil et d'Accompagnement à la Réduction de Risques pour Usagers de Drogues."
    CADA = "cada", "Centres d'Accueil de Demandeurs d'Asile."
    CAF = "caf", "Caisse d'Allocations Familiales."
    CAMPUS_CONNECTE = "campus-connecte", "Campus Connecté."
    CAP_EMPLOI_RESEAU_CHEOPS = "cap-emploi-reseau-cheops", "CAP Emploi - Réseau CHEOPS."
    CAVA = "cava", "Centres d'Adaptation à la Vie Active."
    CCAS_CIAS = "ccas-cias", "Les Centres Communaux d'Action Sociale et les Centres Intercommunaux d'Action Sociale."
    CHAMBRES_CONSULAIRES = "chambres-consulaires", "Chambres Consulaires."
    CHANTIER_ECOLE = "chantier-ecole", "Réseau Chantier École."
    CHRS = "chrs", "Centres d'Hébergement et de Réinsertion Sociale."
    CHU = "chu", "Centres d'Hébergement d'Urgence."
    CIDFF = "cidff", "Centres d'Information sur les Droits des Femmes et des Familles."
    CMP = "cmp", "Centres Médico-Psychologiques."
    CMS = "cms", "Centres Médico-Sociaux."
    CNAM = "cnam", "Conservatoire National des Arts et Métiers."
    COLLECTIF_EMPLOI = "collectif-emploi", "Collectif Emploi."
    COMMUNES = "communes", "Communes, mairies, communautés de communes, etc."
    COORACE = "coorace", "Fédération COORACE."
    CONSEILLERS_NUMERIQUES = "conseillers-numeriques", "Conseillers Numériques."
    CPAM = "cpam", "Caisses Primaires d'Assurance Maladie."
    CPH = "cph", "Centres Provisoires d'Hébergement."
    CRECHES_AVIP = "creches-avip", "Crèches à Vocation d'Insertion Professionnelle."
    CREPI = "crepi", "CREPI."
    CRESUS = "cresus", "Fédération Française des Associations CRÉSUS."
    CROIX_ROUGE = "croix-rouge", "Croix-Rouge."
    CSAPA = "csapa", "Centres de Soins, d'Accompagnement et de Prévention en Addictologie."
    DELEGATAIRE_CONSEIL_DEPARTEMENTAL = (
        "delegataire-conseil-departemental",
        "Organisation délégataire d'un Conseil Départemental.",
    )
    DEPARTEMENTS = "departements", "Départements et Services Départementaux."
    DUO_FOR_A_JOB = "duo-for-a-job", "DUO for a JOB."
    ECOLES_DE_LA_DEUXIEME_CHANCE = "ecoles-de-la-deuxieme-chance", "Écoles de la 2ᵉ Chance."
    EA = "ea", "Entreprises Adaptées."
    EATT = "eatt", "Entreprises Adaptées de Travail Temporaire."
    EGEE = "egee", "Association EGEE."
    EMMAUS = "emmaus", "Emmaüs."
    EPIDE = "epide", "EPIDE."
    ESAT = "esat", "Établissement et Service d'Accompagnement par le Travail."
    ESPACES_PUBLICS_NUMERIQUES = "espaces-publics-numeriques", "Espaces Publics Numériques."
    ETCLD = "etcld", "Expérimentation Territoriale contre le Chômage de Longue Durée."
    FABRIQUE_DE_TERRITOIRE = "fabrique-de-territoire", "Fabrique de Territoire."
    FACE = "face", "Fondation FACE."
    FCSF = "fcsf", "Fédération des Centres Sociaux et Socioculturels de France."
    FEDERATION_PROFESSIONNELLE_FEMMES = (
        "federation-professionnelle-femmes",
        "Fédération Professionnelle pour les Femmes.",
    )
    FEDERATION_DES_ACTEURS_DE_LA_SOLIDARITE = (
        "federation-des-acteurs-de-la-solidarite",
        "Fédération des Acteurs de la Solidarité.",
    )
    FRANCE_ACTIVE = "france-active", "France Active."
    FRANCE_SERVICE = "france-service", "France Service."
    FRANCE_TRAVAIL = "france-travail", "France Travail."
    FRENCH_TECH = "french-tech", "French Tech."
    GEIQ = "geiq", "GEIQ."
    GRANDES_ECOLES_DU_NUMERIQUE = "grandes-ecoles-du-numerique", "Grandes Écoles du Numérique."
    HUDA = "huda", "Hébergement d'Urgence pour Demandeurs d'Asile."
    HUP = "hup", "Association H'UP."
    INAE = "inae", "INAÉ Nouvelle Aquitaine."
    INITIATIVE_FRANCE = "initiative-france", "Initiative France."
    KONEXIO = "konexio", "Association Konexio."
    LA_CRAVATE_SOLIDAIRE = "la-cravate-solidaire", "La Cravate Solidaire."
    LA_POSTE = "la-poste", "La Poste."
    LES_PREMIERES = "les-premieres", "Les Premières."
    MAISONS_DE_L_EMPLOI = "maisons-de-l-emploi", "Maisons de l'Emploi."
    MAISON_DEPARTEMENTALE_DE_LAUTONOMIE = (
        "maison-departementale-de-lautonomie",
        "Maisons Départementales de l'Autonomie.",
    )
    MAISONS_DES_SOLIDARITES = "maisons-des-solidarites", "Maisons Départementales des Solidarités (MDS)."
    MDPH = "mdph", "Maisons Départementales pour les Personnes Handicapées (MDPH)."
    MISSION_LOCALE = "mission-locale", "Mission Locale."
    MJC = "mjc", "Maisons des Jeunes et de la Culture."
    MOBIN = "mobin", "Mob'In."
    MSAP = "msap", "Maisons de Services Au Public."
    MUTUALITE_SOCIALE_AGRICOLE = "mutualite-sociale-agricole", "Mutualité Sociale Agricole."
    NQT = "nqt", "Association NQT."
    PIMMS_MEDIATION = "pimms-mediation", "Point Information Médiation Multi Services."
    PJJ = "pjj", "Protection Judiciaire de la Jeunesse."
    PLIE = "plie", "Plans Locaux pour l'Insertion et l'Emploi."
    POINTS_CONSEIL_BUDGET = "points-conseil-budget", "Points Conseil Budget."
    POINTS_JUSTICE = "points-justice", "Points Justice."
    POSITIVE_PLANET = "positive-planet", "Positive Planet."
    REGIONS = "regions", "Régions, Préfectures et services régionaux."
    RESEAU_APP = "reseau-app", "Réseau APP."
    RESEAU_BGE = "reseau-bge", "Réseau BGE."
    RESEAU_ENTREPRENDRE = "reseau-entreprendre", "Réseau Entreprendre."
    RESEAU_INFORMATION_JEUNESSE = "reseau-information-jeunesse", "Réseau Information Jeunesse."
    RESIDENCES_FJT = "residences-fjt", "Résidences - Foyers Jeunes Travailleurs."
    RESSOURCERIES = "ressourceries", "Ressourceries."
    RESTOS_DU_COEUR = "restos-du-coeur", "Restos du Coeur."
    SECOURS_POPULAIRE = "secours-populaire", "Secours Populaire."
    EI = "ei", "Structures d'Insertion par l'Activité Économique - Entreprises d'Insertion."
    ACI = "aci", "Structures d'Insertion par l'Activité Économique - Ateliers et Chantiers d'Insertion."
    ETTI = "etti", "Structures d'Insertion par l'Activité Économique - Entreprises de Travail Temporaire d'Insertion."
    EITI = (
        "eiti",
        "Structures d'Insertion par l'Activité Économique - Entreprises d'Insertion par le Travail Indépendant.",
    )
    SIAO = "siao", "Services Intégrés d'Accueil et d'Orientation."
    SIMPLON = "simplon", "Simplon."
    SINGA = "singa", "Association SINGA."
    SNC = "snc", "Solidarité Nouvelle Face au Chômage."
    SPIP = "spip", "Services Pénitentiaires d'Insertion et de Probation."
    TOUS_TES_POSSIBLES = "tous-tes-possibles", "Tous Tes Possibles."
    UNAF = "unaf", "Union Nationale de l'Aide aux Familles."
    UNEA = "unea", "Union Nationale des Entreprises Adaptées."
    UNIS_CITE = "unis-cite", "UnisCité."
    WIMOOV = "wimoov", "Wimoov."
