"""Contract ⇄ domain: how each deposit and event is read, and how each fact is told.

A prescription says nothing of who the person is: its structure, once it takes part, reads it from `usagers` under the
rights of the door. The reasons and messages of professionals travel in clear, like those of other services.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, assert_never
from uuid import UUID, uuid5

from chassis.facts import Entree, Fait
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.identifiants import MOTIF_CODE_STRUCTURE, siret_est_coherent
from relais_contrats.territoires import territoire_de
from services.offres import lieux
from services.offres.domain import faits, messages
from services.offres.domain.dossier import Demande, Etat, Service
from services.offres.domain.messages import Genre

FLUX_DE_L_OFFRE = "OFFRES"
# Of the structures and services, which have keys of their own: the same one makes the same aggregate for ever.
_ESPACE = UUID("6f0c1c1e-31f1-5d0b-9a55-2a1df0c2a7e4")
_NOMS: Mapping[Etat, str] = {
    Etat.A_L_ETUDE: "prescription.mise-a-l-etude",
    Etat.ACCEPTEE: "prescription.acceptee",
    Etat.REFUSEE: "prescription.refusee",
    Etat.ANNULEE: "prescription.annulee",
    Etat.COMMENCEE: "participation.commencee",
    Etat.TERMINEE: "participation.terminee",
}
SUITES: Mapping[str, Etat] = {nom: etat for etat, nom in _NOMS.items()}


def structure_publiee(entree: Entree) -> messages.Message:
    return _publier(entree, Genre.STRUCTURE)


def service_publie(entree: Entree) -> messages.Message:
    return _publier(entree, Genre.SERVICE)


def structure_retiree(entree: Entree) -> messages.Message:
    return _retirer(entree, Genre.STRUCTURE)


def service_retire(entree: Entree) -> messages.Message:
    return _retirer(entree, Genre.SERVICE)


def prescription_emise(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.Emettre(
        parcours=_parcours(entree),
        prescription_id=donnees["prescription_id"],
        service_id=donnees["service_id"],
        action_id=donnees.get("action_id"),
        prescripteur=entree.emetteur,
        demande=_demande(entree),
        donnees=donnees,
        recu_a=entree.recu_a,
    )


def suite_donnee(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.DonnerSuite(
        parcours=_parcours(entree),
        prescription_id=donnees["prescription_id"],
        vers=SUITES[entree.type],
        date=date.fromisoformat(donnees["date"]),
        emetteur=entree.emetteur,
        recu_a=entree.recu_a,
        motifs=tuple(donnees.get("motifs", ())),
        issue=donnees.get("issue"),
        message=donnees.get("message"),
    )


def parcours_ouvert(entree: Entree) -> messages.Message:
    return messages.ParcoursOuvert(_parcours(entree), entree.partition)


def parcours_transfere(entree: Entree) -> messages.Message:
    return messages.ParcoursTransfere(_parcours(entree), entree.donnees["departement_nouveau"])


def parcours_clos(entree: Entree) -> messages.Message:
    return messages.ParcoursClos(_parcours(entree), date.fromisoformat(entree.donnees["date_fin"]))


def usager_fusionne(entree: Entree) -> messages.Message:
    conserve = UUID(entree.donnees["conserve"])
    absorbes = tuple(UUID(absorbe) for absorbe in entree.donnees["absorbes"])
    return messages.UsagerFusionne(conserve, entree.partition, absorbes)


def usager_efface(entree: Entree) -> messages.Message:
    return messages.UsagerEfface(_parcours(entree), entree.partition)


def temps_passe(entree: Entree) -> messages.Message:
    return messages.FairePasserLeTemps(_parcours(entree))


def traduire(fait: faits.Fait) -> Fait | None:
    """The fact of the catalogue, valid by construction, or None for one that stays at home. Nothing is protected."""
    match fait:
        case faits.SourceLiee():
            return None
        case faits.OffrePubliee():
            nom = "structure.publiee" if fait.genre is Genre.STRUCTURE else "service.publie"
            return _de_l_offre(nom, fait.cle, fait.departement, fait.donnees)
        case faits.OffreRetiree():
            nom = "structure.retiree" if fait.genre is Genre.STRUCTURE else "service.retire"
            retrait = {"id": fait.cle, "date": fait.date, "raison": fait.raison}
            return _de_l_offre(nom, fait.cle, fait.departement, retrait)
        case (
            faits.PrescriptionEmise() | faits.SuiteDonnee() | faits.PrescriptionRelancee() | faits.PrescriptionExpiree()
        ):
            nom, brut = _de_prescription(fait)
            return Fait(nom, fait.parcours, fait.departement, _en_json(nom, brut))
        case _:
            return None


def _de_prescription(fait: faits.DePrescription) -> tuple[str, dict[str, Any]]:
    match fait:
        case faits.PrescriptionEmise():
            return "prescription.emise", {**fait.donnees, "structure": _structure(fait.prescription.service)}
        case faits.SuiteDonnee():
            brut: dict[str, Any] = {"prescription_id": fait.prescription_id, "date": fait.date}
            facultatifs = {"motifs": list(fait.motifs) or None, "issue": fait.issue, "message": fait.message}
            return _NOMS[fait.vers], brut | {nom: dit for nom, dit in facultatifs.items() if dit is not None}
        case faits.PrescriptionRelancee():
            brut = {"prescription_id": fait.prescription_id, "date": fait.date, "relance": fait.relance}
            return "prescription.relancee", brut
        case faits.PrescriptionExpiree():
            brut = {"prescription_id": fait.prescription_id, "date": fait.date, "raison": fait.raison}
            return "prescription.expiree", brut
        case _:
            assert_never(fait)


def _structure(service: Service) -> dict[str, str] | None:
    """By its SIRET, as partners declare theirs; by its key in the offer where it has none, or a wrong one."""
    if service.siret and siret_est_coherent(service.siret):
        return {"systeme": "siret", "valeur": service.siret, "nom": service.structure_nom}
    if re.fullmatch(MOTIF_CODE_STRUCTURE, service.structure_id):
        return {"systeme": "local", "valeur": service.structure_id, "nom": service.structure_nom}
    return None


def _de_l_offre(nom: str, cle: str, departement: str, brut: Mapping[str, Any]) -> Fait:
    return Fait(nom, uuid5(_ESPACE, cle), departement, _en_json(nom, brut), flux=FLUX_DE_L_OFFRE)


def _en_json(nom: str, brut: Mapping[str, Any]) -> Mapping[str, Any]:
    return CATALOGUE[nom].modele.model_validate(brut).en_json()


def _publier(entree: Entree, genre: Genre) -> messages.Message:
    donnees = entree.donnees
    return messages.Publier(
        genre=genre,
        cle=donnees["id"],
        source=donnees["source"],
        departement=entree.partition,
        departement_du_lieu=territoire_de(donnees["code_insee"]) if donnees.get("code_insee") else None,
        lieu_inconnu=lieux.lieu_inconnu(donnees),
        date_maj=date.fromisoformat(donnees["date_maj"]),
        recu_a=entree.recu_a,
        structure_id=donnees.get("structure_id"),
        emetteur=entree.emetteur,
        role=entree.role,
        donnees=donnees,
    )


def _retirer(entree: Entree, genre: Genre) -> messages.Message:
    donnees = entree.donnees
    return messages.Retirer(
        genre=genre,
        cle=donnees["id"],
        source=donnees["id"].partition("--")[0],
        departement=entree.partition,
        emetteur=entree.emetteur,
        role=entree.role,
        date=date.fromisoformat(donnees["date"]),
        raison=donnees["raison"],
        recu_a=entree.recu_a,
    )


def _demande(entree: Entree) -> Demande:
    donnees = entree.donnees
    disponible = donnees.get("disponibilite")
    return Demande(
        motif=donnees["motif"],
        contact_prefere=donnees["contact_prefere"],
        disponibilite=date.fromisoformat(disponible) if disponible else None,
        agent=entree.agent,
    )


def _parcours(entree: Entree) -> UUID:
    if entree.agregat is None:
        raise ValueError(f"{entree.type} without a parcours")
    return entree.agregat
