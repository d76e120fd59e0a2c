"""The story, step by step: from the flow of the CNAF to the appointment, each system in its own words."""

from __future__ import annotations

import csv
import hmac
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.connecteurs import association
from deploy.demo.connecteurs.configurations import BILAN
from deploy.demo.connecteurs.household import flow
from deploy.demo.connecteurs.place import FICHIERS, FT, HUBEE, RDVI, Place
from deploy.demo.connecteurs.systems import admitted, put, put_down, read
from deploy.demo.stage import DEPARTEMENT, today

_SCOPES = (
    "profil_accedant api_rechercher-usagerv2 rechercheusager api_orientationusagerv1 orientationusager "
    "api_rendez-vous-partenairev1 gererRDV"
)
_AGENT = {b"pa-nom-agent": b"LEFEBVRE", b"pa-prenom-agent": b"Camille", b"pa-identifiant-agent": b"cd-104"}
_LOGICIEL = "logiciel du département"


async def play(place: Place) -> None:
    with place.telling("La CNAF remet un flux au département par HubEE"):
        await _from_hubee(place)
    with place.telling("Le département envoie ses bilans par SFTP, en CSV"):
        await _by_sftp(place)
    with place.telling("Le logiciel du département décide, comme s'il appelait France Travail"):
        await _as_to_france_travail(place)
    with place.telling("rdv-insertion annonce un rendez-vous par webhook"):
        await _by_webhook(place)
    with place.telling("Un service est trouvé par l'API de data·inclusion"):
        service = await association.find(place)
    with place.telling("Le département prescrit par SFTP, l'association reçoit un courriel et répond par son lien"):
        await association.prescribe(place, service)
    with place.telling("La feuille de route revient au département par SFTP"):
        await association.roadmap(place)


async def _from_hubee(place: Place) -> None:
    household = f"{int(place.run, 16) % 10**11:011d}"
    content = flow(place.person, household, household[-7:], today())
    case_id = put_down(place.boxes, content, f"VRSB-{place.run}")
    told = content.decode("cp1252")
    place.says("CNAF", "flux vrsb", told[told.index("<Personne>") : told.index("<DossierCAF>")])

    async def answered() -> Any:
        events = place.boxes.case(case_id)["events"]
        return events[-1] if events and not place.boxes.waiting("SI", (), None) else None

    event = await place.until("HubEE attend l'état du dossier", answered)
    shown = {name: event[name] for name in ("actionType", "caseCurrentStatus", "caseNewStatus", "message", "author")}
    place.says("HubEE", "événement du dossier", _json(shown))
    place.check("HubEE apprend que tout est intégré", event["caseNewStatus"] == "DONE")
    await note_trace(place, HUBEE)


async def _by_sftp(place: Place) -> None:
    report = await deposit(place, {"bilans": [BILAN]})
    place.check("la ligne revient acceptée", "accepté" in report)
    await note_trace(place, FICHIERS)


async def deposit(place: Place, tables: Mapping[str, list[dict[str, str]]]) -> str:
    """Put tables about the person into the home of the département, in this order; what came back, once all has."""
    named = {f"{rank}-{nom}-{place.run}": (nom, rows) for rank, (nom, rows) in enumerate(tables.items(), 1)}
    files = {f"{name}.csv": _table(place, rows) for name, (_, rows) in named.items()}

    async def signed_in() -> Any:
        async with place.poste.session(FICHIERS) as client:
            await put(client, files)
            return True

    async def returned() -> Any:
        async with place.poste.session(FICHIERS) as client:
            found = [await read(client, f"/retours/{name}-resultat.csv") for name in named]
            refused = [await read(client, f"/retours/{name}-refuse.txt") for name in named]
        told = [one for one in (*found, *refused) if one]
        return told if len(told) == len(named) else None

    for name, content in files.items():
        place.says("département", f"SFTP, dépose arrivees/{name}", content)
    await place.until("Le serveur SFTP du relais", admitted(signed_in))
    reports: list[str] = await place.until("Le département attend ses retours par SFTP", returned)
    for (name, _), content in zip(named.items(), reports, strict=True):
        place.says("département", f"SFTP, relève retours/{name}-resultat.csv", content)
    return "\n".join(reports)


