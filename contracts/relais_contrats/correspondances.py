"""One-to-one tables between our codes and those of the real systems: the only place for code conversions.

Three traps are settled here. The CNAF `PS` is social, the France Travail `PSP` is socio-professional; WebRSA sends
SOCIAL as `PSP` in one direction; constraints 27 and 28 are swapped in one public copy of the reference.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from relais_contrats import codes as c


class CodeSansCorrespondance(KeyError):
    """The code has no equivalent on the other side: the adapter must refuse, never guess."""


class Correspondance:
    """A bijection between the codes of one system and ours.

    `synonymes` are foreign codes that we read but never write (France Travail `MODIFIE` is still a planned
    appointment): they do not belong to the bijection.
    """

    def __init__(
        self, systeme: str, notion: str, paires: Mapping[str, str], synonymes: Mapping[str, str] | None = None
    ) -> None:
        inverse = {slug: code for code, slug in paires.items()}
        if len(inverse) != len(paires):
            raise ValueError(f"{systeme}/{notion} is not one-to-one")
        if synonymes and (set(synonymes) & set(paires) or set(synonymes.values()) - set(inverse)):
            raise ValueError(f"{systeme}/{notion}: a synonym must be new and lead to a known slug")
        self.systeme = systeme
        self.notion = notion
        self.paires: Mapping[str, str] = MappingProxyType({str(k): str(v) for k, v in paires.items()})
        self.synonymes: Mapping[str, str] = MappingProxyType(dict(synonymes or {}))
        self._inverse = {str(k): str(v) for k, v in inverse.items()}

    def vers_nous(self, code: str) -> str:
        """Our slug for a foreign code."""
        try:
            return self.paires.get(code) or self.synonymes[code]
        except KeyError:
            raise CodeSansCorrespondance(f"{self.systeme}/{self.notion}") from None

    def de_nous(self, slug: str) -> str:
        """The foreign code for one of our slugs."""
        try:
            return self._inverse[str(slug)]
        except KeyError:
            raise CodeSansCorrespondance(f"{self.systeme}/{self.notion}") from None


def _majuscules(liste: type[StrEnum]) -> dict[str, str]:
    """France Travail writes most lists as ours in capitals, with underscores."""
    return {code.value.upper().replace("-", "_"): code.value for code in liste}


FT = "france-travail"
RDVI = "rdv-insertion"
WEBRSA = "webrsa"
CNAF = "cnaf"
CDB = "carnet-de-bord"
IMILO = "i-milo"
DORA = "dora"

_CRITERES_FT: Mapping[str, type[StrEnum]] = {
    "situation_professionnelle": c.SituationProfessionnelle,
    "type_emploi": c.TypeEmploi,
    "niveau_etude": c.NiveauEtude,
    "projet_pro": c.ProjetPro,
    "contrainte_sante": c.ContrainteSante,
    "contrainte_logement": c.ContrainteLogement,
    "contrainte_mobilite": c.ContrainteMobilite,
    "contrainte_familiale": c.ContrainteFamiliale,
    "contrainte_financiere": c.ContrainteImpact,
    "contrainte_administrative_juridique": c.ContrainteImpact,
    "contrainte_francais_calcul": c.ContrainteImpact,
    "contrainte_numerique": c.ContrainteNumerique,
    "msa_demarches_professionnelles": c.DemarchesMsa,
}

_CONTRAINTES = {
    "22": "numerique",
    "23": "mobilite",
    "24": "famille",
    "25": "sante",
    "26": "lecture-ecriture-calcul",
    "27": "logement",
    "28": "financier",
    "29": "administratif-et-juridique",
}

_TABLE = (
    # parcours: « EO » and « IND » (FT), « autre » (CDB) are not a choice of parcours, hence absent.
    Correspondance(FT, "parcours", {"PED": "emploi", "PSP": "socio-professionnel", "PSO": "social"}),
    Correspondance(RDVI, "parcours", {"pro": "emploi", "socio_pro": "socio-professionnel", "social": "social"}),
    Correspondance(WEBRSA, "parcours", {"EMPLOI": "emploi", "SOCIOPRO": "socio-professionnel", "SOCIAL": "social"}),
    Correspondance(CNAF, "parcours", {"PP": "emploi", "AS": "socio-professionnel", "PS": "social"}),
    Correspondance(CDB, "parcours", {"pro": "emploi", "sociopro": "socio-professionnel", "social": "social"}),
    Correspondance(
        FT,
        "organisme",
        {"CD": "departement", "DCD": "delegataire", "FT": "france-travail", "ML": "mission-locale", "CE": "cap-emploi"},
    ),
    Correspondance(FT, "origine", _majuscules(c.Origine)),
    Correspondance(FT, "decision", _majuscules(c.DecisionOrientation)),
    Correspondance(FT, "motif_refus", _majuscules(c.MotifRefus)),
    *(Correspondance(FT, nom, _majuscules(liste)) for nom, liste in _CRITERES_FT.items()),
    Correspondance(
        FT,
        "rdv_statut",
        {"PRIS": "planifie", "EFFECTUE": "honore", "ABSENT": "non-honore", "ANNULE": "annule"},
        {"MODIFIE": "planifie"},
    ),
    # rdv-insertion tells who cancelled: `annule_par` is in the slug.
    Correspondance(
        RDVI,
        "rdv_statut",
        {
            "unknown": "planifie",
            "seen": "honore",
            "noshow": "non-honore",
            "excused": "annule:usager",
            "revoked": "annule:structure",
        },
    ),
    Correspondance(
        IMILO,
        "rdv_statut",
        {"Planifié": "planifie", "Présent": "honore", "Absent": "non-honore", "Annulé": "annule"},
        {"Reporté": "planifie"},
    ),
    Correspondance(FT, "rdv_motif", {"ORI": "orientation", "ACC": "accompagnement", "AUT": "autre"}),
    Correspondance(FT, "rdv_modalite", _majuscules(c.Modalite)),
    Correspondance(FT, "rdv_forme", {"IND": "individuel", "COL": "collectif"}),
    Correspondance(
        FT,
        "contrat_statut",
        {"A signer": "a-signer", "Signé": "signe", "Refusé": "refuse", "Suspendu": "suspendu", "Clôturé": "clos"},
    ),
    Correspondance(
        WEBRSA, "contrat_statut", {"E": "a-signer", "V": "signe", "N": "refuse", "A": "clos"}, {"R": "refuse"}
    ),
    Correspondance(
        CDB,
        "action_statut",
        {
            "planned": "prevue",
            "in_progress": "en-cours",
            "standby": "en-pause",
            "done": "realisee",
            "abandonned": "abandonnee",
        },
        {"canceled": "abandonnee"},
    ),
    Correspondance(
        FT,
        "action_statut",
        {"NON_ABORDE": "prevue", "EN_COURS": "en-cours", "REALISE": "realisee", "ABANDONNE": "abandonnee"},
    ),
    Correspondance(
        CNAF,
        "role",
        {"DEM": "demandeur", "CJT": "conjoint", "ENF": "enfant", "AUT": "autre", "RDO": "responsable-dossier"},
    ),
    Correspondance(CNAF, "etat_dossier", {e.value: e.value for e in c.EtatDossier}),
    Correspondance(CNAF, "motif_suspension", {e.value: e.value for e in c.MotifSuspension}),
    Correspondance(
        CNAF,
        "motif_cloture",
        {
            "PCG": "decision-pcd",
            "ECH": "echeance",
            "EFF": "bascule-rmi",
            "MUT": "mutation",
            "RGD": "regroupement",
            "RFD": "radie-fin-de-droit",
            "RAU": "radie-autre",
            "RST": "option-rsta",
            "RSO": "option-rso",
        },
    ),
    Correspondance(FT, "contrainte", _CONTRAINTES),
    Correspondance("prototype-recos", "contrainte", _CONTRAINTES | {"27": "financier", "28": "logement"}),
    Correspondance(FT, "contrainte_valeur", _majuscules(c.ValeurContrainte)),
    Correspondance(FT, "contrainte_impact", _majuscules(c.Impact)),
    Correspondance(FT, "nature_manquement", _majuscules(c.NatureManquement)),
    Correspondance(FT, "rang_manquement", _majuscules(c.RangManquement)),
    Correspondance(FT, "type_sanction", {"SUSP_RSA": "susp-rsa", "SUPP_RSA": "supp-rsa"}),
    Correspondance(FT, "modalite_sanction", {"M": "montant", "P": "pourcentage"}),
    Correspondance(FT, "evenement_sanction", _majuscules(c.EvenementSanction)),
    Correspondance(
        DORA,
        "contact_prefere",
        {"TELEPHONE": "telephone", "EMAIL": "courriel", "REFERENT": "referent", "AUTRE": "autre"},
    ),
)

CORRESPONDANCES: Mapping[tuple[str, str], Correspondance] = MappingProxyType(
    {(table.systeme, table.notion): table for table in _TABLE}
)
"""(system, notion) → table, for instance `("france-travail", "parcours")`."""


def correspondance(systeme: str, notion: str) -> Correspondance:
    """The table of one notion in one system."""
    return CORRESPONDANCES[(systeme, notion)]
