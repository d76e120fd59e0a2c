"""Rows and decrypted fields ⇄ the nouns of the domain."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from chassis.database import Record
from services.usagers.domain.identite import Adresse, Coordonnees, Identifiant, Identite
from services.usagers.domain.naissance import Naissance
from services.usagers.domain.parcours import Droits, EtatParcours, Parcours
from services.usagers.store.vault import Coffre

IDENTITE, IDENTIFIANTS, COORDONNEES = "identite", "identifiants", "coordonnees"
_JADIS = datetime.min.replace(tzinfo=UTC)
"""Rights that were kept before the moment of their telling was: anything told since has the last word."""


def parcours(ligne: Record, secrets: Record | None, coffre: Coffre) -> Parcours:
    """A row of `parcours` with its row of `coffre`, if it has one."""
    id_ = ligne["id"]
    etat = EtatParcours(ligne["etat"])
    identites: list[Identite] = []
    identifiants, contacts = frozenset[Identifiant](), None
    if secrets is not None:
        identites = [lire_identite(brut) for brut in coffre.dechiffrer(id_, IDENTITE, secrets["identite"])]
        identifiants = lire_identifiants(coffre.dechiffrer(id_, IDENTIFIANTS, secrets["identifiants"]))
        if secrets["coordonnees"] is not None:
            contacts = lire_coordonnees(coffre.dechiffrer(id_, COORDONNEES, secrets["coordonnees"]))
    return Parcours(
        id=id_,
        etat=etat,
        departement=ligne["departement"],
        emetteur=ligne["emetteur"],
        identite=identites[0] if identites else None,
        variantes=frozenset(identites[1:]),
        identifiants=identifiants,
        coordonnees=contacts,
        droits=lire_droits(ligne["droits"]),
        candidats=tuple(ligne["candidats"]),
        survivant=ligne["survivant"],
        date_fin=ligne["date_fin"],
        oppose_a=ligne["oppose_a"],
        transfert=(ligne["transfert_vers"], ligne["transfert_le"]) if ligne["transfert_vers"] else None,
        attend_un_partenaire=ligne["transfert_attend"],
        arrivees_signalees=lire_arrivees(ligne["arrivees_signalees"]),
        distincts=frozenset(ligne["distincts"]),
    )


def secrets(parcours: Parcours, coffre: Coffre) -> tuple[bytes, bytes, bytes | None]:
    """The ciphertexts of a parcours: civil status, identifiers, contacts."""
    contacts = parcours.coordonnees
    return (
        coffre.chiffrer(parcours.id, IDENTITE, parcours.identites),
        coffre.chiffrer(parcours.id, IDENTIFIANTS, sorted(parcours.identifiants, key=ordre)),
        coffre.chiffrer(parcours.id, COORDONNEES, contacts) if contacts else None,
    )


def droits_en_json(droits: Droits | None) -> dict[str, Any] | None:
    if droits is None:
        return None
    return {
        "etat_dossier": droits.etat_dossier,
        "soumis_droits_devoirs": droits.soumis_droits_devoirs,
        "date_effet": droits.date_effet.isoformat(),
        "motif_suspension": droits.motif_suspension,
        "motif_cloture": droits.motif_cloture,
    }


def droits_en_ligne(droits: Droits | None) -> dict[str, Any] | None:
    """With the moment of their telling, which is nobody's business outside."""
    dits = droits_en_json(droits)
    return {**dits, "dit_a": droits.dit_a.isoformat()} if droits and dits else None


def lire_arrivees(texte: str) -> frozenset[tuple[str, str]]:
    couples = (mot.partition(":") for mot in texte.split())
    return frozenset((genre, departement) for genre, _, departement in couples)


def arrivees_en_ligne(arrivees: frozenset[tuple[str, str]]) -> str:
    return " ".join(sorted(":".join(couple) for couple in arrivees))


def ordre(identifiant: Identifiant) -> tuple[str, str, str]:
    return (identifiant.nature, identifiant.valeur, identifiant.emetteur or "")


def lire_identite(brut: Mapping[str, Any]) -> Identite:
    return Identite(**{**brut, "date_naissance": Naissance(brut["date_naissance"])})


def lire_identifiants(brut: list[Mapping[str, Any]]) -> frozenset[Identifiant]:
    return frozenset(Identifiant(**champs) for champs in brut)


def lire_coordonnees(brut: Mapping[str, Any]) -> Coordonnees:
    adresse = Adresse(**brut["adresse"]) if brut["adresse"] else None
    dites_a = {nom: datetime.fromisoformat(instant) for nom, instant in brut.get("dites_a", {}).items()}
    return Coordonnees(**{**brut, "adresse": adresse, "dites_a": dites_a})


def lire_droits(brut: Mapping[str, Any] | None) -> Droits | None:
    if brut is None:
        return None
    dit_a = datetime.fromisoformat(brut["dit_a"]) if "dit_a" in brut else _JADIS
    return Droits(**{**brut, "dit_a": dit_a, "date_effet": date.fromisoformat(brut["date_effet"])})
