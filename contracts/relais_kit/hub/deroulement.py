"""The order of the checks, and a whole run."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from relais_kit.carnet import Resultat
from relais_kit.hub import conclusion
from relais_kit.hub import epreuves_acces as acces
from relais_kit.hub import epreuves_depots as depots
from relais_kit.hub import epreuves_etanches as etanches
from relais_kit.hub import epreuves_fil as fil
from relais_kit.hub import epreuves_lectures as lectures
from relais_kit.hub import epreuves_lots as lots
from relais_kit.hub import epreuves_preuve as preuve
from relais_kit.hub import epreuves_webhooks as webhooks
from relais_kit.hub.verification import Verification
from relais_kit.reprise import Reprise

Epreuve = Callable[[Verification], Awaitable[None]]
Avancer = Callable[[int, int, str], None]
"""Is told the rank of each step, how many there are, and its title."""

_ASSERTIONS = ("assertion-signee", "assertion-datee", "assertion-destinee", "jeton-sans-preuve", "assertion-unique")
_ADRESSES = ("parametre-inconnu", "adresse-inconnue", "debit")


class Etape(NamedTuple):
    """`exigences`: the short names that this check may note."""

    titre: str
    epreuve: Epreuve
    exigences: tuple[str, ...]
    est_prealable: bool = False
    """What follows rests on it: done again when an interrupted run goes on."""


ETAPES = (
    Etape("métadonnées et clés", acces.metadonnees, ("metadonnees", "cles-publiques")),
    Etape("jeton", acces.jeton, ("jeton", "jeton-lie", "jeton-sans-cache"), est_prealable=True),
    Etape("premier dépôt", depots.depot, ("depot", "recu"), est_prealable=True),
    Etape("assertions fausses", acces.assertions, _ASSERTIONS),
    Etape("portées", acces.portees, ("portee",)),
    Etape("preuves fausses", preuve.preuves, (*preuve.DEFAUTS, "refus-d-acces")),
    Etape("jetons faux", preuve.jetons_faux, ("jeton-faux", "refus-d-acces")),
    Etape("même dépôt, autre contenu", depots.rejeu, ("rejeu", "contenu-different")),
    Etape("dépôt sans attente", depots.sans_attente, ("sans-attente",)),
    Etape("ce que devient un dépôt", depots.devenir, ("devenir",)),
    Etape("formes et tailles", depots.formes, ("type-de-contenu", "taille", "illisible")),
    Etape("messages faux", depots.contrat, ("contrat", "sans-echo", "identifiant-nir", "source")),
    Etape("trace", depots.trace, ("trace",)),
    Etape("lot", lots.lot, ("lot",)),
    Etape("flux", lots.flux, ("flux",)),
    Etape("fil d'événements", fil.fil, ("fil", "suite"), est_prealable=True),
    Etape("numéros et trous", fil.numeros, ("numeros", "trous")),
    Etape("types demandés", fil.filtre, ("filtre",)),
    Etape("dépôt d'un autre", etanches.depot_d_autrui, ("depot-d-autrui",)),
    Etape("parcours d'un autre", etanches.parcours_d_autrui, ("parcours-d-autrui",)),
    Etape("pseudonymes", etanches.pseudonymes, ("pseudonymes",)),
    Etape("curseur d'un autre", etanches.curseur_d_autrui, ("curseur-d-autrui",)),
    Etape("ETag", lectures.etag, ("etag",)),
    Etape("acquittement", fil.acquittement, ("acquittement", "trous")),
    Etape("adresses et paramètres", lectures.adresses, _ADRESSES),
    Etape("documents publiés", lectures.documents, ("descriptions", "sante")),
    Etape("contrats publiés", lectures.contrats, ("contrats",)),
    Etape("adresses interdites", webhooks.adresses_interdites, ("adresse-interdite",)),
    Etape("abonnement", webhooks.abonnement, webhooks.AVEC_ECOUTE),
    Etape("révocation", acces.revocation, ("revocation",)),
    Etape("profil hérité", acces.herite, ("herite",)),
    Etape("redémarrage", conclusion.redemarrage, ("redemarrage",)),
    Etape("codes expliqués", lectures.explications, ("explications",)),
)
CONTROLES = (*((etape.titre, etape.exigences) for etape in ETAPES), ("toutes les réponses", conclusion.PARTOUT))


async def derouler(v: Verification, avancer: Avancer, reprise: Reprise | None = None) -> Sequence[Resultat]:
    """Run every check that `reprise` does not know to be done. Raises SansReponse, SansJeton, Injugeable."""
    reprise = reprise or Reprise()
    faites = frozenset(reprise.faites)
    reprise.rendre(v.carnet)
    v.refus |= reprise.suite.get("refus", {})
    reprise.suite["refus"] = v.refus
    for rang, etape in enumerate(ETAPES, 1):
        if etape.titre in faites and not etape.est_prealable:
            continue
        avancer(rang, len(ETAPES), etape.titre)
        depart = len(v.fil.echanges)
        await etape.epreuve(v)
        conclusion.juger_les_reponses(v, v.fil.echanges[depart:])
        reprise.garder(etape.titre, v.carnet)
    reprise.finir()
    return v.carnet.resultats("rien ne l'a mise à l'épreuve")
