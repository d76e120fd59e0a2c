"""How the program reads its feed: acknowledges, survives what it does not know, reacts once."""

from collections import Counter
from collections.abc import Mapping

from relais_kit.carnet import Carnet
from relais_kit.emetteur.jugement import Dossier, depots, finit_mal, regle, relit
from relais_kit.emetteur.pannes import Indisponible, JetonCourt
from relais_kit.emetteur.recu import Recu, objet_de
from relais_kit.emetteur.temoin import Passage
from relais_kit.recepteur.faits import CODE_INCONNU


@regle("lecture du fil, sans panne", "acquittement")
def acquittement(dossier: Dossier, carnet: Carnet) -> None:
    passage = dossier.reference
    pleines = _pages(passage)
    if not pleines:
        return
    acquittes = _acquittements(passage)
    if _a_acquitte(passage):
        carnet.passer("acquittement", pleines[0], acquittes[0])
    elif acquittes:
        carnet.echouer("acquittement", "acquitte un curseur que le fil n'a pas rendu", *acquittes[:2])
    elif not passage.est_ecourte or passage.statut is None:
        carnet.echouer("acquittement", "lit des événements et n'acquitte pas le curseur", pleines[0])


@regle("503 sur la lecture du fil", "lecture-relancee")
def lecture_relancee(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(Indisponible):
        touche = panne.touches[0]
        if isinstance(panne, JetonCourt) or not touche.est_lecture:
            continue
        if relit(passage, touche):
            carnet.passer("lecture-relancee", touche)
        elif depots(dossier.reference) and passage.statut not in (0, None):
            # What it deposits is not lost, and its next run reads from the same place.
            carnet.omettre("lecture-relancee", "s'arrête sur le 503 de son fil, en le signalant")
        elif not passage.est_ecourte:
            carnet.echouer("lecture-relancee", "ne relit pas son fil après un 503", touche)


@regle("codes, types et champs inconnus dans le fil", "code-inconnu", "champ-inconnu")
def inconnus(dossier: Dossier, carnet: Carnet) -> None:
    for passage in dossier.passages:
        if passage.etape.codes:
            _juger_la_lecture(dossier, passage, "code-inconnu", carnet)
        if passage.etape.champs:
            _juger_la_lecture(dossier, passage, "champ-inconnu", carnet)


_QUOI = {
    "code-inconnu": "un événement dont un code lui est inconnu",
    "champ-inconnu": "un événement dont le type, un champ ou un attribut lui est inconnu",
}


def _juger_la_lecture(dossier: Dossier, passage: Passage, nom: str, carnet: Carnet) -> None:
    pleines = _pages(passage)
    if not pleines:
        return
    relit_un_code = any(CODE_INCONNU in str(page.rendu) for page in pleines)
    if nom == "champ-inconnu" and relit_un_code and carnet.a_echoue("code-inconnu"):
        carnet.omettre(nom, "ce qui l'arrête est un code inconnu, qu'il relit")
    elif finit_mal(dossier, passage):
        carnet.echouer(nom, f"s'arrête (code {passage.statut}) sur {_QUOI[nom]}", pleines[0])
    elif _a_acquitte(dossier.reference) and not _a_acquitte(passage):
        carnet.echouer(nom, f"n'acquitte plus rien après {_QUOI[nom]}", pleines[0])
    elif _a_acquitte(passage) or passage.statut == 0:
        carnet.passer(nom, *pleines[:1], *_acquittements(passage)[:1])


@regle("événements rendus deux fois", "doublon")
def doublon(dossier: Dossier, carnet: Carnet) -> None:
    usuels = _ids_par_type(dossier.reference)
    for passage in dossier.passages:
        if not passage.etape.doublons or not _pages(passage):
            continue
        en_trop = [type_ for type_, nombre in _ids_par_type(passage).items() if nombre > usuels[type_] > 0]
        if en_trop:
            montrent = [d.recu for d in depots(passage) if d.message.get("type") in en_trop]
            carnet.echouer("doublon", "réagit deux fois au même événement", *montrent[-2:])
        elif usuels:
            carnet.passer("doublon", _pages(passage)[0])


def _ids_par_type(passage: Passage) -> Counter[str]:
    return Counter(type_ for type_, _ in {(str(d.message.get("type")), d.id) for d in depots(passage)})


def _pages(passage: Passage) -> list[Recu]:
    """Readings that gave something."""
    return [r for r in passage.echanges if r.est_lecture and r.statut == 200 and r.rendu.get("evenements")]


def _acquittements(passage: Passage) -> list[Recu]:
    return [r for r in passage.echanges if r.est_acquittement]


def _a_acquitte(passage: Passage) -> bool:
    rendus = {str(page.rendu.get("curseur")) for page in _pages(passage)}
    dits: list[Mapping[str, object]] = [objet_de(r.corps) for r in _acquittements(passage) if r.statut in (200, 204)]
    return any(str(dit.get("curseur")) in rendus for dit in dits)
