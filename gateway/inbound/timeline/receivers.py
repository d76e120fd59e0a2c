"""Who received each event, how and why; who did not, and why not. Pure.

The gate is `relais_contrats.droits`, as everywhere: here it only explains what it answered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from chassis.database import Record
from gateway.inbound.operating import causes
from gateway.inbound.operating.causes import Cause
from gateway.inbound.timeline import phrases
from gateway.inbound.timeline.rows import Lignes
from gateway.inbound.timeline.steps import read_at
from gateway.pseudonyms import Pseudonyms
from relais_contrats.catalogue import ABONNES_TERRITOIRE, CATALOGUE, TypeMessage
from relais_contrats.droits import FIN_IGNOREE, Demandeur, Ferme, Role, passer, recoit, roles_ouverts, situer
from relais_contrats.matrice import CIRCONSTANCES
from relais_contrats.partenaires import Partenaire, jour_des_conventions

Etat = Literal["livre", "lu", "a-lire", "en-cours", "en-echec", "arrete", "retenu", "sans-objet", "exclu"]
_MOST_EXCLUDED = 40
_FEED = "GET /v1/evenements"
_SHARED = "parcours.partage"
"""Tells one partner that it takes part: it was never for the others."""


_SIGNALLED = "A signalé la personne, mais ne prend pas part à son parcours : il relit seulement ce qu'il a déposé."


@dataclass(frozen=True, slots=True)
class Voie:
    """One way to a receiver: a subscription (its id), or the feed (None). `phrase` says where it is and what it waits
    for, `echeance` when it goes on by itself."""

    abonnement: UUID | None
    etat: Etat
    phrase: str
    essais: int = 0
    a: datetime | None = None
    echeance: datetime | None = None
    suite: str = ""
    """What to do, and who."""


@dataclass(frozen=True, slots=True)
class Destinataire:
    """One partner for one event. `nom`: the id under which it knows the event; `pourquoi`: why it receives it, or why
    it does not."""

    partenaire: str
    type: str
    evenement: UUID
    nom: UUID | None
    etat: Etat
    etat_lisible: str
    pourquoi: str
    voies: Sequence[Voie] = ()
    relaisnumero: int | None = None

    @property
    def is_waiting(self) -> bool:
        return self.etat not in ("livre", "lu", "exclu", "sans-objet")


class Annuaire(Protocol):
    """What is asked of the partners' snapshot."""

    def partenaire(self, code: str) -> Partenaire | None: ...
    def de_ce_departement(self, departement: str) -> list[Partenaire]: ...


def receivers(rows: Lignes, annuaire: Annuaire, pseudonyms: Pseudonyms, now: datetime) -> list[Destinataire]:
    """By event in the order in which they were told; those who receive it first."""
    found: list[Destinataire] = []
    for event in rows.evenements:
        delivered = [row for row in rows.livraisons if row["evenement"] == event["id"]]
        found += [_receiver(rows, row, annuaire, pseudonyms, now) for row in delivered]
        if event["type"] in CATALOGUE and event["type"] != _SHARED:
            found += _excluded(rows, event, {row["partenaire"] for row in delivered}, annuaire)
    return found


def _receiver(rows: Lignes, row: Record, annuaire: Annuaire, pseudonyms: Pseudonyms, now: datetime) -> Destinataire:
    code, roles = row["partenaire"], frozenset(map(Role, row["roles"]))
    partenaire = annuaire.partenaire(code)
    ways = [*_pushed(rows, row, now), _pulled(rows, row, _held_back(rows, partenaire, roles, row["type"], now))]
    return Destinataire(
        code,
        row["type"],
        row["evenement"],
        pseudonyms.event_of(code, row["evenement"]),
        (etat := _whole(ways)),
        phrases.ETATS[etat],
        _why(partenaire, roles, row["type"]),
        ways,
        row["relaisnumero"],
    )


def _held_back(
    rows: Lignes, partenaire: Partenaire | None, roles: frozenset[Role], type_: str, now: datetime
) -> tuple[str, str] | None:
    """What keeps it in the feed for now, if anything does, and what to do."""
    if rows.personne and rows.personne.archive_depuis:
        phrase = "Le parcours est archivé : il se lit de nouveau quand un opérateur l'ouvre, ou quand on en reparle."
        return phrase, phrases.ARCHIVE
    if partenaire is None or not partenaire.est_actif:
        return "Le partenaire est suspendu.", phrases.SUSPENDU
    message = CATALOGUE.get(type_)
    if message and passer(_today(partenaire, now), roles, message) is Ferme.ATTENTE:
        finalites = ", ".join(sorted(message.finalites))
        phrase = f"Aucune convention en vigueur ne le couvre aujourd'hui ({finalites}) : il attend le renouvellement."
        return phrase, phrases.CONVENTION
    return None


def _today(partenaire: Partenaire, now: datetime) -> Demandeur:
    return Demandeur(partenaire, partenaire.scopes, jour_des_conventions(now))


