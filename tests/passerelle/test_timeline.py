"""What the timeline says of each state of a row: where it waits, why it stopped, who does not receive it."""

from datetime import date
from typing import Any

import pytest

from gateway.inbound.timeline import phrases
from gateway.inbound.timeline.answering import causes_of, situation, told
from gateway.inbound.timeline.lookup import Personne
from gateway.inbound.timeline.rows import Lignes
from gateway.inbound.timeline.steps import refusal, steps
from gateway.outbound.order import Attend
from gateway.outbound.told import SansDestinataire
from relais_contrats.droits import Role
from relais_contrats.matrice import CIRCONSTANCES
from relais_contrats.reception import ligne_de_refus
from tests.passerelle.ways import (
    ABONNEMENT,
    ANNUAIRE,
    AVANT,
    EVENEMENT,
    FINALITES,
    PSEUDONYMES,
    Annuaire,
    abonnement,
    at,
    envoi,
    lignes,
    line,
    partenaire,
    pushed,
    told_by,
)


def test_every_state_of_a_row_has_its_words() -> None:
    assert phrases.ATTENTES_D_EVENEMENT.keys() == {str(one) for one in Attend}
    assert phrases.SANS_DESTINATAIRE.keys() == {str(one) for one in SansDestinataire}
    assert phrases.ROLES.keys() | CIRCONSTANCES == set(Role)


def test_the_whole_way_is_told_in_the_order_of_time() -> None:
    attempts = [
        {"a": at(0.2).isoformat(), "code": 503, "erreur": "reponse", "ms": 31},
        {"a": at(5.3).isoformat(), "code": 204, "erreur": None, "ms": 12},
    ]
    rows = pushed(envoi(etat="livre", essais=2, code=204, essaye_a=at(5.3), tentatives=attempts))

    told = [(one.titre, one.ton, one.duree_ms) for one in steps(rows)]

    assert told == [
        ("Déposé par caf-59", None, None),
        ("Accepté par usagers", "accepte", 42),
        ("Publié : usager.signale", None, None),
        ("Envoi sans succès à cd-59", None, 31),
        ("Livré à cd-59", "livre", 12),
    ]
    assert situation(rows, told_by(rows))[1] == "Accepté, publié, et reçu par tous ses destinataires (1)."


@pytest.mark.parametrize(
    ("sent", "subscription", "etat", "phrase"),
    [
        ({}, {}, "en-cours", "Va partir par webhook."),
        ({"tete": 11}, {}, "en-cours", "Attend son tour dans la file de ce parcours."),
        ({"tete": 11, "echecs_de_file": 2}, {}, "arrete", "File de ce parcours arrêtée : un événement antérieur"),
        (
            {"echecs_de_file": 1, "erreur": "connexion"},
            {},
            "en-echec",
            "1 tentative sans succès (connexion impossible)",
        ),
        ({"echecs_de_file": 9, "code": 500, "prochain_a": None}, {}, "arrete", "File de ce parcours arrêtée après 9"),
        (
            {"echecs_de_file": 6, "code": 500},
            {"rouvre_a": at(999)},
            "en-echec",
            "6 tentatives sans succès (HTTP 500) : l'",
        ),
        ({}, {"etat": "suspendu"}, "arrete", "Abonnement suspendu : l'adresse a échoué pendant 72 heures."),
        ({}, {"etat": "inactif"}, "arrete", "Abonnement désactivé"),
        ({}, {"etat": "a-verifier"}, "en-cours", "L'adresse n'a pas encore répondu à la vérification"),
        ({"etat": "retenu"}, {}, "retenu", "Retenu : la convention du partenaire est finie"),
        ({"etat": "sans-objet"}, {}, "sans-objet", "Rien de cet événement ne lui est visible"),
        ({"etat": "livre", "code": 204}, {}, "livre", "Livré par webhook (HTTP 204)."),
    ],
)
def test_where_a_webhook_is(sent: dict[str, Any], subscription: dict[str, Any], etat: str, phrase: str) -> None:
    [way, _] = line(pushed(envoi(**sent), abonnement(**subscription)), "cd-59").voies

    assert (way.abonnement, way.etat) == (ABONNEMENT, etat)
    assert way.phrase.startswith(phrase)


@pytest.mark.parametrize(
    ("subscription", "phrase"),
    [
        ({"types": ["contrat.clos"]}, "Le filtre de l'abonnement exclut ce type (il prend : contrat.clos)."),
        ({"cree_a": at(9)}, "L'abonnement a été créé après l'événement."),
        ({"etat": "inactif"}, "L'abonnement était inactif quand l'événement a été publié."),
    ],
)
def test_why_a_subscription_has_not_pushed_it(subscription: dict[str, Any], phrase: str) -> None:
    rows = lignes(abonnements=[abonnement(**subscription)])

    assert line(rows, "cd-59").voies[0].phrase == phrase
    assert line(rows, "cd-59").etat == "a-lire"


