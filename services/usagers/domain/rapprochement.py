"""Is this person already known? Rules in order, and every contradiction stops: nothing is ever merged in silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from services.usagers.domain.faits import Motif, Regle
from services.usagers.domain.identite import Accord, CorrectionIdentite, Identifiant, Identite, accord, se_ressemblent
from services.usagers.domain.naissance import Ecart, Naissance
from services.usagers.domain.parcours import Parcours

# Roles that one person holds in a household at a time; several children share a matricule and a role.
_ROLES_UNIQUES = frozenset({"demandeur", "conjoint", "responsable-dossier"})
_ORDRE: dict[str, Regle] = {
    "nir": Regle.NIR,
    "numero-france-travail": Regle.NUMERO_FRANCE_TRAVAIL,
    "matricule-caf": Regle.MATRICULE,
    "matricule-msa": Regle.MATRICULE,
    "numero-demande-rsa": Regle.NUMERO_DEMANDE_RSA,
    "local": Regle.LOCAL,
    "imilo": Regle.IMILO,
}
_RANG = {regle: rang for rang, regle in enumerate(Regle)}


@dataclass(frozen=True, slots=True)
class Inconnu:
    """Nobody corresponds."""


@dataclass(frozen=True, slots=True)
class Reconnu:
    """One parcours corresponds, by a strong identifier that nothing contradicts: always `certaine`."""

    parcours: Parcours
    regle: Regle


@dataclass(frozen=True, slots=True)
class Indecis:
    candidats: tuple[Parcours, ...]
    motifs: tuple[Motif, ...]


class _Lien(Enum):
    """The meaning of one shared identifier."""

    CONCORDE = auto()
    CONTREDIT = auto()
    RIEN = auto()


@dataclass(frozen=True, slots=True)
class _Examen:
    """One known parcours compared with the person. `est_homonyme`: same civil status, another definitive NIR."""

    parcours: Parcours
    regle: Regle | None
    meme_etat_civil: bool
    motifs: frozenset[Motif]
    est_homonyme: bool = False


def rapprocher(
    identite: Identite | Naissance | None, identifiants: Sequence[Identifiant], actifs: Sequence[Parcours]
) -> Inconnu | Reconnu | Indecis:
    """Compare a person with the active parcours that share a key with it.

    Without a civil status (a search by number alone) it contradicts nothing; a search may also give the date of birth
    alone.
    """
    examens = [_examiner(identite, identifiants, parcours) for parcours in actifs]
    concernes = _sans_les_distincts([e for e in examens if e.regle or e.motifs or e.meme_etat_civil])
    if not concernes:
        return Inconnu()
    motifs = frozenset[Motif]().union(*(e.motifs for e in concernes))
    forts = [e for e in concernes if e.regle]
    if len(forts) > 1 or (forts and not forts[0].meme_etat_civil and len(concernes) > 1):
        motifs |= {Motif.PLUSIEURS_PARCOURS}
    if not forts and not motifs:
        motifs = frozenset({Motif.ETAT_CIVIL_SEUL})
    if motifs:
        # In doubt, the number that tells a namesake apart may be the wrong one: an agent must be able to say so.
        possibles = [e.parcours for e in examens if e in concernes or e.est_homonyme]
        return Indecis(tuple(possibles), tuple(sorted(motifs)))
    [fort] = forts
    return Reconnu(fort.parcours, fort.regle or Regle.AUCUNE)


def _sans_les_distincts(concernes: list[_Examen]) -> list[_Examen]:
    """Leave out the persons whom an agent has distinguished from the one that the strongest number recognises."""
    forts = sorted((e for e in concernes if e.regle and not e.motifs), key=lambda e: _RANG[e.regle or Regle.AUCUNE])
    if not forts or any(autre.regle == forts[0].regle for autre in concernes if autre is not forts[0]):
        return concernes
    reconnu = forts[0]
    return [e for e in concernes if e is reconnu or not e.parcours.est_distinct_de(reconnu.parcours)]


def _examiner(dite: Identite | Naissance | None, identifiants: Sequence[Identifiant], parcours: Parcours) -> _Examen:
    constat = _constater(dite, parcours)
    identite = dite if isinstance(dite, Identite) else None
    meme_etat_civil = identite is not None and any(se_ressemblent(identite, connue) for connue in parcours.identites)
    communs = [i for i in identifiants if i.cle and i in parcours.identifiants]
    liens = [(_ORDRE[i.nature], _lien(i, constat)) for i in communs]
    regles = sorted((r for r, lien in liens if lien is _Lien.CONCORDE), key=_RANG.__getitem__)
    motifs = set[Motif]()
    est_homonyme = False
    if any(lien is _Lien.CONTREDIT for _, lien in liens):
        motifs.add(Motif.ETAT_CIVIL_DIFFERENT)
    if regles or motifs:
        motifs |= _numeros_differents(identifiants, parcours, constat)
        if identite and _sexe_contredit(identite, parcours):
            motifs.add(Motif.ETAT_CIVIL_DIFFERENT)
    elif meme_etat_civil:
        # Same names, same day of birth, two definitive NIR: two persons, twins or homonyms.
        est_homonyme = _deux_personnes(identifiants, parcours)
        meme_etat_civil = not est_homonyme
    return _Examen(parcours, regles[0] if regles else None, meme_etat_civil, frozenset(motifs), est_homonyme)


def _constater(dite: Identite | Naissance | None, parcours: Parcours) -> Accord:
    match dite:
        case None:
            return Accord(True, True, True)
        case Identite():
            return _meilleur_accord(dite, parcours)
        case _:
            concorde = any(dite.ecart(connue.date_naissance) is Ecart.AUCUN for connue in parcours.identites)
            return Accord(concorde, concorde, concorde)


def _sexe_contredit(identite: Identite, parcours: Parcours) -> bool:
    """Whether the NIR of this parcours gives another sex. An agent, or the emitter of the NIR, may have accepted it."""
    if identite.sexe is None or any(connue.sexe == identite.sexe for connue in parcours.identites):
        return False
    sexe = CorrectionIdentite(sexe=identite.sexe)
    return any(nir.contredit(sexe) for nir in parcours.nirs_definitifs)


def _meilleur_accord(identite: Identite, parcours: Parcours) -> Accord:
    constats = [accord(identite, connue) for connue in parcours.identites]
    return max(constats, key=lambda c: (c.suffit, c.naissance + c.nom + c.prenom), default=Accord(False, False, False))


def _lien(identifiant: Identifiant, constat: Accord) -> _Lien:
    match identifiant.nature:
        case "matricule-caf" | "matricule-msa" | "numero-demande-rsa":
            return _lien_du_foyer(identifiant, constat)
        case "nir" | "numero-france-travail":
            return _Lien.CONCORDE if constat.naissance and constat.suffit else _Lien.CONTREDIT
        case _:
            return _Lien.CONCORDE if constat.suffit else _Lien.CONTREDIT


def _lien_du_foyer(identifiant: Identifiant, constat: Accord) -> _Lien:
    """A household number names a person with its role; another person may since have taken that role."""
    if identifiant.role not in _ROLES_UNIQUES:
        return _Lien.CONCORDE if constat.naissance and constat.prenom else _Lien.RIEN
    date_exigee = identifiant.nature != "numero-demande-rsa"
    if constat.suffit:
        return _Lien.CONCORDE if constat.naissance or not date_exigee else _Lien.CONTREDIT
    return _Lien.CONTREDIT if constat.naissance else _Lien.RIEN


def _numeros_differents(identifiants: Sequence[Identifiant], parcours: Parcours, constat: Accord) -> set[Motif]:
    motifs = set[Motif]()
    if _nirs_opposes(frozenset(i for i in identifiants if i.nature == "nir"), parcours.nirs, constat):
        motifs.add(Motif.NIR_DIFFERENT)
    for numero in (i for i in identifiants if i.nature == "numero-france-travail"):
        tenus = {i for i in parcours.identifiants if i.genre == numero.genre}
        if tenus and numero not in tenus:
            motifs.add(Motif.NUMERO_FT_DIFFERENT)
    return motifs


def _nirs_opposes(recus: frozenset[Identifiant], tenus: frozenset[Identifiant], constat: Accord) -> bool:
    """Two definitive NIR, or two provisional ones. A provisional one gives way to the definitive one of this person."""
    cotes = [frozenset(i for i in cote if not i.est_provisoire) for cote in (recus, tenus)]
    if all(cotes):
        return cotes[0].isdisjoint(cotes[1])
    if not recus or not tenus or not recus.isdisjoint(tenus):
        return False
    return not (any(cotes) and constat.entier)


def _deux_personnes(identifiants: Sequence[Identifiant], parcours: Parcours) -> bool:
    definitifs = frozenset(i for i in identifiants if i.nature == "nir" and not i.est_provisoire)
    return bool(definitifs and parcours.nirs_definitifs) and definitifs.isdisjoint(parcours.nirs_definitifs)
