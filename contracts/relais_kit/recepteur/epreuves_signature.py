"""Signatures to refuse and to accept: keys, clocks, rotated secrets (Standard Webhooks 1.0)."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import uuid4

import orjson

from relais_kit.recepteur.envoi import Alterer, Maniere
from relais_kit.recepteur.faits import Evenement
from relais_kit.recepteur.verification import Verification

_LOIN_S, _PRES_S = 15 * 60, 20
_ATTENTE_MAX_S = 60.0
_MARGE_S = 2.0
_ABIMEES: Mapping[str, Callable[[str], str]] = {
    "une signature dont seul le début est juste": lambda jeton: f"{jeton[:-12]}{'A' * 11}=",
    "une signature coupée": lambda jeton: jeton[:11],
    "une signature juste, sous une version inconnue": lambda jeton: "v9," + jeton.partition(",")[2],
}
_ENTETES = ("webhook-id", "webhook-timestamp", "webhook-signature")


async def mauvaises_signatures(v: Verification) -> None:
    for absent in _ENTETES:
        await v.refuser("sans-signature", f"un envoi sans {absent}", Maniere(alterer=_sans(absent)))
    await v.refuser("sans-signature", "un envoi sans aucun en-tête de signature", Maniere(alterer=lambda _: {}))
    for signataire in v.identite.etrangers():
        await v.refuser("signature-fausse", "une signature d'une autre clé", Maniere((signataire,)))
    await v.refuser("signature-fausse", "une signature vide", Maniere(alterer=_avec("webhook-signature", "v1,")))
    for quoi, abimer in _ABIMEES.items():
        await v.refuser("signature-fausse", quoi, Maniere(alterer=_abimee(abimer)))
    if v.lot > 1:
        sans = Maniere(alterer=lambda _: {})
        await v.refuser("sans-signature", "un lot sans aucun en-tête de signature", sans, en_lot=True)
        faux = Maniere((v.identite.etrangers()[0],))
        await v.refuser("signature-fausse", "un lot signé d'une autre clé", faux, en_lot=True)


async def envois_alteres(v: Verification) -> None:
    """Each part of what is signed, changed afterwards."""
    fait = v.fait()
    autre = orjson.dumps({**fait, "agent": "AUTRE Agent X1"})
    await v.refuser("corps-altere", "un corps changé après sa signature", Maniere(corps=autre), fait)
    autre_id = _avec("webhook-id", str(uuid4()))
    await v.refuser("id-altere", "un webhook-id changé après la signature", Maniere(alterer=autre_id))
    maintenant = _avec("webhook-timestamp", str(int(datetime.now(UTC).timestamp())))
    rajeuni = Maniere(decalage_s=-_LOIN_S, alterer=maintenant)
    await v.refuser("horodatage-altere", "un vieil envoi dont l'heure a été changée", rajeuni)


async def horloges(v: Verification) -> None:
    await v.refuser("horodatage-ancien", "un envoi signé il y a quinze minutes", Maniere(decalage_s=-_LOIN_S))
    await v.refuser("horodatage-futur", "un envoi daté dans quinze minutes", Maniere(decalage_s=_LOIN_S))
    illisible = Maniere(alterer=_avec("webhook-timestamp", "hier"))
    await v.refuser("horodatage-illisible", "un webhook-timestamp illisible", illisible)
    for decalage_s in (-_PRES_S, _PRES_S):
        ecart = f"un envoi daté de {decalage_s:+d} s"
        await v.accepter("horloge-proche", ecart, v.fait(), maniere=Maniere(decalage_s=decalage_s))


async def octets_exacts(v: Verification) -> None:
    """The same JSON written as no library would write it back: escapes, line ends, indentation, white space around."""
    fait = v.fait()
    ecrit = json.dumps(fait, ensure_ascii=True, indent=1).replace("/", "\\/")
    corps = f" {ecrit}\n".encode()
    await v.accepter("octets-exacts", "un JSON écrit autrement que par une bibliothèque", fait, corps=corps)


async def plusieurs_signatures(v: Verification) -> None:
    """During a rotation there are several: the receiver knows one of them, whichever its place."""
    etranger, _ = v.identite.etrangers()
    bon = v.identite.bon
    for signataires, place in (((etranger, bon), "seconde"), ((bon, etranger), "première")):
        quoi = f"deux signatures dont la {place} est juste"
        await v.accepter("signatures-multiples", quoi, v.fait(), maniere=Maniere(signataires))
    inconnue = Maniere(alterer=_devant("v9,AAAA"))
    await v.accepter("version-inconnue", "une signature v9 devant la bonne", v.fait(), maniere=inconnue)
    if v.identite.abonnement is None:
        avec_v1a = Maniere((v.identite.etrangers()[1], bon))
        await v.accepter("version-inconnue", "une signature v1a devant la bonne, v1", v.fait(), maniere=avec_v1a)


async def refus_sans_trace(v: Verification) -> None:
    """Who guesses an id must not be able to keep the true event out."""
    fait = v.fait()
    faux = Maniere((v.identite.etrangers()[0],))
    await v.envoyer("refus-sans-trace", "un envoi mal signé", fait, maniere=faux, est_a_refuser=True)
    await v.accepter("refus-sans-trace", "le vrai envoi, après un faux de même id", fait)


async def ancien_secret(v: Verification) -> None:
    """Until the end of the overlap the former secret is good; after it no more. Waits for an end that is near."""
    ancien, fin = v.identite.ancien, v.identite.ancien_jusqua
    if ancien is None:
        for nom in ("rotation-ancien", "rotation-close"):
            v.carnet.omettre(nom, "sans --ancien-secret, il n'y a pas de rotation à vérifier")
        return
    if fin is None or _reste_s(fin) > _MARGE_S:
        await v.accepter("rotation-ancien", "l'ancien secret", v.fait(), maniere=Maniere((ancien,)))
    else:
        v.carnet.omettre("rotation-ancien", "le recouvrement est fini")
    if fin is None:
        v.carnet.omettre("rotation-close", "sans --ancien-jusqua, la fin du recouvrement n'est pas connue")
        return
    if v.est_rapide or _reste_s(fin) > _ATTENTE_MAX_S:
        if _reste_s(fin) > -_MARGE_S:
            v.carnet.omettre("rotation-close", "le recouvrement n'est pas encore fini")
            return
    elif (reste_s := _reste_s(fin) + _MARGE_S) > 0:
        await asyncio.sleep(reste_s)
    await v.refuser("rotation-close", "l'ancien secret, après le recouvrement", Maniere((ancien,)))


async def autre_abonnement(v: Verification) -> None:
    """One key signs for every partner: only the signed `abonnement` names the addressee of an event."""
    if v.identite.abonnement is None:
        v.carnet.omettre("v1a-abonnement", "sans --cle-v1a, l'abonnement n'est pas nommé")
        return
    etranger: Evenement = {**v.fait(), "abonnement": str(uuid4())}
    await v.refuser("v1a-abonnement", "l'événement d'un autre abonnement", Maniere(), etranger)


def _reste_s(fin: datetime) -> float:
    return (fin - datetime.now(UTC)).total_seconds()


def _sans(absent: str) -> Alterer:
    return lambda entetes: {nom: valeur for nom, valeur in entetes.items() if nom != absent}


def _avec(nom: str, valeur: str) -> Alterer:
    return lambda entetes: {**entetes, nom: valeur}


def _abimee(abimer: Callable[[str], str]) -> Alterer:
    return lambda entetes: {**entetes, "webhook-signature": abimer(entetes["webhook-signature"])}


def _devant(jeton: str) -> Alterer:
    return lambda entetes: {**entetes, "webhook-signature": f"{jeton} {entetes['webhook-signature']}"}
