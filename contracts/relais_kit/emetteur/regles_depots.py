"""Rules on the content of messages: ids, traces, instants, numbers of persons, keys of objects."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Any
from urllib.parse import unquote

from relais_contrats.catalogue import TypeMessage, par_type_cloudevents
from relais_contrats.champs import objet_principal
from relais_contrats.enveloppe import trace_lisible
from relais_contrats.identifiants import nir_est_valide
from relais_contrats.problemes import Problem
from relais_contrats.reception import refuser_une_cle_du_hub
from relais_kit.carnet import Carnet
from relais_kit.emetteur.jugement import Dossier, depots, regle
from relais_kit.emetteur.recu import Depot, Message, Recu
from relais_kit.emetteur.temoin import Passage

_NE_DISENT_RIEN = frozenset({"authorization", "dpop"})
_ATTRIBUTS = frozenset(
    [
        "specversion",
        "type",
        "time",
        "datacontenttype",
        "dataschema",
        "departement",
        "agent",
        "finalite",
        "data",
        "subject",
        "traceparent",
        "tracestate",
        "versionattendue",
    ]
)
_NIR_ISOLE = re.compile(r"(?<![0-9A-Za-z])[1-478](?:[ ._-]?[0-9AB]){14}(?![0-9A-Za-z])", re.IGNORECASE)
_AVEC_FUSEAU = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$")
_ILLISIBLES = {400: "illisible", 413: "trop grand", 415: "d'un type non admis"}


@regle("source de chaque message", "source")
def source(dossier: Dossier, carnet: Carnet) -> None:
    for depot in _tous(dossier):
        if depot.message.get("source") == dossier.source:
            carnet.passer("source", depot.recu)
        else:
            constat = f"dépose au nom d'un autre que {dossier.source} (voyez --partenaire)"
            carnet.echouer("source", constat, depot.recu)


@regle("réponse à chaque dépôt", "depot-lisible")
def depot_lisible(dossier: Dossier, carnet: Carnet) -> None:
    for recu in dossier.echanges():
        if not recu.est_depot or recu.panne:
            continue
        if (pourquoi := _ILLISIBLES.get(recu.statut or 0)) and not recu.preuve.get("nonce"):
            carnet.echouer("depot-lisible", f"dépose un corps {pourquoi} ({recu.statut})", recu)
        elif recu.messages:
            carnet.passer("depot-lisible", recu)


@regle("ids d'un même lancement", "id-unique", "relance-identique")
def id_unique(dossier: Dossier, carnet: Carnet) -> None:
    for passage in dossier.passages:
        par_id = defaultdict[str, list[Depot]](list)
        for depot in depots(passage):
            par_id[depot.id].append(depot)
        for suite in par_id.values():
            _juger_l_id(suite, carnet)


def _juger_l_id(suite: list[Depot], carnet: Carnet) -> None:
    # A message that was refused for good left its id free: its correction may bear it, in this kit at least.
    tenus = [depot for depot in suite if not depot.est_refuse] or suite[:1]
    premier = tenus[0]
    for suivant in tenus[1:]:
        if suivant.entier == premier.entier:
            carnet.passer("relance-identique", premier.recu, suivant.recu)
        elif suivant.fait == premier.fait:
            constat = "change `time` ou la trace du message qu'il renvoie : le relais y voit un autre contenu"
            carnet.echouer("relance-identique", constat, premier.recu, suivant.recu)
        elif suivant.contenu != premier.contenu:
            carnet.echouer("id-unique", "donne le même `id` à deux faits", premier.recu, suivant.recu)
        else:
            carnet.echouer(
                "relance-identique", "renvoie sous le même `id` un message changé", premier.recu, suivant.recu
            )
    carnet.passer("id-unique", premier.recu)


@regle("numéros de personnes hors du contenu", "nir-hors-id", "nir-hors-adresse")
def nir(dossier: Dossier, carnet: Carnet) -> None:
    lus = (e for r in dossier.echanges() if r.est_lecture for e in r.rendu.get("evenements", ()))
    connus = {numero for message in (*(d.message for d in _tous(dossier)), *lus) for numero in _nirs(message)}
    for depot in _tous(dossier):
        if any(_est_un_nir(texte, connus) for texte in _identifiants(depot.message)):
            carnet.echouer("nir-hors-id", "met un NIR dans un identifiant", depot.recu)
        else:
            carnet.passer("nir-hors-id", depot.recu)
    for recu in dossier.echanges():
        entetes = [unquote(valeur) for nom, valeur in recu.entetes if nom not in _NE_DISENT_RIEN]
        adresse = re.split(r"[/?&=]", unquote(recu.chemin))
        if any(_est_un_nir(texte, connus) for texte in adresse) or any(_tient(texte, connus) for texte in entetes):
            carnet.echouer("nir-hors-adresse", "met un NIR dans l'adresse ou dans un en-tête", recu)
        else:
            carnet.passer("nir-hors-adresse", recu)


def _est_un_nir(texte: str, connus: set[str]) -> bool:
    """One that was sent or read, or any other that stands alone with its key: random ids now and then look like one."""
    seuls = (re.sub(r"[ ._-]", "", trouve.group()).upper() for trouve in _NIR_ISOLE.finditer(texte))
    return _tient(texte, connus) or any(nir_est_valide(seul) for seul in seuls)


def _tient(texte: str, connus: set[str]) -> bool:
    compact = re.sub(r"[\s._:-]", "", texte).upper()
    return any(numero[:13] in compact for numero in connus)


def _nirs(message: Message) -> Iterator[str]:
    data = message.get("data")
    identifiants = data.get("identifiants") if isinstance(data, dict) else None
    for identifiant in identifiants if isinstance(identifiants, list) else ():
        valeur = str(identifiant.get("valeur", "")) if isinstance(identifiant, dict) else ""
        if valeur and identifiant.get("type") == "nir":
            yield re.sub(r"\s", "", valeur).upper()


def _identifiants(message: Message) -> Iterator[str]:
    """The envelope's own texts, and the keys of objects."""
    yield from (str(valeur) for nom, valeur in message.items() if nom not in _ATTRIBUTS)
    type_, data = _type(message), message.get("data")
    objet = objet_principal(type_.nom) if type_ else None
    if objet and isinstance(data, dict):
        yield str(data.get(objet[0], ""))


