"""Contract → domain: reads deposits and due dates. The door validated the content of deposits."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import facts
from relais_contrats import identifiants, ordre
from services.usagers.domain import messages as m
from services.usagers.domain.identite import DU_FOYER, Adresse, Coordonnees, CorrectionIdentite, Identifiant, Identite
from services.usagers.domain.naissance import Naissance
from services.usagers.domain.parcours import Acte, Droits

_FONT_FOI = frozenset({"departement", "france-travail", "caf", "msa"})
"""The organisations whose word on a person's contacts replaces what another one said."""
_SANS_CLE = 13
"""Any number of so many figures could be a NIR without its key."""


def signalement(entree: facts.Entree) -> m.Signalement:
    donnees = entree.donnees
    recu = donnees.get("date_reception_droit")
    return m.Signalement(
        nouveau=uuid7(),
        emetteur=entree.emetteur,
        departement=entree.partition,
        identite=identite(donnees["identite"]),
        identifiants=liste_identifiants(donnees["identifiants"], entree.emetteur, donnees["identite"]),
        coordonnees=_coordonnees(entree),
        brsa=donnees["brsa"],
        date_reception_droit=date.fromisoformat(recu) if recu else None,
        origine=donnees["origine"],
        role=entree.role,
        reconnait_dans=frozenset(entree.partitions_ouvertes),
        fait_foi=entree.role in _FONT_FOI,
    )


def correction(entree: facts.Entree, parcours: UUID) -> m.Correction:
    donnees = entree.donnees
    corrigee = donnees.get("identite")
    return m.Correction(
        parcours=parcours,
        identite=CorrectionIdentite(**_avec_date(corrigee)) if corrigee else None,
        identifiants=liste_identifiants(donnees.get("identifiants") or [], entree.emetteur),
        coordonnees=_coordonnees(entree),
        reconnait_dans=frozenset(entree.partitions_ouvertes),
    )


def rapprochement(entree: facts.Entree, parcours: UUID) -> m.DecisionRapprochement:
    reconnu = entree.donnees.get("parcours")
    return m.DecisionRapprochement(
        parcours, entree.donnees["decision"], UUID(reconnu) if reconnu else None, _acte(entree)
    )


def fusion(entree: facts.Entree, parcours: UUID) -> m.Fusion:
    donnees = entree.donnees
    return m.Fusion(parcours, UUID(donnees["conserve"]), tuple(map(UUID, donnees["absorbes"])), _acte(entree))


def defusion(entree: facts.Entree, parcours: UUID) -> m.Defusion:
    donnees = entree.donnees
    annule, repose = UUID(donnees["annule"]), donnees.get("repose")
    return m.Defusion(parcours, annule, donnees["motif"], _acte(entree), entree.role, repose)


def _acte(entree: facts.Entree) -> Acte:
    return Acte(entree.id, entree.emetteur)


def droits(entree: facts.Entree, parcours: UUID) -> m.ChangementDroits:
    donnees = entree.donnees
    nouveaux = Droits(
        dit_a=ordre.dit_a(entree.survenu_a, entree.recu_a),
        etat_dossier=donnees["etat_dossier"],
        soumis_droits_devoirs=donnees["soumis_droits_devoirs"],
        date_effet=date.fromisoformat(donnees["date_effet"]),
        motif_suspension=donnees.get("motif_suspension"),
        motif_cloture=donnees.get("motif_cloture"),
    )
    return m.ChangementDroits(parcours, nouveaux, frozenset({entree.partition, *entree.partitions_ouvertes}))


def transfert(entree: facts.Entree, parcours: UUID) -> m.Transfert:
    donnees = entree.donnees
    return m.Transfert(parcours, donnees["departement_nouveau"], date.fromisoformat(donnees["date_effet"]))


def cloture(entree: facts.Entree, parcours: UUID) -> m.Cloture:
    donnees = entree.donnees
    return m.Cloture(parcours, date.fromisoformat(donnees["date_fin"]), donnees["motif"])


def opposition(entree: facts.Entree, parcours: UUID) -> m.Opposition:
    return m.Opposition(parcours, entree.donnees["motif"])


def effacement(entree: facts.Entree, parcours: UUID) -> m.Effacement:
    return m.Effacement(parcours, entree.donnees["motif"])


def conservation_echue(entree: facts.Entree, parcours: UUID) -> m.ConservationEchue:
    return m.ConservationEchue(parcours)


def transfert_echu(entree: facts.Entree, parcours: UUID) -> m.TransfertEchu:
    return m.TransfertEchu(parcours)


def identite(brut: Mapping[str, Any]) -> Identite:
    return Identite(**_avec_date(brut))


def cherchee(brut: Mapping[str, Any] | None) -> Identite | Naissance | None:
    """The description in a search: civil status, or the date of birth alone."""
    if brut is None:
        return None
    return identite(brut) if "nom_naissance" in brut else Naissance(brut["date_naissance"])


def liste_identifiants(
    bruts: list[Mapping[str, Any]], emetteur: str | None, personne: Mapping[str, Any] | None = None
) -> tuple[Identifiant, ...]:
    """Read identifiers in canonical form, each once; `emetteur` is the partner that gave the local ones.

    A number that is the NIR of the `personne` is read as one, under any type. In a household it is the NIR of the
    claimant, and also goes on naming the household.
    """
    lus: dict[Identifiant, None] = {}
    for brut in bruts:
        type_, valeur, role = brut["type"], brut["valeur"], brut.get("role")
        nir = _nir_de(personne, brut) if type_ != "nir" else None
        if nir is None or type_ in DU_FOYER:
            lus.setdefault(
                Identifiant(
                    nature=type_,
                    valeur=identifiants.normaliser(type_, valeur),
                    role=role if type_ in DU_FOYER else None,
                    emetteur=emetteur if type_ == "local" else None,
                    ecrit=valeur,
                )
            )
        if nir:
            lus.setdefault(Identifiant(nature="nir", valeur=nir, ecrit=nir))
    return tuple(lus)


def _nir_de(personne: Mapping[str, Any] | None, brut: Mapping[str, Any]) -> str | None:
    """The NIR that a number of another type is; None when it is not one, or that of somebody else of the household."""
    nir = identifiants.nir_porte(brut["valeur"])
    if nir is None or brut.get("role", "demandeur") != "demandeur":
        return None
    if personne is None:
        return nir if len(brut["valeur"]) > _SANS_CLE or brut["type"] in DU_FOYER else None
    contredit = identifiants.nir_contredit(nir, personne.get("sexe"), personne.get("date_naissance"))
    return None if contredit else nir


def _coordonnees(entree: facts.Entree) -> Coordonnees | None:
    brut = entree.donnees.get("coordonnees")
    if brut is None:
        return None
    adresse = brut.get("adresse")
    dites_a = dict.fromkeys(brut, ordre.dit_a(entree.survenu_a, entree.recu_a))
    return Coordonnees(Adresse(**adresse) if adresse else None, brut.get("telephone"), brut.get("courriel"), dites_a)


def _avec_date(brut: Mapping[str, Any]) -> dict[str, Any]:
    naissance = brut.get("date_naissance")
    return {**brut, "date_naissance": Naissance(naissance) if naissance else None}


Lecteur = Callable[[facts.Entree, UUID], m.Message]