async def _as_to_france_travail(place: Place) -> None:
    base, http = place.address(FT), place.http
    form = {"grant_type": "client_credentials", "client_id": FT, "client_secret": place.tokens[FT], "scope": _SCOPES}

    async def token() -> Any:
        answer = await http.post(f"{base}/connexion/oauth2/access_token?realm=%2Fagent", data=form)
        return answer.json()["access_token"] if answer.status_code == 200 else None

    bearer = str(await place.until("Le jeton de l'API France Travail", token))
    agent = {**_AGENT, b"authorization": f"Bearer {bearer}".encode()}
    birth = {"dateNaissance": place.person.naissance.isoformat(), "nir": place.person.nir}

    async def found() -> Any:
        path = "/partenaire/rechercher-usager/v2/usagers/par-datenaissance-et-nir"
        answer = await http.post(base + path, json=birth, headers=agent)
        return answer.json() if answer.status_code == 200 and answer.json()["codeRetour"] == "S001" else None

    usager: dict[str, Any] = await place.until("La recherche d'usager de l'API France Travail", found)
    place.says(_LOGICIEL, "rechercher-usager v2", _json(usager | {"jetonUsager": "…"}))
    headers = {**agent, b"ft-jeton-usager": usager["jetonUsager"].encode()}
    orientation = f"{base}/partenaire/orientationusager/v1"

    async def preconised() -> Any:
        answer = await http.get(f"{orientation}/lectureOrientation", headers=headers)
        waiting = [one for one in answer.json() if one["etat"] == "EN_ATTENTE"] if answer.status_code == 200 else []
        return waiting[0] if waiting else None

    advised: dict[str, Any] = await place.until("La préconisation, par lectureOrientation", preconised)
    place.says(_LOGICIEL, "lectureOrientation", _json(_short(advised)))
    accepted = {"etat_decision": "ACCEPTEE", "date_decision": today().isoformat(), "organisme_decision": "CD"}
    decided = await http.post(f"{orientation}/decisionOrientation", json=accepted, headers=headers)
    place.says(_LOGICIEL, f"decisionOrientation ({decided.status_code})", _json(_short(decided.json())))
    place.need("la décision est créée, sous les codes de France Travail", decided.status_code == 201)
    place.check("le parcours décidé est celui préconisé", decided.json().get("parcours") == advised["parcours"])
    await note_trace(place, FT)


async def _by_webhook(place: Place) -> None:
    body = json.dumps(_rdv(place), ensure_ascii=False).encode()
    signature = {"X-RDVI-SIGNATURE": hmac.digest(place.secret.encode(), body, "sha256").hex()}

    async def taken() -> Any:
        answer = await place.http.post(f"{place.address(RDVI)}/webhooks", content=body, headers=signature)
        return answer if answer.status_code not in (404, 503) else None

    answer = await place.until("Le webhook de rdv-insertion", taken)
    place.says("rdv-insertion", "webhook Rdv created, signé HMAC", body.decode())
    place.says("rdv-insertion", f"réponse ({answer.status_code})", answer.text)
    place.check("le rendez-vous est pris", answer.json() == {"success": True, "resultats": {"accepte": 1}})
    await note_trace(place, RDVI)


def _rdv(place: Place) -> dict[str, Any]:
    person, number = place.person, int(place.run, 16) % 2**31
    begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=7)
    user = {
        "id": number,
        "first_name": person.prenom,
        "last_name": person.nom,
        "birth_date": person.naissance.isoformat(),
        "nir": person.nir,
        "role": "demandeur",
    }
    lieu = {"name": "Unité territoriale de Lille", "address": "1 rue de la Fiction, Lille", "phone_number": ""}
    rdv = {
        "id": number,
        "starts_at": begins.isoformat(),
        "duration_in_min": 45,
        "lieu": lieu,
        "motif": {
            "name": "RSA accompagnement",
            "collectif": False,
            "location_type": "public_office",
            "motif_category": {"short_name": "rsa_accompagnement"},
        },
        "organisation": {"department_number": DEPARTEMENT},
        "participations": [{"id": number, "status": "unknown", "user": user}],
    }
    meta = {"model": "Rdv", "event": "created", "timestamp": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S +0000")}
    return {"data": rdv, "meta": meta}


async def note_trace(place: Place, code: str) -> None:
    place.step.notes.append(f"la suite dans le relais : ./relais trace {await place.last(code)}")


def _table(place: Place, rows: list[dict[str, str]]) -> str:
    """As the département's own software writes it."""
    person = {"N° dossier": f"D-{place.run}", "NIR": place.person.nir}
    written = io.StringIO()
    writer = csv.DictWriter(written, [*person, *rows[0]], delimiter=";")
    writer.writeheader()
    writer.writerows(person | row for row in rows)
    return written.getvalue()


def _short(told: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, without the fields that are not."""
    kept = ("statut", "etat", "parcours", "organisme", "structure", "date_entree_parcours", "decision")
    return {name: told[name] for name in kept if told.get(name)}


def _json(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False)
