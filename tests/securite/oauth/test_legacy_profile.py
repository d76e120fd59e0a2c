"""The *profil hérité*: a secret and Bearer tokens for whom an operator put in it, nothing of it for anybody else."""

import base64
from datetime import timedelta
from typing import Any

import httpx
import pytest

from relais_contrats.oauth.legacy import SecretHerite, empreinte_secret, nouveau_secret
from tests.securite.oauth.hub import Hub
from tests.securite.oauth.partenaire import MAINTENANT, RESSOURCE, SANS, Partenaire
from tests.securite.oauth.test_token_endpoint import claims

SECRET = nouveau_secret()
PORTEES = frozenset({"messages:deposer", "evenements:lire", "sante:lire", "identite:resoudre"})
FIN = MAINTENANT + timedelta(days=90)


@pytest.fixture
def asso(hub: Hub) -> Partenaire:
    """In the profile, with a key as well."""
    partenaire = hub.registre.inscrire(Partenaire("si:asso-mobilite"))
    entrer(hub)
    return partenaire


def entrer(hub: Hub, *secrets: SecretHerite) -> None:
    un_secret = SecretHerite(empreinte_secret(SECRET), FIN)
    hub.registre.changer("si:asso-mobilite", scopes=PORTEES, secrets=secrets or (un_secret,))


def demander(hub: Hub, **champs: Any) -> httpx.Response:
    demande = {"grant_type": "client_credentials", "client_id": "si:asso-mobilite", "client_secret": SECRET, **champs}
    return hub.http.post("/oauth/token", data={k: v for k, v in demande.items() if v is not SANS})


def ouvrir(hub: Hub, jeton: str, schema: str = "Bearer", **headers: str) -> int:
    return hub.http.get("/v1/evenements", headers={"Authorization": f"{schema} {jeton}", **headers}).status_code


def jeton_nu(hub: Hub) -> str:
    return str(demander(hub).json()["access_token"])


def basic(texte: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(texte.encode()).decode()}


def test_the_secret_in_the_form_gets_a_token_bound_to_nothing(hub: Hub, asso: Partenaire) -> None:
    reponse = demander(hub)

    assert (reponse.status_code, reponse.json()["token_type"]) == (200, "Bearer")
    assert "cnf" not in claims(reponse.json()["access_token"])
    assert ouvrir(hub, reponse.json()["access_token"]) == 200


@pytest.mark.parametrize("client_id", ["si%3Aasso-mobilite", "si:asso-mobilite"], ids=["encoded", "as it is"])
def test_http_basic_does_as_well(hub: Hub, asso: Partenaire, client_id: str) -> None:
    demande = {"grant_type": "client_credentials"}

    reponse = hub.http.post("/oauth/token", data=demande, headers=basic(f"{client_id}:{SECRET}"))

    assert reponse.status_code == 200


@pytest.mark.parametrize(
    "autorisation",
    ["Basic", "Basic ", "Basic é", "Basic !!!!", "Basic c2Fucw==", "Bearer " + SECRET, "Basic " + "YTpi" * 200, "x"],
    ids=["no value", "empty", "not ascii", "not base64", "no colon", "as a bearer", "too long", "no scheme"],
)
def test_malformed_credentials_are_refused(hub: Hub, asso: Partenaire, autorisation: str) -> None:
    reponse = hub.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers=[("Authorization", autorisation.encode())]
    )

    assert (reponse.status_code, reponse.json()["error"]) == (401, "invalid_client")
    assert reponse.headers["www-authenticate"].startswith("Basic ")


def test_what_is_wrong_with_a_secret_is_not_told_to_strangers(hub: Hub, asso: Partenaire, cd59: Partenaire) -> None:
    refus = [
        demander(hub, client_secret="relais-herite-x"),
        demander(hub, client_id="si:nobody"),
        demander(hub, client_id="si:cd-59"),
        demander(hub, client_id=SANS),
        demander(hub, client_secret=empreinte_secret(SECRET).hex()),
    ]

    assert {(r.status_code, r.json()["error"], r.json()["error_description"]) for r in refus} == {
        (401, "invalid_client", "unknown client, wrong secret, or a client that may not use one")
    }


def test_a_secret_expires_and_so_do_its_tokens(hub: Hub, asso: Partenaire) -> None:
    hub.maintenant = FIN - timedelta(seconds=10)
    jeton = jeton_nu(hub)
    hub.maintenant = FIN

    assert demander(hub).json()["error_description"] == "the secret has expired"
    assert ouvrir(hub, jeton) == 401


def test_a_renewed_secret_leaves_the_former_its_overlap(hub: Hub, asso: Partenaire) -> None:
    ancien = SecretHerite(empreinte_secret(SECRET), MAINTENANT + timedelta(days=7))
    entrer(hub, ancien, SecretHerite(empreinte_secret("relais-herite-nouveau"), FIN))

    status = [demander(hub).status_code, demander(hub, client_secret="relais-herite-nouveau").status_code]
    hub.maintenant += timedelta(days=7)

    assert status == [200, 200]
    assert demander(hub).status_code == 401


def test_who_leaves_the_profile_leaves_its_tokens(hub: Hub, asso: Partenaire) -> None:
    jeton = jeton_nu(hub)
    hub.registre.changer("si:asso-mobilite", secrets=())

    assert ouvrir(hub, jeton) == 401
    assert demander(hub).status_code == 401


