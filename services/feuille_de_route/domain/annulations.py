"""A cancelled deposit leaves nothing: the events that it led to, in every brique, go."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.feuille_de_route.domain.recu import Recu

_ANNULATIONS = frozenset(
    {"orientation.annulee", "referent.annule", "contrat.annule", "usager.defusionne", "parcours.rendu"}
)
_SUITES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "orientation.decidee": (frozenset({"orientation.notifiee"}), frozenset({"orientation.decidee"})),
    "referent.designe": (
        frozenset({"referent.accepte", "referent.decline"}),
        frozenset({"referent.designe", "referent.remplace"}),
    ),
}
_SUITES = {**_SUITES, "referent.remplace": _SUITES["referent.designe"]}
"""What was said of something, and goes with it, until the next one of its kind."""


def sans_les_annules(recus: Iterable[Recu]) -> list[Recu]:
    """Return the events that are not cancelled, in their order. The cause of an event was recorded before it."""
    tous = list(recus)
    annulations = [recu.donnees for recu in tous if recu.type in _ANNULATIONS]
    annules = {UUID(texte) for dite in annulations for texte in (dite["annule"], *dite.get("causes", ()))}
    if not annules:
        return tous
    ordonnes = sorted(tous, key=lambda recu: recu.id)
    for rang, recu in enumerate(ordonnes):
        if recu.id in annules or recu.cause in annules or _prise_d_effet(recu) in annules:
            annules.add(recu.id)
            annules.update(_suites(recu, ordonnes[rang + 1 :]))
    return [recu for recu in tous if recu.id not in annules]


def _suites(annule: Recu, apres: Sequence[Recu]) -> Iterable[UUID]:
    suites, suivants = _SUITES.get(annule.type, (frozenset(), frozenset()))
    for recu in apres:
        if recu.parcours == annule.parcours and recu.type in suivants:
            return
        if recu.parcours == annule.parcours and recu.type in suites:
            yield recu.id


def _prise_d_effet(recu: Recu) -> UUID | None:
    """The clock causes it; the deposit that it brings into effect is named."""
    depot = recu.donnees.get("depot") if recu.type == "orientation.effective" else None
    return UUID(depot) if depot else None
