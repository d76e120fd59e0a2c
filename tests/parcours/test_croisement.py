"""Two départements, their CAF, their France Travail and their mission locale meet on one person (CATALOGUE § 5).

She lives in 59. Each partner of 62 signals her in its own way, then tries every message of the catalogue on her, reads
all that can be read, and changes nothing. What is expected is written from the catalogue; the gate is not asked.
"""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy import partner_registry
from gateway import declarations
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.client import Answer, Partner, RequestRefused
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.exemples import exemple_valide
from relais_contrats.identifiants import cle_nir
from tests.hub import Hub, free_port, until_known
from tests.jour import aujourdhui
from tests.rest import at_rest

pytestmark = pytest.mark.lent

ICI, AILLEURS = "59", "62"
_ECHANGE = ["messages:deposer", "evenements:lire", "parcours:lire", "pilotage:lire", "offres:lire"]
_TOUT = [*_ECHANGE, "identite:resoudre", "sante:lire"]
# Code, kind, territory, scopes.
DECLARES = (
    ("ft-59", "france-travail", ICI, _TOUT),
    ("cd-62", "departement", AILLEURS, _TOUT),
    ("ft-62", "france-travail", AILLEURS, _TOUT),
    ("caf-62", "caf", AILLEURS, _ECHANGE),
    ("ml-lens", "mission-locale", AILLEURS, _ECHANGE),
)
DU_62 = ("cd-62", "ft-62", "caf-62", "ml-lens")
DU_59 = ("cd-59", "caf-59", "ft-59", "ml-lille")
SUR_PARCOURS = [m.nom for m in CATALOGUE.values() if m.se_depose and m.porte_sur_parcours]
VUES = ("", "/diagnostic", "/orientations", "/referent", "/contrat", "/rdv", "/feuille-de-route", "/historique")
DE_LA_PORTE = {"non-autorise", "hors-territoire", "parcours-inconnu"}
"""The refusals of the gate. Any other one says something of the state of her parcours."""
PREVENUS = {"cd-62", "ft-62"}
"""Who may be told that somebody of another territory would arrive: the transfer is to be confirmed."""
MEME_REPONSE = ("caf-62", "droits.modifies")
"""A payer tells the right of whom it signalled, with one answer for the known and the unknown; it changes nothing."""
ELLE = {"nom_naissance": "Fictive-Deux-Rives", "prenoms": "Ophélie", "date_naissance": "1988-04-12", "sexe": "feminin"}
_RACINE = "2880459999731"
NIR = _RACINE + cle_nir(_RACINE)
# How each partner of 62 meets her: the NIR under a wrong family name, everything but a right, a name without number.
_SON_NIR = [{"type": "nir", "valeur": NIR}]
RENCONTRES: Mapping[str, Mapping[str, Any]] = {
    "cd-62": {"identite": ELLE | {"nom_naissance": "Inventée"}, "identifiants": _SON_NIR},
    "ft-62": {"identite": ELLE | {"nom_naissance": "Autre-Nom"}, "identifiants": _SON_NIR},
    "caf-62": {"identite": ELLE, "identifiants": _SON_NIR},
    "ml-lens": {"identite": ELLE, "identifiants": [{"type": "local", "valeur": "lens-1"}]},
}


