"""Cancel the last deposit on the contracts: they, and the month to sign, are as if it had not been made.

Each deposit leaves how things were before it; the last one is undone first, then the one before it.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from chassis.decision import Refus
from services.engagements.domain import faits
from services.engagements.domain.dossier import Delai, Dossier, Etape, Issue
from services.engagements.domain.messages import AnnulerContrat, DepotDeContrat

DEPARTEMENT = "departement"
SIGNATURE = "contrat.signe"


def annuler(dossier: Dossier, message: AnnulerContrat) -> Sequence[faits.Fait] | Refus:
    """By who deposited it, or by the département."""
    connue = next((etape for etape in dossier.etapes if etape.depot == message.annule), None)
    if connue is None:
        return _impossible({"motif": "depot-inconnu"})
    if message.auteur.partenaire != connue.auteur and message.auteur.role != DEPARTEMENT:
        return Refus("non-autorise", "/source")
    if connue is not dossier.etapes[-1]:
        return _impossible({"depend": dossier.etapes[-1].type})
    if _a_ete_revu(dossier, connue):
        return _impossible({"depend": "contrat.bilan"})
    qui = (dossier.parcours, dossier.departement)
    return [faits.ContratAnnule(*qui, message.annule, message.motif, connue.causes)]


def etape(avant: Dossier, apres: Dossier, depot: DepotDeContrat) -> Etape:
    """How the contracts were before a deposit that led from `avant` to `apres`."""
    connus = {contrat.numero for contrat in avant.contrats}
    return Etape(
        depot.type,
        depot.id,
        depot.auteur,
        tuple(contrat for contrat in avant.contrats if contrat not in apres.contrats),
        tuple(contrat.numero for contrat in apres.contrats if contrat.numero not in connus),
        avant.delai.numero if avant.delai else None,
        len(avant.delais),
    )


def sans_la_derniere(dossier: Dossier) -> Dossier:
    """The dossier as it would be without the last deposit on its contracts."""
    *etapes, derniere = dossier.etapes
    avant = {contrat.numero: contrat for contrat in derniere.contrats}
    contrats = tuple(avant.get(c.numero, c) for c in dossier.contrats if c.numero not in derniere.nouveaux)
    return replace(dossier, contrats=contrats, delais=_delais_sans(dossier, derniere), etapes=tuple(etapes))


def commence(dossier: Dossier, numero: int, echeance: UUID | None) -> tuple[Etape, ...]:
    """On the first day of contract `numero`, what it takes the place of is noted with its signature."""
    remplace = dossier.en_vigueur
    return tuple(
        replace(
            une,
            contrats=(*une.contrats, remplace) if remplace and remplace not in une.contrats else une.contrats,
            causes=(*une.causes, echeance) if echeance else une.causes,
        )
        if une.type == SIGNATURE and any(contrat.numero == numero for contrat in une.contrats)
        else une
        for une in dossier.etapes
    )


def _delais_sans(dossier: Dossier, derniere: Etape) -> tuple[Delai, ...]:
    """The month that a signature had closed runs on, unless another one began meanwhile."""
    if derniere.type != SIGNATURE or not dossier.delais:
        return dossier.delais
    dernier = dossier.delais[-1].numero
    en_cours = None if dossier.orientation else Issue.CLOSE
    return tuple(
        replace(delai, issue=en_cours if delai.numero == dernier else Issue.REMPLACEE, signe_le=None)
        if delai.issue is Issue.SIGNEE and (delai.numero == derniere.delai or delai.numero > derniere.delais)
        else delai
        for delai in dossier.delais
    )


def _a_ete_revu(dossier: Dossier, connue: Etape) -> bool:
    """A contract that was reviewed since has been lived."""
    avant = {contrat.numero: contrat.bilans for contrat in connue.contrats}
    return any(c.bilans != avant[c.numero] for c in dossier.contrats if c.numero in avant)


def _impossible(details: dict[str, str | int]) -> Refus:
    return Refus("annulation-impossible", "/data/annule", details)
