"""Access tokens at a protected resource: which are believed, from whom, and until when."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.util import urlsafe_b64decode

from relais_contrats.oauth.errors import AccesRefuse
from relais_contrats.oauth.profile import Profil
from relais_contrats.oauth.resource import VerificateurAcces
from relais_contrats.oauth.signing import CleServeur, EtatCle, Trousseau
from relais_contrats.oauth.tokens import EmetteurJetons, LecteurJetons
from tests.securite.oauth.hub import Hub, cle_client, cle_serveur
from tests.securite.oauth.partenaire import (
    MAINTENANT,
    MAINTENANT_S,
    RESSOURCE,
    SANS,
    URL_PUBLIQUE,
    CleForgee,
    Partenaire,
    b64,
    cle_es256,
    compact,
    membres,
)


def signataire(cle: CleServeur) -> Callable[[bytes], bytes]:
    privee = cle.cle.private_key
    assert privee is not None

    def signer(message: bytes) -> bytes:
        r, s = decode_dss_signature(privee.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return signer


def forger(hub: Hub, partenaire: Partenaire, entete: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token signed with the hub's own key, whatever it says."""
    cle = hub.trousseau.active
    defaut = {
        "iss": URL_PUBLIQUE,
        "aud": URL_PUBLIQUE,
        "sub": partenaire.client_id,
        "client_id": partenaire.client_id,
        "scope": "evenements:lire",
        "iat": MAINTENANT_S,
        "exp": MAINTENANT_S + 300,
        "jti": "1",
        "client_auth": "cle:cle-1",
        "cnf": {"jkt": partenaire.cle_dpop.jkt},
    }
    entete = membres({"alg": "ES256", "typ": "at+jwt", "kid": cle.kid}, entete)
    return compact(entete, membres(defaut, claims), signataire(cle))


def refus(hub: Hub, jeton: str, preuve: str) -> str | None:
    try:
        hub.presenter(jeton, preuve)
    except AccesRefuse as erreur:
        return erreur.error
    return None


def test_a_forged_token_that_says_all_is_accepted(hub: Hub, cd59: Partenaire) -> None:
    jeton = forger(hub, cd59, {}, {})

    assert refus(hub, jeton, cd59.preuve("GET", RESSOURCE, jeton)) is None


CLAIMS_REFUSES: dict[str, dict[str, Any]] = {
    "expired": {"exp": MAINTENANT_S - 1},
    "expires now": {"exp": MAINTENANT_S},
    "no exp": {"exp": SANS},
    "exp is a string": {"exp": "9999999999"},
    "exp has 400 digits": {"exp": 10**400},
    "no iat": {"iat": SANS},
    "iat in the future": {"iat": MAINTENANT_S + 61},
    "nbf in the future": {"nbf": MAINTENANT_S + 61},
    "wrong aud": {"aud": "https://other.example"},
    "aud is the client": {"aud": "si:cd-59"},
    "aud is a list": {"aud": [URL_PUBLIQUE]},
    "no aud": {"aud": SANS},
    "issued by staging": {"iss": "https://staging.relais.example"},
    "no iss": {"iss": SANS},
    "no client_id": {"client_id": SANS},
    "sub of another": {"sub": "si:caf-59"},
    "unknown client": {"sub": "si:nobody", "client_id": "si:nobody"},
    "scope is an object": {"scope": {}},
    "scope is a list": {"scope": ["evenements:lire"]},
    "no scope": {"scope": SANS},
    "no jti": {"jti": SANS},
    "no cnf": {"cnf": SANS},
    "cnf is a string": {"cnf": "x"},
    "cnf without jkt": {"cnf": {"x5t#S256": "x"}},
    "cnf.jkt is a number": {"cnf": {"jkt": 1}},
    "cnf.jkt of another key": {"cnf": {"jkt": "x" * 43}},
}


@pytest.mark.parametrize("claims", CLAIMS_REFUSES.values(), ids=CLAIMS_REFUSES)
def test_claims_that_are_refused(hub: Hub, cd59: Partenaire, claims: dict[str, Any]) -> None:
    jeton = forger(hub, cd59, {}, claims)

    assert refus(hub, jeton, cd59.preuve("GET", RESSOURCE, jeton)) == "invalid_token"


