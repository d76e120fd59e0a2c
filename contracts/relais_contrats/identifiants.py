"""National identifiers: their patterns, their keys, and the form under which two of them are compared."""

import re
import unicodedata

from stdnum import luhn
from stdnum.fr import nir as stdnum_nir

MOTIF_NIR = "^[123478][0-9]{2}(0[1-9]|1[0-2]|[23][0-9]|4[0-2]|[5-9][0-9])(2[AB]|[0-9]{2})[0-9]{6}([0-9]{2})?$"
"""Sex, year, month (20-42 and 50-99 stand for an unknown month of birth), place, order; the key when it is there."""
MOTIF_SIRET = "^[0-9]{14}$"
_LA_POSTE = "356000000"
MOTIF_NUMERO_FRANCE_TRAVAIL = "^([0-9]{11}|[0-9]{7}[0-9A-Z])$"
MOTIF_MATRICULE = "^[0-9A-Z]{1,15}$"
MOTIF_NUMERO_DEMANDE_RSA = "^[0-9]{11}$"
MOTIF_IMILO = "^[1-9][0-9]{0,14}$"
MOTIF_LOCAL = "^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$"
MOTIF_CODE_COMMUNE = "^((0[1-9]|[13-8][0-9]|2[1-9AB]|9[0-5])[0-9]{3}|97[1-8][0-9]{2}|98[4-8][0-9]{2})$"
MOTIF_LIEU_NAISSANCE = "^((0[1-9]|[1-8][0-9]|2[AB]|9[0-5])[0-9]{3}|97[1-8][0-9]{2}|98[4-8][0-9]{2}|99[0-9]{3})$"
"""A commune, also under a former code (20xxx for Corsica before 1976), or a foreign country 99xxx."""
MOTIF_CODE_POSTAL = "^[0-9]{5}$"
MOTIF_DEPARTEMENT = "^(0[1-9]|1[0-9]|2[1-9AB]|[345][0-9]|6[0-8]|69[DM]|[78][0-9]|9[0-5]|97[1-8])$"
"""A territory: the codes of `territoires.TERRITOIRES`."""
MOTIF_PARTENAIRE = "^[a-z0-9][a-z0-9-]{1,30}$"
MOTIF_PSEUDONYME = "^prc_[a-z2-7]{26}$"
MOTIF_SAFIR = "^[0-9]{5}$"
MOTIF_CODE_STRUCTURE = "^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$"

_NIR = re.compile(MOTIF_NIR)
_NIR_INCLUS = re.compile(
    r"(?<![0-9])(?P<racine>[123478][ ._-]?[0-9]{2}[ ._-]?(?:0[1-9]|1[0-2]|[23][0-9]|4[0-2]|[5-9][0-9])[ ._-]?"
    r"(?:2[AB]|[0-9]{2})[ ._-]?[0-9]{3}[ ._-]?[0-9]{3})(?:[ ._-]?[0-9]{2})?(?![0-9])",
    re.IGNORECASE,
)
# In a text, what follows may be another number: the key is its own group, and is tried apart.
_NIR_DIT = re.compile(
    r"(?<![0-9])(?P<racine>[123478][ .-]?[0-9]{2}[ .-]?(?:0[1-9]|1[0-2]|[23][0-9]|4[0-2]|[5-9][0-9])[ .-]?"
    r"(?:2[AB]|[0-9]{2})[ .-]?[0-9]{3}[ .-]?[0-9]{3})(?P<cle>[ .-]?[0-9]{2})?(?![0-9])",
    re.IGNORECASE,
)
_CHIFFRES_D_UN_NIR = re.compile(r"(?:\d\D*){12}")
_ESPACES = re.compile(r"[\s_/:,;()\u2010-\u2015\u2212]+")
_SANS_CLE = re.compile(r"[0-9]{3}(0[1-9]|1[0-2])(0[1-9]|[1-8][0-9]|2[AB]|9[0-9])(?!000)[0-9]{3}(?!000)[0-9]{3}")
_MOIS_COURANT = re.compile(r"0[1-9]|1[0-2]|20|3[0-9]|4[0-2]")
# A UUID, a digest or another drawn token, by itself, behind a prefix or before a rank; a short one shows it by letters
# apart from each other.
_JETON = re.compile(
    r"(?<![0-9a-z])(?:(?=[0-9]*[a-f]+[0-9]+[a-f])[0-9a-f]{16}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-z])",
    re.IGNORECASE,
)
_SEPARATEURS = re.compile(r"[\s._/:\u2010-\u2015-]+")
_SEXE_DU_NIR = {"1": "masculin", "2": "feminin"}
"""Those of a definitive number; the waiting ones that begin with 3, 4, 7 or 8 tell nothing for sure."""
_MATRICULE_CAF = 7
"""The useful characters of a CNAF matricule: flows fill up to 13 or 15 with zeros, on the right or on the left."""
# The specimen printed on every form; it has a right key and identifies nobody.
NIR_FICTIFS = frozenset({"2690549588157"})


def cle_nir(nir13: str) -> str:
    """The two digits of the key of a 13-character NIR: 97 − (n mod 97), with 2A → 19 and 2B → 18."""
    return str(stdnum_nir.calc_check_digits(nir13))


def nir_est_coherent(nir: str) -> bool:
    """Whether the key is right (a NIR of 13 characters has none) and the number is not the public specimen."""
    if nir[:13] in NIR_FICTIFS:
        return False
    return len(nir) == 13 or cle_nir(nir[:13]) == nir[13:]


