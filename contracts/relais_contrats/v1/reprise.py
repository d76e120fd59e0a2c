"""The situation of a person as of a date, declared at once: what a hub that starts later could not follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field

from relais_contrats.briques import ORIENTATION
from relais_contrats.codes.engagements import QualiteSignataire
from relais_contrats.codes.orientation import DecisionOrientation
from relais_contrats.declaration import CD, FT, TOUS, message
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import AuMoinsUn, Ordre, Regle, Semantique, Violation
from relais_contrats.v1 import delais
from relais_contrats.v1.engagements import ContratPropose
from relais_contrats.v1.orientation import OrientationDecidee
from relais_contrats.v1.referents import Designation, RendezVous
from relais_contrats.valeurs import DateIso, SansDoublon, Texte, dit


@dataclass(frozen=True)
class ConnuALaReprise:
    """Dates of a part, by its name, that are not after `date_reprise`: the situation is told as of that day."""

    partie: str
    champs: tuple[str, ...]
    nom: str = "connu-a-la-reprise"

    @property
    def phrase(self) -> str:
        return f"Dans « {self.partie} », {', '.join(self.champs)} ne dépasse pas « date_reprise »."

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        partie = valeurs.get(self.partie)
        if partie is None:
            return ()
        return [
            (f"{self.partie}/{champ}", "dates-incoherentes", "La situation est celle de « date_reprise ».")
            for champ in self.champs
            if (jour := getattr(partie, champ)) is not None and jour > valeurs["date_reprise"]
        ]

    def schema(self) -> None:
        return None


def _est_de_la_structure(valeurs: Mapping[str, Any]) -> bool:
    orientation, referent = valeurs.get("orientation"), valeurs.get("referent")
    if orientation is None or referent is None:
        return True
    accueil, sienne = orientation.structure, referent.structure
    return (accueil.systeme, accueil.valeur) == (sienne.systeme, sienne.valeur)


def _est_en_cours(valeurs: Mapping[str, Any]) -> bool:
    orientation = valeurs.get("orientation")
    fin: date | None = orientation.date_fin if orientation else None
    return fin is None or fin >= valeurs["date_reprise"]


def _rdv_distincts(valeurs: Mapping[str, Any]) -> bool:
    cles = [rdv.rdv_id for rdv in valeurs.get("rdv") or ()]
    return len(set(cles)) == len(cles)


class OrientationReprise(OrientationDecidee):
    """L'orientation en cours à la date de la reprise, telle qu'elle avait été décidée."""

    regles: ClassVar[tuple[Regle, ...]] = (
        *OrientationDecidee.regles,
        Ordre("date_decision", "date_notification"),
        Ordre("date_debut", "date_reexamen"),
    )

    decision: Annotated[
        DecisionOrientation,
        dit("La préconisation avait-elle été suivie ? acceptee si elle n'est pas connue."),
    ] = DecisionOrientation.ACCEPTEE
    date_notification: Annotated[
        DateIso | None,
        dit(
            "Date de notification à la personne : le délai pour signer, s'il court encore, finit "
            f"{delais.SIGNATURE} après."
        ),
    ] = None
    date_reexamen: Annotated[
        DateIso | None,
        dit(
            "Dernier réexamen d'un parcours social : le prochain se compte de là, sinon du début.",
            delais.REEXAMEN.source,
        ),
    ] = None


class SuspensionReprise(Donnees):
    """Depuis quand, et pourquoi, le contrat est suspendu."""

    groupe: ClassVar[Groupe | None] = Groupe.CONTRAT

    date: Annotated[DateIso, dit(f"Premier jour de la suspension : le contrat est clos {delais.SUSPENSION} après.")]
    motif: Annotated[Texte, dit("Motif de la suspension.")]


class ContratReprise(ContratPropose):
    """Le contrat à la date de la reprise : signé avec `date_signature`, à signer sinon."""

    regles: ClassVar[tuple[Regle, ...]] = (
        *ContratPropose.regles,
        Semantique(
            "signature-datee",
            "date_signature",
            "schema-invalide",
            "Un contrat signé, ou suspendu, dit sa date de signature.",
            lambda v: v["date_signature"] is not None or (v["signataires"] is None and v["suspension"] is None),
        ),
        Semantique(
            "suspension-apres-signature",
            "suspension",
            "dates-incoherentes",
            "Un contrat est suspendu après sa signature.",
            lambda v: (
                v["suspension"] is None or v["date_signature"] is None or v["suspension"].date >= v["date_signature"]
            ),
        ),
    )

    date_signature: Annotated[
        DateIso | None, dit("Date de signature, si le contrat est signé.", "C. trav. D. 5411-14-1")
    ] = None
    signataires: Annotated[
        Annotated[list[QualiteSignataire], Field(min_length=1, max_length=4), SansDoublon()] | None,
        dit("Qui a signé, si on le sait."),
    ] = None
    suspension: Annotated[SuspensionReprise | None, dit("La suspension en cours, s'il y en a une.")] = None


class RepriseDeclaree(Donnees):
    """La situation d'une personne à une date : ce qui existait avant que le relais ne la suive. Elle n'ouvre que les
    délais qui courent encore et ne remplace rien de ce que le relais a déjà enregistré (`deja-traite`)."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN
    regles: ClassVar[tuple[Regle, ...]] = (
        AuMoinsUn(("orientation", "referent", "contrat", "rdv")),
        ConnuALaReprise("orientation", ("date_decision", "date_notification", "date_reexamen")),
        ConnuALaReprise("contrat", ("date_signature",)),
        Semantique(
            "orientation-en-cours",
            "orientation/date_fin",
            "dates-incoherentes",
            "Une orientation finie avant « date_reprise » ne fait plus la situation de la personne.",
            _est_en_cours,
        ),
        Semantique(
            "referent-de-la-structure",
            "referent/structure",
            "referent-incoherent",
            "La structure du référent est celle de l'orientation.",
            _est_de_la_structure,
        ),
        Semantique(
            "suspension-connue",
            "contrat/suspension/date",
            "dates-incoherentes",
            "La suspension du contrat ne commence pas après « date_reprise ».",
            lambda v: (
                not v["contrat"] or not v["contrat"].suspension or v["contrat"].suspension.date <= v["date_reprise"]
            ),
        ),
        Semantique("rdv-distincts", "rdv", "schema-invalide", "Deux rendez-vous portent la même clé.", _rdv_distincts),
    )

    date_reprise: Annotated[DateIso, dit("Le jour dont c'est la situation, au plus tard aujourd'hui.")]
    orientation: Annotated[OrientationReprise | None, dit("L'orientation en cours, avec son rang.")] = None
    referent: Annotated[Designation | None, dit("Le référent unique, qui suit déjà la personne.")] = None
    contrat: Annotated[ContratReprise | None, dit("Le contrat en vigueur, ou à signer.")] = None
    rdv: Annotated[
        list[RendezVous] | None,
        dit(
            "Les rendez-vous à venir ; ceux du passé, avec ce qu'ils sont devenus, entrent dans l'histoire.",
            min_length=1,
            max_length=50,
        ),
    ] = None


MESSAGES = (message("reprise.declaree", ORIENTATION, RepriseDeclaree, "Reprise déclarée", (CD, FT), TOUS),)