def _whole(ways: Sequence[Voie]) -> Etat:
    """It is received once one way has brought it; else the worst of the subscriptions says where it is."""
    states = [way.etat for way in ways]
    order: tuple[Etat, ...] = ("livre", "lu", "arrete", "en-echec", "retenu", "en-cours", "a-lire", "sans-objet")
    return next(state for state in order if state in states)


def _why(partenaire: Partenaire | None, roles: frozenset[Role], type_: str) -> str:
    held = [phrases.ROLES[role] for role in Role if role in roles and role in phrases.ROLES]
    by_role = f"Prend part au parcours : {', '.join(held)}." if held else ""
    if roles & {Role.ABONNE, Role.TITULAIRE}:
        by_role = f"{', '.join(held).capitalize()}."
    if partenaire is None or type_ not in CATALOGUE:
        return by_role
    agreed = sorted({c.finalite for c in partenaire.conventions} & CATALOGUE[type_].finalites)
    return f"{by_role} Par convention : {', '.join(agreed)}." if agreed else by_role


def _pushed(rows: Lignes, delivery: Record, now: datetime) -> Iterator[Voie]:
    sent = {row["abonnement"]: row for row in rows.envois if row["livraison"] == delivery["numero"]}
    for subscription in rows.abonnements:
        if subscription["partenaire"] != delivery["partenaire"]:
            continue
        if row := sent.get(subscription["id"]):
            yield _sending(row, subscription, delivery, now)
        elif subscription["types"] and delivery["type"] not in subscription["types"]:
            phrase = f"Le filtre de l'abonnement exclut ce type (il prend : {', '.join(subscription['types'])})."
            yield Voie(subscription["id"], "sans-objet", phrase, suite=phrases.DEPUIS_LE_FIL)
        elif subscription["cree_a"] > delivery["a"]:
            phrase = "L'abonnement a été créé après l'événement."
            yield Voie(subscription["id"], "sans-objet", phrase, suite=phrases.DEPUIS_LE_FIL)
        else:
            phrase = "L'abonnement était inactif quand l'événement a été publié."
            yield Voie(subscription["id"], "sans-objet", phrase, suite=phrases.DEPUIS_LE_FIL)


def _sending(row: Record, subscription: Record, delivery: Record, now: datetime) -> Voie:
    id_, count, last = subscription["id"], row["essais"], row["essaye_a"]
    match row["etat"]:
        case "livre":
            phrase = f"Livré par webhook ({phrases.reponse(row['code'], row['erreur'])})."
            return Voie(id_, "livre", phrase, count, last)
        case "sans-objet":
            return Voie(id_, "sans-objet", "Rien de cet événement ne lui est visible aujourd'hui.", count, last)
        case "retenu":
            phrase = "Retenu : la convention du partenaire est finie, le parcours est archivé, ou l'événement au rebut."
            return Voie(id_, "retenu", phrase, count, last, suite=phrases.CONVENTION)
    match subscription["etat"]:
        case "suspendu":
            phrase = (
                "Abonnement suspendu : l'adresse a échoué pendant 72 heures. Rien n'est perdu, tout repart quand le "
                "partenaire le réactive."
            )
            return Voie(id_, "arrete", phrase, count, subscription["suspendu_a"], suite=phrases.REACTIVER)
        case "inactif":
            phrase = "Abonnement désactivé : rien ne part tant qu'il l'est."
            return Voie(id_, "arrete", phrase, count, last, suite=phrases.REACTIVER)
        case "a-verifier":
            phrase = "L'adresse n'a pas encore répondu à la vérification de l'abonnement."
            return Voie(id_, "en-cours", phrase, count, last, subscription["rouvre_a"], phrases.VERIFIER)
    return _in_its_queue(row, subscription, delivery, now)


def _in_its_queue(row: Record, subscription: Record, delivery: Record, now: datetime) -> Voie:
    """Of an active subscription: at the head of its queue, or behind what failed there."""
    id_, count, last = subscription["id"], row["essais"], row["essaye_a"]
    failures, due = row["echecs_de_file"] or 0, row["prochain_a"]
    if row["tete"] is not None and row["tete"] != delivery["numero"]:
        if not failures:
            return Voie(id_, "en-cours", "Attend son tour dans la file de ce parcours.", count, last)
        phrase = "File de ce parcours arrêtée : un événement antérieur n'est pas livré, l'ordre est gardé."
        return Voie(id_, "arrete", phrase, count, last, due, phrases.AVANT_LUI)
    if not failures:
        return Voie(id_, "en-cours", "Va partir par webhook.", count, last)
    why = phrases.reponse(row["code"], row["erreur"])
    tries = f"{failures} tentative{'s' if failures > 1 else ''} sans succès"
    if due is None:
        phrase = f"File de ce parcours arrêtée après {tries} ({why}) : il faut demander un rejeu."
        return Voie(id_, "arrete", phrase, count, last, suite=phrases.REJOUER)
    code = str(row["code"]) if row["code"] is not None else row["erreur"] or ""
    suite = causes.dit(Cause("livraison", subscription["partenaire"], str(id_), code)).etape
    if subscription["rouvre_a"] and subscription["rouvre_a"] > now:
        phrase = f"{tries.capitalize()} ({why}) : l'adresse échoue pour tous les parcours, les envois font une pause."
        return Voie(id_, "en-echec", phrase, count, last, max(due, subscription["rouvre_a"]), suite)
    return Voie(id_, "en-echec", f"{tries.capitalize()} ({why}).", count, last, due, suite)


