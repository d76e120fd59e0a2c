"""A partner checks its receipts alone: every byte, every link and the key count."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from joserfc.jws import serialize_compact

from gateway.receipts import Chains
from relais_contrats.racines import TYP as TYP_RACINE
from relais_contrats.racines import chemin, feuille, racine
from relais_contrats.recus import TYP, Suite, contenu
from relais_kit.commande import main

ISSUER = "https://relais.exemple.fr"
CLE = ECKey.generate_key("P-256")
QUAND = datetime(2026, 11, 30, 12, tzinfo=UTC)


def chaines(cle: ECKey) -> Chains:
    return Chains(cle.as_pem(private=True), ISSUER)


def autre_cle() -> Any:
    return chaines(ECKey.generate_key("P-256")).public_key()


def signes(hub: Chains, nombre: int = 4, partenaire: str = "caf-59") -> list[str]:
    return [hub.next(partenaire, {"message": f"m{rang}"}, QUAND).jws for rang in range(nombre)]


@pytest.fixture(scope="module")
def hub() -> Chains:
    return chaines(CLE)


@pytest.fixture
def recus(hub: Chains) -> list[str]:
    hub.restart()
    return signes(hub)


class Verificateur:
    def __init__(self, dossier: Path, capsys: pytest.CaptureFixture[str], cles: Sequence[Any]) -> None:
        self.dossier, self.capsys = dossier, capsys
        (dossier / "cles.json").write_text(json.dumps({"issuer": ISSUER, "keys": cles}))

    def __call__(self, lignes: Sequence[str], *options: str) -> tuple[int, Any]:
        fichier = self.dossier / "recus.txt"
        fichier.write_text("\n".join(lignes))
        statut = main(
            ["preuve", "verifier", str(fichier), "--cles", str(self.dossier / "cles.json"), "--json", *options]
        )
        return statut, json.loads(self.capsys.readouterr().out)


@pytest.fixture
def verifier(tmp_path: Path, capsys: pytest.CaptureFixture[str], hub: Chains) -> Verificateur:
    return Verificateur(tmp_path, capsys, [autre_cle(), hub.public_key()])


def test_receipts_in_any_order_twice_or_inside_answers_are_intact(verifier: Verificateur, recus: list[str]) -> None:
    reponses = [json.dumps({"id": "m", "etat": "accepte", "recu": recu}) for recu in recus[:2]]

    statut, dit = verifier([*reversed(recus), *reponses])

    assert (statut, dit) == (0, {"lus": 4, "chaines": 1, "ruptures": [], "est_intact": True})


def test_a_restart_begins_another_chain(verifier: Verificateur, recus: list[str], hub: Chains) -> None:
    hub.restart()

    statut, dit = verifier([*recus, *signes(hub)])

    assert (statut, dit["lus"], dit["chaines"]) == (0, 8, 2)


@pytest.mark.parametrize("place", [0, 60, -60, -3])
def test_a_flipped_byte_breaks_the_receipt_or_the_next(verifier: Verificateur, recus: list[str], place: int) -> None:
    change = list(recus[1])
    change[place] = "A" if change[place] != "A" else "B"

    statut, dit = verifier([recus[0], "".join(change), *recus[2:]])

    assert statut == 1
    assert dit["ruptures"]


@pytest.mark.parametrize(("retire", "phrase"), [(0, "n° 2 : il manque 1"), (2, "n° 4 : il manque 1")])
def test_a_missing_link_is_told(verifier: Verificateur, recus: list[str], retire: int, phrase: str) -> None:
    statut, dit = verifier(recus[:retire] + recus[retire + 1 :])

    assert statut == 1
    assert [phrase in rupture for rupture in dit["ruptures"]] == [True]


def reecrit(recu: str) -> str:
    """What the holder of the key may sign afterwards in the place of a receipt."""
    entete = {"alg": "ES256", "kid": CLE.thumbprint(), "typ": TYP}
    return serialize_compact(entete, json.dumps({**contenu(recu), "message": "autre"}), CLE)


def test_two_receipts_at_one_place_are_not_a_chain(verifier: Verificateur, recus: list[str]) -> None:
    statut, dit = verifier([*recus, reecrit(recus[0])])

    assert statut == 1
    assert any("n° 1 " in rupture for rupture in dit["ruptures"])


def test_a_receipt_that_was_signed_again_is_not_followed_by_the_next(verifier: Verificateur, recus: list[str]) -> None:
    statut, dit = verifier([recus[0], reecrit(recus[1]), *recus[2:]])

    chaine = contenu(recus[0])["chaine"]
    assert (statut, dit["ruptures"]) == (1, [f"reçu {chaine} n° 3 : il ne suit pas celui qui le précède."])


def test_the_key_of_another_signs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], recus: list[str]) -> None:
    statut, dit = Verificateur(tmp_path, capsys, [autre_cle()])(recus)

    assert statut == 1
    assert [rupture.endswith("sa signature n'est pas celle du relais.") for rupture in dit["ruptures"]] == [True] * 4


def test_what_the_key_of_receipts_signs_under_another_type_is_none(verifier: Verificateur, recus: list[str]) -> None:
    entete = {"alg": "ES256", "kid": CLE.thumbprint(), "typ": "relais-certificat+jws"}
    autre = serialize_compact(entete, json.dumps(contenu(recus[0])).encode(), CLE)

    statut, dit = verifier([autre])

    assert (statut, len(dit["ruptures"])) == (1, 1)
    assert "signature" in dit["ruptures"][0]


def test_receipts_of_another_partner_or_another_hub_are_told(
    verifier: Verificateur, recus: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], hub: Chains
) -> None:
    d_un_autre = verifier(recus, "--partenaire", "cd-59")
    melanges = verifier([*recus, *signes(hub, partenaire="cd-59")])
    ailleurs = Verificateur(tmp_path, capsys, [hub.public_key()])
    (tmp_path / "cles.json").write_text(json.dumps({"issuer": "https://autre.fr", "keys": [hub.public_key()]}))

    assert [statut for statut, _ in (d_un_autre, melanges, ailleurs(recus))] == [1, 1, 1]


def test_what_is_no_receipt_is_told(verifier: Verificateur, recus: list[str]) -> None:
    statut, dit = verifier([*recus, "bouchon.abc.def"])

    assert (statut, dit["ruptures"]) == (1, ["reçu illisible : bouchon.abc.…"])


@pytest.mark.parametrize("cles", ["{", "{}", '{"issuer": "x", "keys": [1]}', '{"issuer": "x", "keys": []}'])
def test_keys_or_receipts_that_cannot_be_read_end_the_command(
    cles: str, verifier: Verificateur, tmp_path: Path, recus: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cles.json").write_text(cles)

    with pytest.raises(SystemExit) as fin:
        verifier(recus)

    assert fin.value.code == 2
    assert "cles.json" in capsys.readouterr().err


def test_a_receipt_that_is_kept_elsewhere_than_it_says_is_told(recus: list[str]) -> None:
    chaine, suite = contenu(recus[0])["chaine"], Suite(CLE)
    suite.commence(chaine)

    fautes = [suite.fautes(recus[0], chaine, 1), suite.fautes(recus[2], chaine, 2)]

    assert fautes[0] == []
    assert "sa place n'est pas celle qu'il dit." in fautes[1]


def racine_du_jour(hub: Chains, derniers: Sequence[str], code: str = "caf-59", jour: str = "2026-11-30") -> Any:
    """As the hub tells it of these last receipts, to one of their partners."""
    dits = [(contenu(jws), hashlib.sha256(jws.encode()).hexdigest()) for jws in derniers]
    feuilles = [feuille(dit["chaine"], dit["rang"], empreinte) for dit, empreinte in dits]
    siennes = [
        {
            "chaine": dit["chaine"],
            "rang": dit["rang"],
            "empreinte": empreinte,
            "chemin": [{"cote": cote, "empreinte": e.hex()} for cote, e in chemin(feuilles, rang)],
        }
        for rang, (dit, empreinte) in enumerate(dits)
        if dit["partenaire"] == code
    ]
    return {"racine": hub.sign(TYP_RACINE, {"jour": jour, "racine": racine(feuilles).hex()}), "chaines": siennes}


@pytest.mark.parametrize("partenaires", [1, 2, 3, 6, 9])
def test_a_root_seals_the_day_of_each_partner_whatever_their_number(
    verifier: Verificateur, recus: list[str], hub: Chains, tmp_path: Path, partenaires: int
) -> None:
    autres = [signes(hub, partenaire=f"autre-{rang}")[-1] for rang in range(partenaires - 1)]
    fichier = tmp_path / "racine.json"
    fichier.write_text(json.dumps(racine_du_jour(hub, [*autres[:2], recus[-1], *autres[2:]])))

    assert verifier(recus, "--racine", str(fichier))[0] == 0


def test_what_a_root_does_not_seal_is_told(
    verifier: Verificateur, recus: list[str], hub: Chains, tmp_path: Path
) -> None:
    chaine, fichier = contenu(recus[0])["chaine"], tmp_path / "racine.json"

    def ruptures(dite: Any, siens: Sequence[str] = recus) -> list[str]:
        fichier.write_text(json.dumps(dite))
        return [dit.partition(" : ")[2] for dit in verifier(siens, "--racine", str(fichier))[1]["ruptures"]]

    juste = racine_du_jour(hub, recus[-1:])
    d_un_autre = racine_du_jour(chaines(ECKey.generate_key("P-256")), recus[-1:])["racine"]
    deplacee = {**juste, "chaines": [{**juste["chaines"][0], "rang": 9}]}
    assert ruptures(racine_du_jour(hub, recus[2:3])) == [
        f"elle ne scelle pas votre reçu {chaine} n° 4, qui est de ce jour."
    ]
    assert ruptures(racine_du_jour(hub, [])) == [
        f"elle ne scelle pas votre reçu {chaine} n° {rang}, qui est de ce jour." for rang in range(1, 5)
    ]
    assert ruptures(juste, recus[:3]) == [f"il vous manque 1 reçu(s) de {chaine}, après le n° 3."]
    assert ruptures(racine_du_jour(hub, [reecrit(recus[-1])])) == [
        f"votre reçu {chaine} n° 4 n'est pas celui qu'elle scelle."
    ]
    assert f"elle ne scelle pas le reçu {chaine} n° 9 qu'elle montre." in ruptures(deplacee)
    assert ruptures({**juste, "racine": d_un_autre}) == ["elle n'est pas signée par ce relais."]
    with pytest.raises(SystemExit) as fin:
        ruptures({"racine": 1})
    assert fin.value.code == 2
