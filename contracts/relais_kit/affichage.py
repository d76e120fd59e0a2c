"""What the kit writes: verdicts for a person or for a program, examples. A refused value is never repeated."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TextIO

from relais_contrats.exemples import Exemple
from relais_contrats.refus import REFUS
from relais_kit import junit
from relais_kit.junit import Cas
from relais_kit.proche import Proche, valeur_a
from relais_kit.verdict import Verdict

_VALEUR_MAX_SIGNES = 80


class Couleurs:
    """ANSI colours, on a terminal only, and never against `NO_COLOR`."""

    def __init__(self, sortie: TextIO) -> None:
        self._actives = sortie.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def _teindre(self, code: int, texte: str) -> str:
        return f"\033[{code}m{texte}\033[0m" if self._actives else texte

    def bon(self, texte: str) -> str:
        return self._teindre(32, texte)

    def mauvais(self, texte: str) -> str:
        return self._teindre(31, texte)

    def fort(self, texte: str) -> str:
        return self._teindre(1, texte)

    def pale(self, texte: str) -> str:
        return self._teindre(2, texte)


class Lieu(NamedTuple):
    """Where a message was: its rank from 1, its file when there are several, its line (NDJSON), its exchange (HAR)."""

    rang: int
    fichier: str | None = None
    ligne: int | None = None
    echange: str | None = None

    def __str__(self) -> str:
        precisions = [
            *([f"ligne {self.ligne}"] if self.ligne is not None else []),
            *filter(None, [self.echange, self.fichier]),
        ]
        return f"message {self.rang}" + (f" ({', '.join(precisions)})" if precisions else "")


class Rapport(Protocol):
    """Written as the verdicts come; `finir` is called once."""

    def ajouter(self, lieu: Lieu, verdict: Verdict) -> None: ...

    def finir(self, total: int, refuses: int) -> None: ...


class RapportTexte:
    """For a person: each refused message with its reasons, then the count."""

    def __init__(self, sortie: TextIO) -> None:
        self._sortie = sortie
        self._c = Couleurs(sortie)
        self._dernier: Verdict | None = None

    def ajouter(self, lieu: Lieu, verdict: Verdict) -> None:
        self._dernier = verdict
        nom = "".join(f" · {fait}" for fait in (verdict.type, verdict.id and f"id {verdict.id}") if fait)
        if verdict.avertissements:
            self._ecrire(f"! {self._c.fort(_lisible(str(lieu)))}{nom}")
            for averti in verdict.avertissements:
                self._ecrire(f"  {self._c.fort(_lisible(averti['pointeur']))}  avertissement")
                self._ecrire(f"    {_lisible(averti['message'])}")
            self._ecrire("")
        if verdict.est_conforme:
            return
        self._ecrire(f"{self._c.mauvais('✗')} {self._c.fort(_lisible(str(lieu)))}{nom}")
        for erreur in verdict.erreurs:
            place = _lisible(erreur.pointeur) or "le message entier"
            self._ecrire(f"  {self._c.fort(place)}  {self._c.mauvais(erreur.code)}")
            self._ecrire(f"    {_lisible(erreur.message)}")
            valeur = _valeur_de_l_exemple(verdict.proche, erreur.pointeur)
            if valeur is not None:
                self._ecrire(self._c.pale(f"    L'exemple porte ici : {_court(valeur)}"))
        for phrase in (*_phrases_exemple(verdict), *_conseil(verdict)):
            self._ecrire(f"  {_lisible(phrase)}")
        self._ecrire("")

    def finir(self, total: int, refuses: int) -> None:
        if refuses:
            self._ecrire(f"{refuses} message{_s(refuses)} non conforme{_s(refuses)} sur {total}.")
        elif total == 1 and self._dernier is not None:
            self._ecrire(f"{self._c.bon('✓')} Message conforme : {self._dernier.type}.")
        else:
            self._ecrire(f"{self._c.bon('✓')} {total} messages, tous conformes.")

    def _ecrire(self, ligne: str) -> None:
        self._sortie.write(ligne + "\n")


class RapportJson:
    """For a program: one JSON document, `{messages, total, non_conformes, conforme}`, written as it goes."""

    def __init__(self, sortie: TextIO) -> None:
        self._sortie = sortie
        self._avant = '{"messages": ['

    def ajouter(self, lieu: Lieu, verdict: Verdict) -> None:
        self._sortie.write(f"{self._avant}\n{json.dumps(en_json(lieu, verdict), ensure_ascii=False)}")
        self._avant = ","

    def finir(self, total: int, refuses: int) -> None:
        totaux = json.dumps({"total": total, "non_conformes": refuses, "conforme": not refuses})
        self._sortie.write(f"\n], {totaux[1:]}\n")


class RapportJunit:
    """A file for continuous integration, beside another report."""

    def __init__(self, fichier: Path, autre: Rapport) -> None:
        self._fichier = fichier
        self._autre = autre
        self._cas: list[Cas] = []

    def ajouter(self, lieu: Lieu, verdict: Verdict) -> None:
        self._autre.ajouter(lieu, verdict)
        lignes = [f"{e.pointeur or '/'} {e.code} : {e.message}" for e in verdict.erreurs]
        nom = " · ".join(filter(None, [str(lieu), verdict.type, verdict.id]))
        self._cas.append(Cas("valider", nom, echec=lignes[0] if lignes else None, detail="\n".join(lignes)))

    def finir(self, total: int, refuses: int) -> None:
        self._autre.finir(total, refuses)
        junit.ecrire(self._fichier, self._cas)


def en_json(lieu: Lieu, verdict: Verdict) -> dict[str, Any]:
    """One verdict. `statut` is the HTTP status that the hub would answer with."""
    dit: dict[str, Any] = {"rang": lieu.rang, "ligne": lieu.ligne, "type": verdict.type, "id": verdict.id}
    dit |= {nom: valeur for nom, valeur in (("fichier", lieu.fichier), ("echange", lieu.echange)) if valeur}
    dit["conforme"] = verdict.est_conforme
    if verdict.avertissements:
        dit["avertissements"] = list(verdict.avertissements)
    if verdict.est_conforme:
        return dit
    dit |= {"code": verdict.code, "statut": verdict.statut, "erreurs": []}
    for erreur in verdict.erreurs:
        dite = {"pointeur": erreur.pointeur, "code": erreur.code, "message": erreur.message}
        valeur = _valeur_de_l_exemple(verdict.proche, erreur.pointeur)
        dit["erreurs"].append(dite if valeur is None else dite | {"dans_l_exemple": valeur})
    if verdict.suggestions:
        dit["suggestions"] = list(verdict.suggestions)
    if verdict.proche:
        dit["exemple"] = _proche_en_json(verdict.proche)
    return dit


def _proche_en_json(proche: Proche) -> Mapping[str, Any]:
    return {
        "type": proche.exemple.type,
        "numero": proche.numero,
        "titre": proche.exemple.titre,
        "message": proche.exemple.message,
        "differences": {
            "manquent": proche.manquent,
            "en_plus": proche.en_plus,
            "autres_genres": [a._asdict() for a in proche.autres_genres],
        },
    }


def exemple_en_json(numero: int, exemple: Exemple) -> Mapping[str, Any]:
    erreurs = [{"pointeur": pointeur, "code": code} for pointeur, code in exemple.erreurs]
    return {"numero": numero, "titre": exemple.titre, "message": exemple.message, "erreurs": erreurs}


def _valeur_de_l_exemple(proche: Proche | None, pointeur: str) -> Any:
    """Return the value of the example at the place of an error, when the example has one there."""
    if proche is None or not pointeur:
        return None
    message = proche.exemple.message
    return valeur_a(message if proche.est_entier else message["data"], pointeur)


def _phrases_exemple(verdict: Verdict) -> list[str]:
    if verdict.suggestions:
        return [f"Type voisin : {', '.join(verdict.suggestions)}. La liste entière : relais-kit exemple --liste"]
    proche = verdict.proche
    if proche is None:
        return []
    numero = f" --numero {proche.numero}" if proche.numero > 1 else ""
    phrases = [
        f"Exemple valide le plus proche : « {proche.exemple.titre} » (relais-kit exemple {proche.exemple.type}{numero})"
    ]
    if proche.est_de_meme_forme:
        return [*phrases, "Votre message a la même forme que lui : c'est une valeur qui est refusée."]
    return [*phrases, "De votre message à cet exemple :", *_differences(proche)]


def _differences(proche: Proche) -> Iterator[str]:
    """What to add, to remove and to change: places and kinds of the message, values of the example alone."""
    for pointeur in proche.manquent:
        valeur = _valeur_de_l_exemple(proche, pointeur.replace("/*", "/0"))
        yield f"  + {pointeur}{'' if valeur is None else f'  {_court(valeur)}'}"
    for pointeur in proche.en_plus:
        yield f"  - {pointeur}"
    for genre in proche.autres_genres:
        yield f"  ~ {genre.pointeur or 'le tout'}  {genre.obtenu} → {genre.attendu}"


def _conseil(verdict: Verdict) -> list[str]:
    refus = REFUS.get(verdict.code or "")
    return [f"Le hub répondrait {verdict.statut}. {refus.conseil}" if refus else f"Le hub répondrait {verdict.statut}."]


def _lisible(texte: str) -> str:
    """A key of the message may hold anything: nothing of it commands the terminal."""
    return "".join(signe if signe.isprintable() else "�" for signe in texte)


def _court(valeur: Any) -> str:
    texte = json.dumps(valeur, ensure_ascii=False)
    return texte if len(texte) <= _VALEUR_MAX_SIGNES else texte[: _VALEUR_MAX_SIGNES - 1] + "…"


def _s(nombre: int) -> str:
    return "s" if nombre > 1 else ""