ENTETES_REFUSES: dict[str, dict[str, Any]] = {
    "no typ": {"typ": SANS},
    "typ JWT": {"typ": "JWT"},
    "alg none": {"alg": "none"},
    "alg HS256": {"alg": "HS256"},
    "alg EdDSA": {"alg": "EdDSA"},
    "no kid": {"kid": SANS},
    "kid unknown": {"kid": "x"},
    "kid is a list": {"kid": []},
    "kid with an accent": {"kid": "é"},
    "crit": {"crit": ["exp"]},
}


@pytest.mark.parametrize("entete", ENTETES_REFUSES.values(), ids=ENTETES_REFUSES)
def test_headers_that_are_refused(hub: Hub, cd59: Partenaire, entete: dict[str, Any]) -> None:
    jeton = forger(hub, cd59, entete, {})

    assert refus(hub, jeton, cd59.preuve("GET", RESSOURCE, jeton)) == "invalid_token"


def test_a_token_of_an_unknown_key_is_refused(hub: Hub, cd59: Partenaire, inconnue: CleForgee) -> None:
    entete, claims, _ = forger(hub, cd59, {}, {}).split(".")
    message = f"{entete}.{claims}"
    jeton = f"{message}.{b64(inconnue.signer(message.encode()))}"

    assert refus(hub, jeton, cd59.preuve("GET", RESSOURCE, jeton)) == "invalid_token"


@pytest.mark.parametrize("partie", [0, 1, 2], ids=["header", "claims", "signature"])
def test_one_flipped_bit_is_refused_also_after_the_token_was_seen(hub: Hub, cd59: Partenaire, partie: int) -> None:
    jeton = hub.jeton(cd59)
    hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))
    parties = jeton.split(".")
    parties[partie] = parties[partie][:-3] + ("A" if parties[partie][-3] != "A" else "B") + parties[partie][-2:]
    altere = ".".join(parties)

    assert refus(hub, altere, cd59.preuve("GET", RESSOURCE, altere)) == "invalid_token"


DEFORMATIONS: dict[str, Callable[[str], str]] = {
    "padding": lambda jeton: jeton + "=",
    "signature of zeros": lambda jeton: jeton.rsplit(".", 1)[0] + "." + "A" * 86,
    "no signature": lambda jeton: jeton.rsplit(".", 1)[0] + ".",
    "200 kB": lambda jeton: jeton + "A" * 200_000,
    "not ASCII": lambda jeton: jeton + "é",
    "lone surrogate": lambda jeton: jeton + "\ud800",
    "a space": lambda jeton: " " + jeton,
}


@pytest.mark.parametrize("deformer", DEFORMATIONS.values(), ids=DEFORMATIONS)
def test_serialisations_that_are_refused(hub: Hub, cd59: Partenaire, deformer: Callable[[str], str]) -> None:
    jeton = hub.jeton(cd59)

    assert refus(hub, deformer(jeton), cd59.preuve("GET", RESSOURCE, jeton)) == "invalid_token"


def test_an_assertion_is_no_access_token(hub: Hub, cd59: Partenaire) -> None:
    assertion = cd59.assertion()

    assert refus(hub, assertion, cd59.preuve("GET", RESSOURCE, assertion)) == "invalid_token"


def test_a_stolen_token_is_of_no_use_to_another_partner(hub: Hub, cd59: Partenaire, caf59: Partenaire) -> None:
    jeton = hub.jeton(cd59)

    assert refus(hub, jeton, caf59.preuve("GET", RESSOURCE, jeton)) == "invalid_token"


def test_a_token_that_was_seen_expires_all_the_same(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)
    hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))

    hub.maintenant = MAINTENANT + timedelta(seconds=300)

    assert refus(hub, jeton, cd59.preuve("GET", RESSOURCE, jeton, iat=MAINTENANT_S + 300)) == "invalid_token"


