"""A dry run: what a file of the ALI would lead to, or who would leave; nothing is deposited, written or remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from connectors.exchanges import ExchangeRefused
from connectors.systems import Context
from connectors.webrsa import reading
from connectors.webrsa.codes import Erreur
from connectors.webrsa.leaving import changes
from connectors.webrsa.taking import PERSONNE
from connectors.webrsa.xml import FileRefused, number, read


async def try_out(context: Context, fichier: Path | None) -> AsyncIterator[str]:
    if fichier is None:
        changed, _ = await changes(context)
        yield f"{len(changed)} personne(s) dont le relais a parlé depuis le dernier fichier."
        return
    try:
        with fichier.open("rb") as source:
            root = read(source)
    except FileRefused as refused:
        raise ExchangeRefused(f"Fichier refusé : {refused}") from refused
    found = reading.header(root, context.configuration)
    if found.id_structure_ali != context.configuration.id_structure_ali:
        raise ExchangeRefused(f"Fichier refusé : {Erreur.UTILISATEUR_INCONNU}")
    counts: Counter[str] = Counter()
    for dossier in root.iterfind("dossiers/dossier"):
        personne = number(dossier, "id_personne") or 0
        if await context.state.ours(PERSONNE, str(personne)) is None:
            yield f"personne {personne} : {Erreur.PERSONNE_INCONNUE}"
        for act in reading.acts(dossier, context.configuration, context.clock().date()):
            for erreur in act.erreurs:
                yield f"personne {personne}, {act.objet} {act.id_ali} : {erreur}"
            counts[act.objet] += not act.erreurs
    said = ", ".join(f"{objet} {count}" for objet, count in sorted(counts.items())) or "rien"
    yield f"{fichier.name} : fichier {'complet' if found.est_stock else 'différentiel'} ; serait déposé : {said}"
