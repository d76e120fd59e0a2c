"""The default table of the rule engine; the rules of a département (`store.reglages`) replace all of it.

The categories are those of the arrêté of 21 November 2024: employment, qualification, wishes, difficulties. How much
each value weighs is a starting point to adapt, not law.
"""

from services.orientation.domain.preconisation import Regle

_SOCIAL, _SOCIO_PRO, _EMPLOI = "social", "socio-professionnel", "emploi"
_CD, _FT, _CE = "departement", "france-travail", "cap-emploi"
_FORT = "impact-fort-recherche-emploi"

PAR_DEFAUT = (
    Regle("contrainte_sante", "incapacite-recherche-activite-pro", 10,
          "L'état de santé ne permet pas de rechercher un emploi : insertion sociale d'abord.", _SOCIAL, _CD),
    Regle("capacite_a_travailler", "non", 11,
          "La personne n'est pas en capacité de travailler : insertion sociale d'abord.", _SOCIAL, _CD),
    Regle("contrainte_logement", "sans-logement", 12,
          "Sans logement, la recherche d'emploi ne peut aboutir : insertion sociale d'abord.", _SOCIAL, _CD),
    Regle("contrainte_sante", _FORT, 20,
          "La santé pèse fortement sur la recherche d'emploi : accompagner la santé et l'emploi à la fois.",
          _SOCIO_PRO, _CD),
    Regle("contrainte_logement", "procedure-expulsion", 21,
          "Une procédure d'expulsion est en cours : accompagner le logement et l'emploi à la fois.", _SOCIO_PRO, _CD),
    Regle("contrainte_logement", _FORT, 22,
          "Le logement pèse fortement sur la recherche d'emploi.", _SOCIO_PRO, _CD),
    Regle("contrainte_familiale", "enfant-sans-solution-garde", 23,
          "Un enfant est sans solution de garde : la lever avec la recherche d'emploi.", _SOCIO_PRO, _CD),
    Regle("contrainte_familiale", "aidant-familial", 24,
          "La personne est aidante : adapter la recherche d'emploi à cette charge.", _SOCIO_PRO, _CD),
    Regle("contrainte_familiale", _FORT, 25,
          "La situation familiale pèse fortement sur la recherche d'emploi.", _SOCIO_PRO, _CD),
    Regle("contrainte_financiere", _FORT, 26,
          "Les difficultés financières pèsent fortement sur la recherche d'emploi.", _SOCIO_PRO, _CD),
    Regle("contrainte_administrative_juridique", _FORT, 27,
          "Les difficultés administratives ou juridiques pèsent fortement sur la recherche d'emploi.",
          _SOCIO_PRO, _CD),
    Regle("contrainte_francais_calcul", _FORT, 28,
          "La maîtrise du français ou du calcul freine fortement la recherche d'emploi.", _SOCIO_PRO, _FT),
    Regle("contrainte_mobilite", "aucun-moyen-de-transport", 29,
          "Sans moyen de transport, la mobilité est à traiter avec la recherche d'emploi.", _SOCIO_PRO, _FT),
    Regle("contrainte_numerique", "non-acces-internet", 30,
          "Sans accès à internet, l'autonomie numérique est à construire avec la recherche d'emploi.",
          _SOCIO_PRO, _FT),
    Regle("boe_souhait_accompagnement", "oui", 40,
          "La personne, bénéficiaire de l'obligation d'emploi, souhaite un accompagnement par Cap emploi.", None, _CE),
    Regle("projet_pro", "aucun", 50,
          "Aucun projet professionnel n'est exprimé : le construire avec la personne.", _SOCIO_PRO, _FT),
    Regle("situation_professionnelle", "jamais", 60,
          "La personne n'a jamais travaillé : un accompagnement global vers le premier emploi.", _SOCIO_PRO, _FT),
    Regle("situation_professionnelle", "plus-deux-ans", 61,
          "Plus de deux ans sans emploi, sans frein majeur déclaré : accompagnement vers l'emploi.", _EMPLOI, _FT),
    Regle("situation_professionnelle", "deux-dernieres-annees", 62,
          "La personne a travaillé récemment, sans frein majeur déclaré : accompagnement vers l'emploi.",
          _EMPLOI, _FT),
    Regle("situation_professionnelle", "en-activite", 63,
          "La personne travaille déjà, sans frein majeur déclaré : accompagnement vers l'emploi.", _EMPLOI, _FT),
)  # fmt: skip