def test_the_feed_is_unread_then_read_then_acknowledged() -> None:
    read = [{"partenaire": "cd-59", "a": at(30)}]
    before, after = ({"cd-59": {"partenaire": "cd-59", "numero": n, "acquitte_a": at(40)}} for n in (11, 12))
    told = (lignes(), lignes(curseurs=before), lignes(lectures=read), lignes(curseurs=after))

    ways = [line(rows, "cd-59").voies[0] for rows in told]

    assert [way.etat for way in ways] == ["a-lire", "a-lire", "lu", "lu"]
    assert [way.a for way in ways] == [None, None, at(30), at(40)]


@pytest.mark.parametrize(
    ("personne", "known", "phrase"),
    [
        (Personne("59", None, at(9), None), partenaire("cd-59", "departement", *FINALITES), "Le parcours est archivé"),
        (
            Personne("59", None, None, None),
            partenaire("cd-59", "departement", *FINALITES, fin=date(2026, 1, 1)),
            "Aucune",
        ),
        (
            Personne("59", None, None, None),
            partenaire("cd-59", "departement", *FINALITES, est_actif=False),
            "Le partenaire",
        ),
    ],
)
def test_what_holds_it_back_in_the_feed(personne: Personne, known: Any, phrase: str) -> None:
    receiver = line(lignes(personne=personne), "cd-59", Annuaire(known))

    assert receiver.etat == "retenu"
    assert receiver.voies[0].phrase.startswith(phrase)


def held(code: str, role: str, depuis: float = 0.01, fin: float | None = None) -> dict[str, Any]:
    return {"partenaire": code, "role": role, "depuis": at(depuis), "fin": at(fin) if fin else None}


@pytest.mark.parametrize(
    ("known", "participants", "personne", "phrase"),
    [
        (("asso", "association", *FINALITES), [], None, "Ne prend pas part à ce parcours"),
        (("asso", "association", *FINALITES), [held("asso", "accompagnant", fin=0.02)], None, "A quitté le parcours"),
        (("asso", "association", *FINALITES), [held("asso", "accompagnant", 9)], None, "A rejoint le parcours après"),
        (("asso", "association"), [held("asso", "structure-orientation")], None, "Aucune de ses conventions"),
        (
            ("asso", "association", *FINALITES),
            [held("asso", "accompagnant")],
            None,
            "Prend part au parcours, mais ce message n'est pas destiné à son organisme",
        ),
        (
            ("cd-62", "departement", *FINALITES),
            [held("cd-62", "emetteur")],
            Personne("59", None, None, None),
            "Le parcours est hors de son territoire (département 59).",
        ),
        (
            ("asso", "association", *FINALITES),
            [held("asso", "accompagnant")],
            Personne("59", None, None, at(0)),
            "La personne s'est opposée au partage",
        ),
        (("caf-59", "caf", *FINALITES), [held("caf-59", "emetteur")], None, "C'est lui qui l'a émis."),
        (
            ("msa-59", "msa", *FINALITES),
            [held("msa-59", "signalant")],
            None,
            "A signalé la personne, mais ne prend pas",
        ),
    ],
)
def test_why_a_partner_does_not_receive_it(
    known: tuple[str, ...], participants: list[dict[str, Any]], personne: Personne | None, phrase: str
) -> None:
    departement = "62" if known[0] == "cd-62" else "59"
    rows = lignes(participants=participants, livraisons=[], **({"personne": personne} if personne else {}))
    rows.evenements = [{**rows.evenements[0], "type": EVENT_OF.get(phrase, "usager.signale")}]  # type: ignore[list-item]

    receiver = line(rows, known[0], Annuaire(partenaire(known[0], *known[1:], departement=departement)))

    assert receiver.etat == "exclu"
    assert receiver.pourquoi.startswith(phrase)


EVENT_OF = {
    "Aucune de ses conventions": "orientation.decidee",
    "Prend part au parcours, mais ce message n'est pas destiné à son organisme": "sanction.decidee",
}


@pytest.mark.parametrize("attend", Attend)
def test_what_an_event_waits_for(attend: Attend) -> None:
    rows = lignes(evenements=[], livraisons=[], retenus=[_held(str(attend))])

    [cause] = causes_of(steps(rows), [])

    assert cause.suite
    assert cause.phrase == f"Pas encore publié : orientation.demandee. {phrases.ATTENTES_D_EVENEMENT[attend]}"