def test_a_token_from_before_a_suspension_is_not_revived_by_its_end(hub: Hub, cd59: Partenaire) -> None:
    avant = hub.jeton(cd59)
    hub.registre.changer("si:cd-59", jetons_depuis=MAINTENANT + timedelta(seconds=20))
    hub.maintenant = MAINTENANT + timedelta(seconds=21)
    apres = hub.jeton(cd59)

    hub.presenter(apres, cd59.preuve("GET", RESSOURCE, apres))
    with pytest.raises(AccesRefuse, match="suspension"):
        hub.presenter(avant, cd59.preuve("GET", RESSOURCE, avant))


def test_no_token_is_given_that_the_end_of_a_suspension_makes_void(hub: Hub, cd59: Partenaire) -> None:
    hub.registre.changer("si:cd-59", jetons_depuis=MAINTENANT + timedelta(milliseconds=900))

    refused = hub.http.post("/oauth/token", data=cd59.formulaire(), headers={"DPoP": cd59.preuve()})
    hub.maintenant = MAINTENANT + timedelta(seconds=1)
    jeton = hub.jeton(cd59)
    hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))

    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_a_token_falls_with_the_key_that_asked_for_it(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)
    nouvelle = cle_es256()
    ancienne = cle_client(cd59.cle, fin=MAINTENANT + timedelta(seconds=5))
    hub.registre.changer("si:cd-59", cles={"cle-1": ancienne, "cle-2": cle_client(nouvelle)})

    hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))
    hub.maintenant = MAINTENANT + timedelta(seconds=5)
    with pytest.raises(AccesRefuse, match="credential"):
        hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))


@pytest.mark.parametrize("justificatif", ["", "cle:autre", "certificat:x", "secret:x", "cle-1"])
def test_a_token_that_names_no_good_credential_opens_nothing(hub: Hub, cd59: Partenaire, justificatif: str) -> None:
    cnf = {"jkt": cd59.cle_dpop.jkt}
    jeton = hub.emetteur.emettre("si:cd-59", ["evenements:lire"], cnf, MAINTENANT, "1", justificatif)

    with pytest.raises(AccesRefuse, match="credential"):
        hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))


def test_a_suspended_client_loses_a_token_that_was_seen(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)
    hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))

    hub.registre.suspendre("si:cd-59")

    assert refus(hub, jeton, cd59.preuve("GET", RESSOURCE, jeton)) == "invalid_token"


def test_a_scope_taken_from_the_client_leaves_its_tokens(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)

    client = hub.registre.clients["si:cd-59"]
    hub.registre.clients["si:cd-59"] = replace(client, scopes=frozenset({"messages:deposer"}))
    acces = hub.acces.verifier([f"DPoP {jeton}"], [cd59.preuve("GET", RESSOURCE, jeton)], "GET", RESSOURCE, MAINTENANT)

    assert acces.scopes == {"messages:deposer"}


@pytest.mark.parametrize(
    "autorisations",
    [[], ["Bearer {}"], ["Basic {}"], ["{}"], ["DPoP"], ["DPoP "], ["DPoP {}", "DPoP {}"], ["DPoP {}, DPoP {}"]],
    ids=str,
)
def test_authorizations_that_are_refused(hub: Hub, cd59: Partenaire, autorisations: Sequence[str]) -> None:
    jeton = hub.jeton(cd59)
    headers = [texte.replace("{}", jeton) for texte in autorisations]

    with pytest.raises(AccesRefuse):
        hub.acces.verifier(headers, [cd59.preuve("GET", RESSOURCE, jeton)], "GET", RESSOURCE, MAINTENANT)


@pytest.mark.parametrize(
    "schema", ["dpop", "DPOP"], ids="fapi2-security-profile-final-access-token-type-header-case-sensitivity {}".format
)
def test_the_scheme_is_read_in_any_case(hub: Hub, cd59: Partenaire, schema: str) -> None:
    jeton = hub.jeton(cd59)

    acces = hub.acces.verifier(
        [f"{schema} {jeton}"], [cd59.preuve("GET", RESSOURCE, jeton)], "GET", RESSOURCE, MAINTENANT
    )

    assert acces.client_id == "si:cd-59"


def test_over_http_a_token_opens_the_resource_once_per_proof(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)
    headers = {"Authorization": f"DPoP {jeton}", "DPoP": cd59.preuve("GET", RESSOURCE, jeton)}

    status = [hub.http.get("/v1/evenements", headers=headers).status_code for _ in range(2)]

    assert status == [200, 401]