@dataclass
class Rencontre:
    """`prc`: what each partner calls her. `essais`: what the 62 tried on her. `vues`: as the 59 read her, before."""

    partenaires: Mapping[str, Partner]
    prc: dict[str, str] = field(default_factory=dict)
    signalements: dict[str, Answer] = field(default_factory=dict)
    essais: dict[tuple[str, str, str], Answer] = field(default_factory=dict)
    vues: dict[tuple[str, str], Any] = field(default_factory=dict)
    vues_apres: dict[tuple[str, str], Any] = field(default_factory=dict)
    lectures: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    flux: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    candidats: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def essai(self, qui: str, fait: str, departement: str) -> dict[str, Any]:
        """The valid example of the catalogue, about her."""
        exemple = exemple_valide(fait)
        texte = json.dumps(exemple["data"])
        for prc in sorted(_pseudonymes(exemple["data"]))[:1]:
            texte = texte.replace(prc, self.prc[qui])
        finalite = min(CATALOGUE[fait].finalites)
        partenaire = self.partenaires[qui]
        return partenaire.message(
            fait, json.loads(texte), departement=departement, subject=self.prc[qui], finalite=finalite
        )

    async def lit(self, qui: str, chemin: str) -> tuple[int, Any]:
        try:
            return 200, await self.partenaires[qui].get(chemin)
        except RequestRefused as refus:
            return refus.status, refus.problem.get("code")

    async def vues_de(self, *codes: str) -> dict[tuple[str, str], Any]:
        return {(c, v): (await self.lit(c, f"/v1/parcours/{self.prc[c]}{v}"))[1] for c in codes for v in VUES}


def _pseudonymes(data: Any) -> set[str]:
    if isinstance(data, Mapping):
        return set().union(*map(_pseudonymes, data.values()))
    if isinstance(data, list):
        return set().union(*map(_pseudonymes, data))
    return {data} if isinstance(data, str) and data.startswith("prc_") else set()


async def _inscrit(hub: Hub) -> None:
    ports = hub.data.known_ports()
    async with partner_registry.connection(hub.data, ports) as conn:
        for code, genre, departement, scopes in DECLARES:
            partner = declarations.Partner(
                code=code,
                type_organisme=genre,
                nom=code,
                departements=[departement],
                scopes=scopes,
                conventions=[declarations.convention(f, date(2099, 12, 31)) for f in Finalite],
            )
            jwk = partner_registry.ensure_key(hub.data, code)
            await partner_registry.create(conn, partner, jwk)
            partner_registry.write_client(hub.data, partner_registry.issuer_of(ports), code, jwk, partner.scopes)


def _signalement(**plus: Any) -> dict[str, Any]:
    return {"brsa": False, "origine": "inscription-auto-caf", **plus}


async def _joue(hub: Hub) -> Rencontre:
    await _inscrit(hub)
    async with AsyncExitStack() as stack:
        codes = (*DU_59, *DU_62)
        partenaires = {code: await stack.enter_async_context(hub.partner(code)) for code in codes}
        for partenaire in partenaires.values():
            await until_known(partenaire)
        r = Rencontre(partenaires)
        droit = {"brsa": True, "date_reception_droit": (aujourdhui() - timedelta(days=3)).isoformat()}
        connue = _signalement(identite=ELLE, identifiants=_SON_NIR, **droit)
        caf = partenaires["caf-59"]
        r.signalements["caf-59"] = await caf.post(caf.message("usager.signale", connue, departement=ICI))
        for code in ("cd-59", "ft-59"):
            r.prc[code] = await _entre(partenaires[code])
        r.vues = await r.vues_de("cd-59", "ft-59")
        for code in DU_62:
            dit = _signalement(**RENCONTRES[code])
            answer = await partenaires[code].post(
                partenaires[code].message("usager.signale", dit, departement=AILLEURS)
            )
            assert answer.parcours, (code, answer)
            r.signalements[code], r.prc[code] = answer, answer.parcours
        for code in DU_62:
            await _essaie_tout(r, code)
        await _lit_tout(r)
        await at_rest(hub)
        for code in codes:
            r.flux[code] = list((await partenaires[code].events(limit=500)).evenements)
        transferts = {e["subject"] for e in r.flux["cd-62"] if e["departement"] == ICI}
        r.candidats = {prc: await r.lit("cd-62", f"/v1/parcours/{prc}") for prc in transferts}
        r.vues_apres = await r.vues_de("cd-59", "ft-59")
    return r


async def _entre(partenaire: Partner) -> str:
    """The pseudonym that the first event about her brings."""
    page = await partenaire.events(wait_s=20)
    return next(str(event["subject"]) for event in page.evenements if "subject" in event)


