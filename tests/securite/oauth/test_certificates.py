"""Client certificates (RFC 8705): who may speak of one, what it authenticates, and what a token bound to it opens."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from relais_contrats.oauth.certificate import ProxyDeConfiance, certificat_a_inscrire, preuve_du_proxy
from relais_contrats.oauth.errors import CertificatInvalide
from tests.securite.oauth.certificats import UN_AN, CertificatForge, certificat
from tests.securite.oauth.hub import Hub
from tests.securite.oauth.partenaire import MAINTENANT, RESSOURCE, SANS, Partenaire
from tests.securite.oauth.test_token_endpoint import claims

SECRET = b"s" * 32
PREUVE = preuve_du_proxy(SECRET)
SEMAINE = timedelta(days=7)


@pytest.fixture
def hub() -> Hub:
    return Hub(proxy=ProxyDeConfiance(SECRET))


@pytest.fixture(scope="module")
def sien() -> CertificatForge:
    return certificat(debut=MAINTENANT - SEMAINE)


@pytest.fixture(scope="module")
def autre() -> CertificatForge:
    return certificat(debut=MAINTENANT - SEMAINE)


@pytest.fixture
def cd62(hub: Hub, sien: CertificatForge) -> Partenaire:
    """It has a certificate, and a key as well."""
    partenaire = hub.registre.inscrire(Partenaire("si:cd-62"))
    inscrire(hub, partenaire, sien)
    return partenaire


def inscrire(hub: Hub, partenaire: Partenaire, montre: CertificatForge) -> None:
    hub.registre.changer(
        partenaire.client_id, certificats={montre.x5t: certificat_a_inscrire(montre.pem, hub.maintenant)}
    )


def par_nginx(montre: CertificatForge | None, **headers: str) -> dict[str, str]:
    """What a request has on it behind the TLS front."""
    return {"Relais-Proxy": PREUVE, **({"Relais-Certificat-Client": montre.en_tete} if montre else {}), **headers}


def demander(hub: Hub, montre: CertificatForge | None, **champs: Any) -> httpx.Response:
    demande = {"grant_type": "client_credentials", "client_id": "si:cd-62", **champs}
    return hub.http.post(
        "/oauth/token", data={k: v for k, v in demande.items() if v is not SANS}, headers=par_nginx(montre)
    )


def jeton_lie(hub: Hub, montre: CertificatForge) -> str:
    return str(demander(hub, montre).json()["access_token"])


def ouvrir(hub: Hub, headers: dict[str, str]) -> httpx.Response:
    return hub.http.get("/v1/evenements", headers=headers)


def test_a_registered_certificate_gets_a_token_bound_to_it(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    reponse = demander(hub, sien)

    assert (reponse.status_code, reponse.json()["token_type"]) == (200, "Bearer")
    assert claims(reponse.json()["access_token"])["cnf"] == {"x5t#S256": sien.x5t}


def test_the_token_opens_the_resource_with_its_certificate(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    jeton = jeton_lie(hub, sien)

    status = [ouvrir(hub, par_nginx(sien, Authorization=f"{s} {jeton}")).status_code for s in ("Bearer", "bearer")]

    assert status == [200, 200]


def test_every_other_presenter_is_told_the_same_nothing(
    hub: Hub, cd62: Partenaire, sien: CertificatForge, autre: CertificatForge
) -> None:
    jeton = jeton_lie(hub, sien)
    porteur = {"Authorization": f"Bearer {jeton}"}
    bien = par_nginx(sien, **porteur)
    presentes = {
        "another certificate": par_nginx(autre, **porteur),
        "no certificate": par_nginx(None, **porteur),
        "straight to the door": porteur,
        "forged, straight to the door": {**porteur, "Relais-Certificat-Client": sien.en_tete},
        "forged, with a guess": {**bien, "Relais-Proxy": preuve_du_proxy(b"t" * 32)},
        "empty guess": {**bien, "Relais-Proxy": ""},
        "not a certificate": {**bien, "Relais-Certificat-Client": "forge"},
        "not escaped UTF-8": {**bien, "Relais-Certificat-Client": "%ff%00%"},
    }

    reponses = {nom: ouvrir(hub, headers) for nom, headers in presentes.items()}

    refus = 'Bearer error="invalid_token", error_description="the access token is not valid in this request"'
    assert ouvrir(hub, bien).status_code == 200
    assert {nom: (r.status_code, r.headers["www-authenticate"]) for nom, r in reponses.items()} == dict.fromkeys(
        presentes, (401, refus)
    )


def test_two_certificates_on_one_request_are_none(
    hub: Hub, cd62: Partenaire, sien: CertificatForge, autre: CertificatForge
) -> None:
    jeton = jeton_lie(hub, sien)
    headers = [*par_nginx(sien, Authorization=f"Bearer {jeton}").items(), ("Relais-Certificat-Client", autre.en_tete)]

    assert hub.http.get("/v1/evenements", headers=headers).status_code == 401


def test_two_proofs_of_the_front_are_none(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    jeton = jeton_lie(hub, sien)
    headers = [*par_nginx(sien, Authorization=f"Bearer {jeton}").items(), ("Relais-Proxy", PREUVE)]

    assert hub.http.get("/v1/evenements", headers=headers).status_code == 401


def test_a_bound_token_is_no_dpop_token(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    jeton = jeton_lie(hub, sien)
    preuve = cd62.preuve("GET", RESSOURCE, jeton)

    reponse = ouvrir(hub, par_nginx(sien, Authorization=f"DPoP {jeton}", DPoP=preuve))

    assert reponse.status_code == 401
    assert "is not valid in this request" in reponse.headers["www-authenticate"]


def test_a_dpop_token_is_not_opened_by_a_certificate(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    jeton = hub.jeton(cd62)

    sans_preuve = ouvrir(hub, par_nginx(sien, Authorization=f"Bearer {jeton}"))
    avec = ouvrir(hub, par_nginx(sien, Authorization=f"Bearer {jeton}", DPoP=cd62.preuve("GET", RESSOURCE, jeton)))

    assert [r.status_code for r in (sans_preuve, avec)] == [401, 401]


def test_a_token_bound_to_both_is_not_one_of_ours(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    emetteur = hub.emetteur
    jeton = emetteur.emettre(
        "si:cd-62", ["evenements:lire"], {"jkt": "x", "x5t#S256": sien.x5t}, MAINTENANT, "1", f"certificat:{sien.x5t}"
    )

    assert ouvrir(hub, par_nginx(sien, Authorization=f"Bearer {jeton}")).status_code == 401


def test_a_stolen_token_is_of_no_use_with_the_certificate_of_another_partner(
    hub: Hub, cd62: Partenaire, caf59: Partenaire, sien: CertificatForge, autre: CertificatForge
) -> None:
    inscrire(hub, caf59, autre)
    jeton = jeton_lie(hub, sien)

    assert ouvrir(hub, par_nginx(autre, Authorization=f"Bearer {jeton}")).status_code == 401


def test_a_certificate_that_is_taken_back_takes_its_tokens_along(
    hub: Hub, cd62: Partenaire, sien: CertificatForge
) -> None:
    jeton = jeton_lie(hub, sien)
    hub.registre.changer("si:cd-62", certificats={})

    assert ouvrir(hub, par_nginx(sien, Authorization=f"Bearer {jeton}")).status_code == 401
    assert demander(hub, sien).status_code == 401


def test_a_certificate_past_its_end_opens_nothing(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    jeton = jeton_lie(hub, sien)
    [inscrit] = hub.registre.clients["si:cd-62"].certificats.values()
    hub.registre.changer("si:cd-62", certificats={sien.x5t: replace(inscrit, fin=MAINTENANT)})

    assert ouvrir(hub, par_nginx(sien, Authorization=f"Bearer {jeton}")).status_code == 401
    assert demander(hub, sien).status_code == 401


def test_strangers_learn_nothing_from_the_sentence(
    hub: Hub, cd62: Partenaire, caf59: Partenaire, sien: CertificatForge, autre: CertificatForge
) -> None:
    inscrire(hub, caf59, autre)

    refus = [
        demander(hub, montre, client_id=client_id)
        for montre, client_id in ((autre, "si:cd-62"), (sien, "si:nobody"), (sien, "si:caf-59"), (sien, SANS))
    ]

    assert {(r.status_code, r.json()["error"], r.json()["error_description"]) for r in refus} == {
        (401, "invalid_client", "unknown client, or a certificate that is not one of its own")
    }


def test_a_suspended_client_is_refused_with_its_certificate(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    hub.registre.suspendre("si:cd-62")

    assert demander(hub, sien).status_code == 401


def test_a_hub_without_a_trusted_front_believes_nobody(sien: CertificatForge) -> None:
    seul = Hub()
    inscrire(seul, seul.registre.inscrire(Partenaire("si:cd-62")), sien)

    reponse = demander(seul, sien)

    assert (reponse.status_code, reponse.json()["error"]) == (401, "invalid_client")


def test_an_assertion_and_an_own_certificate_bind_the_token_to_it(
    hub: Hub, cd62: Partenaire, sien: CertificatForge
) -> None:
    reponse = hub.http.post("/oauth/token", data=cd62.formulaire(), headers=par_nginx(sien))

    assert claims(reponse.json()["access_token"])["cnf"] == {"x5t#S256": sien.x5t}


def test_a_foreign_certificate_binds_nothing(hub: Hub, cd62: Partenaire, autre: CertificatForge) -> None:
    reponse = hub.http.post("/oauth/token", data=cd62.formulaire(), headers=par_nginx(autre))

    assert (reponse.status_code, reponse.json()["error"]) == (400, "invalid_dpop_proof")


def test_a_proof_goes_before_the_certificate(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    headers = par_nginx(sien, DPoP=cd62.preuve())

    reponse = hub.http.post("/oauth/token", data=cd62.formulaire(), headers=headers).json()

    assert (reponse["token_type"], claims(reponse["access_token"])["cnf"]) == ("DPoP", {"jkt": cd62.cle_dpop.jkt})


def test_a_certificate_does_not_mend_a_bad_proof(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    reponse = hub.http.post("/oauth/token", data=cd62.formulaire(), headers=par_nginx(sien, DPoP="x"))

    assert (reponse.status_code, reponse.json()["error"]) == (400, "invalid_dpop_proof")


def test_a_certificate_revokes_the_tokens_of_its_partner(hub: Hub, cd62: Partenaire, sien: CertificatForge) -> None:
    jeton = jeton_lie(hub, sien)
    demande = {"client_id": "si:cd-62", "token": jeton}

    reponse = hub.http.post("/oauth/revoke", data=demande, headers=par_nginx(sien))

    assert reponse.status_code == 200
    assert ouvrir(hub, par_nginx(sien, Authorization=f"Bearer {jeton}")).status_code == 401


def test_the_metadata_say_that_certificates_are_understood(hub: Hub) -> None:
    serveur = hub.http.get("/.well-known/oauth-authorization-server").json()
    ressource = hub.http.get("/.well-known/oauth-protected-resource").json()

    assert serveur["token_endpoint_auth_methods_supported"] == ["private_key_jwt", "self_signed_tls_client_auth"]
    assert serveur["tls_client_certificate_bound_access_tokens"] is True
    assert ressource["tls_client_certificate_bound_access_tokens"] is True
    assert ressource["dpop_bound_access_tokens_required"] is False


def test_without_a_trusted_front_they_do_not() -> None:
    documents = [
        Hub().http.get(f"/.well-known/{nom}").json()
        for nom in ("oauth-authorization-server", "oauth-protected-resource")
    ]

    assert [d["tls_client_certificate_bound_access_tokens"] for d in documents] == [False, False]


def test_the_front_tells_from_where_a_partner_calls(hub: Hub) -> None:
    """The brake on refusals is per address: behind a front, everybody would share that of the front."""
    mauvaise = {"grant_type": "client_credentials"}
    for _ in range(70):
        hub.http.post("/oauth/token", data=mauvaise, headers=par_nginx(None, **{"X-Real-IP": "192.0.2.1"}))

    freine = hub.http.post("/oauth/token", data=mauvaise, headers=par_nginx(None, **{"X-Real-IP": "192.0.2.1"}))
    ailleurs = hub.http.post("/oauth/token", data=mauvaise, headers=par_nginx(None, **{"X-Real-IP": "192.0.2.2"}))

    assert [freine.status_code, ailleurs.status_code] == [429, 401]


CLES = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("cle", CLES.values(), ids=CLES)
def test_a_certificate_is_known_by_the_hash_of_its_der(cle: Any) -> None:
    forge = certificat(cle=cle(), debut=MAINTENANT - SEMAINE, usages=(ExtendedKeyUsageOID.CLIENT_AUTH,))

    lu = certificat_a_inscrire(forge.pem, MAINTENANT)

    assert (lu.x5t, lu.debut, lu.fin) == (forge.x5t, MAINTENANT - SEMAINE, MAINTENANT - SEMAINE + UN_AN)


def refuses() -> dict[str, bytes]:
    debut = MAINTENANT - SEMAINE
    bon = certificat(debut=debut)
    return {
        "nothing": b"",
        "not PEM": b"-----BEGIN CERTIFICATE-----\nforge\n-----END CERTIFICATE-----\n",
        "DER": bon.der,
        "with its private key": bon.pem + bon.cle_pem,
        "with its chain": bon.pem + certificat(debut=debut).pem,
        "expired": certificat(debut=debut, fin=MAINTENANT).pem,
        "not valid yet": certificat(debut=MAINTENANT + SEMAINE).pem,
        "RSA 1024": certificat(cle=rsa.generate_private_key(65537, 1024), debut=debut).pem,  # noqa: S505
        "another curve": certificat(cle=ec.generate_private_key(ec.SECP256K1()), debut=debut).pem,
        "of a server": certificat(debut=debut, usages=(ExtendedKeyUsageOID.SERVER_AUTH,)).pem,
    }


@pytest.mark.parametrize("pem", refuses().values(), ids=refuses())
def test_certificates_that_are_not_registered(pem: bytes) -> None:
    with pytest.raises(CertificatInvalide):
        certificat_a_inscrire(pem, MAINTENANT)
