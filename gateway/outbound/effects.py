"""What an event changes in who takes part in a parcours (CATALOGUE § 5). Pure: event, partners, roles held."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from chassis.ordering import Event
from gateway import entries
from relais_contrats.droits import Role
from relais_contrats.partenaires import Partenaire
from relais_contrats.territoires import debut_du_jour

# Effet
# ├── Entre     a partner takes a role; new on the parcours, it is told first (`parcours.partage`)
# ├── Sort      a role ends; the event that ends it is the last one received with it
# ├── Partira   a role ends after some days more, by the clock: see `departures`
# ├── Absorbe   parcours become aliases of a survivor
# └── Efface    everything kept of the parcours goes, once this event is on its way


@dataclass(frozen=True, slots=True)
class Entre:
    """`motif` is the sentence told to a partner that comes new; None when it holds its pseudonym already (its 201)."""

    parcours: UUID
    partenaire: Partenaire
    role: Role
    motif: str | None


@dataclass(frozen=True, slots=True)
class Sort:
    parcours: UUID
    partenaire: str
    role: Role


@dataclass(frozen=True, slots=True)
class Partira:
    """`le`: the end of its last day, in the territory that it leaves."""

    parcours: UUID
    partenaire: str
    role: Role
    le: datetime


@dataclass(frozen=True, slots=True)
class Absorbe:
    survivant: UUID
    absorbes: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Efface:
    parcours: UUID


Effet = Entre | Sort | Partira | Absorbe | Efface

PRISES_D_EFFET: Mapping[str, str | None] = {
    "orientation.effective": "orientation.decidee",
    "suivi.effectif": None,
    "transfert.effectif": "parcours.transfere",
}
"""What a service tells on the day on which something takes effect that it had told in advance, and the message that
tells it to a partner which enters on that day. They are not in the catalogue: nobody receives them."""

# Per parcours, the roles of each participant, by partner code.
Participants = Mapping[UUID, Mapping[str, frozenset[Role]]]
# The professionals at the side of the référent: system and value of the structure, identifier of the agent there.
Accompagnants = frozenset[tuple[str, str, str]]
# Partners that signalled the person of the event and were not told who she is.
Signalants = frozenset[str]

SEJOUR = timedelta(days=30)
"""How long the former territory goes on taking part after a transfer (CATALOGUE § 5)."""
_PAYEURS = ("caf", "msa")
_TERRITOIRE = ("departement", "france-travail")
_MOTIFS_TERRITOIRE = {
    "departement": "La personne relève de votre département.",
    "france-travail": "La personne est inscrite sur votre territoire.",
}
_MOTIF_ORIENTATION = "La personne est orientée vers votre structure."
_MOTIF_RETABLIE = "L'orientation vers votre structure est rétablie."
_MOTIF_REFERENT = "Le référent unique de la personne est désigné dans votre structure."
_MOTIF_ACCOMPAGNANT = "Un professionnel de votre structure rejoint l'accompagnement de la personne."
_MOTIF_PRESCRIPTION = "La personne est adressée à un service de votre structure."
_MOTIF_CONFIRME = "Le département a examiné votre signalement : vous participez au parcours de la personne."
_MOTIF_SANCTION = "Une sanction est décidée : le droit de cette personne, que vous avez signalée, est concerné."
_MOTIF_FUSION = "Ce parcours réunit désormais celui auquel vous participiez et un autre de la même personne."


class Repertoire(Protocol):
    """What is asked of the partners' snapshot; `reload` makes it current."""

    async def reload(self) -> None: ...

    def partenaire(self, code: str) -> Partenaire | None: ...

    def du_territoire(self, departement: str, types: Iterable[str]) -> list[Partenaire]: ...

    def de_la_structure(self, systeme: str, valeur: str) -> list[Partenaire]: ...


def concernes(event: Event) -> set[UUID]:
    """The parcours whose participants `effets` needs, and that the event may change."""
    fusion = _fusion(event)
    return {event.agregat, fusion.survivant, *fusion.absorbes} if fusion else {event.agregat}


