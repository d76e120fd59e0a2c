"""What protects each request: the proof of possession, and the token that it comes with."""

import time

from joserfc.jwk import ECKey

from relais_kit.hub.acces import contenu, en_hs256, entete, non_signe, signe_de
from relais_kit.hub.echanges import rendu
from relais_kit.hub.epreuves_acces import FIL
from relais_kit.hub.verification import Verification

_ECART_S = 600
_QUOI = ("absente", "unique", "adresse", "methode", "jeton", "cle", "datee", "signee")
DEFAUTS = tuple(f"preuve-{quoi}" for quoi in _QUOI)


async def preuves(v: Verification) -> None:
    await v.un.authentifier()
    un, jeton, adresse = v.un, v.un.jeton, f"{v.un.client.api}{FIL}"
    voleur, avant, apres = ECKey.generate_key("P-256"), int(time.time()) - _ECART_S, int(time.time()) + _ECART_S
    publique = un.cle_de_preuve.as_pem(private=False)
    for nom, quoi, preuve in (
        ("preuve-adresse", "la preuve d'une autre adresse", un.preuve("GET", f"{adresse}/autre", jeton)),
        ("preuve-adresse", "la preuve d'un autre relais", un.preuve("GET", f"https://autre.exemple.fr{FIL}", jeton)),
        ("preuve-methode", "la preuve d'une autre méthode", un.preuve("POST", adresse, jeton)),
        ("preuve-jeton", "la preuve d'aucun jeton", un.preuve("GET", adresse)),
        ("preuve-jeton", "la preuve d'un autre jeton", un.preuve("GET", adresse, f"{jeton}x")),
        ("preuve-cle", "la preuve d'une autre clé", un.preuve("GET", adresse, jeton, cle=voleur)),
        (
            "preuve-datee",
            "une preuve d'il y a dix minutes",
            un.preuve("GET", adresse, jeton, iat=avant),
        ),
        ("preuve-datee", "une preuve de dans dix minutes", un.preuve("GET", adresse, jeton, iat=apres)),
        ("preuve-signee", "une preuve mal signée", un.preuve("GET", adresse, jeton, signer=signe_de(voleur))),
        ("preuve-signee", "une preuve non signée (none)", un.preuve("GET", adresse, jeton, signer=non_signe)),
        ("preuve-signee", "une preuve en HS256", un.preuve("GET", adresse, jeton, signer=en_hs256(publique))),
    ):
        await _refuser(v, nom, quoi, {"Authorization": f"DPoP {jeton}", "DPoP": preuve})
    await _refuser(v, "preuve-absente", "un jeton sans preuve", {"Authorization": f"DPoP {jeton}"})
    avec = {"Authorization": f"Bearer {jeton}", "DPoP": un.preuve("GET", adresse, jeton)}
    await _refuser(v, "preuve-absente", "un jeton lié, présenté en Bearer", avec)
    entetes = un.entetes("GET", FIL)
    premiere = await v.fil.envoyer("GET", FIL, entetes)
    if v.attendre("preuve-unique", premiere, "une preuve juste et neuve", 200):
        await _refuser(v, "preuve-unique", "une preuve déjà présentée", entetes)


async def jetons_faux(v: Verification) -> None:
    await v.un.authentifier()
    un, adresse = v.un, f"{v.un.client.api}{FIL}"
    tete, dit = entete(un.jeton), contenu(un.jeton)
    trois = un.jeton.split(".")
    altere = non_signe(tete, {**dit, "exp": dit.get("exp", 0) + 60}).split(".")[1]
    etranger = signe_de(ECKey.generate_key("P-256"))
    for quoi, faux in (
        ("un jeton dont le contenu a changé", f"{trois[0]}.{altere}.{trois[-1]}"),
        ("un jeton non signé (none)", non_signe(tete, dit)),
        ("un jeton signé d'une autre clé", etranger({**tete, "alg": "ES256"}, dit)),
        ("une assertion présentée comme un jeton", un.assertion()),
        ("ce qui n'est pas un jeton", "jeton"),
    ):
        entetes = {"Authorization": f"DPoP {faux}", "DPoP": un.preuve("GET", adresse, faux)}
        await _refuser(v, "jeton-faux", quoi, entetes)
    sans = await v.fil.envoyer("GET", FIL)
    v.attendre("refus-d-acces", sans, "une requête sans jeton", 401)


async def _refuser(v: Verification, nom: str, quoi: str, entetes: dict[str, str]) -> None:
    """Expect a 401 with its challenge: an acceptance is a defect of `nom`, a wrong refusal one of `refus-d-acces`."""
    echange = await v.fil.envoyer("GET", FIL, entetes)
    if v.attendre(nom, echange, quoi, 401):
        defi = rendu(echange, "www-authenticate")
        est_dit = defi.lower().startswith(("dpop ", "bearer ")) and "error=" in defi
        v.noter("refus-d-acces", est_dit, f"WWW-Authenticate ne dit pas pourquoi, à {quoi}", echange)
