"""The view of a person's parcours as a document: the model `VueFeuilleDeRoute` of the contracts names its fields.

It is a function of the events alone: no clock, so that the same events give the same bytes on any day.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from relais_contrats.territoires import fuseau
from services.feuille_de_route.domain.carnet import SANTE, Action, Inscription, Objectif, Observation
from services.feuille_de_route.domain.coherence import en_vigueur
from services.feuille_de_route.domain.contrats import Contrat
from services.feuille_de_route.domain.echeances import Prochaine, prochaines
from services.feuille_de_route.domain.ensemble import Ensemble
from services.feuille_de_route.domain.orientations import Demande, Orientation
from services.feuille_de_route.domain.prescriptions import Prescription, liee, statut_effectif
from services.feuille_de_route.domain.suivi import Designation

Document = dict[str, Any]


def composer(ensemble: Ensemble) -> tuple[Document, tuple[Prochaine, ...]]:
    """Compose the view and the due dates, which the view also shows."""
    actuel = en_vigueur(ensemble)
    dues = prochaines(ensemble, actuel)
    return _connus(
        {
            "parcours": ensemble.parcours,
            "departement": ensemble.departement,
            "etat": "close" if ensemble.vie.est_close else "ouverte",
            "date_fin": ensemble.vie.fin,
            "motif_fin": ensemble.vie.motif_fin,
            "demande": _demande(actuel.demande, dues) if actuel.demande else None,
            "orientation": _orientation(actuel.ouverte) if actuel.ouverte else None,
            "orientations_passees": [_orientation(orientation) for orientation in actuel.closes],
            "referent": _designation(actuel.referent) if actuel.referent else None,
            "anciens_referents": [_designation(designation) for designation in actuel.anciennes],
            "accompagnants": [ensemble.suivi.accompagnants[agent] for agent in sorted(ensemble.suivi.accompagnants)],
            "contrat": _contrat(actuel.contrat, actuel.limite_de_signature) if actuel.contrat else None,
            "renouvellement": _contrat(actuel.renouvellement, None) if actuel.renouvellement else None,
            "rendez_vous": _rendez_vous(ensemble),
            "objectifs": _objectifs(ensemble),
            "prescriptions": _prescriptions(ensemble),
            "observations": [_observation(*note) for note in ensemble.carnet.observations],
            "echeances": [_echeance(due) for due in dues],
        }
    ), dues


def _demande(demande: Demande, dues: tuple[Prochaine, ...]) -> Document:
    echeance = next(due.date_echeance for due in dues if due.nature == "decision")
    return _connus(
        {
            "date_reception": demande.recue_le,
            "date_echeance": echeance,
            "etat": "dessaisie" if demande.est_dessaisie else "en-attente",
            "motif": demande.motif,
        }
    )


def _orientation(orientation: Orientation) -> Document:
    return _connus(
        {
            **orientation.decision,
            "date_fin": orientation.fin,
            "etat": "close" if orientation.est_close else "ouverte",
            "decideur": orientation.decideur,
            "date_notification": orientation.notifiee_le,
            "motif_fin": orientation.motif_fin,
        }
    )


def _designation(designation: Designation) -> Document:
    suite = {"etat": designation.etat, "date_fin": designation.fin, "motif": designation.motif}
    return _connus({**designation.donnees, **suite})


def _contrat(contrat: Contrat, limite: date | None) -> Document:
    return _connus(
        {
            **contrat.propose,
            "contrat_id": contrat.contrat_id,
            "etat": contrat.etat,
            "date_limite_signature": limite,
            "date_signature": contrat.signe_le,
            "signataires": contrat.signataires or None,
            "hors_delai": contrat.signe_le > limite if contrat.signe_le and limite else None,
            "date_refus": contrat.refuse_le,
            "cause": contrat.cause,
            "motif": contrat.motif,
        }
    )


def _objectifs(ensemble: Ensemble) -> list[Document]:
    """In the order in which they were added, each with its actions."""
    carnet = ensemble.carnet
    actions: dict[object, list[tuple[Inscription, Action]]] = {}
    for inscription, action in sorted(carnet.actions.values(), key=lambda connue: connue[0].ajoutee_par):
        actions.setdefault(carnet.objectif_de(inscription, action), []).append((inscription, action))
    return [
        {
            **_champs(objectif),
            **_inscription(inscription),
            "actions": [_action(ensemble, *connue) for connue in actions.get(cle, ())],
        }
        for cle, (inscription, objectif) in sorted(carnet.objectifs.items(), key=lambda un: un[1][0].ajoutee_par)
    ]


def _action(ensemble: Ensemble, inscription: Inscription, action: Action) -> Document:
    prescriptions = list(ensemble.prescriptions.connues.values())
    prescription = liee(action, prescriptions)
    return _connus(
        {
            **_champs(action),
            **_inscription(inscription),
            "statut": statut_effectif(action, prescriptions),
            "prescription_id": prescription.prescription_id if prescription else action.prescription_id,
            "etat_prescription": prescription.etat if prescription else None,
            "sensibilite": ensemble.carnet.sensibilite_de(inscription, action),
        }
    )


def _inscription(inscription: Inscription) -> Document:
    return _connus(
        {
            "auteur": inscription.auteur,
            "ajoute_a": _instant(inscription.ajoutee_a),
            "modifie_a": _instant(inscription.modifiee_a) if inscription.modifiee_a else None,
        }
    )


def _prescriptions(ensemble: Ensemble) -> list[Document]:
    """Those of a health action are as sensitive as the action."""
    connues, carnet = list(ensemble.prescriptions.connues.values()), ensemble.carnet
    sensibles = [
        liee(action, connues)
        for inscription, action in carnet.actions.values()
        if carnet.sensibilite_de(inscription, action) == SANTE
    ]
    return [_prescription(connue, est_sensible=connue in sensibles) for connue in connues]


def _prescription(prescription: Prescription, *, est_sensible: bool) -> Document:
    suite = prescription.suite
    return _connus(
        {
            **{nom: valeur for nom, valeur in prescription.emise.items() if nom != "engagement_protection_donnees"},
            "prescripteur": prescription.prescripteur,
            "etat": prescription.etat,
            "date": suite.get("date"),
            "motifs": suite.get("motifs"),
            "message": suite.get("message") or suite.get("raison"),
            "issue": suite.get("issue"),
            "sensibilite": SANTE if est_sensible else None,
        }
    )


def _observation(inscription: Inscription, observation: Observation) -> Document:
    return {**_champs(observation), "auteur": inscription.auteur, "ajoute_a": _instant(inscription.ajoutee_a)}


def _echeance(due: Prochaine) -> Document:
    return _connus({nom: valeur for nom, valeur in _champs(due).items() if nom != "numero"})


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _rendez_vous(ensemble: Ensemble) -> list[Document]:
    """Each begins at the hour of the territory, with its offset, however its emitter wrote the instant."""
    ici = fuseau(ensemble.departement)
    return [
        {**rendez_vous, "debut": datetime.fromisoformat(rendez_vous["debut"]).astimezone(ici).isoformat()}
        for rendez_vous in sorted(ensemble.suivi.rendez_vous.values(), key=_debut)
    ]


def _debut(rendez_vous: Mapping[str, Any]) -> tuple[datetime, str]:
    return (datetime.fromisoformat(rendez_vous["debut"]), rendez_vous["rdv_id"])


def _champs(objet: Objectif | Action | Observation | Prochaine) -> Document:
    """Shallow, unlike `asdict`: what an object holds is shown as it is."""
    return {nom: getattr(objet, nom) for nom in objet.__slots__}


def _connus(document: Document) -> Document:
    """Absent and null mean the same in the contracts: what is not known is not there."""
    return {nom: valeur for nom, valeur in document.items() if valeur is not None}
