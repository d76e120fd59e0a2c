"""Changes of the référent or followers that were published in advance take effect on their day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from chassis.decision import Attente, Echeance
from relais_contrats.territoires import debut_du_jour, jour_legal
from services.dossiers.vie import Situation
from services.referents.domain.delai import UN_JOUR
from services.referents.domain.dossier import Accompagnant, Designation, Dossier
from services.referents.domain.regles import Dit, Recu, regle, repli

EFFET = "effet"  # its number is the day


@dataclass(frozen=True, slots=True)
class SuiviEffectif:
    """The day of a change that was published in advance: who follows the person from now on.

    For the siblings and the gateway only: the change gave partners its day.
    """

    jour: date
    designation: Designation | None
    accompagnants: tuple[Accompagnant, ...]

    def en_json(self) -> dict[str, Any]:
        """The JSON for the others: structures and identifiers of agents, without names."""
        designation = self.designation
        return {
            "date_effet": self.jour.isoformat(),
            "etat": designation.etat_de_suivi if designation else None,
            "structure": asdict(designation.affectation.structure) if designation else None,
            "accompagnants": [
                {"identifiant_agent": a.professionnel.identifiant_agent, "structure": asdict(a.structure)}
                for a in self.accompagnants
            ],
        }


def effectif(dossier: Dossier, jour: date) -> Dit[SuiviEffectif, None]:
    """Return who follows the person on that day."""
    suivi = SuiviEffectif(jour, dossier.en_place(jour), dossier.accompagnants_le(jour))
    return Dit(dossier.parcours, dossier.departement, suivi, None)


@regle(EFFET)
def constater(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    dossier: Dossier = situation.dossier
    jour = date.fromordinal(recu.data)
    if jour not in dossier.effets:
        return Attente("suivi sans changement")
    if maintenant < debut_du_jour(dossier.departement, jour):
        return Attente("changement à venir")
    return [effectif(dossier, jour)]


@repli(SuiviEffectif, type_="suivi.effectif")
def _constate(dossier: Dossier, fait: Dit[SuiviEffectif, None]) -> Dossier:
    return replace(dossier, effets=tuple(jour for jour in dossier.effets if jour > fait.data.jour))


def echeances(dossier: Dossier) -> list[Echeance]:
    """Return the days to come on which a published change takes effect.

    `orientation` publishes the end of an orientation. A missing first appointment refuses nothing, and is read in the
    roadmap (`lecture.feuille_de_route.echeances`).
    """
    return [
        Echeance(dossier.parcours, f"{EFFET}-{jour.toordinal()}", debut_du_jour(dossier.departement, jour))
        for jour in dossier.effets
        if not dossier.est_clos
    ]


def des_le(dossier: Dossier, jour: date, recu_a: datetime) -> date | None:
    """Return `jour` if it is still to come; None for a change that holds already."""
    return jour if jour > jour_legal(dossier.departement, recu_a) else None


def apres_le(dossier: Dossier, dernier_jour: date, recu_a: datetime) -> date | None:
    """The day after a last day that is still to come: until then nothing is taken away."""
    return dernier_jour + UN_JOUR if dernier_jour > jour_legal(dossier.departement, recu_a) else None