def test_a_suspended_client_is_refused_with_its_secret(hub: Hub, asso: Partenaire) -> None:
    jeton = jeton_nu(hub)
    hub.registre.suspendre("si:asso-mobilite")

    assert demander(hub).json()["error_description"] == "the client is suspended"
    assert ouvrir(hub, jeton) == 401


@pytest.mark.parametrize("scope", ["sante:lire", "identite:resoudre", "evenements:lire sante:lire"])
def test_what_is_withheld_is_refused_when_asked_for(hub: Hub, asso: Partenaire, scope: str) -> None:
    reponse = demander(hub, scope=scope)

    assert (reponse.status_code, reponse.json()["error"]) == (400, "invalid_scope")


def test_what_is_withheld_is_not_given_when_nothing_is_asked_for(hub: Hub, asso: Partenaire) -> None:
    assert demander(hub).json()["scope"] == "evenements:lire messages:deposer"


def test_it_is_withheld_by_every_way_in(hub: Hub, asso: Partenaire) -> None:
    headers = {"DPoP": asso.preuve()}

    demande = hub.http.post("/oauth/token", data=asso.formulaire(scope="sante:lire"), headers=headers)

    assert (demande.status_code, demande.json()["error"]) == (400, "invalid_scope")


def test_it_is_withheld_from_tokens_issued_before(hub: Hub, asso: Partenaire) -> None:
    hub.registre.changer("si:asso-mobilite", secrets=())
    jeton = hub.jeton(asso)
    entrer(hub)

    preuve = asso.preuve("GET", RESSOURCE, jeton)
    acces = hub.acces.verifier([f"DPoP {jeton}"], [preuve], "GET", RESSOURCE, MAINTENANT)

    assert "sante:lire" in claims(jeton)["scope"]
    assert acces.scopes == {"messages:deposer", "evenements:lire"}


def test_it_stays_withheld_once_the_secret_has_expired(hub: Hub, asso: Partenaire) -> None:
    entrer(hub, SecretHerite(empreinte_secret(SECRET), MAINTENANT - timedelta(days=1)))
    headers = {"DPoP": asso.preuve()}

    demande = hub.http.post("/oauth/token", data=asso.formulaire(scope="sante:lire"), headers=headers)

    assert demande.json()["error"] == "invalid_scope"


def test_a_bare_token_of_an_ordinary_client_opens_nothing(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.emetteur.emettre("si:cd-59", ["evenements:lire"], {}, MAINTENANT, "1", "cle:cle-1")

    assert ouvrir(hub, jeton) == 401
    assert ouvrir(hub, jeton, "DPoP", DPoP=cd59.preuve("GET", RESSOURCE, jeton)) == 401


def test_a_bare_token_falls_with_the_secret_that_asked_for_it(hub: Hub, asso: Partenaire) -> None:
    jeton = jeton_nu(hub)
    autre = SecretHerite(empreinte_secret("autre"), FIN)

    assert ouvrir(hub, jeton) == 200
    hub.registre.changer("si:asso-mobilite", secrets=[autre])
    assert ouvrir(hub, jeton) == 401


def test_a_bare_token_is_no_dpop_token(hub: Hub, asso: Partenaire) -> None:
    jeton = jeton_nu(hub)

    assert ouvrir(hub, jeton, "DPoP", DPoP=asso.preuve("GET", RESSOURCE, jeton)) == 401


def test_a_proof_beside_the_secret_binds_the_token(hub: Hub, asso: Partenaire) -> None:
    demande = {"grant_type": "client_credentials", "client_id": "si:asso-mobilite", "client_secret": SECRET}

    reponse = hub.http.post("/oauth/token", data=demande, headers={"DPoP": asso.preuve()}).json()

    assert (reponse["token_type"], claims(reponse["access_token"])["cnf"]) == ("DPoP", {"jkt": asso.cle_dpop.jkt})
    assert ouvrir(hub, reponse["access_token"]) == 401


def test_two_places_for_one_secret_are_an_invalid_request(hub: Hub, asso: Partenaire) -> None:
    demande = {"grant_type": "client_credentials", "client_secret": SECRET}

    reponse = hub.http.post("/oauth/token", data=demande, headers=basic(f"si:asso-mobilite:{SECRET}"))

    assert (reponse.status_code, reponse.json()["error"]) == (400, "invalid_request")


def test_the_metadata_name_secrets_while_one_is_good(hub: Hub, asso: Partenaire) -> None:
    def methodes() -> list[str]:
        document = hub.http.get("/.well-known/oauth-authorization-server").json()
        return [m for m in document["token_endpoint_auth_methods_supported"] if m != "private_key_jwt"]

    ouvertes = methodes()
    requise = hub.http.get("/.well-known/oauth-protected-resource").json()["dpop_bound_access_tokens_required"]
    hub.maintenant = FIN

    assert (ouvertes, requise) == (["client_secret_basic", "client_secret_post"], False)
    assert methodes() == []


def test_the_secret_reaches_no_log(
    hub: Hub, asso: Partenaire, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    jeton_nu(hub)
    demander(hub, client_id="si:nobody")

    journal = caplog.text + capsys.readouterr().out
    assert "methode=client_secret" in journal
    assert SECRET not in journal


def test_secrets_are_of_256_random_bits_and_tell_what_they_are() -> None:
    premier, second = nouveau_secret(), nouveau_secret()

    assert premier != second
    assert premier.startswith("relais-herite-")
    assert len(base64.urlsafe_b64decode(premier.removeprefix("relais-herite-") + "=")) == 32