def test_the_challenge_names_the_algorithms(hub: Hub) -> None:
    response = hub.http.get("/v1/evenements", headers={"Authorization": "DPoP x", "DPoP": "x"})

    challenge = response.headers["www-authenticate"]
    assert challenge.startswith('DPoP error="invalid_token", algs="ES256 PS256 EdDSA"')


@pytest.mark.parametrize("place", ["query", "form"])
def test_a_token_outside_the_header_is_not_read(hub: Hub, cd59: Partenaire, place: str) -> None:
    jeton = hub.jeton(cd59)
    options = {"params": {"access_token": jeton}} if place == "query" else {"data": {"access_token": jeton}}

    response = hub.http.post("/v1/evenements", headers={"DPoP": cd59.preuve("POST", RESSOURCE, jeton)}, **options)

    assert response.status_code == 401


def test_a_missing_scope_is_forbidden_and_named(hub: Hub, cd59: Partenaire) -> None:
    demande = cd59.formulaire(scope="messages:deposer")
    jeton = hub.http.post("/oauth/token", data=demande, headers={"DPoP": cd59.preuve()}).json()["access_token"]
    headers = {"Authorization": f"DPoP {jeton}", "DPoP": cd59.preuve("GET", RESSOURCE, jeton)}

    response = hub.http.get("/v1/evenements", headers=headers)

    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
    assert 'scope="evenements:lire"' in response.headers["www-authenticate"]


def test_no_sentence_can_break_out_of_the_challenge() -> None:
    refus = AccesRefuse("invalid_token", "the access token has expired")

    assert refus.www_authenticate.count('"') == 6


def test_signing_takes_the_active_key_and_names_it(cd59: Partenaire) -> None:
    active = cle_serveur()
    trousseau = Trousseau([cle_serveur(EtatCle.SUIVANTE), active, cle_serveur(EtatCle.RETIREE)])
    emetteur = EmetteurJetons(Profil(URL_PUBLIQUE), trousseau)

    jetons = [emetteur.emettre("si:cd-59", ["a"], {"jkt": "x"}, MAINTENANT, str(n), "cle:1") for n in range(20)]

    entetes = [json.loads(urlsafe_b64decode(jeton.split(".")[0].encode())) for jeton in jetons]
    assert entetes == [{"alg": "ES256", "typ": "at+jwt", "kid": active.kid}] * 20


def test_a_rotation_refuses_no_valid_token(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)
    ancienne = replace(hub.trousseau.active, etat=EtatCle.RETIREE)

    apres = VerificateurAcces(hub.profil, Trousseau([ancienne, cle_serveur()]), hub.registre)
    acces = apres.verifier([f"DPoP {jeton}"], [cd59.preuve("GET", RESSOURCE, jeton)], "GET", RESSOURCE, MAINTENANT)

    assert acces.client_id == "si:cd-59"


def test_a_key_that_left_the_set_verifies_nothing(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)

    apres = VerificateurAcces(hub.profil, Trousseau([cle_serveur()]), hub.registre)

    with pytest.raises(AccesRefuse):
        apres.verifier([f"DPoP {jeton}"], [cd59.preuve("GET", RESSOURCE, jeton)], "GET", RESSOURCE, MAINTENANT)


def test_the_memory_of_tokens_is_bounded(hub: Hub, cd59: Partenaire) -> None:
    lecteur = LecteurJetons(hub.profil, hub.trousseau, cache_max=2)

    for _ in range(5):
        lecteur.lire(hub.jeton(cd59), MAINTENANT)

    assert len(lecteur._cache) == 2


def test_refusals_are_not_remembered(hub: Hub, cd59: Partenaire) -> None:
    jeton = forger(hub, cd59, {}, {"iat": MAINTENANT_S + 60, "exp": MAINTENANT_S + 300})
    premier = refus(hub, jeton, cd59.preuve("GET", RESSOURCE, jeton))

    hub.maintenant = MAINTENANT + timedelta(seconds=60)

    assert premier == "invalid_token"
    assert refus(hub, jeton, cd59.preuve("GET", RESSOURCE, jeton, iat=MAINTENANT_S + 60)) is None
