"""What several stories share: the right, the decision, the référente, the contract, the offer of services."""

from collections.abc import Mapping
from typing import Any

from relais_kit.histoires.dossier import Dossier, Recit, structure

CAF, CD, FT, ML, ASSO, OFFRE = "caf-59", "cd-59", "ft-hauts-de-france", "ml-lille", "asso-mobilite", "di-offres"

_ORGANISMES = {CD: "departement", FT: "france-travail", ML: "mission-locale", ASSO: "association"}
_REFERENTS = (("Modèle", "Dominique"), ("Spécimen", "Claude"), ("Exemple", "Maxime"))
_CRITERES = {
    "situation_professionnelle": ("deux-dernieres-annees", "plus-deux-ans"),
    "niveau_etude": ("nv4", "nv5"),
    "contrainte_mobilite": ("aucune", "aucun-moyen-de-transport", "dependant-transport"),
    "contrainte_numerique": ("aucune", "non-maitrise"),
}
_COORDONNEES = {"adresse": {"code_commune": "59350", "code_postal": "59000", "voie": "1 rue de l'Essai"}}


def signaler(qui: Dossier, jours: int, droit: int) -> None:
    """The CAF signals a person whose right was received `droit` days ago."""
    recu = {"date_reception_droit": qui.recit.il_y_a(droit), "coordonnees": _COORDONNEES}
    qui.dire(CAF, "usager.signale", {**qui.donnees, **recu}, jours)


def signaler_sans_nir(qui: Dossier, jours: int, identite: Mapping[str, Any]) -> None:
    """The mission locale signals whom it received, by a number of its own."""
    data = {
        "identite": dict(identite),
        "identifiants": [{"type": "local", "valeur": f"ml-{qui.nom.partition('.')[2]}"}],
        "brsa": False,
        "origine": "inscription-auto-milo",
    }
    qui.dire(ML, "usager.signale", data, jours)


def diagnostiquer(qui: Dossier, jours: int) -> None:
    criteres = {critere: qui.hasard.choice(valeurs) for critere, valeurs in _CRITERES.items()}
    qui.dire(CD, "diagnostic.realise", {"criteres": {**criteres, "brsa": True}}, jours)


def decision(qui: Dossier, parcours_type: str, chez: str, jours: int, rang: int = 1) -> dict[str, Any]:
    """The content of a decision that begins on its own day."""
    jour = qui.recit.il_y_a(jours)
    orientation = {"parcours_type": parcours_type, "organisme": _ORGANISMES[chez], "structure": structure(chez)}
    return {**orientation, "date_decision": jour, "date_debut": jour, "rang": rang}


def decider(qui: Dossier, par: str, parcours_type: str, chez: str, jours: int, attendre: str | None = None) -> None:
    acceptee = {"decision": "acceptee", **decision(qui, parcours_type, chez, jours)}
    qui.dire(par, "orientation.decidee", acceptee, jours, attendre)
    notifier(qui, par, jours - 1)


def notifier(qui: Dossier, par: str, jours: int) -> None:
    qui.dire(par, "orientation.notifiee", {"date_notification": qui.recit.il_y_a(jours)}, jours)


def referent(qui: Dossier, chez: str, jours: int) -> dict[str, Any]:
    rang = qui.hasard.randrange(len(_REFERENTS))
    nom, prenom = _REFERENTS[rang]
    joindre = {"courriel": f"referent{rang}@exemple.fr", "telephone": "0199000000", "identifiant_agent": f"AG-{rang}"}
    dit = {"nom": nom, "prenom": prenom, **joindre}
    return {"referent": dit, "structure": structure(chez), "date_debut": qui.recit.il_y_a(jours)}


def suivre(qui: Dossier, chez: str, jours: int, attendre: str | None = "orientation.decidee") -> None:
    """The structure of the orientation, once it was told (not who decided), names a référent, who accepts."""
    qui.dire(chez, "referent.designe", referent(qui, chez, jours), jours, attendre)
    qui.dire(chez, "referent.accepte", {}, jours)