def nir_est_bien_forme(nir: str) -> bool:
    """Whether it looks like a NIR, its key apart."""
    return _NIR.fullmatch(nir) is not None


def nir_est_valide(nir: str) -> bool:
    """Format and key."""
    return nir_est_bien_forme(nir) and nir_est_coherent(nir)


def nir_contredit(nir: str, sexe: str | None, naissance: str | None) -> bool:
    """Return whether a NIR contradicts the sex, year or month of birth of a civil status (`AAAA-MM-JJ`, `00` when
    unknown).

    A NIR has no century. Its months 20-42 and 50-99 stand for an unknown month, and only values known on both sides can
    contradict. The place of birth is not compared: communes have changed départements, births were recorded late or
    abroad, and an emitter often records today's place.
    """
    attendu = _SEXE_DU_NIR.get(nir[:1])
    if attendu is None:
        return False
    if sexe is not None and sexe != attendu:
        return True
    if naissance is None:
        return False
    mois_du_nir, mois = nir[3:5], naissance[5:7]
    return nir[1:3] != naissance[2:4] or ("01" <= mois_du_nir <= "12" and mois not in ("00", mois_du_nir))


def ressemble_a_un_nir(texte: str) -> bool:
    """Whether an identifier of something else bears a NIR, alone or inside, with or without its key and separators.

    Without a key any count or clock of 13 digits might look like one: the month is then one that persons have (1 to 12,
    20, 30 to 42). What is cut in two only, its key apart, is a number and its rank. Hexadecimal tokens (UUID, digests)
    are drawn, whatever digits they show.
    """
    for trouve in _NIR_INCLUS.finditer(_JETON.sub("x", texte)):
        nir = re.sub(r"[^0-9AB]", "", trouve.group().upper())
        est_coupe_en_deux = len(trouve["racine"]) == 13 + 1
        if not est_coupe_en_deux and (nir_est_valide(nir) if len(nir) == 15 else _MOIS_COURANT.match(nir, 3)):
            return True
    return False


def porte_un_nir(texte: str) -> bool:
    """Whether a free text tells a NIR, however it is spaced: with a right key, or with none and a usual month.

    Hexadecimal tokens are left out, as for `ressemble_a_un_nir`.
    """
    if len(texte) < len("1850559350123") or _CHIFFRES_D_UN_NIR.search(texte) is None:
        return False
    propre = "".join(c for c in unicodedata.normalize("NFKC", texte) if unicodedata.category(c) != "Cf")
    for trouve in _NIR_DIT.finditer(_ESPACES.sub(" ", _JETON.sub("x", propre))):
        racine, cle = re.sub(r"[^0-9AB]", "", trouve["racine"].upper()), trouve["cle"]
        if racine in NIR_FICTIFS:
            continue
        if cle and cle_nir(racine) == cle[-2:]:
            return True
        if (not cle or len(cle) > len("12")) and _SANS_CLE.fullmatch(racine):
            return True
    return False


def a_la_forme_d_un_nir(valeur: str) -> bool:
    """Whether a number, of whatever type it is said to be, is written like a NIR: its separators and key apart.

    No order number is 000: a matricule filled up with zeros is none.
    """
    compact = _compact(valeur)
    return nir_est_bien_forme(compact) and compact[10:13] != "000"


def nir_porte(valeur: str) -> str | None:
    """The NIR, with its key, that a number of whatever type is; None when it is none, or a wrong one."""
    compact = _compact(valeur)
    if not a_la_forme_d_un_nir(valeur) or not nir_est_coherent(compact):
        return None
    return compact[:13] + cle_nir(compact[:13])


def siret_est_coherent(siret: str) -> bool:
    """Luhn key of the fourteen digits, with the exception of the establishments of La Poste.

    The key of its first nine digits is not asked for as well: one wrong digit is seen by the first.
    """
    if re.fullmatch(MOTIF_SIRET, siret) is None:
        return False
    return luhn.is_valid(siret) or (siret.startswith(_LA_POSTE) and sum(map(int, siret)) % 5 == 0)


def normaliser(type_identifiant: str, valeur: str) -> str:
    """The canonical form under which two identifiers of one type are equal.

    A NIR always gets its key; matricules and numbers lose the zeros with which some systems pad them. The matricule of
    an MSA is a NIR. Only a valid identifier has a canonical form: validate first.
    """
    compact = "".join(unicodedata.normalize("NFC", valeur).split())
    match type_identifiant:
        case "nir":
            return compact.upper()[:13] + cle_nir(compact.upper()[:13])
        case "matricule-caf" | "matricule-msa":
            return nir_porte(compact) or _sans_remplissage(compact.upper())
        case "numero-france-travail":
            return compact.upper()
        case _:
            return compact


def _compact(valeur: str) -> str:
    return _SEPARATEURS.sub("", unicodedata.normalize("NFKC", valeur)).upper()


def _sans_remplissage(matricule: str) -> str:
    """A matricule filled up on the right keeps its seven characters; then the zeros on the left go."""
    utile = matricule
    if len(utile) > _MATRICULE_CAF and not utile[_MATRICULE_CAF:].strip("0") and utile[:_MATRICULE_CAF].strip("0"):
        utile = utile[:_MATRICULE_CAF]
    utile = utile.lstrip("0")
    if len(utile) > _MATRICULE_CAF and not utile[_MATRICULE_CAF:].strip("0"):
        utile = utile[:_MATRICULE_CAF]
    return utile or "0"
