"""The order of the checks, and a whole run."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import httpx

from relais_kit.carnet import Resultat
from relais_kit.personne import Personne
from relais_kit.recepteur import epreuves_contrat as contrat
from relais_kit.recepteur import epreuves_faits as faits
from relais_kit.recepteur import epreuves_ouverture as ouverture
from relais_kit.recepteur import epreuves_signature as signature
from relais_kit.recepteur.envoi import Hub
from relais_kit.recepteur.identite import Identite
from relais_kit.recepteur.sonde import Sonde
from relais_kit.recepteur.verification import Verification
from relais_kit.reprise import Reprise

_ACCEPTE = ("evenement-accepte", "evenement-traite")
_HORODATAGES = ("horodatage-ancien", "horodatage-futur", "horodatage-illisible")
_INCONNUS = ("type-inconnu", "champ-inconnu", "attribut-inconnu", "code-inconnu")

Epreuve = Callable[[Verification], Awaitable[None]]
Avancer = Callable[[int, int, str], None]
"""Is told the rank of each step, how many there are, and its title."""


class Etape(NamedTuple):
    """`exigences`: the short names that this check may note, besides those of `CONCLUSION`."""

    titre: str
    epreuve: Epreuve
    exigences: tuple[str, ...]


_OUVERTURE = (
    Etape("ouverture de l'abonnement", ouverture.ouvrir, ("poignee-de-main", "essai")),
    Etape("premiers événements", ouverture.premiers_evenements, (*_ACCEPTE, "type-inconnu")),
)
_SUITE = (
    Etape("mauvaises signatures", signature.mauvaises_signatures, ("sans-signature", "signature-fausse")),
    Etape("envois altérés", signature.envois_alteres, ("corps-altere", "id-altere", "horodatage-altere")),
    Etape("horloges", signature.horloges, (*_HORODATAGES, "horloge-proche")),
    Etape("octets exacts", signature.octets_exacts, ("octets-exacts",)),
    Etape("plusieurs signatures", signature.plusieurs_signatures, ("signatures-multiples", "version-inconnue")),
    Etape("vrai envoi après un faux", signature.refus_sans_trace, ("refus-sans-trace",)),
    Etape("autre abonnement", signature.autre_abonnement, ("v1a-abonnement",)),
    Etape("doublons", faits.doublons, (*_ACCEPTE, "doublon-accepte", "doublon-une-fois")),
    Etape("doublon lointain", faits.doublon_lointain, (*_ACCEPTE, "lot", "doublon-accepte", "doublon-une-fois")),
    Etape("envois simultanés du même événement", faits.doublon_simultane, ("doublon-simultane",)),
    Etape("doublon dans un lot", faits.doublon_en_lot, (*_ACCEPTE, "doublon-accepte", "doublon-en-lot")),
    Etape("faits distincts", faits.faits_distincts, ("faits-distincts", "ordre")),
    Etape("désordre", faits.desordre, (*_ACCEPTE, "trou", "retardataire", "ordre")),
    Etape("lots", faits.lots, ("lot", "lot-melange", "ordre")),
    Etape("types, champs et codes inconnus", contrat.inconnus, _INCONNUS),
    Etape("données réduites", contrat.donnees_reduites, ("donnees-reduites",)),
    Etape("grands et lents", contrat.grands_et_lents, ("grand", "corps-lent")),
    Etape("seize envois simultanés", ouverture.simultanes, ("simultanes",)),
    Etape("arrêt et relance", ouverture.redemarrage, (*_ACCEPTE, "redemarrage")),
    Etape("rotation du secret", signature.ancien_secret, ("rotation-ancien", "rotation-close")),
)
CONCLUSION = ("delai", "disponible", "sans-redirection")
"""What holds for every answer."""
CONTROLES = tuple(
    [(etape.titre, etape.exigences) for etape in (*_OUVERTURE, *_SUITE)] + [("toutes les réponses", CONCLUSION)]
)

_LIMITE_S, _LIMITE_RAPIDE_S = 540.0, 40.0


class Issue(NamedTuple):
    """`arret`: why the run was cut short, None when it was not."""

    resultats: Sequence[Resultat]
    arret: str | None


class Injoignable(Exception):
    """Nothing can be judged: nobody answers at this address. One French sentence without its full stop."""


async def jouer(
    url: str,
    identite: Identite,
    avancer: Avancer,
    *,
    sonde: str | None = None,
    lot: int = 100,
    est_rapide: bool = False,
    types: tuple[str, ...] = (),
    personne: Personne | None = None,
    reprise: Reprise | None = None,
) -> Issue:
    """Play the hub against the receiver at this address. Raises as `derouler` does."""
    async with httpx.AsyncClient(timeout=None, trust_env=False) as http:  # noqa: S113  `Hub` limits each exchange
        verification = Verification(
            Hub(http, url, identite.bon),
            identite,
            Sonde(http, sonde) if sonde else None,
            lot=lot,
            personne=personne or Personne(),
            est_rapide=est_rapide,
            limite_s=_LIMITE_RAPIDE_S if est_rapide else _LIMITE_S,
            types=types,
        )
        return Issue(await derouler(verification, avancer, reprise), verification.arret)


async def derouler(v: Verification, avancer: Avancer, reprise: Reprise | None = None) -> Sequence[Resultat]:
    """Run every check that can be, but for those that `reprise` knows to be done. Raises Injoignable, or SondeIllisible
    when the probe is none from the start."""
    reprise = reprise or Reprise()
    reprise.rendre(v.carnet)
    v.reprendre(reprise.suite)
    faites = frozenset(reprise.faites)
    nombre = len(_OUVERTURE) + len(_SUITE) + 1
    if v.sonde is not None:
        await v.sonde.traites()
    for rang, (titre, epreuve, _) in enumerate(_OUVERTURE, 1):
        avancer(rang, nombre, titre)
        await epreuve(v)
        if not v.a_repondu and v.carnet.a_echoue("disponible"):
            raise Injoignable("le récepteur ne répond pas : vérifiez --url, et qu'il est lancé")
    for rang, (titre, epreuve, _) in enumerate(_SUITE, len(_OUVERTURE) + 1):
        if v.arret is None and titre not in faites:
            avancer(rang, nombre, titre)
            await epreuve(v)
            reprise.suite |= v.en_json()
            reprise.garder(titre, v.carnet)
    avancer(nombre, nombre, "ce que la sonde montre" if v.sonde else "conclusion")
    await v.conclure()
    reprise.finir()
    return v.carnet.resultats(v.arret or "rien ne l'a mise à l'épreuve")