def rendez_vous(qui: Dossier, chez: str, numero: int, jours: int, statut: str) -> None:
    """An appointment, planned three days before, and what became of it."""
    rdv = {
        "rdv_id": f"rdv-{numero}",
        "motif": "accompagnement",
        "debut": f"{qui.recit.il_y_a(jours)}T09:30:00+00:00",
        "duree_min": qui.hasard.choice((30, 45, 60)),
        "modalite": qui.hasard.choice(("physique", "telephone", "visio")),
        "forme": "individuel",
    }
    qui.dire(chez, "rdv.planifie", rdv | {"statut": "planifie"}, jours + 3)
    qui.dire(chez, "rdv.constate", rdv | {"statut": statut}, jours - 1)


def s_engager(qui: Dossier, par: str, jours: int) -> None:
    """A contract in which both sides commit themselves, signed the day after."""
    heures = qui.hasard.randint(5, 10)
    preparer = {"id": "u1", "theme": "mobilite", "libelle": "Préparer le code de la route", "heures_hebdo": heures}
    rencontrer = {"id": "u2", "theme": "choisir-un-metier", "libelle": "Rencontrer deux employeurs"}
    contrat = {
        "contrat_id": "contrat-1",
        "date_debut": qui.recit.il_y_a(jours),
        "duree_mois": qui.hasard.choice((3, 6, 12)),
        "engagements_usager": [preparer, rencontrer | {"heures_hebdo": 15 - heures}],
        "engagements_organisme": [{"id": "o1", "theme": "mobilite", "libelle": "Financer vingt heures de conduite"}],
    }
    signe = {"date_signature": qui.recit.il_y_a(jours - 1), "signataires": ["usager", "referent"]}
    qui.dire(par, "contrat.propose", contrat, jours)
    qui.dire(par, "contrat.signe", {"contrat_id": "contrat-1", **signe}, jours - 1)


def viser(qui: Dossier, chez: str, jours: int) -> None:
    """An objective of the roadmap, and an action towards it."""
    objectif = {"objectif_id": "objectif-1", "theme": "mobilite", "statut": "en-cours"}
    action = {"action_id": "action-1", "objectif_id": "objectif-1", "statut": "prevue"}
    qui.dire(chez, "objectif.ajoute", objectif | {"libelle": "Aller travailler sans dépendre d'un bus"}, jours)
    qui.dire(chez, "action.ajoutee", action | {"libelle": "S'inscrire à l'auto-école solidaire"}, jours)


def service(recit: Recit) -> str:
    """The id of the service that the stories of this seed and day prescribe."""
    return f"essai--g{recit.graine}-j{recit.jour:%Y%m%d}-permis"


def publier(recit: Recit) -> None:
    """The offer, once for the whole file: a structure and its service."""
    dossier, cle = f"offre.g{recit.graine}.j{recit.jour:%Y%m%d}", service(recit).removesuffix("-permis")
    lieu = {"commune": "Lille", "code_postal": "59000", "code_insee": "59350"}
    commun = {"source": "essai", "date_maj": recit.il_y_a(60), **lieu}
    sienne = structure(ASSO)
    publiee = {"id": cle, "nom": sienne["nom"], "siret": sienne["valeur"]}
    offert = {
        "id": service(recit),
        "structure_id": cle,
        "nom": "Auto-école solidaire (essai)",
        "description": "Préparation au permis de conduire, à tarif réduit. Service d'essai.",
        "type": "accompagnement",
        "thematiques": ["mobilite--preparer-un-permis"],
        "frais": "payant",
    }
    recit.dire(OFFRE, "structure.publiee", commun | publiee, 60, dossier)
    recit.dire(OFFRE, "service.publie", commun | offert, 60, dossier)


def prescrire(qui: Dossier, par: str, jours: int) -> None:
    emise = {
        "prescription_id": "prescription-1",
        "service_id": service(qui.recit),
        "motif": "Préparer le permis pour accéder à un emploi.",
        "contact_prefere": "telephone",
        "engagement_protection_donnees": True,
    }
    qui.dire(par, "prescription.emise", emise, jours)


def repondre(qui: Dossier, fait: str, jours: int, **dit: Any) -> None:
    """The structure's answer, dated the day of the deposit: the hub counts a prescription from there."""
    reponse = {"prescription_id": "prescription-1", "date": qui.recit.il_y_a(0), **dit}
    qui.dire(ASSO, fait, reponse, jours)