def effets(
    event: Event,
    repertoire: Repertoire,
    participants: Participants,
    accompagnants: Accompagnants = frozenset(),
    signalants: Signalants = frozenset(),
    *,
    reconnait: bool = False,
) -> Sequence[Effet]:
    """In order. A type that is not named here changes nothing. `accompagnants` are those of the parcours before it.

    What is told in advance changes nothing before its day: who takes part does until then.
    `reconnait`: the emitter may be told whom it signalled. `signalants`: those who were not told, by parcours.
    """
    parcours, data = event.agregat, event.body["data"]
    if "effet" in event.body:
        return []
    match event.type:
        case "usager.signale":
            return [
                *(_emetteur(event, repertoire) if reconnait else ()),
                *_territoire(parcours, event.body["departement"], repertoire),
            ]
        case "orientation.decidee" | "orientation.effective":
            cibles = _organisme(event, data, repertoire)
            return _remplacer(parcours, Role.ORIENTATION, cibles, _MOTIF_ORIENTATION, participants)
        case "reprise.declaree":
            return list(_reprise_declaree(event, repertoire, participants))
        case "orientation.annulee":
            retablie = data["retablie"]
            cibles = _organisme(event, retablie, repertoire) if retablie else []
            return _remplacer(parcours, Role.ORIENTATION, cibles, _MOTIF_RETABLIE, participants)
        case "orientation.close":
            return _remplacer(parcours, Role.ORIENTATION, [], "", participants)
        case "referent.designe" | "referent.remplace":
            cibles = entries.referents(event.type, data, repertoire) or []
            return _remplacer(parcours, Role.REFERENT, cibles, _MOTIF_REFERENT, participants)
        case "referent.decline" | "referent.termine":
            return _remplacer(parcours, Role.REFERENT, [], "", participants)
        case "suivi.effectif":
            return [
                *_referent_effectif(parcours, data, repertoire, participants),
                *_accompagnement(event, repertoire, participants),
            ]
        case "accompagnant.ajoute":
            cibles = _structure(data["structure"], repertoire)
            return [Entre(parcours, cible, Role.ACCOMPAGNANT, _MOTIF_ACCOMPAGNANT) for cible in cibles]
        case "accompagnant.retire":
            restent = {
                cible.code for cible in _employeurs(accompagnants_apres(event.type, data, accompagnants), repertoire)
            }
            return list(_partants(parcours, Role.ACCOMPAGNANT, restent, participants))
        case "prescription.emise":
            # Thirty days after its end, the structure leaves by the clock: see `departures`.
            cibles = _structure(data["structure"], repertoire) if data.get("structure") else []
            return [Entre(parcours, cible, Role.PRESCRIPTION, _MOTIF_PRESCRIPTION) for cible in cibles]
        case "parcours.transfere" | "transfert.effectif":
            return _demenagement(event, repertoire, participants)
        case "usager.fusionne":
            fusion = _fusion(event)
            return [fusion, *_reprise(fusion, repertoire, participants)] if fusion else []
        case "usager.rapproche":
            fusion = _fusion(event)
            ou = fusion.survivant if fusion else parcours
            reprise: list[Effet] = [fusion, *_reprise(fusion, repertoire, participants)] if fusion else []
            examines = {c for c, roles in participants.get(parcours, {}).items() if Role.SIGNALANT in roles}
            return [*reprise, *_confirmes(ou, examines, repertoire, _MOTIF_CONFIRME)]
        case "sanction.decidee":
            # It pays the right: the sanction is addressed to it.
            payeurs = _confirmes(parcours, signalants, repertoire, _MOTIF_SANCTION)
            return [e for e in payeurs if _paie(e.partenaire, event.body["departement"])]
        case "usager.efface":
            return [Efface(parcours)]
        case _:
            return []


def accompagnants_apres(type_: str, data: Mapping[str, Any], accompagnants: Accompagnants) -> Accompagnants:
    """Who accompanies the person once an event has taken effect: a structure may have several, and loses one."""
    match type_:
        case "suivi.effectif":
            return frozenset(_accompagnant(a["structure"], a["identifiant_agent"]) for a in data["accompagnants"])
        case "accompagnant.ajoute":
            return accompagnants | {_accompagnant(data["structure"], data["accompagnant"]["identifiant_agent"])}
        case "accompagnant.retire":
            return accompagnants - {_accompagnant(data["structure"], data["identifiant_agent"])}
        case _:
            return accompagnants


def _referent_effectif(
    parcours: UUID, data: Mapping[str, Any], repertoire: Repertoire, participants: Participants
) -> list[Effet]:
    cibles = _structure(data["structure"], repertoire) if data["structure"] else []
    return _remplacer(parcours, Role.REFERENT, cibles, _MOTIF_REFERENT, participants)


def _reprise_declaree(event: Event, repertoire: Repertoire, participants: Participants) -> Iterator[Effet]:
    """What the decision, and the designation, would have changed in their time."""
    parcours, data = event.agregat, event.body["data"]
    if orientation := data.get("orientation"):
        cibles = _organisme(event, orientation, repertoire)
        yield from _remplacer(parcours, Role.ORIENTATION, cibles, _MOTIF_ORIENTATION, participants)
    if (referents := entries.referents(event.type, data, repertoire)) is not None:
        yield from _remplacer(parcours, Role.REFERENT, referents, _MOTIF_REFERENT, participants)


