"""National identifiers: their patterns, their keys, and the form under which two of them are compared."""

import re
import unicodedata

from stdnum.exceptions import ValidationError
from stdnum.fr import nir as stdnum_nir
from stdnum.fr import siret as stdnum_siret

MOTIF_NIR = "^[123478][0-9]{2}(0[1-9]|1[0-2]|[23][0-9]|4[0-2]|[5-9][0-9])(2[AB]|[0-9]{2})[0-9]{6}([0-9]{2})?$"
"""Sex, year, month (20-42 and 50-99 stand for an unknown month of birth), place, order; the key when it is there."""
MOTIF_SIRET = "^[0-9]{14}$"
MOTIF_NUMERO_FRANCE_TRAVAIL = "^([0-9]{11}|[0-9]{7}[0-9A-Z])$"
MOTIF_MATRICULE = "^[0-9A-Z]{1,15}$"
MOTIF_NUMERO_DEMANDE_RSA = "^[0-9]{11}$"
MOTIF_IMILO = "^[1-9][0-9]{0,14}$"
MOTIF_LOCAL = "^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$"
MOTIF_CODE_COMMUNE = "^((0[1-9]|[13-8][0-9]|2[1-9AB]|9[0-5])[0-9]{3}|97[1-8][0-9]{2}|98[4-8][0-9]{2})$"
MOTIF_LIEU_NAISSANCE = "^((0[1-9]|[1-8][0-9]|2[AB]|9[0-5])[0-9]{3}|97[1-8][0-9]{2}|98[4-8][0-9]{2}|99[0-9]{3})$"
"""A commune, also under a former code (20xxx for Corsica before 1976), or a foreign country 99xxx."""
MOTIF_CODE_POSTAL = "^[0-9]{5}$"
MOTIF_DEPARTEMENT = "^(0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|97[1-46])$"
MOTIF_PARTENAIRE = "^[a-z0-9][a-z0-9-]{1,30}$"
MOTIF_PSEUDONYME = "^prc_[a-z2-7]{26}$"
MOTIF_SAFIR = "^[0-9]{5}$"
MOTIF_CODE_STRUCTURE = "^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$"

_NIR = re.compile(MOTIF_NIR)
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


def siret_est_coherent(siret: str) -> bool:
    """Luhn key, with the exception of the establishments of La Poste."""
    try:
        stdnum_siret.validate(siret)
    except ValidationError:
        return False
    return True


def normaliser(type_identifiant: str, valeur: str) -> str:
    """The canonical form under which two identifiers of one type are equal.

    A NIR always gets its key; matricules and numbers lose the zeros with which some systems pad them.
    Only a valid identifier has a canonical form: validate first.
    """
    compact = "".join(unicodedata.normalize("NFC", valeur).split())
    match type_identifiant:
        case "nir":
            return compact.upper()[:13] + cle_nir(compact.upper()[:13])
        case "matricule-caf" | "matricule-msa":
            return compact.upper().lstrip("0") or "0"
        case "numero-france-travail":
            return compact.upper()
        case _:
            return compact
