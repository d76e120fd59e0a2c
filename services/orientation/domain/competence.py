"""Who may orient this person now (C. trav. L. 5411-5-1, CASF D. 262-65-2); rights of emission are the gateway's."""

from collections.abc import Collection
from datetime import datetime

from chassis.decision import Refus
from services.orientation.domain.decision import Auteur, Organisme, Orientation
from services.orientation.domain.delai import est_echue, refus_tardif
from services.orientation.domain.dossier import Dossier

_AUTRES_PUBLICS = frozenset({Organisme.FRANCE_TRAVAIL, Organisme.MISSION_LOCALE, Organisme.CAP_EMPLOI})


def competents(dossier: Dossier, delegataires: Collection[str], recu_a: datetime) -> frozenset[str]:
    """The kinds of organisation whose decision, received at `recu_a`, counts.

    The département orients persons who ask for the RSA or receive it, and may delegate; after the legal delay France
    Travail does. The author of the open orientation may change it. France Travail, the mission locale or the Cap emploi
    orients other persons.
    """
    if not dossier.brsa:
        return _AUTRES_PUBLICS
    if dossier.demande and est_echue(dossier.demande, recu_a):
        return frozenset({Organisme.FRANCE_TRAVAIL})
    if dossier.ouverte and not dossier.demande:
        return frozenset({Organisme.DEPARTEMENT, *delegataires, dossier.ouverte.decideur.role})
    return frozenset({Organisme.DEPARTEMENT, *delegataires})


def refus_de_competence(
    dossier: Dossier, delegataires: Collection[str], auteur: Auteur, recu_a: datetime
) -> Refus | None:
    attendus = competents(dossier, delegataires, recu_a)
    if auteur.role in attendus:
        return None
    if dossier.brsa and dossier.demande and auteur.role in {Organisme.DEPARTEMENT, *delegataires}:
        return refus_tardif(dossier.demande, recu_a)
    return _non_autorise(attendus)


def refus_d_exercice(orientation: Orientation, auteur: Auteur) -> Refus | None:
    """Notify or close: by the partner that decided, or by the kind of organisation towards which it decided."""
    attendus = frozenset({orientation.decision.organisme, orientation.decideur.role})
    if auteur.partenaire == orientation.decideur.partenaire or auteur.role == orientation.decision.organisme:
        return None
    return _non_autorise(attendus)


def _non_autorise(attendus: Collection[str]) -> Refus:
    return Refus("non-autorise", "/source", {"competents": ", ".join(sorted(attendus))})
