"""One person of a CNAF household as messages of the catalogue, and what had to be left out of them.

The correspondence of codes is that of `relais_contrats`; what a reader must decide is decided here:

* signalled: the demandeur, the conjoint, and whoever is subject to droits et devoirs; not children and dependants;
* `brsa`: the person is subject to droits et devoirs (TOPPERSDRODEVORSA; else the household's; else any open right);
* `date_reception_droit`: the day on which the flow was made, for an open right that was asked for since `depuis`: from
  then on the département knows. A right asked for earlier is part of its stock: when it was received is not known here,
  and a date of our own would open six weeks that ended long ago (CASF D. 262-65-2);
* an identifier with a wrong form or key is left out and told; so is a NIR that contradicts the sex or the birth of the
  person, and a number that two persons of a household carry;
* a household that another organisation takes over is transferred, unless it came back since; one that arrives is
  received on the day of the flow, however old its demand (CASF D. 262-65-2: opening *or transfer* of the right);
* an instruction (`virs`, `vird`) tells who asks for the RSA, and nothing of a right; `vird`, what the person declared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from connectors.cnaf import dsp, places
from connectors.cnaf.flow import Adresse, Foyer, Header, Personne
from relais_contrats import identifiants as ident
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.correspondances import CNAF, correspondance
from relais_contrats.lecture import MessageInvalide, lire_donnees
from relais_contrats.territoires import territoire_de

_PARIS = ZoneInfo("Europe/Paris")
STOCK = timedelta(days=92)
"""Three months, the instruction of a demand included: a right asked for earlier was open before the flow."""
_ROLES = {"DEM", "CJT"}
_OPEN = {"2", "3", "4"}
_SEX = {"1": "masculin", "2": "feminin", "M": "masculin", "F": "feminin", "MR": "masculin", "MME": "feminin"}
_MATRICULES = {"CAF": "matricule-caf", "MSA": "matricule-msa"}
_ORIGINES = {"CAF": "inscription-auto-caf", "MSA": "inscription-auto-msa"}
_VOIE_MAX = 200
_ROLE, _MOTIF_SUSPENSION, _MOTIF_CLOTURE, _PARCOURS = (
    correspondance(CNAF, notion).paires for notion in ("role", "motif_suspension", "motif_cloture", "parcours")
)
_INSTRUCTIONS = {"I", "R"}
_NOWHERE = "le territoire de l'organisme prenant n'est dit ni par son numéro ni par l'adresse du foyer"
_STAYS = "l'organisme prenant couvre plusieurs territoires, et le foyer habite encore celui-ci"
_NO_ORGANISM: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Omission:
    """Something of the flow that the message does not carry; `code` when it is a refusal of the catalogue."""

    objet: str
    code: str | None
    motif: str


@dataclass(frozen=True, slots=True)
class Signalement:
    """What to deposit for one person. `droits` is None when the flow says nothing of the state of the right."""

    foyer: int
    personne: int
    ligne: int
    departement: str
    usager: Mapping[str, Any]
    droits: Mapping[str, Any] | None
    transfert: Mapping[str, Any] | None
    diagnostic: Mapping[str, Any] | None
    preconisation: Mapping[str, Any] | None
    omissions: tuple[Omission, ...]
    cles: tuple[str, ...] = ()
    """The flow's own keys of this person, by which later files name her."""

    def suites(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What follows on the parcours that the signalement leads to: (fait, data), in their order."""
        told = (
            ("droits.modifies", self.droits),
            ("diagnostic.realise", self.diagnostic),
            ("orientation.preconisee", self.preconisation),
            ("parcours.transfere", self.transfert),
        )
        yield from ((fait, data) for fait, data in told if data)


@dataclass(frozen=True, slots=True)
class Ignore:
    """A person of the household that the RSA does not concern."""

    foyer: int
    personne: int
    ligne: int
    motif: str


def translate(
    entete: Header,
    foyer: Foyer,
    departement: str | None = None,
    depuis: date | None = None,
    organismes: Mapping[str, str] = _NO_ORGANISM,
    *,
    avec_dsp: bool = False,
) -> Iterator[Signalement | Ignore]:
    """`departement` overrides the one to which the flow says that it is sent; `depuis` is the first day of the demands
    that this flow is the first to tell, `STOCK` before the day that it describes by default. `organismes`: for each
    parcours (`emploi`…) that the CAF computes, the organism that the département has chosen; the flow names none.
    `avec_dsp`: what the person declared becomes criteria of a diagnosis."""
    depuis = depuis or entete.reference - STOCK
    carried = Counter(filter(None, (n for p in foyer.personnes for n in (p.nir, p.numero_france_travail))))
    for personne in foyer.personnes:
        if personne.role not in _ROLES and not personne.soumis:
            role = f"rôle {_ROLE[personne.role]}" if personne.role in _ROLE else "rôle inconnu"
            yield Ignore(foyer.rang, personne.rang, personne.ligne, f"{role}, sans droits ni devoirs au titre du RSA")
            continue
        omissions: list[Omission] = []
        usager = _usager(entete, foyer, personne, carried, omissions, depuis)
        seat = departement or places.departement_of(foyer)
        soumis = usager["brsa"] if personne.soumis is None else personne.soumis
        yield Signalement(
            foyer=foyer.rang,
            personne=personne.rang,
            ligne=personne.ligne,
            departement=seat,
            usager=usager,
            droits=None if _is_instruction(entete) else _droits(entete, foyer, soumis, omissions),
            transfert=_transfert(foyer, seat, omissions),
            diagnostic=_diagnostic(personne, omissions, wanted=avec_dsp),
            preconisation=_preconisation(personne, organismes, omissions),
            omissions=tuple(omissions),
            cles=tuple(keys_of(usager["identifiants"])),
        )


def keys_of(identifiants: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """How later files may name the person: each number with the role that makes it hers."""
    for one in identifiants:
        valeur = matricule_court(one["valeur"]) if one["type"].startswith("matricule") else one["valeur"][:13]
        yield f"{one['type']} {valeur} {one.get('role', '')}".rstrip()


def matricule_court(matricule: str) -> str:
    """The seven digits of a CAF, whether they come alone, without their zeros, or padded to fifteen."""
    if len(matricule) == 15 and matricule.endswith("00000000"):
        return matricule[:7]
    return matricule.zfill(7) if matricule.isdigit() else matricule


def _is_instruction(entete: Header) -> bool:
    return entete.nature in _INSTRUCTIONS


def _transfert(foyer: Foyer, seat: str, omissions: list[Omission]) -> dict[str, Any] | None:
    organisme, numero, depart = foyer.depart
    if not depart or foyer.arrivee[:10] > depart[:10]:
        return None
    lieu = territoire_de(foyer.adresse.commune) if foyer.adresse else None
    vers = places.taken_by(organisme, numero, lieu)
    if vers is None or (vers == seat and organisme != "CAF"):
        motif = f"{_NOWHERE if vers is None else _STAYS} : transfert à signaler à la main, s'il y en a un."
        omissions.append(Omission("parcours.transfere", None, motif))
        return None
    return {"departement_nouveau": vers, "date_effet": depart[:10]} if vers != seat else None


def _diagnostic(personne: Personne, omissions: list[Omission], *, wanted: bool) -> dict[str, Any] | None:
    if not personne.dsp:
        return None
    if not wanted:
        motif = "données socio-professionnelles lues, non déposées : la configuration ne le demande pas."
        omissions.append(Omission("diagnostic.realise", None, motif))
        return None
    if count := dsp.left_out(personne.dsp):
        motif = (
            f"{count} donnée(s) socio-professionnelle(s) qu'aucun critère ne dit telle quelle : laissées au fichier."
        )
        omissions.append(Omission("diagnostic.realise", None, motif))
    criteres = dsp.criteria(personne.dsp)
    return {"criteres": criteres} if criteres else None


def _preconisation(
    personne: Personne, organismes: Mapping[str, str], omissions: list[Omission]
) -> dict[str, Any] | None:
    if not personne.parcours:
        return None
    parcours = _PARCOURS.get(personne.parcours)
    if parcours is None:
        omissions.append(Omission("orientation.preconisee", "code-inconnu", "parcours calculé inconnu : omis."))
        return None
    if parcours not in organismes:
        motif = f"parcours calculé par la CAF : {parcours} ; le flux ne dit pas l'organisme, et aucun n'est configuré."
        omissions.append(Omission("orientation.preconisee", None, motif))
        return None
    why = {"critere": "natparcocal", "valeur": personne.parcours, "explication": "Parcours calculé par la CAF."}
    return {"parcours_type": parcours, "organisme": organismes[parcours], "motifs": [why]}


def _usager(
    entete: Header,
    foyer: Foyer,
    personne: Personne,
    carried: Counter[str],
    omissions: list[Omission],
    depuis: date,
) -> dict[str, Any]:
    soumis = personne.soumis if personne.soumis is not None else foyer.foyer_soumis
    brsa = _is_instruction(entete) or foyer.etat_dossier in _OPEN | {"0"} if soumis is None else soumis
    usager = {
        "identite": _identite(personne),
        "identifiants": list(_identifiants(foyer, personne, carried, omissions)),
        "coordonnees": _coordonnees(foyer, omissions),
        "brsa": brsa,
        "date_reception_droit": _reception(entete, foyer, omissions, depuis) if brsa else None,
        "origine": _ORIGINES.get(foyer.organisme, _ORIGINES["CAF"]),
    }
    return _known(usager)


def _reception(entete: Header, foyer: Foyer, omissions: list[Omission], depuis: date) -> str | None:
    if foyer.etat_dossier not in _OPEN:
        return None
    begun = max(foyer.date_demande[:10], foyer.arrivee[:10])
    if begun and begun < depuis.isoformat():
        omissions.append(
            Omission("date_reception_droit", None, "droit déjà ancien : sa date de réception n'est pas connue ici.")
        )
        return None
    return _jour(entete)


def _jour(entete: Header) -> str:
    return entete.emis_a.astimezone(_PARIS).date().isoformat()


def _identite(personne: Personne) -> dict[str, Any]:
    naissance = personne.nom_naissance or personne.nom
    differs = personne.nom.casefold() not in ("", naissance.casefold())
    return _known(
        {
            "nom_naissance": naissance,
            "nom_usage": personne.nom if differs else None,
            "prenoms": personne.prenoms,
            "date_naissance": personne.date_naissance[:10],
            "sexe": _SEX.get(personne.sexe),
        }
    )


def _identifiants(
    foyer: Foyer, personne: Personne, carried: Counter[str], omissions: list[Omission]
) -> Iterator[dict[str, str]]:
    role = _ROLE.get(personne.role)
    matricule = _MATRICULES.get(foyer.organisme, "")
    if not matricule:
        omissions.append(
            Omission("identifiant matricule", "code-inconnu", "FONORG n'est ni CAF ni MSA : matricule omis.")
        )
    for nature, valeur, du_foyer, valide in (
        ("nir", personne.nir, False, ident.nir_est_valide),
        ("numero-france-travail", personne.numero_france_travail, False, _has(ident.MOTIF_NUMERO_FRANCE_TRAVAIL)),
        (matricule, foyer.matricule, True, _has(ident.MOTIF_MATRICULE)),
        ("numero-demande-rsa", foyer.numero_demande, True, _has(ident.MOTIF_NUMERO_DEMANDE_RSA)),
    ):
        if not valeur or not nature:
            continue
        refused = None
        if not valide(valeur):
            refused = "forme ou clé fausse : identifiant omis."
        elif nature == "nir" and _contradicts(valeur, personne):
            refused = "dit un autre sexe, une autre année ou un autre mois de naissance que le flux : identifiant omis."
        elif not du_foyer and carried[valeur] > 1:
            refused = "porté par plusieurs personnes du foyer : omis pour chacune."
        elif nature in _MATRICULES.values() and role is None:
            refused = "un matricule désigne un foyer, et le rôle de la personne manque : identifiant omis."
        if refused:
            omissions.append(Omission(f"identifiant {nature}", "identifiant-invalide", refused))
        else:
            yield _known({"type": nature, "valeur": valeur, "role": role if du_foyer else None})


def _contradicts(nir: str, personne: Personne) -> bool:
    return ident.nir_contredit(nir, _SEX.get(personne.sexe), personne.date_naissance[:10] or None)


def _has(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda valeur: compiled.fullmatch(valeur) is not None


_est_commune, _est_code_postal = _has(ident.MOTIF_CODE_COMMUNE), _has(ident.MOTIF_CODE_POSTAL)


def _coordonnees(foyer: Foyer, omissions: list[Omission]) -> dict[str, Any] | None:
    told = joined(foyer.telephone, foyer.courriel, omissions)
    adresse = _adresse(foyer.adresse, omissions)
    return told | ({"adresse": adresse} if adresse else {}) or None


def joined(telephone: str, courriel: str, omissions: list[Omission]) -> dict[str, str]:
    """Where to reach somebody, without what the contract would refuse."""
    said = {"telephone": "".join(telephone.split()), "courriel": courriel.strip()}
    good = {}
    for name, value in said.items():
        if not value:
            continue
        try:
            lire_donnees(CATALOGUE["usager.corrige"], {"coordonnees": {name: value}})
        except MessageInvalide:
            omissions.append(Omission(f"coordonnees.{name}", "identifiant-invalide", f"{name} illisible : omis."))
        else:
            good[name] = value
    return good


def _adresse(adresse: Adresse | None, omissions: list[Omission]) -> dict[str, Any] | None:
    if adresse is None:
        return None
    if adresse.est_hors_de_france or not (_est_commune(adresse.commune) and _est_code_postal(adresse.code_postal)):
        where = "adresse hors de France" if adresse.est_hors_de_france else "code commune ou code postal absent ou faux"
        omissions.append(Omission("coordonnees", None, f"{where} : coordonnées omises."))
        return None
    detail = {
        "code_commune": adresse.commune,
        "code_postal": adresse.code_postal,
        "voie": adresse.voie[:_VOIE_MAX] or None,
    }
    return _known(detail)


def _droits(entete: Header, foyer: Foyer, soumis: bool, omissions: list[Omission]) -> dict[str, Any] | None:
    etat = foyer.etat_dossier
    if not etat:
        omissions.append(Omission("droits.modifies", None, "état du dossier absent du flux : droits non déposés."))
        return None
    suspension = max(foyer.suspensions, key=lambda s: s[1], default=("", ""))
    cloture, date_fin = foyer.fin
    depuis = {
        "0": foyer.date_demande,
        "1": foyer.date_refus,
        "3": foyer.date_suspension_droit,
        "4": suspension[1],
        "5": date_fin,
        "6": date_fin,
    }.get(etat)
    return _known(
        {
            "etat_dossier": etat,
            "soumis_droits_devoirs": soumis,
            # An open right has no date of its own in the flow: it is so on the day that the flow describes.
            "date_effet": (depuis or entete.reference.isoformat())[:10],
            "motif_suspension": _MOTIF_SUSPENSION.get(suspension[0], suspension[0]) if etat == "4" else None,
            "motif_cloture": _MOTIF_CLOTURE.get(cloture, cloture) if etat in "56" else None,
        }
    )


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what the flow does not say."""
    return {name: value for name, value in fields.items() if value not in (None, "")}