@regle("contexte de trace de chaque dépôt", "trace")
def trace(dossier: Dossier, carnet: Carnet) -> None:
    for recu in dossier.echanges():
        if not recu.est_depot or not recu.messages:
            continue
        est_dite = trace_lisible(recu.entete("traceparent")) is not None
        if est_dite or all(trace_lisible(m.get("traceparent")) for m in recu.messages):
            carnet.passer("trace", recu)
        else:
            carnet.echouer("trace", "dépose sans contexte de trace lisible", recu)


@regle("instant de chaque message", "instant")
def instant(dossier: Dossier, carnet: Carnet) -> None:
    for depot in _tous(dossier):
        dit = depot.message.get("time")
        if isinstance(dit, str) and _AVEC_FUSEAU.match(dit):
            carnet.passer("instant", depot.recu)
        else:
            carnet.echouer("instant", "écrit `time` sans décalage horaire", depot.recu)


@regle("clés des objets créés", "cles-propres")
def cles_propres(dossier: Dossier, carnet: Carnet) -> None:
    for depot in _tous(dossier):
        type_, data = _type(depot.message), depot.message.get("data")
        if type_ is None or objet_principal(type_.nom) is None or not isinstance(data, dict):
            continue
        try:
            refuser_une_cle_du_hub(type_.nom, data)
        except Problem:
            carnet.echouer("cles-propres", f"crée un objet sous une clé d'un autre ({type_.nom})", depot.recu)
        else:
            carnet.passer("cles-propres", depot.recu)


@regle("requêtes simultanées", "ordre")
def ordre(dossier: Dossier, carnet: Carnet) -> None:
    for passage in dossier.passages:
        _juger_l_ordre(passage, carnet)


def _juger_l_ordre(passage: Passage, carnet: Carnet) -> None:
    par_parcours = defaultdict[str, list[Depot]](list)
    for depot in depots(passage):
        if sujet := depot.message.get("subject"):
            par_parcours[str(sujet)].append(depot)
    for suite in par_parcours.values():
        for avant, apres in combinations(suite, 2):
            if avant.recu is apres.recu or avant.id == apres.id:
                continue
            if not _se_recouvrent(avant.recu, apres.recu):
                carnet.passer("ordre", avant.recu, apres.recu)
            elif _objet(avant) is not None and _objet(avant) == _objet(apres):
                carnet.echouer("ordre", "envoie en même temps deux faits du même objet", avant.recu, apres.recu)
            elif str(avant.message.get("time")) > str(apres.message.get("time")):
                constat = "envoie en même temps, à rebours, deux faits d'un parcours"
                carnet.echouer("ordre", constat, avant.recu, apres.recu)


def _se_recouvrent(avant: Recu, apres: Recu) -> bool:
    return apres.debut < (avant.fin or float("inf"))


def _objet(depot: Depot) -> Any:
    type_, data = _type(depot.message), depot.message.get("data")
    objet = objet_principal(type_.nom) if type_ else None
    return (objet[1], data.get(objet[0])) if objet and isinstance(data, dict) and objet[0] in data else None


def _tous(dossier: Dossier) -> Iterator[Depot]:
    for passage in dossier.passages:
        yield from depots(passage)


def _type(message: Message) -> TypeMessage | None:
    nom = message.get("type")
    return par_type_cloudevents(nom) if isinstance(nom, str) else None
