"""A certificate of conformance, forged in every way that is at hand: none is believed."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

from relais_contrats.conformite import (
    TYP,
    CertificatRefuse,
    Conformite,
    Instant,
    Programme,
    empreinte_du_jeu,
    lire,
    signer,
)
from relais_contrats.recus import Suite

RELAIS, CLE, AUTRE = "https://relais.exemple.fr", ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
MAINTENANT = datetime(2026, 12, 1, 10, tzinfo=UTC)


def dit(**changements: Any) -> Conformite:
    delivre: Instant = int(MAINTENANT.timestamp())
    exact = Conformite(
        iss=RELAIS,
        iat=delivre,
        exp=delivre + 365 * 86_400,
        jti=uuid4(),
        partenaire="caf-59",
        programme=Programme.EMETTEUR,
        cle="empreinte-de-la-cle",
        contrats="1.0.0",
        exigences=empreinte_du_jeu([("emetteur.trace", "Donne une trace.", "Catalogue")]),
        resultats={"emetteur.trace": "passee"},
        defi="un-defi",
    )
    return exact.model_copy(update=changements)


def publiees(*cles: ECKey) -> KeySet:
    """As `/v1/recus/cles` gives them."""
    jwks = [{**cle.as_dict(private=False), "kid": cle.thumbprint(), "use": "sig", "alg": "ES256"} for cle in cles]
    return KeySet.import_key_set({"keys": jwks})


def forge(entete: dict[str, Any], charge: bytes, cle: ECKey = CLE) -> str:
    return str(jws.serialize_compact({"alg": "ES256", "kid": CLE.thumbprint(), **entete}, charge, cle))


def change(certificat: str, **claims: Any) -> str:
    """The certificate of somebody with claims of another, under the signature that it had."""
    entete, charge, signature = certificat.split(".")
    dits = json.loads(base64.urlsafe_b64decode(charge + "==")) | claims
    return ".".join((entete, base64.urlsafe_b64encode(json.dumps(dits).encode()).rstrip(b"=").decode(), signature))


def sans_signature(**entete: Any) -> str:
    parties = [json.dumps({"typ": TYP, **entete}).encode(), dit().model_dump_json(exclude_none=True).encode(), b""]
    return ".".join(base64.urlsafe_b64encode(partie).rstrip(b"=").decode() for partie in parties)


def test_what_the_hub_signed_is_read_with_the_keys_that_it_publishes() -> None:
    vrai = dit()

    assert lire(signer(vrai, CLE), publiees(CLE, AUTRE), RELAIS, MAINTENANT) == vrai


@pytest.mark.parametrize(
    ("forge_", "raison"),
    [
        (signer(dit(), AUTRE), "signature"),
        (forge({"typ": TYP}, dit().model_dump_json().encode(), AUTRE), "signature"),
        (change(signer(dit(), CLE), partenaire="cd-59"), "signature"),
        (change(signer(dit(), CLE), exp=4_000_000_000), "signature"),
        (sans_signature(alg="none"), "signature"),
        (sans_signature(alg="HS256"), "signature"),
        (
            forge({"typ": "relais-recu+jws"}, dit().model_dump_json(exclude_none=True).encode()),
            "n'est pas un certificat",
        ),
        (forge({"typ": TYP}, b'{"iss": "https://relais.exemple.fr"}'), "contenu"),
        (forge({"typ": TYP}, b"tout est conforme"), "contenu"),
        (signer(dit(iss="https://autre.exemple.fr"), CLE), "pas délivré par"),
        (signer(dit(exp=int(MAINTENANT.timestamp())), CLE), "a expiré le 01/12/2026"),
        (signer(dit(iat=int(MAINTENANT.timestamp()) + 3_600), CLE), "avenir"),
        (json.dumps({"conforme": True, "echouees": 0}), "signature"),
        ("", "signature"),
    ],
)
def test_a_forged_certificate_is_refused_with_its_reason(forge_: str, raison: str) -> None:
    with pytest.raises(CertificatRefuse, match=raison):
        lire(forge_, publiees(CLE), RELAIS, MAINTENANT)


def test_a_year_later_it_is_worth_nothing() -> None:
    certificat = signer(dit(), CLE)

    lire(certificat, publiees(CLE), RELAIS, MAINTENANT + timedelta(days=364))
    with pytest.raises(CertificatRefuse, match="a expiré"):
        lire(certificat, publiees(CLE), RELAIS, MAINTENANT + timedelta(days=365))


def test_a_certificate_never_passes_for_a_receipt() -> None:
    suite, chaine = Suite(publiees(CLE)), str(uuid4())
    suite.commence(chaine)

    assert suite.fautes(signer(dit(), CLE), chaine, 1) != []


def test_another_sentence_is_another_set_of_requirements() -> None:
    une, autre = [("a.b", "Fait ceci.", "API")], [("a.b", "Fait cela.", "API")]

    assert empreinte_du_jeu(une) != empreinte_du_jeu(autre)
