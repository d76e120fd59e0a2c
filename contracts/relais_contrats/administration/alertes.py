"""What an alarm may be about, its threshold as it is shipped, and the acts on alarms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from relais_contrats.administration.acte import Acte, Portee
from relais_contrats.modele import Demande
from relais_contrats.valeurs import Courriel


@dataclass(frozen=True, slots=True)
class Nature:
    """`est_plancher`: the alarm is for a value at or under the threshold; else at or over it. `objet`: of what there is
    one alarm each."""

    titre: str
    unite: str
    seuil: float
    objet: str = ""
    est_plancher: bool = False


NATURES: Mapping[str, Nature] = {
    "depot-non-regle": Nature("Âge du plus ancien dépôt non réglé", "s", 300),
    "livraison-en-retard": Nature("Âge de la plus ancienne livraison non faite", "s", 4 * 3600, "partenaire"),
    "parcours-arretes": Nature("Parcours arrêtés derrière une livraison en échec", "parcours", 10, "partenaire"),
    "taux-d-erreur": Nature("Messages refusés en une heure, sur vingt au moins", "%", 20, "partenaire"),
    "silence": Nature("Rien de ce type, que ce partenaire dépose d'habitude", "jours", 4, "partenaire/type"),
    "extraction": Nature(
        "Personnes nommées en une heure, trop, inconnues ou d'un autre territoire", "personnes", 100, "partenaire/signe"
    ),
    "cle-bientot-finie": Nature("Fin de la dernière clé d'un partenaire", "jours", 30, "partenaire", est_plancher=True),
    "convention-bientot-finie": Nature("Fin d'une convention", "jours", 30, "partenaire/finalité", est_plancher=True),
    "rebut": Nature("Éléments au rebut", "éléments", 1, "composant"),
    "composant-en-panne": Nature("Composant muet, arrêté ou en retard", "s", 60, "composant/signe"),
    "disque": Nature("Place libre sur un disque", "%", 10, "dossier", est_plancher=True),
    "replication": Nature("Journal qu'une copie de la base n'a pas rejoué", "Mo", 64, "copie"),
}
"""By name, in the order in which they are shown."""

ESSAI = "essai"
"""What an operator raises to see that messages arrive; it has no threshold."""


def _connue(nature: str) -> str:
    if nature not in NATURES:
        raise ValueError(f"une nature d'alerte est attendue : {', '.join(NATURES)}")
    return nature


class UneAlerte(Demande):
    """Une alerte ouverte, que quelqu'un prend en charge."""

    alerte: UUID
    note: Annotated[str, Field(max_length=500)] = ""


class UnSeuil(Demande):
    """À partir de quelle valeur une nature d'alerte est dite, et si elle l'est."""

    nature: Annotated[str, AfterValidator(_connue)]
    seuil: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
    actif: bool = False


class NouveauDestinataire(Demande):
    """À qui les alertes sont envoyées : une adresse de courriel, ou l'adresse https d'un webhook."""

    canal: Literal["courriel", "webhook"]
    adresse: Annotated[str, StringConstraints(min_length=5, max_length=500)]

    @model_validator(mode="after")
    def _readable(self) -> "NouveauDestinataire":
        if self.canal == "webhook" and not self.adresse.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("une adresse https est attendue")
        if self.canal == "courriel":
            _Adresse.model_validate({"adresse": self.adresse})
        return self


class _Adresse(Demande):
    adresse: Courriel


class UnDestinataire(Demande):
    destinataire: UUID


class UnEssai(Demande):
    """Un essai : un message à chaque destinataire."""


ACTES = (
    Acte("alerte-acquitter", "Prendre en charge une alerte", Portee.EXPLOITER, UneAlerte),
    Acte("alerte-essayer", "Envoyer une alerte d'essai à tous les destinataires", Portee.EXPLOITER, UnEssai),
    Acte("alerte-seuil", "Changer le seuil d'une alerte", Portee.ADMINISTRER, UnSeuil),
    Acte("alerte-destinataire-ajouter", "Envoyer les alertes à une adresse", Portee.ADMINISTRER, NouveauDestinataire),
    Acte("alerte-destinataire-retirer", "Ne plus envoyer à une adresse", Portee.ADMINISTRER, UnDestinataire),
)