async def _essaie_tout(r: Rencontre, code: str) -> None:
    faits = [(fait, departement) for fait in SUR_PARCOURS for departement in (ICI, AILLEURS)]
    messages = [r.essai(code, *essai) for essai in faits]
    for (fait, departement), answer in zip(faits, await r.partenaires[code].post_many(messages), strict=True):
        r.essais[code, fait, departement] = answer


async def _lit_tout(r: Rencontre) -> None:
    for code in DU_62:
        prc = r.prc[code]
        for chemin in (*(f"/v1/parcours/{prc}{vue}" for vue in VUES), *AUTRES_LECTURES):
            r.lectures[code, chemin.replace(prc, "{prc}")] = await r.lit(code, chemin)


AUTRES_LECTURES = (
    "/v1/parcours?limite=200",
    f"/v1/parcours?departement={ICI}",
    f"/v1/parcours?departement={ICI}&echeance_avant=2099-01-01",
    "/v1/parcours?echeance_avant=2099-01-01",
    f"/v1/statistiques/delais?departement={ICI}",
    "/v1/statistiques/delais",
    f"/v1/departements/{ICI}/regles",
    f"/v1/departements/{ICI}/delegations",
)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with tempfile.TemporaryDirectory(prefix="relais-croisement-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        yield started
        started.down()


@pytest.fixture(scope="module")
def rencontre(hub: Hub) -> Rencontre:
    return asyncio.run(_joue(hub))


@pytest.mark.parametrize("code", DU_62)
def test_a_signalement_tells_nothing_of_her(rencontre: Rencontre, code: str) -> None:
    answer = rencontre.signalements[code]

    assert answer.etat == "accepte"
    assert set(answer.corps) == {"id", "etat", "parcours", "evenements", "recu"}
    assert len(answer.corps["evenements"]) == 1
    assert list(rencontre.prc.values()).count(answer.parcours or "") == 1


@pytest.mark.parametrize("departement", [ICI, AILLEURS])
@pytest.mark.parametrize("fait", SUR_PARCOURS)
def test_who_is_of_another_territory_emits_nothing_about_her(rencontre: Rencontre, fait: str, departement: str) -> None:
    codes = {c: rencontre.essais[c, fait, departement].code for c in DU_62 if (c, fait) != MEME_REPONSE}

    admis = {c: DE_LA_PORTE | {"transfert-a-confirmer"} if c in PREVENUS else DE_LA_PORTE for c in DU_62}
    assert {code: refus for code, refus in codes.items() if refus not in admis[code]} == {}


def test_what_a_payer_of_another_territory_says_of_a_right_has_the_answer_of_its_own_and_no_effect(
    rencontre: Rencontre,
) -> None:
    """Nothing in it tells that she is known elsewhere: not a name of hers that another signalement would give too."""
    answer = rencontre.essais["caf-62", "droits.modifies", AILLEURS]

    assert (answer.etat, answer.parcours) == ("accepte", rencontre.prc["caf-62"])
    assert len(answer.corps["evenements"]) == 1
    assert "fr.insertion.droits.modifies.v1" not in {e["type"] for e in rencontre.flux["cd-59"]}


@pytest.mark.parametrize("code", ["cd-59", "ft-59"])
def test_her_territory_reads_her_as_before(rencontre: Rencontre, code: str) -> None:
    for vue in VUES:
        if vue != "/historique":
            assert rencontre.vues_apres[code, vue] == rencontre.vues[code, vue], vue


@pytest.mark.parametrize("code", DU_62)
def test_who_is_of_another_territory_reads_its_own_words(rencontre: Rencontre, code: str) -> None:
    statut, vue = rencontre.lectures[code, "/v1/parcours/{prc}"]

    assert statut == 200
    assert vue["etat"] == "signale"
    assert vue["identite"]["nom_naissance"] == RENCONTRES[code]["identite"]["nom_naissance"]
    for chemin in VUES[1:]:
        assert rencontre.lectures[code, f"/v1/parcours/{{prc}}{chemin}"] == (404, "parcours-inconnu")


@pytest.mark.parametrize("code", DU_62)
def test_no_list_and_no_figure_of_another_territory_tells_of_her(rencontre: Rencontre, code: str) -> None:
    def lu(chemin: str) -> tuple[int, Any]:
        return rencontre.lectures[code, chemin]

    statut, liste = lu("/v1/parcours?limite=200")
    assert statut == 200
    # The département and France Travail of 62 take part in what the mission locale of Lens told there: its own person.
    siens = {p["parcours"]: p["etat"] for p in liste["parcours"]}
    assert siens.pop(rencontre.prc[code]) == "signale"
    assert list(siens.values()) == (["ambigu"] if code in ("cd-62", "ft-62") else [])
    assert lu(f"/v1/parcours?departement={ICI}") == (403, "hors-territoire")
    assert lu(f"/v1/parcours?departement={ICI}&echeance_avant=2099-01-01") == (403, "hors-territoire")
    assert {p["departement"] for p in lu("/v1/parcours?echeance_avant=2099-01-01")[1]["parcours"]} <= {AILLEURS}
    assert lu(f"/v1/statistiques/delais?departement={ICI}") == (403, "hors-territoire")
    chiffres = lu("/v1/statistiques/delais")[1]
    assert chiffres == "non-autorise" if code == "caf-62" else not any(chiffres.values())
    for reglage in ("regles", "delegations"):
        assert lu(f"/v1/departements/{ICI}/{reglage}")[0] == 403


@pytest.mark.parametrize("code", ["cd-62", "ft-62"])
def test_she_is_nobody_to_the_search_of_another_territory(hub: Hub, rencontre: Rencontre, code: str) -> None:
    async def cherche(**qui: Any) -> Any:
        async with hub.partner(code) as partenaire:
            return await partenaire.call("POST", "/v1/usagers/recherche", qui)

    found = asyncio.run(cherche(identifiants=_SON_NIR, identite={"date_naissance": ELLE["date_naissance"]}))

    assert found == {"resultat": "aucun"}


@pytest.mark.parametrize("code", DU_62)
def test_a_feed_of_another_territory_names_her_to_the_departement_alone_to_confirm_a_transfer(
    rencontre: Rencontre, code: str
) -> None:
    """The rest is of the person whom the mission locale of Lens told in 62, with its own words."""
    d_elle = [e for e in rencontre.flux[code] if e["departement"] == ICI]
    connus = (f"/partenaires/{code}", "/partenaires/ml-lens")
    des_autres = [e for e in rencontre.flux[code] if e["source"] not in connus]

    assert {e["type"] for e in d_elle} == ({"fr.insertion.transfert.signale.v1"} if code == "cd-62" else set())
    assert all(e["source"].startswith("/services/") for e in des_autres)
    assert NIR not in json.dumps(rencontre.flux[code])


def test_the_candidate_of_another_territory_cannot_be_read(rencontre: Rencontre) -> None:
    assert rencontre.candidats
    assert set(rencontre.candidats.values()) == {(404, "parcours-inconnu")}


def test_her_territory_is_told_of_the_transfer_to_confirm_and_what_was_signalled(rencontre: Rencontre) -> None:
    du_62 = [e for e in rencontre.flux["cd-59"] if e["source"] in {f"/partenaires/{code}" for code in DU_62}]

    assert {e["type"] for e in du_62} == {"fr.insertion.usager.signale.v1"}
    assert {e["subject"] for e in du_62} == {rencontre.prc["cd-59"]}


def test_a_pseudonym_of_somebody_else_names_nobody(hub: Hub, rencontre: Rencontre) -> None:
    async def lit(qui: str, de: str) -> int:
        async with hub.partner(qui) as partenaire:
            return (await partenaire._send("GET", f"/v1/parcours/{rencontre.prc[de]}")).status_code

    statuts = {(qui, de): asyncio.run(lit(qui, de)) for qui in DU_62 for de in ("cd-59", "ft-59")}

    assert set(statuts.values()) == {404}


FERMETURES = {"orientation.close", "referent.termine", "contrat.clos", "sanction.levee", "rdv.annule"}
"""What the former département may still close, of its own, for a month."""


async def _demenage(hub: Hub, rencontre: Rencontre) -> Rencontre:
    """Another person of 59, known to its CAF, whom her département has sent to 62 since yesterday."""
    personne = dict(ELLE, nom_naissance="Fictive-Partie", date_naissance="1979-03-02")
    droit = {"brsa": True, "date_reception_droit": (aujourdhui() - timedelta(days=9)).isoformat()}
    matricule = {"type": "matricule-caf", "valeur": "7340192", "role": "demandeur"}
    async with AsyncExitStack() as stack:
        partenaires = {code: await stack.enter_async_context(hub.partner(code)) for code in (*DU_59, "cd-62")}
        r = Rencontre(partenaires)
        caf, cd = partenaires["caf-59"], partenaires["cd-59"]
        dit = _signalement(identite=personne, identifiants=[matricule], **droit)
        answer = await caf.post(caf.message("usager.signale", dit, departement=ICI))
        r.prc["caf-59"] = answer.parcours or ""
        for code in ("cd-59", "ft-59"):
            (r.prc[code],) = {*await _noms(partenaires[code], attendus=2)} - {rencontre.prc[code]}
        r.prc["ml-lille"] = r.prc["cd-59"]
        hier = (aujourdhui() - timedelta(days=1)).isoformat()
        parti = {"departement_nouveau": AILLEURS, "date_effet": hier}
        transfert = cd.message("parcours.transfere", parti, departement=ICI, subject=r.prc["cd-59"])
        assert (await cd.post(transfert)).etat == "accepte"
        await _arrive(partenaires["cd-62"])
        for code in DU_59:
            await _essaie_tout(r, code)
            r.lectures[code, ""] = await r.lit(code, f"/v1/parcours/{r.prc[code]}")
    return r


async def _noms(partenaire: Partner, attendus: int) -> list[str]:
    """The parcours that it lists, once there are so many."""
    for _ in range(100):
        liste = (await partenaire.get("/v1/parcours?limite=200"))["parcours"]
        if len(liste) >= attendus:
            return [p["parcours"] for p in liste]
        await asyncio.sleep(0.1)
    raise AssertionError(liste)


async def _arrive(partenaire: Partner) -> None:
    for _ in range(100):
        page = await partenaire.events(limit=500)
        if any(e["type"] == "fr.insertion.parcours.transfere.v1" for e in page.evenements):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("le nouveau département n'entre pas")


@pytest.fixture(scope="module")
def demenagement(hub: Hub, rencontre: Rencontre) -> Rencontre:
    return asyncio.run(_demenage(hub, rencontre))


@pytest.mark.parametrize("departement", [ICI, AILLEURS])
@pytest.mark.parametrize("fait", SUR_PARCOURS)
def test_the_territory_that_she_has_left_only_closes_what_is_its_own(
    demenagement: Rencontre, fait: str, departement: str
) -> None:
    """The CAF keeps the answers of whom it signalled; the mission locale never took part."""
    ferme = fait in FERMETURES and departement == AILLEURS
    sans_effet = {("caf-59", "droits.modifies")} | ({(c, fait) for c in ("cd-59", "ft-59")} if ferme else set())

    codes = {c: demenagement.essais[c, fait, departement].code for c in DU_59 if (c, fait) not in sans_effet}

    assert {code: refus for code, refus in codes.items() if refus not in DE_LA_PORTE} == {}


def test_the_territory_that_she_has_left_reads_on_and_its_payer_reads_its_own_words(demenagement: Rencontre) -> None:
    assert {code: statut for (code, _), (statut, _vue) in demenagement.lectures.items()} == {
        "cd-59": 200,
        "ft-59": 200,
        "caf-59": 200,
        "ml-lille": 404,
    }
    assert demenagement.lectures["caf-59", ""][1]["etat"] == "signale"
    assert demenagement.lectures["cd-59", ""][1]["departement"] == AILLEURS
    assert "droits" not in demenagement.lectures["cd-59", ""][1]
