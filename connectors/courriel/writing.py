"""Ours → theirs: a person's dossier in the words of the page, at the hour of her territory. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.courriel.codes import A_REPONDRE, CONTACTS, ETATS, FORMES, MODALITES, OBJETS, REFUS, STATUTS
from connectors.courriel.following import Dossier, Rdv
from relais_contrats.territoires import fuseau

_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MOIS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
    *("août", "septembre", "octobre", "novembre", "décembre"),
)
_SANS_NOM = "Personne dont le nom ne vous est pas ouvert"
Ligne = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Prescription:
    """`attend`: repondre, commencer, terminer, or nothing."""

    id: str
    titre: str
    etat: str
    attend: str
    est_a_l_etude: bool
    lignes: Sequence[Ligne]


@dataclass(frozen=True, slots=True)
class RendezVous:
    """`attend`: constat (it has passed), venir, or nothing; the rest is what its form is filled with."""

    id: str
    quand: str
    objet: str
    statut: str
    attend: str
    lignes: Sequence[Ligne]
    saisie: Mapping[str, Sequence[str]]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Personne:
    parcours: str
    nom: str
    lignes: Sequence[Ligne]
    prescriptions: Sequence[Prescription]
    rendez_vous: Sequence[RendezVous]
    designation: Sequence[Ligne] | None
    echecs: Sequence[str]


def personne(found: Dossier, services: Mapping[str, str]) -> Personne:
    """`services`: names of services, by their id."""
    zone = fuseau(found.departement)
    return Personne(
        parcours=found.parcours,
        nom=nom(found),
        lignes=_coordonnees(found.personne.get("coordonnees") or {}),
        prescriptions=[_prescription(one, services, zone) for one in found.prescriptions],
        rendez_vous=[_rdv(one, zone) for one in _in_order(found.rendez_vous)],
        designation=_designation(found.designation),
        echecs=found.echecs,
    )


def nom(found: Dossier) -> str:
    identite = found.personne.get("identite")
    if not identite:
        return _SANS_NOM
    return f"{identite['prenoms']} {identite.get('nom_usage') or identite['nom_naissance']}"


def attentes(found: Dossier) -> list[str]:
    """What of this person waits for the structure, and her next appointment, one short line each."""
    count, zone = found.count, fuseau(found.departement)
    said = [f"Demande : {ETATS[one['etat']]}" for one in found.prescriptions if one["etat"] in A_REPONDRE]
    said += ["Référent à accepter ou à décliner"] if count.designations else []
    said += [
        f"Rendez-vous du {instant(one.debut, zone)} à renseigner" for one in found.rendez_vous if one.awaits_outcome
    ]
    to_come = [one for one in _in_order(found.rendez_vous) if one.is_planned and not one.is_past]
    said += [f"Prochain rendez-vous : {instant(to_come[0].debut, zone)}"] if to_come else []
    said += ["Une réponse n'a pas pu être enregistrée"] if found.echecs else []
    said += [
        f"Demande : {ETATS[one['etat']]}" for one in found.prescriptions if one["etat"] in ("acceptee", "commencee")
    ]
    return said


def _coordonnees(known: Mapping[str, Any]) -> list[Ligne]:
    adresse = known.get("adresse") or {}
    lieu = ", ".join(filter(None, (adresse.get("voie"), adresse.get("code_postal"))))
    said = (
        ("Téléphone", _telephone(known.get("telephone") or "")),
        ("Courriel", known.get("courriel")),
        ("Adresse", lieu),
    )
    return [(name, value) for name, value in said if value]


def _telephone(number: str) -> str:
    """By twos, as it is read aloud; another form than the national one stays as it is."""
    is_national = len(number) == 10 and number.isdigit()
    return "\u00a0".join(number[at : at + 2] for at in range(0, 10, 2)) if is_national else number


def _prescription(one: Mapping[str, Any], services: Mapping[str, str], zone: ZoneInfo) -> Prescription:
    etat = one["etat"]
    awaited = {"acceptee": "commencer", "commencee": "terminer"}.get(etat, "repondre" if etat in A_REPONDRE else "")
    service = one.get("service_id", "")
    refus = " ; ".join(REFUS.get(motif, motif) for motif in one.get("motifs") or ())
    said = (
        ("Demandée le", jour(datetime.fromisoformat(one["emise_a"]).astimezone(zone).date())),
        ("Ce qui est attendu", one.get("motif")),
        ("Comment joindre la personne", CONTACTS.get(one.get("contact_prefere", ""))),
        (
            "Disponible à partir du",
            jour(date.fromisoformat(one["disponibilite"])) if one.get("disponibilite") else None,
        ),
        ("Motifs du refus", refus),
        ("Votre message", one.get("message")),
    )
    return Prescription(
        id=one["prescription_id"],
        titre=services.get(service, service) or "Service prescrit",
        etat=ETATS.get(etat, etat),
        attend=awaited,
        est_a_l_etude=etat == "a-l-etude",
        lignes=[(name, value) for name, value in said if value],
    )


def _in_order(found: Sequence[Rdv]) -> list[Rdv]:
    """Those that wait for their outcome, those to come, then the past ones, the latest first."""
    waiting = [one for one in found if one.is_planned]
    return [
        *sorted((one for one in waiting if one.is_past), key=lambda one: one.debut),
        *sorted((one for one in waiting if not one.is_past), key=lambda one: one.debut),
        *sorted((one for one in found if not one.is_planned), key=lambda one: one.debut, reverse=True),
    ]


def _rdv(one: Rdv, zone: ZoneInfo) -> RendezVous:
    data, here = one.data, one.debut.astimezone(zone)
    awaits = "" if not (one.is_planned and one.is_ours) else "constat" if one.is_past else "venir"
    said = (("Durée", f"{data['duree_min']} minutes"), ("Lieu", data.get("lieu")))
    return RendezVous(
        id=one.id,
        quand=instant(one.debut, zone),
        objet=OBJETS.get(data["motif"], data["motif"]),
        statut=STATUTS.get(data["statut"], data["statut"]),
        attend=awaits,
        lignes=[
            (
                "Comment",
                f"{MODALITES.get(data['modalite'], data['modalite'])}, {FORMES.get(data['forme'], '').lower()}",
            ),
            *((name, str(value)) for name, value in said if value),
        ],
        saisie={
            "type": [data["motif"]],
            "jour": [here.date().isoformat()],
            "heure": [f"{here:%H:%M}"],
            "duree": [str(data["duree_min"])],
            "modalite": [data["modalite"]],
            "forme": [data["forme"]],
            "lieu": [data.get("lieu") or ""],
        },
        data=data,
    )


def _designation(one: Mapping[str, Any] | None) -> list[Ligne] | None:
    if one is None:
        return None
    who = one["referent"]
    said = ("Référent désigné", f"{who['prenom']} {who['nom']}"), ("Structure", one["structure"].get("nom"))
    began = ("À partir du", jour(date.fromisoformat(one["date_debut"])))
    return [(name, value) for name, value in (*said, began) if value]


def jour(le: date) -> str:
    """`1er juin 2026`, on one line."""
    first = "1er" if le.day == 1 else str(le.day)
    return f"{first}\u00a0{_MOIS[le.month - 1]}\u00a0{le.year}"


def instant(quand: datetime, zone: ZoneInfo) -> str:
    """`lundi 1er juin 2026 à 9 h 30`, as the clocks of this zone say."""
    here = quand.astimezone(zone)
    minutes = f"\u00a0{here.minute:02}" if here.minute else ""
    return f"{_JOURS[here.weekday()]} {jour(here.date())} à {here.hour}\u00a0h{minutes}"
