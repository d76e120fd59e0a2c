"""What the partners learn of the tellings that are being deposited together, and how it translates their lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from relais_contrats.catalogue import CATALOGUE, TypeMessage, par_type_cloudevents
from relais_contrats.champs import nommer_objets, objet_principal, referencer
from relais_kit.histoires.dossier import ATTENDRE, dossier_de, reserve

Ligne = Mapping[str, Any]


class FichierIllisible(ValueError):
    """One French sentence: this line is not of a story."""


@dataclass
class Bloc:
    """What the partners learn of the tellings that are being deposited together."""

    lignes: Mapping[tuple[Any, ...], Ligne]
    createurs: Mapping[tuple[str, str], str]
    """By dossier and key of an object, the partner that created it."""
    noms: dict[tuple[str, str], str] = field(default_factory=dict)
    """By partner and placeholder, the pseudonym of a parcours."""
    objets: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """By partner, dossier and key of its creator, how the partner calls an object."""
    _entendus: set[tuple[str, str, str]] = field(default_factory=set)

    @classmethod
    def de(cls, lignes: Iterable[Ligne]) -> "Bloc":
        connues: dict[tuple[Any, ...], Ligne] = {}
        createurs: dict[tuple[str, str], str] = {}
        for ligne in lignes:
            connues[_empreinte(ligne)] = ligne
            if cle := _cle(ligne, ligne["data"]):
                createurs.setdefault((ligne["agent"], cle), emetteur(ligne))
        return cls(connues, createurs)

    def retenir(self, code: str, ligne: Ligne, nom: str | None) -> None:
        """The pseudonym of the parcours that a line of this partner is about."""
        if nom:
            self.noms.setdefault((code, reserve(str(dossier_de(ligne["agent"])))), nom)

    def entendre(self, code: str, evenement: Ligne) -> None:
        if par_type_cloudevents(evenement["type"]) is None:  # a reader tolerates what it does not know
            return
        nom = evenement.get("subject")
        self._entendus.update((code, nomme, evenement["type"]) for nomme in _parcours_nommes(evenement))
        ligne = self.lignes.get(_empreinte(evenement))
        if ligne is None:
            return
        self.retenir(code, ligne, nom)
        cle, dite = _cle(ligne, ligne["data"]), _cle(ligne, evenement["data"])
        if cle and dite:
            self.objets.setdefault((code, ligne["agent"], cle), dite)

    def a_entendu(self, ligne: Ligne) -> bool:
        """Whether its emitter was told the fact for which this line waits."""
        if ATTENDRE not in ligne:
            return True
        code = emetteur(ligne)
        type_ = CATALOGUE[ligne[ATTENDRE]].type_cloudevents
        return (code, self.noms.get((code, ligne["subject"]), ""), type_) in self._entendus

    def sait_nommer(self, ligne: Ligne) -> bool:
        """Whether its emitter has a name for every parcours of this line, and for its object if it is of another."""
        code, nommes, cle = emetteur(ligne), _parcours_nommes(ligne), _cle(ligne, ligne["data"])
        est_sien = cle is None or self.createurs[ligne["agent"], cle] == code
        return all((code, nom) in self.noms for nom in nommes) and (
            est_sien or (code, ligne["agent"], cle) in self.objets
        )

    def traduire(self, ligne: Ligne) -> dict[str, Any]:
        """The line as its emitter deposits it: with its own pseudonyms, and its names for the objects of others."""
        code, agent, type_ = emetteur(ligne), ligne["agent"], message(ligne).nom
        data = referencer(type_, ligne["data"], lambda nom: self.noms[code, nom])
        data = nommer_objets(type_, data, lambda _, cle: self.objets.get((code, agent, cle), cle))
        depot = {nom: valeur for nom, valeur in ligne.items() if nom != ATTENDRE} | {"data": data}
        return depot | ({"subject": self.noms[code, ligne["subject"]]} if "subject" in ligne else {})


def recit(ligne: Ligne) -> str:
    """The telling that a line is of. Raises FichierIllisible when it is of none."""
    dossier = dossier_de(ligne.get("agent")) if par_type_cloudevents(ligne.get("type", "")) else None
    if dossier is None:
        raise FichierIllisible("Cette ligne n'est d'aucune histoire.")
    return dossier.rpartition(".")[0]


def message(ligne: Ligne) -> TypeMessage:
    type_ = par_type_cloudevents(ligne["type"])
    assert type_ is not None  # `recit` asks it of every line
    return type_


def emetteur(ligne: Ligne) -> str:
    """The code of the partner that sends this line."""
    return str(ligne["source"]).rpartition("/")[2]


def _empreinte(ligne: Ligne) -> tuple[Any, ...]:
    """By what an event is known again in the feed of another partner."""
    return ligne.get("agent"), ligne["source"], ligne["type"], datetime.fromisoformat(ligne["time"])


def _cle(ligne: Ligne, data: Mapping[str, Any]) -> str | None:
    """The key of the object that a message is about, as `data` of it says."""
    principal = objet_principal(message(ligne).nom)
    return data.get(principal[0]) if principal else None


def _parcours_nommes(ligne: Ligne) -> list[str]:
    """Those of `subject` and of its data: the pseudonym that a merge ends is in the data."""
    nommes = [ligne["subject"]] if "subject" in ligne else []

    def noter(nom: str) -> str:
        nommes.append(nom)
        return nom

    referencer(message(ligne).nom, ligne["data"], noter)
    return nommes
