"""What the program did after an answer that is not a plain acceptance: sent again, in time, the same; or not at all."""

from collections.abc import Iterator

from relais_kit.carnet import Carnet
from relais_kit.emetteur.jugement import Dossier, depots, finit_mal, regle
from relais_kit.emetteur.pannes import (
    EnAttente,
    Indisponible,
    JetonCourt,
    LignesRefusees,
    Panne,
    RefusDefinitif,
    ReponseEnrichie,
    ReponsePerdue,
)
from relais_kit.emetteur.pannes_strictes import Redirection, Silence
from relais_kit.emetteur.recu import Depot
from relais_kit.emetteur.temoin import Passage

_TOLERANCE_S = 0.25
# Some send twice what a batch and its retry hold.
_RENVOIS_MAX = 2
_REFUSENT = (RefusDefinitif, LignesRefusees)
_ECOURTE = "le temps manquait pour voir la suite"


@regle("503, puis 429, sur le premier dépôt", "relance-503", "relance-429", "retry-after", "relance-meme-id")
def relances(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(Indisponible):
        if isinstance(panne, JetonCourt):
            continue
        nom = "relance-429" if panne.touches[0].statut == 429 else "relance-503"
        for depot in _touches(panne):
            renvois = _renvois(passage, depot)
            if renvois:
                _juger_le_renvoi(panne, depot, renvois[0], nom, carnet)
            elif _est_redit(dossier, passage, depot):
                carnet.echouer("relance-meme-id", "renvoie le message sous un autre `id`", depot.recu)
            elif passage.est_ecourte:
                carnet.omettre(nom, _ECOURTE)
            else:
                carnet.echouer(nom, f"ne renvoie pas le message après un {depot.recu.statut}", depot.recu)


def _juger_le_renvoi(panne: Indisponible, depot: Depot, renvoi: Depot, nom: str, carnet: Carnet) -> None:
    for fait in (nom, "relance-meme-id"):
        carnet.passer(fait, depot.recu, renvoi.recu)
    attente_s = renvoi.recu.debut - (depot.recu.fin or depot.recu.debut)
    if attente_s < panne.retry_after_s - _TOLERANCE_S:
        constat = f"renvoie après {attente_s:.1f} s quand Retry-After demande {panne.retry_after_s} s"
        carnet.echouer("retry-after", constat, depot.recu, renvoi.recu)
    else:
        carnet.passer("retry-after", depot.recu, renvoi.recu)


@regle("message enregistré, réponse perdue", "rejeu-accepte")
def rejeu(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(ReponsePerdue):
        for depot in _touches(panne):
            acceptes = [d for d in _renvois(passage, depot) if d.est_accepte]
            if len(acceptes) > _RENVOIS_MAX:
                constat = "renvoie encore après le 200 « déjà reçu »"
                carnet.echouer("rejeu-accepte", constat, acceptes[0].recu, acceptes[1].recu)
            elif acceptes and finit_mal(dossier, passage):
                constat = f"finit en erreur (code {passage.statut}) après un 200 « déjà reçu »"
                carnet.echouer("rejeu-accepte", constat, acceptes[0].recu)
            elif acceptes:
                carnet.passer("rejeu-accepte", depot.recu, acceptes[0].recu)


@regle("202 sur le premier dépôt", "en-attente")
def en_attente(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(EnAttente):
        for depot in _touches(panne):
            if _est_redit(dossier, passage, depot):
                carnet.echouer("en-attente", "dépose de nouveau le fait, sous un autre `id`", depot.recu)
            else:
                carnet.passer("en-attente", depot.recu)


@regle("422 sur un message, ou sur une ligne d'un lot", "refus-definitif")
def refus_definitif(dossier: Dossier, carnet: Carnet) -> None:
    for passage in dossier.passages:
        joues = {id(r) for p in passage.etape.pannes if isinstance(p, _REFUSENT) for r in p.touches}
        for depot in [d for d in depots(passage) if d.est_refuse]:
            est_joue = id(depot.recu) in joues
            renvois = [
                d for d in _renvois(passage, depot) if d.entier == depot.entier and not _va_avec_d_autres(passage, d)
            ]
            # Not for the kit's own refusal: some send one message twice to see what happens.
            if len(renvois) > (0 if est_joue else 1):
                constat = f"renvoie tel quel un message refusé {depot.statut}"
                carnet.echouer("refus-definitif", constat, depot.recu, renvois[0].recu)
            elif est_joue and not passage.est_ecourte:
                carnet.passer("refus-definitif", depot.recu)


def _va_avec_d_autres(passage: Passage, depot: Depot) -> bool:
    """Whether the batch that repeats this line also held a line that still needed a retry at that moment."""
    avant = [d for d in depots(passage) if (d.recu.fin or d.recu.debut) <= depot.recu.debut]
    derniers = {d.id: d for d in avant}
    lignes = (derniers.get(str(m.get("id"))) for m in depot.recu.messages)
    return depot.recu.est_un_lot and any(ligne is not None and ligne.est_relancable for ligne in lignes)


@regle("une ligne de lot à refaire", "lot-ligne")
def lot_ligne(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(LignesRefusees):
        for depot in [d for d in _touches(panne) if d.est_relancable]:
            if _renvois(passage, depot):
                carnet.passer("lot-ligne", depot.recu)
            elif passage.est_ecourte:
                carnet.omettre("lot-ligne", _ECOURTE)
            elif passage.statut in (0, None) and not _est_signale(passage, depot):
                carnet.echouer("lot-ligne", "ignore la ligne que le lot n'a pas pu prendre", depot.recu)
            else:
                carnet.omettre("lot-ligne", "signale la ligne refusée, et ne la renvoie pas pendant la vérification")


def _est_signale(passage: Passage, depot: Depot) -> bool:
    """The program wrote the id of this line, and not those of all the others as well."""
    autres = [d.id for d in depot.recu.depots() if d.est_accepte]
    est_bavard = bool(autres) and all(id_ in passage.sortie for id_ in autres)
    return depot.id in passage.sortie and not est_bavard


@regle("un champ de plus dans les réponses", "reponse-inconnue")
def reponse_inconnue(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(ReponseEnrichie):
        touche = panne.touches[0]
        if finit_mal(dossier, passage):
            constat = f"finit en erreur (code {passage.statut}) quand la réponse a un champ de plus"
            carnet.echouer("reponse-inconnue", constat, touche)
        elif not passage.est_ecourte:
            carnet.passer("reponse-inconnue", touche)


@regle("307 sur le premier dépôt", "redirection")
def redirection(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(Redirection):
        suivies = [r for r in passage.echanges if r.route == Redirection.chemin]
        if suivies:
            carnet.echouer("redirection", "suit la redirection", *suivies)
        else:
            carnet.passer("redirection", panne.touches[0])


@regle("aucune réponse au premier dépôt", "silence")
def silence(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(Silence):
        touche = panne.touches[0]
        if touche.statut is not None:
            carnet.echouer("silence", f"attend encore après {panne.patience_s:g} s", touche)
        elif touche.fin is None or passage.est_ecourte:
            carnet.omettre("silence", _ECOURTE)
        elif all(_renvois(passage, d) for d in _touches(panne)):
            carnet.passer("silence", touche)
        else:
            carnet.echouer("silence", "abandonne la requête sans renvoyer le message", touche)


def _touches(panne: Panne) -> Iterator[Depot]:
    for recu in panne.touches:
        yield from recu.depots()


def _renvois(passage: Passage, depot: Depot) -> list[Depot]:
    """Later attempts under the same id."""
    fin = depot.recu.fin or depot.recu.debut
    return [d for d in depots(passage) if d.id == depot.id and d.recu is not depot.recu and d.recu.debut >= fin]


def _est_redit(dossier: Dossier, passage: Passage, depot: Depot) -> bool:
    """The same content went again under one more id than it does without a fault."""
    fin = depot.recu.fin or depot.recu.debut
    dits = [d for d in depots(passage) if d.contenu == depot.contenu]
    apres = {d.id for d in dits if d.recu.debut >= fin} - {d.id for d in dits if d.recu.debut < fin}
    usuels = {d.id for d in depots(dossier.reference) if d.contenu == depot.contenu}
    return bool(apres) and len({d.id for d in dits}) > max(len(usuels), 1)
