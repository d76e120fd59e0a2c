"""A hub and two partners, new for each test; keys are made once, as RSA takes its time."""

import pytest

from tests.securite.oauth.hub import Hub
from tests.securite.oauth.partenaire import CleForgee, Partenaire, cle_es256, cle_rsa


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def cd59(hub: Hub) -> Partenaire:
    return hub.registre.inscrire(Partenaire("si:cd-59"))


@pytest.fixture
def caf59(hub: Hub) -> Partenaire:
    return hub.registre.inscrire(Partenaire("si:caf-59"))


@pytest.fixture(scope="session")
def rsa_ps256() -> CleForgee:
    return cle_rsa("PS256")


@pytest.fixture(scope="session")
def rsa_rs256() -> CleForgee:
    return cle_rsa("RS256")


@pytest.fixture(scope="session")
def inconnue() -> CleForgee:
    return cle_es256()
