"""Placeholders and encoding damage in names, numbers, contacts and texts.

In data that identify a person they are refused, because they would merge two persons or hide one. In contacts and free
texts they are accepted with a warning to the sender (`a_dire`): a right does not wait for an e-mail address. Test
vectors measure which words and signs occur in real names.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

_MOTS_DE_REMPLISSAGE = frozenset(
    (
        *("inconnu", "inconnue", "inconnus", "nom inconnu", "prenom inconnu", "non connu", "non connue", "unknown"),
        *("non renseigne", "non renseignee", "non communique", "non communiquee", "non precise", "non precisee"),
        *("a renseigner", "a completer", "a preciser", "sans nom", "sans prenom", "sans nom patronymique", "neant"),
        *("pas de nom", "pas de prenom", "nom de famille", "nom de naissance", "prenom", "prenoms", "nom prenom"),
        *("anonyme", "undefined", "a saisir", "vide", "non fourni", "non fournie", "indetermine", "indeterminee"),
    )
)
"""Whole names, folded. Real ones stay out of it: Null, None, Sans, Aucun, Test, Personne, Nom, Rien."""
_INITIALES = frozenset({mot[0] for mot in _MOTS_DE_REMPLISSAGE} | {"x"})
_D_AUTRES_INITIALES = frozenset(c for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") - {
    c for initiale in _INITIALES for c in (initiale, initiale.upper())
}
"""Most names begin with a letter that no placeholder begins with: those are not looked at further."""
_SANS_OBJET = re.compile(r"\s*n(/\s*[acr]|\.\s*a)[./]?\s*", re.IGNORECASE)
_REPETEE = 3
_NOM_USUEL = re.compile("[A-Za-zÀ-ÖØ-öø-ÿ' -]+")
_SIGNES = re.compile(r"[^\w\s'’‘ʼʻʹ`´‐‑‒–—.,·/()\"-]|[ªº¹²³_]")
"""What no name is written with. Marks that complete a letter are looked at apart."""
_COMMANDES = re.compile("[\u0080-\u009f\u2028\u2029]")
# UTF-8 read as Windows-1252: a letter of the Latin blocks becomes one of these four and a sign that no name has.
_LU_DE_TRAVERS = re.compile(
    "[ÂÃÄÅ][\u0080-\u009f\u00a0-\u00bf€‚ƒ„†‡ˆ‰Š‹ŒŽ•˜™š›œžŸ]|[âãäå][¡-©«-¹»-¿]|â€|√[\u00a0-\u00ff©®™´¨≠]|\ufffd"
)
_ENTITE = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});|\\u[0-9a-fA-F]{4}")
_LETTRE_PERDUE = re.compile(r"(?<=[^\W\d])\?(?=[^\W\d])")
_MEME_CHIFFRE = re.compile(r"(?:0|\+33)[1-9]?([0-9])\1{7,8}")
_COURRIELS = frozenset(
    (
        *("aucun", "aucune", "inconnu", "neant", "sans", "nc", "na", "x", "xx", "xxx", "nomail", "sansmail"),
        *("sansemail", "pasdemail", "pasdemel", "pasdadresse", "pas", "non", "rien", "noreply", "nonrenseigne"),
        *("vide", "unknown"),
    )
)
_NAISSANCES = frozenset({"1900-01-01", "1900-00-00"})

_TEXTE_ABIME = "Ce texte porte la trace d'un mauvais encodage : envoyez-le en UTF-8. Il est admis tel quel."
_TELEPHONE_DE_REMPLISSAGE = "Ce numéro semble mis pour un téléphone inconnu : mieux vaut l'omettre. Il est admis."
_COURRIEL_DE_REMPLISSAGE = "Cette adresse semble mise pour un courriel inconnu : mieux vaut l'omettre. Elle est admise."
_NAISSANCE_DE_REMPLISSAGE = "Cette date semble mise pour une naissance inconnue. Elle est admise."


def nom_de_remplissage(nom: str) -> bool:
    """Return whether a name is a placeholder: no letter at all, X, one letter repeated, or a word for « unknown ». One
    letter is a name (O, Y); X alone is what forms ask for.
    """
    if len(nom) > _REPETEE and nom[0] in _D_AUTRES_INITIALES and nom[1] != nom[0]:
        return False
    mots = _replier(nom)
    lettres = "".join(mots)
    if not any(c.isalpha() for c in lettres) or not lettres.strip("x"):
        return True
    repetee = len(mots) == 1 and len(lettres) >= _REPETEE and len(set(lettres)) == 1
    return repetee or " ".join(mots) in _MOTS_DE_REMPLISSAGE or _SANS_OBJET.fullmatch(nom) is not None


def nom_illisible(nom: str) -> bool:
    """Return whether a name holds signs that no name has: encoding damage, invisible signs (U+200B), the start of a
    formula.
    """
    if _NOM_USUEL.fullmatch(nom):
        return False
    if _COMMANDES.search(nom) or _LU_DE_TRAVERS.search(nom):
        return True
    return any(not unicodedata.category(trouve.group()).startswith("M") for trouve in _SIGNES.finditer(nom))


def numero_de_remplissage(valeur: str) -> bool:
    """Whether an identifier says that there is none: zeros, X, or a word for it."""
    if valeur[:1] in "123456789":
        return False
    compact = re.sub(r"[\s._/:-]", "", valeur)
    return not compact.strip("0") or not compact.strip("Xx") or " ".join(_replier(valeur)) in _MOTS_DE_REMPLISSAGE


def texte_abime(texte: str) -> bool:
    """Whether a text was read in a wrong encoding, or keeps the escapes of another format."""
    if texte.isascii() and not ("&" in texte or "\\" in texte or "?" in texte):
        return False
    if _COMMANDES.search(texte) or _LU_DE_TRAVERS.search(texte) or _LETTRE_PERDUE.search(texte):
        return True
    entites = _ENTITE.finditer(texte)
    return any(trouve[1] is None or html.unescape(trouve.group()) != trouve.group() for trouve in entites)


def a_dire(valeur: Any, pointeur: str, champ: str = "") -> Iterator[dict[str, str]]:
    """Return the warnings about accepted data: JSON Pointer and French sentence."""
    if isinstance(valeur, Mapping):
        for nom, contenu in valeur.items():
            yield from a_dire(contenu, f"{pointeur}/{nom}", nom)
    elif isinstance(valeur, list):
        for rang, contenu in enumerate(valeur):
            yield from a_dire(contenu, f"{pointeur}/{rang}", champ)
    elif isinstance(valeur, str) and (phrase := _phrase(champ, valeur)):
        yield {"pointeur": pointeur, "message": phrase}


def _phrase(champ: str, valeur: str) -> str | None:
    match champ:
        case "telephone":
            return _TELEPHONE_DE_REMPLISSAGE if _MEME_CHIFFRE.fullmatch(valeur) else None
        case "courriel":
            return _COURRIEL_DE_REMPLISSAGE if _est_un_courriel_de_remplissage(valeur) else None
        case "date_naissance":
            return _NAISSANCE_DE_REMPLISSAGE if valeur in _NAISSANCES else None
        case _:
            est_une_adresse = valeur.startswith(("http://", "https://"))
            return _TEXTE_ABIME if not est_une_adresse and texte_abime(valeur) else None


def _est_un_courriel_de_remplissage(courriel: str) -> bool:
    boite, _, domaine = courriel.casefold().partition("@")
    nu = re.sub(r"[._-]", "", boite)
    return nu in _COURRIELS or (boite == domaine.partition(".")[0] and len(set(nu)) == 1)


def _replier(nom: str) -> list[str]:
    decompose = unicodedata.normalize("NFKD", nom.casefold())
    return re.sub(r"[\W_]+", " ", "".join(c for c in decompose if not unicodedata.combining(c))).split()
