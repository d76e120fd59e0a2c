"""The order of the checks, and a whole run."""

from collections.abc import Awaitable, Callable, Sequence

from relais_kit.carnet import Resultat
from relais_kit.recepteur import epreuves_contrat as contrat
from relais_kit.recepteur import epreuves_faits as faits
from relais_kit.recepteur import epreuves_ouverture as ouverture
from relais_kit.recepteur import epreuves_signature as signature
from relais_kit.recepteur.verification import Verification

Epreuve = Callable[[Verification], Awaitable[None]]
Avancer = Callable[[int, int, str], None]
"""Is told the rank of each step, how many there are, and its title."""

_OUVERTURE: tuple[tuple[str, Epreuve], ...] = (
    ("ouverture de l'abonnement", ouverture.ouvrir),
    ("premiers événements", ouverture.premiers_evenements),
)
_SUITE: tuple[tuple[str, Epreuve], ...] = (
    ("mauvaises signatures", signature.mauvaises_signatures),
    ("envois altérés", signature.envois_alteres),
    ("horloges", signature.horloges),
    ("octets exacts", signature.octets_exacts),
    ("plusieurs signatures", signature.plusieurs_signatures),
    ("vrai envoi après un faux", signature.refus_sans_trace),
    ("autre abonnement", signature.autre_abonnement),
    ("doublons", faits.doublons),
    ("envois simultanés du même événement", faits.doublon_simultane),
    ("doublon dans un lot", faits.doublon_en_lot),
    ("faits distincts", faits.faits_distincts),
    ("désordre", faits.desordre),
    ("lots", faits.lots),
    ("types, champs et codes inconnus", contrat.inconnus),
    ("données réduites", contrat.donnees_reduites),
    ("grands et lents", contrat.grands_et_lents),
    ("seize envois simultanés", ouverture.simultanes),
    ("rotation du secret", signature.ancien_secret),
)


class Injoignable(Exception):
    """Nothing can be judged: nobody answers at this address. One French sentence without its full stop."""


async def derouler(v: Verification, avancer: Avancer) -> Sequence[Resultat]:
    """Run every check that can be. Raises Injoignable, or SondeIllisible when the probe is none from the start."""
    nombre = len(_OUVERTURE) + len(_SUITE) + 1
    if v.sonde is not None:
        await v.sonde.traites()
    for rang, (titre, epreuve) in enumerate(_OUVERTURE, 1):
        avancer(rang, nombre, titre)
        await epreuve(v)
        if not v.a_repondu and v.carnet.a_echoue("disponible"):
            raise Injoignable("le récepteur ne répond pas : vérifiez --url, et qu'il est lancé")
    for rang, (titre, epreuve) in enumerate(_SUITE, len(_OUVERTURE) + 1):
        if v.arret is None:
            avancer(rang, nombre, titre)
            await epreuve(v)
    avancer(nombre, nombre, "ce que la sonde montre" if v.sonde else "conclusion")
    await v.conclure()
    return v.carnet.resultats(v.arret or "rien ne l'a mise à l'épreuve")
