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


ETAPES = (
    Etape("métadonnées et clés", acces.metadonnees, ("metadonnees", "cles-publiques")),
    Etape("jeton", acces.jeton, ("jeton", "jeton-lie", "jeton-sans-cache")),
    Etape("premier dépôt", depots.depot, ("depot", "recu")),
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
    Etape("fil d'événements", fil.fil, ("fil", "suite")),
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
    Etape("toutes les réponses", conclusion.conclure, ("probleme", "sans-cors", "prive", "tls")),
)
CONTROLES = tuple((etape.titre, etape.exigences) for etape in ETAPES)


async def derouler(v: Verification, avancer: Avancer) -> Sequence[Resultat]:
    """Run every check. Raises SansReponse, SansJeton, Injugeable."""
    for rang, etape in enumerate(ETAPES, 1):
        avancer(rang, len(ETAPES), etape.titre)
        await etape.epreuve(v)
    return v.carnet.resultats("rien ne l'a mise à l'épreuve")
