"""A software that already calls France Travail: its requests, as the published collection writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

AGENT = {b"pa-nom-agent": b"MODELE", b"pa-prenom-agent": "Zoé".encode(), b"pa-identifiant-agent": b"AG-1"}
SCOPES = (
    "profil_accedant api_rechercher-usagerv2 rechercheusager api_orientationusagerv1 orientationusager "
    "api_activites-operationnellesv2 activitesCD referentielCD api_rendez-vous-partenairev1 gererRDV "
    "api_informations-administrativesv1 informationsadministrativesusager "
    "api_gestion-sanctions-rsav1 gestiondesmanquements decisionSanctionPartenaire demandeRadiation"
)
CRITERES = {
    "brsa": True,
    "date_naissance": "1985-02-01",
    "adresse": {"code_commune": "59350", "libelle_commune": "LILLE", "code_postal": "59000"},
    "situation_professionnelle": "JAMAIS",
    "type_emploi": "AUTRE",
    "niveau_etude": "AFS",
    "capacite_a_travailler": False,
    "projet_pro": "FORMATION",
    "contrainte_sante": "AUCUNE",
    "contrainte_logement": "SANS_LOGEMENT",
    "contrainte_mobilite": "AUCUN_MOYEN_DE_TRANSPORT",
    "contrainte_familiale": "AIDANT_FAMILIAL",
    "contrainte_financiere": "IMPACT_FORT_RECHERCHE_EMPLOI",
    "contrainte_numerique": "NON_ACCES_INTERNET",
    "contrainte_administrative_juridique": "IMPACT_FORT_RECHERCHE_EMPLOI",
    "contrainte_francais_calcul": "IMPACT_FORT_RECHERCHE_EMPLOI",
}


def form(client_id: str, secret: str, changed: Mapping[str, str] | None = None) -> dict[str, str]:
    asked = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": SCOPES}
    return asked | dict(changed or {})


def authenticated(client: httpx.Client, client_id: str, secret: str) -> None:
    """From now on, every call of this client bears its access token and its agent."""
    answer = client.post("/connexion/oauth2/access_token?realm=%2Fagent", data=form(client_id, secret))
    assert answer.status_code == 200, answer.text
    client.headers.update({**AGENT, b"authorization": f"Bearer {answer.json()['access_token']}".encode()})


class Usager:
    """One person, by her `ft-jeton-usager`."""

    def __init__(self, client: httpx.Client, jeton: str) -> None:
        self._client = client
        self.headers = {"ft-jeton-usager": jeton}

    def call(self, method: str, path: str, content: Any = None, **params: str) -> httpx.Response:
        asked = {"json": content} if content is not None else {}
        return self._client.request(method, f"/partenaire{path}", headers=self.headers, params=params, **asked)


def searched(client: httpx.Client, numero: str) -> httpx.Response:
    path = "/partenaire/rechercher-usager/v2/usagers/par-numero-francetravail"
    return client.post(path, json={"numeroFranceTravail": numero})


def usager(client: httpx.Client, numero: str) -> Usager:
    answer = searched(client, numero).json()
    assert answer["codeRetour"] == "S001", answer
    return Usager(client, answer["jetonUsager"])