def _held(attend: str) -> dict[str, Any]:
    return {"id": AVANT, "type": "orientation.demandee", "brique": "orientation", "attend": attend, "depuis": at(1)}


@pytest.mark.parametrize("motif", SansDestinataire)
def test_why_nobody_was_told(motif: SansDestinataire) -> None:
    told = {"id": EVENEMENT, "type": "usager.signale", "motif": str(motif), "a": at(1)}

    causes = causes_of(steps(lignes(evenements=[], livraisons=[], muets=[told])), [])

    assert causes[0].suite
    assert [cause.phrase for cause in causes] == [
        f"Publié sans destinataire : usager.signale : {phrases.SANS_DESTINATAIRE[motif]}"
    ]


@pytest.mark.parametrize(("etat", "said"), [("parque", "il attend un opérateur"), ("ecarte", "il a été écarté")])
def test_an_event_that_was_set_aside(etat: str, said: str) -> None:
    aside = {"id": EVENEMENT, "nature": "evenement", "type": "usager.signale", "etat": etat, "raison": "KeyError"}
    gesture = {"rebut": EVENEMENT, "geste": "ecarte", "par": "essai", "motif": "Doublon.", "a": at(9)}
    gestures = [gesture] if etat == "ecarte" else []

    told = steps(lignes(evenements=[], livraisons=[], rebuts=[aside | {"parque_a": at(1)}], gestes=gestures))

    assert said in next(one.detail for one in told if one.nature == "rebut")
    assert [one.titre for one in told if one.nature == "geste"] == ["Écarté par l'opérateur essai"] * len(gestures)


def test_what_a_service_set_aside_is_told_beside_what_was_published() -> None:
    aside = {"id": EVENEMENT, "nature": "evenement", "type": "usager.signale", "etat": "parque", "raison": "KeyError"}

    told = lignes(ecartes=[aside | {"composant": "orientation", "parque_a": at(1)}])

    [cause] = [one for one in causes_of(steps(told), []) if "rebut" in one.phrase]
    assert cause.phrase.startswith("Mis au rebut par orientation : usager.signale.")
    assert "Rebut" in cause.suite


def test_an_objection_is_a_cause_and_one_reason_of_one_partner_is_one_line() -> None:
    rows: Any = lignes(personne=Personne("59", None, None, at(2)))
    rows.evenements = [*rows.evenements, {**rows.evenements[0], "id": AVANT, "type": "orientation.demandee"}]
    second = {**rows.livraisons[0], "evenement": AVANT, "type": "orientation.demandee", "numero": 13}
    rows.livraisons = [*rows.livraisons, second]

    causes = told(rows, ANNUAIRE, PSEUDONYMES, None, at(60)).causes

    assert causes[0].phrase == phrases.OPPOSITION
    assert [one.phrase[:47] for one in causes[1:]] == ["cd-59, usager.signale, orientation.demandee : À"]
    assert all(one.suite for one in causes)


@pytest.mark.parametrize(
    ("attend", "said"), [("service", "ne répond pas"), ("suite", "attend d'avoir entendu"), (None, "attend son tour")]
)
def test_why_a_deposit_is_not_decided(attend: str | None, said: str) -> None:
    rows = lignes(evenements=[], livraisons=[])
    rows.depot = {**(rows.depot or {}), "etat": "en-attente", "regle_a": None, "reponse": None, "attend": attend}

    [cause] = causes_of(steps(rows), [])

    assert said in cause.phrase
    assert cause.suite
    assert steps(rows)[-1].echeance == at(3)


def test_facts_of_a_refusal_that_may_speak_of_the_person_stay_sealed() -> None:
    motif = refusal("etat-interdit", 0, [ligne_de_refus("etat-interdit", "/type")], {"attendu": "x", "referent": "Ann"})

    assert (motif.precision, motif.est_masque, motif.lignes) == ("Attendu : x.", True, ["/type"])
    assert not refusal("etat-interdit", 0, (), {"attendu": "x"}).est_masque


def test_a_refusal_that_no_catalogue_knows_is_told_in_the_words_of_http() -> None:
    assert refusal("illisible", 400).titre == "Requête illisible"


def test_an_erased_person_is_told_first() -> None:
    rows: Lignes = lignes(personne=Personne("59", at(50), None, None), evenements=[], livraisons=[])

    assert "effacée depuis" in situation(rows, told_by(rows, ANNUAIRE))[1]
    assert steps(rows)[-1].titre == "Personne effacée"
