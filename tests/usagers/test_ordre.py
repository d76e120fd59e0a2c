"""The order of what is said of a person: each field of a correction by itself, by `time` and not by arrival."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.usagers.conftest import Essai
from tests.usagers.personnes import CAF, CD, MAINTENANT, Personne, depot, nir, signale

pytestmark = pytest.mark.anyio


async def corrige(essai: Essai, parcours: UUID, heure: int, **donnees: Any) -> str:
    entree = depot("usager.corrige", donnees, parcours)
    dite = replace(entree, survenu_a=MAINTENANT - timedelta(hours=12 - heure))
    [reponse] = await essai.decider(dite)
    return reponse.refus.code if reponse.refus else reponse.etat


async def test_an_older_phone_does_not_replace_a_newer_one(essai: Essai) -> None:
    parcours = await essai.ouvrir(signale(Personne(nir=nir(1))))

    dits = [
        await corrige(essai, parcours, 2, coordonnees={"telephone": "0199000002"}),
        await corrige(essai, parcours, 1, coordonnees={"telephone": "0199000001"}),
        await corrige(essai, parcours, 1, coordonnees={"courriel": "a@exemple.fr"}),
        await corrige(essai, parcours, 3, coordonnees={"telephone": "0199000003", "courriel": "b@exemple.fr"}),
        await corrige(essai, parcours, 2, identite={"nom_usage": "EXEMPLE"}, coordonnees={"courriel": "c@exemple.fr"}),
    ]

    assert dits == ["accepte", "version-perimee", "accepte", "accepte", "version-perimee"]
    lue = await essai.lire("parcours", parcours=str(parcours))
    assert (lue["coordonnees"]["telephone"], lue["coordonnees"]["courriel"]) == ("0199000003", "b@exemple.fr")


async def signale_le_telephone(essai: Essai, heure: int, telephone: str, *, emetteur: str = CAF, **autres: str) -> UUID:
    entree = signale(Personne(nir=nir(1)), emetteur=emetteur)
    dite = replace(
        entree,
        donnees={**entree.donnees, "coordonnees": {"telephone": telephone, **autres}},
        survenu_a=MAINTENANT - timedelta(hours=12 - heure),
        partitions_ouvertes=("59",),
    )
    return await essai.ouvrir(dite)


async def contacts(essai: Essai, parcours: UUID) -> dict[str, str]:
    lue = await essai.lire("parcours", parcours=str(parcours))
    return dict(lue["coordonnees"])


@pytest.mark.parametrize("emetteur", [CAF, CD])
async def test_an_older_signalement_does_not_replace_newer_contacts(essai: Essai, emetteur: str) -> None:
    """Field by field: what nobody said since is taken from it."""
    parcours = await signale_le_telephone(essai, 3, "0199000003")
    await signale_le_telephone(essai, 1, "0199000001", emetteur=emetteur, courriel="a@exemple.fr")
    ancien = await contacts(essai, parcours)
    await signale_le_telephone(essai, 4, "0199000004", emetteur=emetteur)

    assert ancien == {"telephone": "0199000003", "courriel": "a@exemple.fr"}
    assert await contacts(essai, parcours) == {"telephone": "0199000004", "courriel": "a@exemple.fr"}


async def test_signalements_and_corrections_of_contacts_have_one_order(essai: Essai) -> None:
    parcours = await signale_le_telephone(essai, 3, "0199000003")

    ancienne = await corrige(essai, parcours, 2, coordonnees={"telephone": "0199000002"})
    nouvelle = await corrige(essai, parcours, 5, coordonnees={"telephone": "0199000005"})
    await signale_le_telephone(essai, 4, "0199000004")

    assert (ancienne, nouvelle) == ("version-perimee", "accepte")
    assert await contacts(essai, parcours) == {"telephone": "0199000005"}


async def test_the_same_words_told_again_later_are_the_last_word(essai: Essai) -> None:
    parcours = await signale_le_telephone(essai, 1, "0199000001")
    await signale_le_telephone(essai, 3, "0199000001")

    await signale_le_telephone(essai, 2, "0199000002")

    assert await contacts(essai, parcours) == {"telephone": "0199000001"}


async def test_what_a_partner_reads_of_its_own_words_has_their_order_too(essai: Essai) -> None:
    entree = signale(Personne(nir=nir(1)))
    [ouvert, *_] = await essai.accepte(entree)
    alias = None
    for heure, telephone in ((3, "0199000003"), (1, "0199000001")):
        dite = signale(Personne(nir=nir(1)), emetteur="/partenaires/ml-lille")
        faits = await essai.accepte(
            replace(
                dite,
                donnees={**dite.donnees, "coordonnees": {"telephone": telephone}},
                survenu_a=MAINTENANT - timedelta(hours=12 - heure),
            )
        )
        alias = next(f.agregat for f in faits if f.type == "signalement.conserve")

    lue = await essai.lire("dire", alias=str(alias), emetteur="/partenaires/ml-lille")

    assert alias != ouvert.agregat
    assert lue["coordonnees"] == {"telephone": "0199000003"}


async def test_an_erased_person_leaves_no_word(essai: Essai) -> None:
    parcours = await essai.ouvrir(signale(Personne(nir=nir(1))))
    await corrige(essai, parcours, 2, coordonnees={"telephone": "0199000002"})

    await essai.accepte(depot("usager.efface", {"motif": "Demande."}, parcours))

    assert await essai.pool.fetchval("SELECT count(*) FROM derniers_mots") == 0


async def test_an_older_transfer_does_not_come_back_after_its_withdrawal(essai: Essai) -> None:
    parcours = await essai.ouvrir(signale(Personne(nir=nir(1))))
    annonce, jour = "62", (MAINTENANT + timedelta(days=30)).date().isoformat()

    dits = []
    for heure, departement in ((1, annonce), (3, "59"), (2, annonce), (4, annonce)):
        entree = depot("parcours.transfere", {"departement_nouveau": departement, "date_effet": jour}, parcours)
        [reponse] = await essai.decider(replace(entree, survenu_a=MAINTENANT - timedelta(hours=12 - heure)))
        dits.append(reponse.refus.code if reponse.refus else reponse.etat)

    assert dits == ["accepte", "accepte", "version-perimee", "accepte"]
