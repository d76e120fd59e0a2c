"""The second half: a service is found, a structure that has no system answers by its page, the roadmap leaves."""

from __future__ import annotations

import json
from typing import Any

import lxml.html

from deploy.demo.connecteurs import configurations, story
from deploy.demo.connecteurs.configurations import ADRESSE, MOBILITE
from deploy.demo.connecteurs.place import COURRIEL, DI, FICHIERS, Place
from deploy.demo.connecteurs.systems import admitted, read
from deploy.demo.stage import DEPARTEMENT, today

_SOURCE = "catalogue-de-demonstration"
_STRUCTURE = f"{_SOURCE}--mobilite"
_SERVICE = f"{_STRUCTURE}-scooter"


async def find(place: Place) -> str:
    """The id of a service near the person, as data·inclusion names it."""
    await _publish(place)
    asked = {"code_commune": "59350", "thematiques": "mobilite--acceder-a-un-vehicule"}
    bearer = {"Authorization": f"Bearer {place.tokens[DI]}"}

    api = f"{place.address(DI)}/api/v1"

    async def held() -> Any:
        answer = await place.http.get(f"{api}/services/{_SERVICE}", headers=bearer)
        return answer if answer.status_code == 200 else None

    await place.until("L'API de data·inclusion", held)
    answer = await place.http.get(f"{api}/search/services", params=asked, headers=bearer)
    items = answer.json()["items"] if answer.status_code == 200 else []
    item: dict[str, Any] = next((one for one in items if one["service"]["id"] == _SERVICE), {})
    place.need("le service est trouvé autour de la commune de la personne", item)
    service, structure = item["service"], item["service"]["structure"]
    shown = {"id": service["id"], "nom": service["nom"], "frais": service["frais"], "distance": item["distance"]}
    place.says(
        "logiciel qui cherche chez data·inclusion",
        "GET /api/v1/search/services?code_commune=59350&thematiques=mobilite--acceder-a-un-vehicule",
        json.dumps(shown | {"structure": {name: structure[name] for name in ("nom", "siret")}}, ensure_ascii=False),
    )
    place.check("le service est celui de l'association", structure["siret"] == MOBILITE["valeur"])
    return str(service["id"])


async def _publish(place: Place) -> None:
    """What the catalogue holds before the story; data·inclusion publishes it."""
    common = {
        "source": _SOURCE,
        "date_maj": today().isoformat(),
        "commune": "Lille",
        "code_postal": "59000",
        "code_insee": "59350",
    }
    structure = common | {"id": _STRUCTURE, "nom": MOBILITE["nom"], "siret": MOBILITE["valeur"]}
    service = common | {
        "id": _SERVICE,
        "structure_id": _STRUCTURE,
        "nom": "Louer un scooter",
        "description": "Location solidaire d'un deux-roues pour aller travailler.",
        "type": "aide-materielle",
        "thematiques": ["mobilite--acceder-a-un-vehicule"],
        "frais": "payant",
    }
    for fait, data in (("structure.publiee", structure), ("service.publie", service)):
        message = place.offre.message(fait, data, departement=DEPARTEMENT, finalite="offre")
        answer = await place.offre.post(message, wait_s=10)
        place.need(f"le catalogue tient l'offre ({fait})", answer.etat == "accepte")


async def prescribe(place: Place, service: str) -> None:
    demande = f"DEM-{place.run}"
    report = await story.deposit(
        place,
        {
            "referents": [
                {
                    "Nom du référent": "Delattre",
                    "Prénom du référent": "Inès",
                    "Courriel": "ines.delattre@mobilite.example",
                    "Matricule agent": "mob-17",
                    "Depuis le": f"{today():%d/%m/%Y}",
                }
            ],
            "prescriptions": [
                {
                    "N° demande": demande,
                    "Service": service,
                    "Pourquoi": "Se rendre à Seclin avant le premier bus.",
                    "Joindre par": "téléphone",
                    "Accord recueilli": "oui",
                }
            ],
        },
    )
    place.need("les deux lignes sont acceptées", report.count("accepté") == 2)
    address = await _open(place)
    for title in ("Référent unique", "Louer un scooter"):
        await _accept(place, address, title)
    await story.note_trace(place, COURRIEL)


async def _mail(place: Place, sign: str) -> str:
    """The last mail that holds this sign, once it came."""

    async def came() -> Any:
        texts = [one.get_content() for one in place.mails.received]
        return next((text for text in reversed(texts) if sign in text), None)

    text: str = await place.until("Le serveur de courriel de l'association", came)
    return text


async def _open(place: Place) -> str:
    """The address of the page about the person, opened by the link of a mail and the code of another."""
    base = place.address(COURRIEL)
    notice = await _mail(place, f"{base}/lien/")
    place.says(ADRESSE, "courriel", notice)
    hidden = [one.casefold() for one in place.person.secrets]
    place.check(
        "le courriel ne dit le nom ni le numéro de personne", not any(one in notice.casefold() for one in hidden)
    )
    [link] = [line.strip() for line in notice.splitlines() if line.startswith("http")]
    await place.http.post(link, data={"x": ""})
    told = await _mail(place, "Votre code : ")
    code = told.split("Votre code : ")[1].split("\n")[0].strip()
    await place.http.post(f"{base}/code", data={"code": code})

    name = place.person.nom.upper()  # as the CNAF wrote it

    async def listed() -> Any:
        tree: Any = lxml.html.fromstring((await place.http.get(f"{base}/")).text)
        tree.make_links_absolute(base)
        return next((one for one in tree.iterfind(".//li") if name in _text(one)), None)

    line = await place.until("La page de l'association montre la personne", listed)
    place.says(ADRESSE, "page ouverte par le lien et un code", _text(line))
    return str(line.find(".//a").get("href"))


async def _accept(place: Place, address: str, title: str) -> None:
    """Fill in the form of the section that begins with this title, as a browser does."""

    async def asked() -> Any:
        tree = lxml.html.fromstring((await place.http.get(address)).text)
        sections = [one for one in tree.iterfind(".//section") if _text(one).startswith(title)]
        return sections[0].find(".//form") if sections else None

    form: Any = await place.until(f"La page de l'association demande : {title}", asked)
    given = {name: value for name, value in form.fields.items() if value} | {"reponse": "accepter"}
    answered = await place.http.post(address, data=given)
    sentence = "Votre réponse est enregistrée et transmise."
    place.says(ADRESSE, f"page, répond à « {title} »", sentence if sentence in answered.text else answered.text)
    place.need(f"{title} : la réponse de l'association est transmise", sentence in answered.text)


async def roadmap(place: Place) -> None:
    await place.registry.reconfigure(FICHIERS, configurations.fichiers(place.poste.public_key, place.run))
    name = f"feuilles-de-route-{place.run}-{today()}.csv"

    async def left() -> Any:
        async with place.poste.session(FICHIERS) as client:
            return await read(client, f"/departs/{name}")

    table = str(await place.until("Le département attend ses feuilles de route par SFTP", admitted(left)))
    place.says("département", f"SFTP, relève departs/{name}", table)
    mine = [line for line in table.splitlines() if f"D-{place.run}" in line]
    place.check("la prescription y est acceptée", any(";acceptee;" in line for line in mine))
    place.check("le rendez-vous y est", any(line.endswith("rendez-vous") for line in mine))


def _text(element: Any) -> str:
    return " ".join(element.text_content().split())
