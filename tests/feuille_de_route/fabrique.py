"""Events and deposits about synthetic parcours, with contents that pass; a test names only what it is about."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from chassis.facts import Entree
from relais_contrats.catalogue import CATALOGUE
from services.feuille_de_route.domain.ensemble import replier
from services.feuille_de_route.domain.parcours import BRIQUES
from services.feuille_de_route.domain.recu import Recu
from services.feuille_de_route.domain.vue import composer

PARIS = ZoneInfo("Europe/Paris")
PARCOURS = UUID("01890000-0000-7000-8000-000000000001")
AUTRE = UUID("01890000-0000-7000-8000-000000000002")
JOUR = date(2026, 3, 16)
CD = "/partenaires/cd-59"
ML = "/partenaires/ml-lille"

Json = dict[str, Any]


def a(jour: date, heure: int = 12) -> datetime:
    """An instant of the wall clock in Paris."""
    return datetime(jour.year, jour.month, jour.day, heure, tzinfo=PARIS)


def structure(nom: str = "UTAS-03") -> Json:
    return {"systeme": "local", "valeur": nom, "nom": f"Structure {nom}"}


def professionnel(agent: str = "AG-1") -> Json:
    return {
        "nom": "MODELE",
        "prenom": "Dominique",
        "courriel": "dominique.modele@exemple.fr",
        "telephone": "0199000000",
        "identifiant_agent": agent,
    }


def decision(rang: int = 1, debut: date = JOUR, chez: str = "UTAS-03", **autres: Any) -> Json:
    defauts = {
        "decision": "acceptee",
        "parcours_type": "socio-professionnel",
        "organisme": "departement",
        "structure": structure(chez),
        "date_decision": debut.isoformat(),
        "date_debut": debut.isoformat(),
        "rang": rang,
    }
    return defauts | autres


def designation(agent: str = "AG-1", chez: str = "UTAS-03", debut: date = JOUR) -> Json:
    return {"referent": professionnel(agent), "structure": structure(chez), "date_debut": debut.isoformat()}


def contrat(contrat_id: str = "ce-1", **autres: Any) -> Json:
    engagement = {"id": "u1", "theme": "mobilite", "libelle": "Préparer le code", "echeance": "2026-09-30"}
    promesse = {"id": "o1", "theme": "mobilite", "libelle": "Financer vingt heures de conduite"}
    return {
        "contrat_id": contrat_id,
        "date_debut": "2026-04-01",
        "duree_mois": 6,
        "engagements_usager": [engagement],
        "engagements_organisme": [promesse],
    } | autres


def signature(le: date = JOUR + timedelta(days=10), contrat_id: str = "ce-1") -> Json:
    return {"contrat_id": contrat_id, "date_signature": le.isoformat(), "signataires": ["usager", "referent"]}


def reexamen(le: date, depuis: date = JOUR) -> Json:
    """What `engagements` tells of the re-examination to this service only."""
    return {"date_debut": depuis.isoformat(), "date_echeance": le.isoformat()}


def rendez_vous(le: date, statut: str = "planifie", rdv_id: str = "rdv-1", motif: str = "accompagnement") -> Json:
    return {
        "rdv_id": rdv_id,
        "motif": motif,
        "debut": a(le, 9).isoformat(),
        "duree_min": 45,
        "modalite": "physique",
        "forme": "individuel",
        "lieu": "12 place du Marché, Exempleville",
        "statut": statut,
    } | ({"annule_par": "usager"} if statut == "annule" else {})


def objectif(objectif_id: str = "obj-1", statut: str = "en-cours", theme: str = "mobilite") -> Json:
    return {"objectif_id": objectif_id, "theme": theme, "libelle": "Pouvoir se déplacer", "statut": statut}


def action(action_id: str = "act-1", objectif_id: str = "obj-1", statut: str = "prevue", **autres: Any) -> Json:
    defauts = {"action_id": action_id, "objectif_id": objectif_id, "libelle": "S'inscrire", "statut": statut}
    return defauts | autres


def prescription(prescription_id: str = "p-1", **autres: Any) -> Json:
    return {
        "prescription_id": prescription_id,
        "service_id": "exemple--auto-ecole",
        "motif": "Préparer le permis.",
        "contact_prefere": "telephone",
        "engagement_protection_donnees": True,
    } | autres


class Recit:
    """Events of all briques in the order in which the hub recorded them; each brique numbers its own."""

    def __init__(self, parcours: UUID = PARCOURS, departement: str = "59") -> None:
        self.departement = departement
        self.recus: list[Recu] = []
        self._parcours = parcours

    def dit(
        self,
        type_: str,
        donnees: Json | None = None,
        parcours: UUID | None = None,
        *,
        par: str = CD,
        effet: date | None = None,
        cause: UUID | None = None,
    ) -> Recu:
        qui = parcours or self._parcours
        brique = BRIQUES.get(type_) or CATALOGUE[type_].brique
        rang = len(self.recus) + 1
        recu = Recu(
            id=UUID(int=(rang << 80) | (7 << 76) | (2 << 62)),
            parcours=qui,
            brique=brique,
            sequence=sum((r.parcours, r.brique) == (qui, brique) for r in self.recus) + 1,
            type=type_,
            departement=self.departement,
            auteur=par,
            survenu_a=a(JOUR) + timedelta(minutes=rang),
            donnees=donnees or {},
            effet=effet,
            cause=cause,
        )
        self.recus.append(recu)
        return recu

    def vue(self) -> Json:
        return vue_de(self.recus, self._parcours)


def vue_de(recus: Iterable[Recu], parcours: UUID = PARCOURS) -> Json:
    return composer(replier(parcours, recus))[0]


def oriente(recit: Recit | None = None) -> Recit:
    """A parcours with an open orientation, its référent and its signed contract."""
    recit = recit or Recit()
    recit.dit("parcours.ouvert")
    recit.dit("orientation.decidee", decision())
    recit.dit("orientation.notifiee", {"date_notification": "2026-03-18"})
    recit.dit("referent.designe", designation())
    recit.dit("referent.accepte")
    recit.dit("contrat.propose", contrat())
    recit.dit("contrat.signe", signature())
    return recit


def natures(vue: Json) -> list[str]:
    return [due["nature"].value for due in vue["echeances"]]


def depot(type_: str, donnees: Json, agregat: UUID = PARCOURS, *, par: str = ML, attendue: int | None = None) -> Entree:
    return Entree(
        id=uuid4(),
        nature="depot",
        type=type_,
        agregat=agregat,
        emetteur=par,
        role="mission-locale",
        partition="59",
        donnees=donnees,
        survenu_a=a(JOUR, 14),
        recu_a=a(JOUR, 15),
        sequence_attendue=attendue,
    )


def evenement(recu: Recu) -> Entree:
    """An event as the listener hands it over."""
    return Entree(
        id=recu.id,
        nature="evenement",
        type=recu.type,
        agregat=recu.parcours,
        emetteur=recu.auteur,
        role="hub",
        partition=recu.departement,
        donnees=recu.donnees,
        survenu_a=recu.survenu_a,
        recu_a=a(JOUR, 15),
        sequence=recu.sequence,
        effet=recu.effet.isoformat() if recu.effet else None,
        cause=recu.cause,
    )


def evenement_neuf(
    type_: str, donnees: Json | None = None, agregat: UUID = PARCOURS, *, sequence: int = 1, departement: str = "59"
) -> Entree:
    return Entree(
        id=uuid7(),
        nature="evenement",
        type=type_,
        agregat=agregat,
        emetteur=CD,
        role="hub",
        partition=departement,
        donnees=donnees or {},
        survenu_a=a(JOUR),
        recu_a=a(JOUR),
        sequence=sequence,
    )