def _accompagnement(event: Event, repertoire: Repertoire, participants: Participants) -> list[Effet]:
    employeurs = _employeurs(accompagnants_apres(event.type, event.body["data"], frozenset()), repertoire)
    uniques = {cible.code: cible for cible in employeurs}
    return _remplacer(event.agregat, Role.ACCOMPAGNANT, list(uniques.values()), _MOTIF_ACCOMPAGNANT, participants)


def _accompagnant(structure: Mapping[str, Any], agent: str) -> tuple[str, str, str]:
    return (structure["systeme"], structure["valeur"], agent)


def _employeurs(accompagnants: Accompagnants, repertoire: Repertoire) -> list[Partenaire]:
    structures = {(systeme, valeur) for systeme, valeur, _ in accompagnants}
    return [partenaire for structure in structures for partenaire in repertoire.de_la_structure(*structure)]


def _emetteur(event: Event, repertoire: Repertoire) -> Iterator[Entre]:
    genre, _, code = event.body["source"].lstrip("/").partition("/")
    partenaire = repertoire.partenaire(code)
    if genre == "partenaires" and partenaire:
        yield Entre(event.agregat, partenaire, Role.EMETTEUR, None)


def _confirmes(parcours: UUID, signalants: Collection[str], repertoire: Repertoire, motif: str) -> list[Entre]:
    partenaires = [p for code in sorted(signalants) if (p := repertoire.partenaire(code))]
    return [Entre(parcours, partenaire, Role.EMETTEUR, motif) for partenaire in partenaires]


def _paie(partenaire: Partenaire, departement: str) -> bool:
    return partenaire.type_organisme in _PAYEURS and departement in partenaire.departements


def _territoire(parcours: UUID, departement: str, repertoire: Repertoire) -> Iterator[Entre]:
    for partenaire in repertoire.du_territoire(departement, _TERRITOIRE):
        yield Entre(parcours, partenaire, Role.TERRITOIRE, _MOTIFS_TERRITOIRE[partenaire.type_organisme])


def _demenagement(event: Event, repertoire: Repertoire, participants: Participants) -> list[Effet]:
    """The new territory enters; the former one reads on, and closes what is its own, for a month."""
    parcours, data = event.agregat, event.body["data"]
    entrants = list(_territoire(parcours, data["departement_nouveau"], repertoire))
    if not entries.est_accueilli(data["departement_nouveau"], repertoire):
        return []
    restent = {entre.partenaire.code for entre in entrants}
    le = debut_du_jour(event.body["departement"], date.fromisoformat(data["date_effet"]) + SEJOUR)
    sortants = _partants(parcours, Role.TERRITOIRE, restent, participants)
    return [*(Partira(s.parcours, s.partenaire, s.role, le) for s in sortants), *entrants]


def _structure(structure: Mapping[str, Any], repertoire: Repertoire) -> list[Partenaire]:
    return repertoire.de_la_structure(structure["systeme"], structure["valeur"])


def _organisme(event: Event, decision: Mapping[str, Any], repertoire: Repertoire) -> list[Partenaire]:
    """Who holds the structure; else the only partner of that kind in the territory: with two, nobody can tell."""
    proprietaires = _structure(decision["structure"], repertoire)
    if proprietaires:
        return proprietaires
    du_genre = repertoire.du_territoire(event.body["departement"], [decision["organisme"]])
    return du_genre if len(du_genre) == 1 else []


def _remplacer(
    parcours: UUID, role: Role, cibles: Sequence[Partenaire], motif: str, participants: Participants
) -> list[Effet]:
    sortants = _partants(parcours, role, {cible.code for cible in cibles}, participants)
    return [*sortants, *(Entre(parcours, cible, role, motif) for cible in cibles)]


def _partants(parcours: UUID, role: Role, restent: set[str], participants: Participants) -> Iterator[Sort]:
    for code, roles in participants.get(parcours, {}).items():
        if role in roles and code not in restent:
            yield Sort(parcours, code, role)


def _fusion(event: Event) -> Absorbe | None:
    """An ambiguous signalement that an agent recognises is absorbed by the parcours that it names."""
    data = event.body["data"]
    if event.type == "usager.fusionne":
        return Absorbe(UUID(data["conserve"]), tuple(map(UUID, data["absorbes"])))
    if event.type == "usager.rapproche" and data.get("parcours"):
        reconnu = UUID(data["parcours"])
        return Absorbe(reconnu, (event.agregat,)) if reconnu != event.agregat else None
    return None


def _reprise(fusion: Absorbe, repertoire: Repertoire, participants: Participants) -> Iterator[Entre]:
    for absorbe in fusion.absorbes:
        for code, roles in participants.get(absorbe, {}).items():
            partenaire = repertoire.partenaire(code)
            if partenaire:
                # Not the territory of the absorbed; and a name of its own goes on leading there.
                for role in sorted(roles - {Role.TERRITOIRE, Role.SIGNALANT}):
                    yield Entre(fusion.survivant, partenaire, role, _MOTIF_FUSION)
