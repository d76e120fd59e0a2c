"""Partners of every kind, and parcours in which every fact is told: the data of `test_droits_matrice`.

Each step says, in the words of CATALOGUE § 5, who takes part from then on (`entre`) and who does not any more (`sort`).
A `témoin-<group>` stands in every text of a group, so that a leak shows in the bytes, whatever carries it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from relais_contrats.identifiants import cle_nir
from tests.jour import aujourdhui
from tests.parcours.droits_attendus import ACCOMPAGNANT, EMETTEUR, ORIENTE, REFERENT, TERRITOIRE
from tests.parcours.piece import Etape, Profil

DEPARTEMENT, VOISIN = "62", "80"
CD, CD_SANS, FT, FT_SANS = "cd-62", "cd-62-social", "ft-hauts-de-france", "ft-artois"
ML, ML_SIGNALE, CE, DCD = "ml-lens", "ml-arras", "ce-lens", "dcd-lens"
CCAS, ASSO, SIAE = "ccas-lens", "asso-lens", "siae-lens"
CAF, MSA, OFFRES, CD_VOISIN = "caf-62", "msa-62", "di-offres", "cd-80"

_ECHANGE = frozenset({"messages:deposer", "evenements:lire", "parcours:lire"})
SANS, AVEC = _ECHANGE, _ECHANGE | {"sante:lire"}
# Whom it signals it may be told (see `test_signalement_muet` for the others).
RESOUT = AVEC | {"identite:resoudre"}

# Code, département, kind and scopes. Those without `sante:lire` stand beside one of the same kind that has it.
CREES: tuple[tuple[str, str, Profil], ...] = (
    (CD, DEPARTEMENT, Profil("departement", AVEC)),
    (CD_SANS, DEPARTEMENT, Profil("departement", SANS)),
    (FT_SANS, DEPARTEMENT, Profil("france-travail", SANS)),
    (ML, DEPARTEMENT, Profil("mission-locale", AVEC)),
    (ML_SIGNALE, DEPARTEMENT, Profil("mission-locale", RESOUT)),
    (CE, DEPARTEMENT, Profil("cap-emploi", SANS)),
    (DCD, DEPARTEMENT, Profil("delegataire", AVEC)),
    (CCAS, DEPARTEMENT, Profil("ccas", AVEC)),
    (ASSO, DEPARTEMENT, Profil("association", AVEC)),
    (SIAE, DEPARTEMENT, Profil("siae", AVEC)),
    (CAF, DEPARTEMENT, Profil("caf", RESOUT)),
    (MSA, DEPARTEMENT, Profil("msa", RESOUT)),
    (CD_VOISIN, VOISIN, Profil("departement", AVEC)),
)
_DE_LA_DEMO = {FT: Profil("france-travail", AVEC), OFFRES: Profil("plateforme-offre", SANS)}
PROFILS = {code: profil for code, _, profil in CREES} | _DE_LA_DEMO


@dataclass(frozen=True)
class Personne:
    """Somebody who does not exist; `rang` makes her numbers, beyond those of any real person."""

    rang: int
    nom: str
    naissance: str = "1985-05-17"

    @property
    def nir(self) -> str:
        racine = f"2{self.naissance[2:4]}{self.naissance[5:7]}6299{self.rang:04d}"
        return racine + cle_nir(racine)

    @property
    def identite(self) -> dict[str, str]:
        return {"nom_naissance": self.nom, "prenoms": "Témoin-identite", "date_naissance": self.naissance}

    def numero(self, chiffres: int) -> str:
        return f"{10 ** (chiffres - 1) + self.rang}"


def jour(ecart: int) -> str:
    return (aujourdhui() + timedelta(days=ecart)).isoformat()


def structure(code: str) -> dict[str, str]:
    return {"systeme": "local", "valeur": code, "nom": f"Témoin-orientation {code}"}


def professionnel(agent: str) -> dict[str, str]:
    return {
        "nom": "Témoin-orientation",
        "prenom": "Inès",
        "courriel": f"{agent}@temoin-orientation.example",
        "telephone": "0320111213",
        "identifiant_agent": agent,
    }


NATURES = frozenset(
    {"nir", "numero-france-travail", "matricule-caf", "matricule-msa", "numero-demande-rsa", "local", "imilo"}
)
_NIR = re.compile("(?<![0-9a-f])2[0-9]{4}6299[0-9]{4}")
TEMOINS = ("nir", "identite", "local", "orientation", "diagnostic", "sante", "contrat", "sanctions")


def dit(groupe: str, texte: str) -> bool:
    """Whether a text holds what only this group may show."""
    if groupe == "nir":
        return _NIR.search(texte) is not None
    return f"témoin-{groupe}" in texte.casefold() or f"temoin-{groupe}" in texte.casefold()


def _signale(personne: Personne, *identifiants: dict[str, str], **plus: Any) -> dict[str, Any]:
    return {
        "identite": personne.identite,
        "identifiants": list(identifiants),
        "brsa": True,
        "origine": "inscription-auto-caf",
    } | plus


def _nir(personne: Personne) -> dict[str, str]:
    return {"type": "nir", "valeur": personne.nir}


def _tous_les_identifiants(p: Personne) -> list[dict[str, str]]:
    return [
        _nir(p),
        {"type": "numero-france-travail", "valeur": p.numero(11)},
        {"type": "matricule-caf", "valeur": p.numero(7), "role": "demandeur"},
        {"type": "numero-demande-rsa", "valeur": p.numero(11)},
        {"type": "local", "valeur": f"temoin-local-{p.rang}"},
    ]


_ADRESSE = {"code_commune": "62498", "code_postal": "62300", "voie": "1 rue du Témoin-identite"}
_CRITERES = {
    "situation_professionnelle": "plus-deux-ans",
    "type_emploi": "saisonnier",
    "niveau_etude": "nv4",
    "projet_pro": "salariat",
    "contrainte_sante": "impact-fort-recherche-emploi",
    "contrainte_logement": "aucune",
    "contrainte_mobilite": "aucun-moyen-de-transport",
    "contrainte_familiale": "enfant-sans-solution-garde",
    "contrainte_financiere": "impact-faible-recherche-emploi",
    "contrainte_administrative_juridique": "aucune",
    "contrainte_francais_calcul": "aucune",
    "contrainte_numerique": "aucune",
    "brsa": True,
    "boe": True,
    "baeeh": False,
    "scolarite_etablissement_specialise": False,
    "esat": False,
    "boe_souhait_accompagnement": True,
    "capacite_a_travailler": True,
    "msa_autonomie_recherche_emploi": 4,
    "msa_demarches_professionnelles": "peu-demarches",
}


def _contrainte(niveau: str, code: str, libelle: str, **plus: str) -> dict[str, str]:
    return {"niveau": niveau, "code": code, "libelle": libelle, "referentiel": "ft-v4", "valeur": "oui"} | plus


_DIAGNOSTIC = {
    "criteres": _CRITERES,
    "contraintes_diagnostic": [
        _contrainte("contrainte", "23", "Témoin-diagnostic mobilité", impact="fort"),
        _contrainte("contrainte", "25", "Témoin-sante santé", impact="fort"),
        _contrainte("situation", "40", "Témoin-sante conduite"),
        _contrainte("situation", "9", "Témoin-sante enfant"),
    ],
}
_PRECONISATION = {
    "parcours_type": "social",
    "organisme": "mission-locale",
    "structure": structure(ML),
    "motifs": [
        {"critere": "contrainte_mobilite", "valeur": "témoin-diagnostic", "explication": "Témoin-diagnostic."},
        {"critere": "contrainte_sante", "valeur": "témoin-sante", "explication": "Témoin-sante."},
    ],
}
_DECISION = {
    "parcours_type": "social",
    "organisme": "mission-locale",
    "structure": structure(ML),
    "date_decision": jour(-40),
    "date_debut": jour(-400),
    "rang": 1,
}
_NOUVELLE = {
    "parcours_type": "emploi",
    "organisme": "delegataire",
    "structure": structure(DCD),
    "date_decision": jour(0),
    "date_debut": jour(0),
    "rang": 2,
}


def _rdv(cle: str, ecart: int, **plus: str) -> dict[str, Any]:
    debut = (datetime.now(UTC) + timedelta(days=ecart)).replace(minute=0, second=0, microsecond=0)
    return {
        "rdv_id": cle,
        "motif": "accompagnement",
        "debut": debut.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duree_min": 45,
        "modalite": "physique",
        "forme": "individuel",
        "lieu": "Témoin-orientation, salle 2",
        "statut": "planifie",
    } | plus


_CONTRAT = {
    "contrat_id": "c-1",
    "date_debut": jour(-8),
    "duree_mois": 6,
    "engagements_usager": [
        {"id": "e-1", "theme": "mobilite", "libelle": "Témoin-contrat code", "heures_hebdo": 9, "echeance": jour(30)},
        {"id": "e-2", "theme": "sante", "libelle": "Témoin-sante soins", "heures_hebdo": 3, "echeance": jour(40)},
    ],
    "engagements_organisme": [
        {"id": "o-1", "theme": "mobilite", "libelle": "Témoin-contrat conduite"},
        {"id": "o-2", "theme": "sante", "libelle": "Témoin-sante accès"},
    ],
    "dispense_heures": {"motif": "sante"},
}
_SANCTION = {
    "sanction_id": "temoin-sanctions-s",
    "manquement_id": "temoin-sanctions-m",
    "nature": "n65",
    "rang": "r1",
    "type": "susp-rsa",
    "modalite": "pourcentage",
    "montant": 30,
    "duree_mois": 1,
}


def _contrat(**plus: Any) -> dict[str, Any]:
    return {"contrat_id": "c-1"} | plus


def _objectif(cle: str, theme: str, temoin: str, statut: str = "en-cours") -> dict[str, str]:
    return {"objectif_id": cle, "theme": theme, "libelle": f"Témoin-{temoin}", "statut": statut}


def _action(cle: str, objectif: str, temoin: str, sensibilite: str | None, statut: str = "prevue") -> dict[str, str]:
    action = {
        "action_id": cle,
        "objectif_id": objectif,
        "libelle": f"Témoin-{temoin}",
        "echeance": jour(20),
        "statut": statut,
        "prescription_id": f"temoin-{temoin}-{cle}",
    }
    return action | ({"sensibilite": sensibilite} if sensibilite else {})


def _accompagne(qui: str, code: str) -> Etape:
    data = {"accompagnant": professionnel(f"a-{code}"), "structure": structure(code), "date_debut": jour(-30)}
    return Etape(qui, "accompagnant.ajoute", "P1", data | {"role": "accompagnant"}, entre=((code, ACCOMPAGNANT),))


def _designation(agent: str, code: str, ecart: int) -> dict[str, Any]:
    return {"referent": professionnel(agent), "structure": structure(code), "date_debut": jour(ecart)}


_DU_62 = tuple((code, TERRITOIRE) for code in (CD, CD_SANS, FT, FT_SANS))


def _arrive(qui: str, sur: str, data: Mapping[str, Any], *suite: str) -> Etape:
    """Somebody new is told of: the territory enters with its signaller."""
    told = tuple((fait, sur) for fait in ("parcours.ouvert", *suite))
    return Etape(qui, "usager.signale", sur, data, told, (*_DU_62, (qui, EMETTEUR)))


def etapes(rang: int) -> tuple[Etape, ...]:
    """Up to the moment when everything can be read: see `suites` for the rest."""
    p1 = Personne(rang, f"Témoin-identite-{'abcdefghij'[rang % 10]}")
    return (
        _arrive(
            CAF,
            "P1",
            _signale(
                p1,
                *_tous_les_identifiants(p1),
                coordonnees={"adresse": _ADRESSE, "telephone": "0321000000", "courriel": "p1@temoin-identite.example"},
                date_reception_droit=jour(-41),
            ),
            "orientation.demandee",
        ),
        Etape(
            MSA,
            "usager.signale",
            "P1",
            _signale(p1, _nir(p1), {"type": "matricule-msa", "valeur": p1.numero(9), "role": "demandeur"}),
            (("parcours.rattache", "P1"),),
            ((MSA, EMETTEUR),),
        ),
        Etape(
            ML_SIGNALE,
            "usager.signale",
            "P1",
            _signale(p1, _nir(p1), {"type": "imilo", "valeur": p1.numero(8)}),
            (("parcours.rattache", "P1"),),
            ((ML_SIGNALE, EMETTEUR),),
        ),
        Etape(
            CAF,
            "droits.modifies",
            "P1",
            {"etat_dossier": "4", "soumis_droits_devoirs": True, "date_effet": jour(-40), "motif_suspension": "31"},
        ),
        Etape(
            CAF,
            "usager.corrige",
            "P1",
            {
                "identite": {"nom_usage": "Témoin-identite-usage", "commune_naissance": "62498", "sexe": "feminin"},
                "coordonnees": {"adresse": _ADRESSE | {"voie": "2 rue du Témoin-identite"}},
                "identifiants": [{"type": "matricule-caf", "valeur": p1.numero(8), "role": "demandeur"}],
            },
        ),
        Etape(CD, "diagnostic.realise", "P1", _DIAGNOSTIC, (("orientation.preconisee", "P1"),)),
        Etape(FT, "orientation.preconisee", "P1", _PRECONISATION),
        Etape(
            CD,
            "orientation.decidee",
            "P1",
            _DECISION | {"decision": "refusee", "motif_refus": "autre", "commentaire_refus": "Témoin-orientation."},
            (("reexamen.du", "P1"),),
            ((ML, ORIENTE),),
        ),
        _accompagne(ML, ML),
        *(_accompagne(CD, code) for code in (CE, DCD, CCAS, ASSO, SIAE)),
        Etape(
            ML,
            "orientation.notifiee",
            "P1",
            {"date_notification": jour(-40)},
            (("engagement.retard", "P1"),),
        ),
        Etape(ML, "referent.designe", "P1", _designation("r-1", ML, -35), entre=((ML, REFERENT),)),
        Etape(ML, "referent.decline", "P1", {"motif": "Témoin-orientation."}, sort=((ML, REFERENT),)),
        Etape(ML, "referent.designe", "P1", _designation("r-2", ML, -30), entre=((ML, REFERENT),)),
        Etape(ML, "referent.accepte", "P1", {"motif": "Témoin-orientation."}),
        Etape(
            ML,
            "referent.remplace",
            "P1",
            {"date_fin": jour(-21), "motif": "Témoin-orientation.", "nouveau": _designation("r-3", ML, -20)},
        ),
        Etape(ML, "rdv.planifie", "P1", _rdv("rdv-1", -3)),
        Etape(ML, "rdv.modifie", "P1", _rdv("rdv-1", -2)),
        Etape(CD, "rdv.constate", "P1", _rdv("rdv-1", -2, statut="honore")),
        Etape(CCAS, "rdv.planifie", "P1", _rdv("rdv-2", 5)),
        Etape(CCAS, "rdv.annule", "P1", _rdv("rdv-2", 5, statut="annule", annule_par="structure")),
        Etape(ML, "contrat.propose", "P1", _CONTRAT),
        Etape(ML, "contrat.refuse", "P1", _contrat(date_refus=jour(-8), motif="Témoin-contrat.")),
        Etape(CD, "contrat.signe", "P1", _contrat(date_signature=jour(-7), signataires=["usager", "referent"])),
        Etape(ML, "contrat.bilan", "P1", _contrat(date=jour(-2), heures_realisees=12, points=["Témoin-contrat."])),
        Etape(CD, "contrat.suspendu", "P1", _contrat(date=jour(-2), motif="Témoin-contrat.")),
        Etape(CD, "contrat.repris", "P1", _contrat(date=jour(-1), motif="Témoin-contrat.")),
        Etape(
            ML,
            "manquement.signale",
            "P1",
            {
                "manquement_id": "temoin-sanctions-m",
                "nature": "n65",
                "rang": "r1",
                "date_constat": jour(-1),
                "faits": "Témoin-sanctions.",
            },
        ),
        Etape(ML, "sanction.proposee", "P1", _SANCTION | {"date_proposition": jour(-1)}),
        Etape(CD, "sanction.decidee", "P1", _SANCTION | {"date_notification": jour(0)}),
        Etape(
            CD,
            "sanction.levee",
            "P1",
            {"sanction_id": "temoin-sanctions-s", "date_effet": jour(0), "motif": "Témoin-sanctions."},
        ),
        Etape(ML, "objectif.ajoute", "P1", _objectif("o-1", "mobilite", "orientation")),
        Etape(ML, "objectif.ajoute", "P1", _objectif("o-2", "sante", "sante")),
        Etape(ML, "objectif.modifie", "P1", _objectif("o-2", "sante", "sante")),
        Etape(SIAE, "action.ajoutee", "P1", _action("a-1", "o-1", "orientation", "courante")),
        Etape(ML, "action.ajoutee", "P1", _action("a-2", "o-2", "sante", "sante")),
        Etape(ML, "action.ajoutee", "P1", _action("a-3", "o-2", "sante", "sante")),
        # It serves a health objective: not to say that it is about health does not make it public.
        Etape(ML, "action.ajoutee", "P1", _action("a-4", "o-2", "sante", None), dit={"sensibilite": "sante"}),
        Etape(ML, "action.modifiee", "P1", _action("a-4", "o-2", "sante", "courante"), dit={"sensibilite": "sante"}),
        Etape(ML, "action.modifiee", "P1", _action("a-3", "o-2", "sante", "sante", "en-cours")),
        Etape(ML, "action.realisee", "P1", _action("a-1", "o-1", "orientation", "courante", "realisee")),
        Etape(ML, "action.abandonnee", "P1", _action("a-2", "o-2", "sante", "sante", "abandonnee")),
        Etape(CE, "observation.ajoutee", "P1", {"texte": "Témoin-diagnostic.", "sensibilite": "courante"}),
        Etape(ML, "observation.ajoutee", "P1", {"texte": "Témoin-sante.", "sensibilite": "sante"}),
    )


def suites(rang: int) -> tuple[Etape, ...]:
    """What ends, moves, merges."""
    p2, p4, p5 = (
        Personne(rang + n, f"Fictive-{'abcdefghij'[(rang + n) % 10]}{rang}", f"19{70 + n}-01-0{n}") for n in (2, 4, 5)
    )
    local = {"type": "local", "valeur": f"temoin-local-{rang + 3}"}
    return (
        Etape(ML, "objectif.clos", "P1", _objectif("o-1", "mobilite", "orientation", "atteint")),
        Etape(
            ML,
            "reorientation.demandee",
            "P1",
            {
                "motif": "Témoin-orientation.",
                "parcours_type_propose": "emploi",
                "structure_proposee": structure(DCD),
                "accord_referent": True,
                "accord_personne": True,
                "urgence": False,
            },
        ),
        Etape(
            CD,
            "reorientation.decidee",
            "P1",
            {"decision": "acceptee", "motif": "Témoin-orientation.", "nouvelle_decision": _NOUVELLE},
            (("orientation.decidee", "P1"), ("referent.termine", "P1"), ("contrat.a-resigner", "P1")),
            ((DCD, ORIENTE),),
            ((ML, ORIENTE), (ML, REFERENT)),
        ),
        Etape(
            ML,
            "accompagnant.retire",
            "P1",
            {
                "identifiant_agent": f"a-{ML}",
                "structure": structure(ML),
                "date_fin": jour(0),
                "motif": "Témoin-orientation.",
            },
            sort=((ML, ACCOMPAGNANT),),
        ),
        Etape(DCD, "referent.designe", "P1", _designation("r-4", DCD, 0), entre=((DCD, REFERENT),)),
        Etape(DCD, "referent.accepte", "P1", {}),
        Etape(
            DCD,
            "referent.termine",
            "P1",
            {"date_fin": jour(0), "motif": "Témoin-orientation."},
            sort=((DCD, REFERENT),),
        ),
        Etape(CD, "contrat.clos", "P1", _contrat(date=jour(0), motif="Témoin-contrat.")),
        Etape(
            CD,
            "orientation.close",
            "P1",
            {"date_fin": jour(0), "motif": "Témoin-orientation."},
            sort=((DCD, ORIENTE),),
        ),
        Etape(CD, "parcours.clos", "P1", {"date_fin": jour(0), "motif": "Retour à l'emploi."}),
        _arrive(
            CAF,
            "P2",
            _signale(p2, _nir(p2), date_reception_droit=jour(-60)),
            "orientation.demandee",
            "orientation.dessaisie",
        ),
        Etape(
            ML_SIGNALE,
            "usager.signale",
            "P3",
            _signale(p2, local, brsa=False, origine="inscription-auto-milo"),
            (("usager.ambigu", "P3"),),
            (*_DU_62, (ML_SIGNALE, EMETTEUR)),
        ),
        _arrive(ML_SIGNALE, "P4", _signale(p4, _nir(p4), brsa=False)),
        Etape(CD, "orientation.demandee", "P4", {"date_reception": jour(-3), "motif": "Témoin-orientation."}),
        _arrive(CAF, "P5", _signale(p5, {"type": "matricule-caf", "valeur": p5.numero(7), "role": "demandeur"})),
        Etape(
            CD,
            "usager.rapproche",
            "P3",
            {"decision": "meme-personne", "parcours": "{P2}"},
            (("usager.fusionne", "P2"), ("parcours.rattache", "P2")),
            ((ML_SIGNALE, EMETTEUR),),
            vers="P2",
        ),
        Etape(
            CD,
            "usager.fusionne",
            "P4",
            {"conserve": "{P4}", "absorbes": ["{P5}"]},
            entre=((CAF, EMETTEUR),),
        ),
        Etape(
            CD,
            "parcours.transfere",
            "P4",
            {"departement_nouveau": VOISIN, "date_effet": jour(0)},
            (("orientation.demandee", "P4"),),
            ((CD_VOISIN, TERRITOIRE),),  # the former territory reads on for a month
        ),
    )


EFFACE = "P6"


def fin(rang: int) -> tuple[Etape, ...]:
    """An objection, what goes on in spite of it, and the erasure: nothing of it is left to be replayed."""
    p6 = Personne(rang + 6, f"Fictive-oubli{rang}", "1979-06-06")
    return (
        _arrive(ML_SIGNALE, "P6", _signale(p6, _nir(p6), brsa=False)),
        Etape(CD, "usager.oppose", "P6", {"motif": "Demande de la personne."}),
        Etape(CD, "diagnostic.realise", "P6", _DIAGNOSTIC),
        Etape(CD, "parcours.clos", "P6", {"date_fin": jour(0), "motif": "Déménagement."}),
        Etape(CD, "usager.efface", "P6", {"motif": "Demande de la personne."}),
    )