def _pulled(rows: Lignes, delivery: Record, held_back: tuple[str, str] | None) -> Voie:
    """The feed has every delivery, pushed or not."""
    cursor = rows.curseurs.get(delivery["partenaire"])
    if cursor and cursor["numero"] >= delivery["numero"]:
        phrase = f"Lu et acquitté dans son fil ({_FEED})."
        return Voie(None, "lu", phrase, a=read_at(rows, delivery) or cursor["acquitte_a"])
    if held_back:
        return Voie(None, "retenu", held_back[0], suite=held_back[1])
    if delivery["retenue"]:
        return Voie(
            None,
            "retenu",
            "Retenu dans son fil : il y revient quand l'événement au rebut est repris.",
            suite=phrases.REPRENDRE,
        )
    if shown := read_at(rows, delivery):
        return Voie(None, "lu", f"Lu dans son fil ({_FEED}), pas encore acquitté.", a=shown)
    phrase = f"À lire dans son fil ({_FEED}) : il ne l'a pas encore relevé."
    if not any(one["partenaire"] == delivery["partenaire"] for one in rows.abonnements):
        phrase += " Il n'a aucun abonnement : rien ne lui est poussé."
    return Voie(None, "a-lire", phrase, suite=phrases.RELEVER)


def _excluded(rows: Lignes, event: Record, received: set[str], annuaire: Annuaire) -> list[Destinataire]:
    """Who takes part, then who is of the territory, and does not receive this."""
    message = CATALOGUE[event["type"]]
    held = _held(rows, event["recu_a"])
    departement = rows.personne.departement if rows.personne else event["departement"]
    around = [p.code for p in annuaire.de_ce_departement(departement)] if departement else []
    codes = [code for code in dict.fromkeys([*sorted(held), *around]) if code not in received]
    return [
        Destinataire(code, message.nom, event["id"], None, "exclu", phrases.ETATS["exclu"], why)
        for code in codes[:_MOST_EXCLUDED]
        if (known := annuaire.partenaire(code))
        and (why := _why_not(known, held.get(code, frozenset()), message, event, departement, rows))
    ]


def _held(rows: Lignes, at: datetime) -> Mapping[str, frozenset[Role]]:
    """The roles on the parcours at that instant, by partner; of who had left, none."""
    held: dict[str, set[Role]] = {}
    for row in rows.participants:
        roles = held.setdefault(row["partenaire"], set())
        if row["depuis"] <= at and (row["fin"] is None or row["fin"] >= at):
            roles.add(Role(row["role"]))
    return {code: frozenset(roles) for code, roles in held.items()}


def _why_not(
    partenaire: Partenaire,
    roles: frozenset[Role],
    message: TypeMessage,
    event: Record,
    departement: str | None,
    rows: Lignes,
) -> str:
    genre = partenaire.type_organisme
    if event["source"] == partenaire.source:
        return "C'est lui qui l'a émis."
    if not partenaire.est_actif:
        return "Partenaire suspendu : il ne reçoit rien tant qu'un opérateur ne l'a pas rétabli."
    if ABONNES_TERRITOIRE in message.recepteurs:
        return "N'a pas d'abonnement à ce type de message de l'offre."
    if not roles - CIRCONSTANCES - {Role.SIGNALANT}:
        return _SIGNALLED if Role.SIGNALANT in roles else _never_there(partenaire, rows)
    counting = situer(genre, partenaire.departements, roles, departement)
    if rows.personne and rows.personne.oppose_depuis:
        counting |= {Role.OPPOSITION}
    if not counting - CIRCONSTANCES:
        return f"Le parcours est hors de son territoire (département {departement})."
    if not roles_ouverts(genre, counting):
        return "La personne s'est opposée au partage : sa participation n'ouvre plus rien."
    causes = {rows.depot["partenaire"]} if rows.depot else set()
    if not recoit(message, genre, counting, est_la_cause=partenaire.code in causes):
        return f"Prend part au parcours, mais ce message n'est pas destiné à son organisme ({genre}) ni à son rôle."
    if passer(Demandeur(partenaire, partenaire.scopes, FIN_IGNOREE), counting, message) is Ferme.ATTENTE:
        finalites = ", ".join(sorted(message.finalites))
        return f"Aucune de ses conventions ne couvre ce message (finalités : {finalites}) : en ajouter une l'ouvre."
    return "Sa participation n'ouvre aucun des champs de ce message."


def _never_there(partenaire: Partenaire, rows: Lignes) -> str:
    mine = [row for row in rows.participants if row["partenaire"] == partenaire.code]
    if any(row["fin"] for row in mine):
        return "A quitté le parcours avant cet événement."
    if mine:
        return "A rejoint le parcours après cet événement."
    return "Ne prend pas part à ce parcours : aucun message ne l'y a fait entrer."
