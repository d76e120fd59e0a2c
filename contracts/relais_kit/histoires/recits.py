"""The named stories. Each is told as often as wanted, always with the same words for the same seed and day."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from relais_contrats.v1 import delais
from relais_kit.histoires import suivi
from relais_kit.histoires.dossier import Dossier, Recit
from relais_kit.histoires.suivi import CAF, CD, FT, ML

_SOCIO, _EMPLOI, _SOCIAL = "socio-professionnel", "emploi", "social"
_SEPT_SEMAINES = 49


class Histoire(NamedTuple):
    """`raconter` adds the lines of one telling; `offre` says that the file begins with a service to prescribe."""

    titre: str
    raconter: Callable[[Recit], None]
    offre: bool = False


def _premiere_orientation(recit: Recit) -> None:
    qui = recit.personne()
    suivi.signaler(qui, 30, droit=31)
    suivi.diagnostiquer(qui, 27)
    suivi.decider(qui, CD, _SOCIO, ML, 24)
    suivi.suivre(qui, ML, 21)
    suivi.rendez_vous(qui, ML, 1, 15, "honore")
    suivi.s_engager(qui, ML, 12)
    suivi.viser(qui, ML, 10)


def _decision_tardive(recit: Recit) -> None:
    qui = recit.personne()
    suivi.signaler(qui, _SEPT_SEMAINES - 1, droit=_SEPT_SEMAINES)
    suivi.decider(qui, FT, _EMPLOI, FT, 5, attendre="orientation.dessaisie")
    suivi.suivre(qui, FT, 3, attendre=None)


def _demenagement(recit: Recit) -> None:
    qui = recit.personne()
    suivi.signaler(qui, 30, droit=31)
    suivi.decider(qui, CD, _SOCIAL, CD, 24)
    suivi.suivre(qui, CD, 21, attendre=None)
    suivi.rendez_vous(qui, CD, 1, 15, "honore")
    qui.dire(CD, "parcours.transfere", {"departement_nouveau": "62", "date_effet": recit.il_y_a(-30)}, 2)


def _doublon_fusionne(recit: Recit) -> None:
    une, autre = recit.personne("a"), recit.personne("b")
    suivi.signaler(une, 20, droit=21)
    suivi.signaler_sans_nir(autre, 15, _mal_ecrite(une.donnees["identite"]))
    une.dire(CD, "usager.fusionne", {"conserve": une.parcours, "absorbes": [autre.parcours]}, 10)
    suivi.decider(une, CD, _SOCIO, ML, 8)
    suivi.suivre(une, ML, 6)


def _mal_ecrite(identite: Mapping[str, Any]) -> dict[str, Any]:
    """The same person under the name of her spouse and born a year later: nobody recognises her by that."""
    annee, _, reste = identite["date_naissance"].partition("-")
    return {**identite, "nom_naissance": "Essai Quenouille", "date_naissance": f"{int(annee) + 1}-{reste}"}


def _personne_ambigue(recit: Recit) -> None:
    une, vue = recit.personne("a"), recit.personne("b")
    suivi.signaler(une, 20, droit=21)
    suivi.signaler_sans_nir(vue, 15, une.donnees["identite"])
    meme = {"decision": "meme-personne", "parcours": une.parcours}
    vue.dire(CD, "usager.rapproche", meme, 10, attendre="usager.ambigu")
    vue.dire(ML, "usager.corrige", {"coordonnees": {"telephone": "0199000003"}}, 5, attendre="usager.fusionne")


def _reorientation(recit: Recit) -> None:
    qui = recit.personne()
    suivi.signaler(qui, 40, droit=41)
    suivi.decider(qui, CD, _SOCIO, ML, 35)
    suivi.suivre(qui, ML, 33)
    suivi.s_engager(qui, ML, 30)
    demande = {
        "motif": "La personne est prête à rechercher un emploi.",
        "parcours_type_propose": _EMPLOI,
        "accord_referent": True,
        "accord_personne": True,
        "urgence": False,
    }
    qui.dire(ML, "reorientation.demandee", demande, 12)
    nouvelle = suivi.decision(qui, _EMPLOI, FT, 10, rang=2)
    qui.dire(CD, "reorientation.decidee", {"decision": "acceptee", "nouvelle_decision": nouvelle}, 10)
    suivi.suivre(qui, FT, 8, attendre="reorientation.decidee")


def _prescription_refusee(recit: Recit) -> None:
    qui = recit.personne()
    _orienter_et_prescrire(qui)
    message = "Une place se libère en septembre."
    suivi.repondre(qui, "prescription.refusee", 5, motifs=["capacite-atteinte"], message=message)


def _prescription_suivie(recit: Recit) -> None:
    qui = recit.personne()
    _orienter_et_prescrire(qui)
    suivi.repondre(qui, "prescription.acceptee", 7)
    suivi.repondre(qui, "participation.commencee", 5)
    suivi.repondre(qui, "participation.terminee", 2, issue="accomplie")


def _orienter_et_prescrire(qui: Dossier) -> None:
    suivi.signaler(qui, 30, droit=31)
    suivi.decider(qui, CD, _SOCIO, ML, 24)
    suivi.suivre(qui, ML, 21)
    suivi.prescrire(qui, ML, 10)
    suivi.repondre(qui, "prescription.mise-a-l-etude", 8)


def _rendez_vous_manque(recit: Recit) -> None:
    qui = recit.personne()
    suivi.signaler(qui, 30, droit=31)
    suivi.decider(qui, CD, _SOCIO, ML, 24)
    suivi.suivre(qui, ML, 21)
    suivi.rendez_vous(qui, ML, 1, 15, "non-honore")
    suivi.rendez_vous(qui, ML, 2, 8, "honore")


def _referent_decline(recit: Recit) -> None:
    qui = recit.personne()
    suivi.signaler(qui, 30, droit=31)
    suivi.decider(qui, CD, _SOCIO, ML, 24)
    qui.dire(ML, "referent.designe", suivi.referent(qui, ML, 21), 21)
    qui.dire(ML, "referent.decline", {"motif": "Portefeuille complet."}, 20)
    suivi.suivre(qui, ML, 15)


def _fin_de_droit(recit: Recit) -> None:
    qui = recit.personne()
    suivi.signaler(qui, 40, droit=41)
    suivi.decider(qui, CD, _SOCIAL, CD, 35)
    suivi.suivre(qui, CD, 33, attendre=None)
    fin = {"etat_dossier": "5", "soumis_droits_devoirs": False, "date_effet": recit.il_y_a(5)}
    qui.dire(CAF, "droits.modifies", fin | {"motif_cloture": "mutation"}, 4)
    qui.dire(CD, "parcours.clos", {"date_fin": recit.il_y_a(2), "motif": "Fin du droit au RSA."}, 2)


HISTOIRES: Mapping[str, Histoire] = MappingProxyType(
    {
        "premiere-orientation": Histoire("orientée, suivie, un contrat, une feuille de route", _premiere_orientation),
        "decision-tardive": Histoire(f"{delais.ORIENTATION} sans décision : France Travail décide", _decision_tardive),
        "demenagement": Histoire("un transfert est annoncé vers le Pas-de-Calais", _demenagement),
        "doublon-fusionne": Histoire("deux parcours d'une personne, que le département fusionne", _doublon_fusionne),
        "personne-ambigue": Histoire("signalée de nouveau, sans NIR : le département tranche", _personne_ambigue),
        "reorientation": Histoire("de la mission locale à France Travail", _reorientation),
        "prescription-refusee": Histoire("étudiée, puis refusée faute de place", _prescription_refusee, offre=True),
        "prescription-suivie": Histoire("acceptée, commencée, menée à son terme", _prescription_suivie, offre=True),
        "rendez-vous-manque": Histoire("un rendez-vous manqué, le suivant honoré", _rendez_vous_manque),
        "referent-decline": Histoire("un premier référent décline, un second accepte", _referent_decline),
        "fin-de-droit": Histoire("la Caf clôt le droit, le département clôt le parcours", _fin_de_droit),
    }
)
"""By name; the titles are for the terminal."""


def lignes(nom: str, nombre: int, graine: int, jour: date) -> Iterator[dict[str, Any]]:
    """The lines of `nombre` tellings of a story, in the order of deposit, as of `jour`."""
    histoire = HISTOIRES[nom]
    if histoire.offre:
        offre = Recit(nom, graine, jour, 0)
        suivi.publier(offre)
        yield from offre.lignes
    for rang in range(1, nombre + 1):
        recit = Recit(nom, graine, jour, rang)
        histoire.raconter(recit)
        yield from recit.lignes
