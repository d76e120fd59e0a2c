"""The story of `orientation` that `tests.services.test_rejouer` rebuilds."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from services.dossiers.vie import DossierOuvert
from services.orientation.domain.droit import DroitConnu
from tests.engines import Bench
from tests.orientation import dits as messages
from tests.orientation.conftest import Essai
from tests.orientation.fabrique import (
    AUTRE,
    CD,
    COMPLETS,
    PARCOURS,
    RECEPTION,
    a,
    decidee_json,
    depot,
    echeance,
    evenement,
    reorientation_json,
)
from tests.orientation.test_invariants import joue, sequences
from tests.services.defusions import defusion, fusion
from tests.services.rejeu import Rejeu, Vecu, Vie

JUIN, JUILLET = date(2026, 6, 1), date(2026, 7, 1)
CONSERVE, TROISIEME = UUID(int=PARCOURS.int + 5), UUID(int=PARCOURS.int + 6)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")
CONTRAINTES = [
    {"niveau": niveau, "code": "27", "libelle": "Logement", "referentiel": "ft-v4", "valeur": "oui"} | impact
    for niveau, impact in (("situation", {}), ("contrainte", {"impact": "fort"}))
]
REFUSEE = {"decision": "refusee", "motif_refus": "autre", "commentaire_refus": "Rien à Lille."}


async def orienter(essai: Essai) -> None:
    """A right, a diagnostic, a decision told and followed, and the réorientation of it for a day to come."""
    await essai.ouvrir(droit=True)
    await essai.accepte(evenement("rdv.planifie", {"rdv_id": f"cd-59/b@{PARCOURS.hex}"}))
    await essai.accepte(evenement("rdv.planifie", {"rdv_id": f"cd-59/a@{PARCOURS.hex}"}))
    droits = {"etat_dossier": "6", "soumis_droits_devoirs": False, "date_effet": "2026-12-01"}
    instant = a(RECEPTION, 11) + timedelta(microseconds=120)
    await essai.accepte(replace(evenement("droits.modifies", droits), survenu_a=instant))
    await essai.accepte(depot("diagnostic.realise", {"criteres": COMPLETS, "contraintes_diagnostic": CONTRAINTES}))
    await essai.accepte(depot("orientation.decidee", decidee_json() | REFUSEE))
    await essai.accepte(depot("orientation.notifiee", {"date_notification": RECEPTION.isoformat()}))
    structure = {"structure": decidee_json()["structure"]}
    await essai.accepte(replace(evenement("referent.designe", structure), emetteur=CD.partenaire))
    await essai.accepte(depot("reorientation.demandee", reorientation_json()))
    nouvelle = decidee_json(2, JUILLET, date_decision=JUIN.isoformat())
    del nouvelle["decision"]
    reponse = {"decision": "acceptee", "nouvelle_decision": nouvelle}
    await essai.accepte(depot("reorientation.decidee", reponse, recu_a=a(JUIN)))


async def vivre(banc: Bench) -> Vecu:
    """One oriented twice, one whose decision is cancelled, then merged, given back and merged again; one declared."""
    essai = Essai(await banc.pool("orientation"))
    await orienter(essai)
    await essai.ouvrir(AUTRE, droit=True)
    annulee = depot("orientation.decidee", decidee_json(), AUTRE)
    await essai.accepte(annulee)
    await essai.accepte(depot("orientation.annulee", {"annule": str(annulee.id), "motif": "Erreur."}, AUTRE))
    la_fusion = fusion(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))
    await essai.accepte(la_fusion)
    await essai.accepte(defusion(la_fusion, _DEFUSION))
    essai.maintenant = a(JUILLET, 0)
    await essai.accepte(echeance("premier-jour-2", essai.maintenant))
    await essai.accepte(evenement("usager.oppose", {"motif": "Demande."}, AUTRE))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(CONSERVE), "absorbes": [str(AUTRE)]}, CONSERVE))
    await essai.ouvrir(TROISIEME)
    orientation = decidee_json(2, date(2025, 2, 17), date_decision="2025-02-10", date_notification="2025-02-12")
    declaree = {"date_reprise": RECEPTION.isoformat(), "orientation": orientation}
    await essai.accepte(depot("reprise.declaree", declaree, TROISIEME))
    transfert = {"departement_nouveau": "62", "date_effet": JUILLET.isoformat()}
    await essai.accepte(evenement("parcours.transfere", transfert, TROISIEME))
    efface = evenement("usager.efface", {"motif": "Demande de la personne."}, CONSERVE)
    return Vecu(essai.pool, PARCOURS, {AUTRE, CONSERVE}, lambda: essai.accepte(efface), ("Rien à Lille.", PARCOURS))


def _vie(recus: list[tuple[datetime, messages.Message]]) -> Vie:
    histoire = joue(recus)
    avant = {parcours: [DossierOuvert(parcours, "59"), DroitConnu(parcours, True)] for parcours in histoire.dossiers}
    return [
        (dossier, [*avant[parcours], *(f for f in histoire.faits if f.parcours == parcours)])
        for parcours, dossier in histoire.dossiers.items()
    ]


REJEU = Rejeu(
    vivre,
    {"a row that moved": "UPDATE periodes SET date_debut = date_debut - 1 WHERE parcours = $1 AND rang = 1"},
    sequences.map(_vie),
)
