"""What falls due for a person in the mock: the days that follow from what was said, as the roadmap of a hub lists them.

Left to a hub: the re-examination, which each look at the situation moves; sanctions; whose parcours it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from relais_contrats.v1 import delais
from relais_contrats.v1.echeances import (
    Nature,
    engagements_dates,
    fin_du_contrat,
    premier_rendez_vous,
    referent_attendu,
)
from relais_kit.bouchon.vues import Recit, Vue, contrats, orientations, rdv, referent

_SANTE = "sante"
_FINIES = ("realisee", "abandonnee")
_REPONSES = ("contrat.signe", "contrat.refuse", "contrat.repris")


def prochaines(recit: Recit, objectifs: Iterable[Vue]) -> list[Vue]:
    """By date, then by nature. A closed parcours has none left."""
    if recit.dernier("parcours.clos"):
        return []
    dites = orientations(recit)
    trouvees = [*_de_l_orientation(recit, dites), *_du_contrat(recit, dites["ouverte"]), *_des_actions(objectifs)]
    return sorted(trouvees, key=lambda due: (due["date_echeance"], due["nature"]))


def _due(nature: Nature, le: date | str, **dit: Any) -> Vue:
    connu = {champ: valeur for champ, valeur in dit.items() if valeur is not None}
    return {"nature": str(nature), "date_echeance": str(le), **connu}


def _de_l_orientation(recit: Recit, dites: Mapping[str, Any]) -> Iterator[Vue]:
    ouverte = dites["ouverte"]
    if dites["etat"] == "en-attente":
        yield _due(Nature.DECISION, dites["demande"]["date_echeance"])
    if ouverte is None:
        return
    suivi = referent(recit.depuis_la_decision)
    if not (suivi["referent"] or suivi["propose"]):
        yield _due(Nature.REFERENT, referent_attendu(ouverte))
    est_attendu = not ouverte.get("est_reprise", False)
    if le := premier_rendez_vous(recit.departement, ouverte, rdv(recit)["rendez_vous"], est_attendu=est_attendu):
        yield _due(Nature.PREMIER_RENDEZ_VOUS, le)


def _du_contrat(recit: Recit, ouverte: Mapping[str, Any] | None) -> Iterator[Vue]:
    contrat = _actuel(list(contrats(recit).values()))
    etat = _etat(recit, contrat) if contrat else None
    if ouverte and ouverte.get("date_notification") and etat in (None, "a-signer", "refuse"):
        yield _due(Nature.SIGNATURE, delais.SIGNATURE.fin(date.fromisoformat(ouverte["date_notification"])))
    if contrat is None:
        return
    cle = contrat["contrat_id"]
    if etat == "signe":
        yield _due(Nature.FIN_CONTRAT, fin_du_contrat(contrat), objet=cle)
        for promis in engagements_dates(contrat):
            sensibilite = _SANTE if promis["theme"] == _SANTE else None
            dit = {"objet": promis["id"], "libelle": promis["libelle"], "sensibilite": sensibilite}
            yield _due(Nature.ENGAGEMENT, promis["echeance"], **dit)
    suspendu = recit.dernier("contrat.suspendu")
    if etat == "suspendu" and suspendu:
        depuis = date.fromisoformat(suspendu.data["date"])
        yield _due(Nature.FIN_SUSPENSION, delais.SUSPENSION.fin(depuis), objet=cle)


def _actuel(tous: Sequence[Vue]) -> Vue | None:
    """The one in force, else the last."""
    en_cours = [un for un in tous if un["etat"] in ("signe", "suspendu")]
    return next(reversed(en_cours or tous), None)


def _etat(recit: Recit, contrat: Vue) -> str:
    """An answer stands for the orientation under which it was given."""
    est_d_avant = contrat["etat"] in ("signe", "refuse") and not recit.depuis_la_decision.de(*_REPONSES)
    return "a-signer" if est_d_avant else str(contrat["etat"])


def _des_actions(objectifs: Iterable[Vue]) -> Iterator[Vue]:
    """Actions under way of objectives under way."""
    for objectif in objectifs:
        for action in objectif["actions"] if objectif["statut"] == "en-cours" else ():
            if action.get("echeance") and action["statut"] not in _FINIES:
                sensibilite = _SANTE if objectif["theme"] == _SANTE else action.get("sensibilite")
                dit = {"objet": action["action_id"], "libelle": action["libelle"], "sensibilite": sensibilite}
                yield _due(Nature.ACTION, action["echeance"], **dit)
