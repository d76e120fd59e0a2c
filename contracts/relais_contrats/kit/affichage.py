"""What the kit writes: verdicts for a person or for a program, examples. A refused value is never repeated."""

import json
import os
from collections.abc import Mapping
from typing import Any, Protocol, TextIO

from relais_contrats.exemples import Exemple
from relais_contrats.kit.proche import Proche, valeur_a
from relais_contrats.kit.verdict import Verdict
from relais_contrats.refus import REFUS

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


class Rapport(Protocol):
    """Written as the verdicts come; `finir` is called once."""

    def ajouter(self, rang: int, ligne: int | None, verdict: Verdict) -> None: ...

    def finir(self, total: int, refuses: int) -> None: ...


class RapportTexte:
    """For a person: each refused message with its reasons, then the count."""

    def __init__(self, sortie: TextIO) -> None:
        self._sortie = sortie
        self._c = Couleurs(sortie)
        self._dernier: Verdict | None = None

    def ajouter(self, rang: int, ligne: int | None, verdict: Verdict) -> None:
        self._dernier = verdict
        if verdict.est_conforme:
            return
        lieu = f" (ligne {ligne})" if ligne is not None else ""
        nom = "".join(f" · {fait}" for fait in (verdict.type, verdict.id and f"id {verdict.id}") if fait)
        self._ecrire(f"{self._c.mauvais('✗')} {self._c.fort(f'message {rang}')}{lieu}{nom}")
        for erreur in verdict.erreurs:
            lieu = _lisible(erreur.pointeur) or "le message entier"
            self._ecrire(f"  {self._c.fort(lieu)}  {self._c.mauvais(erreur.code)}")
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

    def ajouter(self, rang: int, ligne: int | None, verdict: Verdict) -> None:
        self._sortie.write(f"{self._avant}\n{json.dumps(en_json(rang, ligne, verdict), ensure_ascii=False)}")
        self._avant = ","

    def finir(self, total: int, refuses: int) -> None:
        totaux = json.dumps({"total": total, "non_conformes": refuses, "conforme": not refuses})
        self._sortie.write(f"\n], {totaux[1:]}\n")


def en_json(rang: int, ligne: int | None, verdict: Verdict) -> dict[str, Any]:
    """One verdict. `statut` is the HTTP status that the hub would answer with."""
    dit: dict[str, Any] = {"rang": rang, "ligne": ligne, "type": verdict.type, "id": verdict.id}
    dit["conforme"] = verdict.est_conforme
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
    """What the example holds at the place of an error, when it says something about it."""
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
    if proche.manquent:
        phrases.append(f"Il a, et votre message n'a pas : {', '.join(proche.manquent)}")
    if proche.en_plus:
        phrases.append(f"Il n'a pas, et votre message a : {', '.join(proche.en_plus)}")
    phrases += [
        f"{genre.pointeur or 'Le tout'} est {genre.obtenu} ; dans l'exemple, {genre.attendu}."
        for genre in proche.autres_genres
    ]
    return phrases


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
