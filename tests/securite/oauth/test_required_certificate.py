"""A client of whom the operator requires a certificate of conformance: no token, old or new, without one in force."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from relais_contrats.oauth.clients import SANS_CERTIFICAT
from relais_contrats.oauth.errors import AccesRefuse
from tests.securite.oauth.hub import Hub
from tests.securite.oauth.partenaire import MAINTENANT, RESSOURCE, Partenaire

FIN = MAINTENANT + timedelta(minutes=2)


def demander(hub: Hub, partenaire: Partenaire) -> Any:
    champs = partenaire.formulaire()
    return hub.http.post("/oauth/token", data=champs, headers={"DPoP": partenaire.preuve()})


@pytest.mark.parametrize("jusqua", [None, MAINTENANT])
def test_without_a_certificate_in_force_no_token_is_given(hub: Hub, cd59: Partenaire, jusqua: datetime | None) -> None:
    hub.registre.changer("si:cd-59", exige_certificat=True, certifie_jusqua=jusqua)

    reponse = demander(hub, cd59)

    assert (reponse.status_code, reponse.json()) == (
        401,
        {"error": "invalid_client", "error_description": SANS_CERTIFICAT},
    )


def test_a_certificate_in_force_is_enough_and_others_need_none(hub: Hub, cd59: Partenaire, caf59: Partenaire) -> None:
    hub.registre.changer("si:cd-59", exige_certificat=True, certifie_jusqua=FIN)

    assert [demander(hub, partenaire).status_code for partenaire in (cd59, caf59)] == [200, 200]


def test_a_token_ends_with_the_certificate(hub: Hub, cd59: Partenaire) -> None:
    hub.registre.changer("si:cd-59", exige_certificat=True, certifie_jusqua=FIN)
    jeton = hub.jeton(cd59)
    preuve = cd59.preuve(jeton=jeton, htm="GET", htu=RESSOURCE, iat=int(FIN.timestamp()))

    with pytest.raises(AccesRefuse, match="certificate of conformance"):
        hub.acces.verifier([f"DPoP {jeton}"], [preuve], "GET", RESSOURCE, FIN)
