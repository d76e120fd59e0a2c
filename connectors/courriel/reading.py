"""Theirs → ours: what a form of the page says, as the data of a message. Pure; the contract judges the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from connectors.courriel.codes import ANNULATIONS, FORMES, ISSUES, MODALITES, OBJETS, REFUS
from relais_contrats.codes.offre import MotifRefusPrescription
from relais_contrats.codes.suivi import StatutRdv

FORM_BYTES: Final = 16_000
_MOST_FIELDS: Final = 60


class FormRefused(Exception):
    """`champ`: the field to put right; one French sentence."""

    def __init__(self, champ: str, phrase: str) -> None:
        super().__init__(phrase)
        self.champ = champ


@dataclass(frozen=True, slots=True)
class Said:
    """`finalite`: the purpose that the partner's convention must have for it."""

    fait: str
    data: Mapping[str, Any]
    finalite: str


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent, trimmed. A field that is there several times has several values."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes) -> Form:
        """Raises `FormRefused` for what no form of the page sends."""
        values: dict[str, list[str]] = {}
        try:
            fields = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        except ValueError as error:
            raise FormRefused("", "Ce qui a été envoyé n'est pas un formulaire de cette page.") from error
        for name, value in fields:
            values.setdefault(name, []).append(value.replace("\r\n", "\n").strip())
        return cls(values)

    def one(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "")

    def all(self, name: str) -> Sequence[str]:
        return self.values.get(name, ())

    def among(self, name: str, choices: Mapping[str, str], phrase: str) -> str:
        if self.one(name) not in choices:
            raise FormRefused(name, phrase)
        return self.one(name)

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.one(name))
        except ValueError as error:
            raise FormRefused(name, "Indiquez une date.") from error


def answer(form: Form, prescription_id: str, today: date) -> Said:
    """A prescription is accepted, studied or refused."""
    data: dict[str, Any] = {"prescription_id": prescription_id, "date": today.isoformat()}
    message = form.one("message")
    data |= {"message": message} if message else {}
    match form.one("reponse"):
        case "accepter":
            return Said("prescription.acceptee", data, "offre")
        case "etudier":
            return Said("prescription.mise-a-l-etude", data, "offre")
        case "refuser":
            return Said("prescription.refusee", data | {"motifs": _motifs(form, message)}, "offre")
        case _:
            raise FormRefused("reponse", "Choisissez une réponse.")


def _motifs(form: Form, message: str) -> list[str]:
    motifs = [motif for motif in REFUS if motif in form.all("motif")]
    if not motifs:
        raise FormRefused("motif", "Cochez au moins un motif de refus.")
    if MotifRefusPrescription.AUTRE in motifs and not message:
        raise FormRefused("message", "Précisez l'autre motif dans le message.")
    return motifs


def participation(form: Form, prescription_id: str, *, is_begun: bool) -> Said:
    """The person comes for the first time, or the participation ends."""
    data = {"prescription_id": prescription_id, "date": form.day("date").isoformat()}
    if not is_begun:
        return Said("participation.commencee", data, "offre")
    issue = form.among("issue", ISSUES, "Dites comment la participation s'est terminée.")
    return Said("participation.terminee", data | {"issue": issue}, "offre")


def designation(form: Form) -> Said:
    motif = form.one("motif")
    match form.one("reponse"):
        case "accepter":
            return Said("referent.accepte", {"motif": motif} if motif else {}, "accompagnement")
        case "decliner" if motif:
            return Said("referent.decline", {"motif": motif}, "accompagnement")
        case "decliner":
            raise FormRefused("motif", "Dites pourquoi vous déclinez.")
        case _:
            raise FormRefused("reponse", "Choisissez une réponse.")


def appointment(form: Form, rdv_id: str, zone: ZoneInfo, *, is_known: bool) -> Said:
    """`zone`: where the clocks of this territory are; the form says their day and hour."""
    data: dict[str, Any] = {
        "rdv_id": rdv_id,
        "motif": form.among("type", OBJETS, "Choisissez l'objet du rendez-vous."),
        "debut": _instant(form, zone).isoformat(),
        "duree_min": _minutes(form),
        "modalite": form.among("modalite", MODALITES, "Dites comment la personne est reçue."),
        "forme": form.among("forme", FORMES, "Dites si le rendez-vous est individuel ou collectif."),
        "statut": StatutRdv.PLANIFIE.value,
    }
    data |= {"lieu": form.one("lieu")} if form.one("lieu") else {}
    return Said("rdv.modifie" if is_known else "rdv.planifie", data, "accompagnement")


def _instant(form: Form, zone: ZoneInfo) -> datetime:
    try:
        hour = time.fromisoformat(form.one("heure"))
    except ValueError as error:
        raise FormRefused("heure", "Indiquez une heure, par exemple 14:30.") from error
    debut = datetime.combine(form.day("jour"), hour.replace(tzinfo=None), zone)
    if datetime.fromtimestamp(debut.timestamp(), zone).replace(tzinfo=None) != debut.replace(tzinfo=None):
        raise FormRefused("heure", "Cette heure n'existe pas ce jour-là : c'est celui du passage à l'heure d'été.")
    return debut


def _minutes(form: Form) -> int:
    text = form.one("duree")
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise FormRefused("duree", "Indiquez une durée en minutes.")
    return int(text)


def outcome(form: Form, rdv: Mapping[str, Any]) -> Said:
    """What became of an appointment that has passed, or that it is cancelled."""
    match form.one("suite"):
        case StatutRdv.HONORE | StatutRdv.NON_HONORE as statut:
            return Said("rdv.constate", {**rdv, "statut": str(statut)}, "accompagnement")
        case StatutRdv.ANNULE as statut:
            par = form.among("annule_par", ANNULATIONS, "Dites qui annule.")
            return Said("rdv.annule", {**rdv, "statut": str(statut), "annule_par": par}, "accompagnement")
        case _:
            raise FormRefused("suite", "Choisissez une réponse.")
