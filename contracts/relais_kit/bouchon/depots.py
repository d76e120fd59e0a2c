"""`/v1/messages` of the mock: one message, a batch, a stream; what became of one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats import problemes
from relais_contrats.binaire import PREFIXE, attributs
from relais_contrats.champs import referencer
from relais_contrats.corps import essence
from relais_contrats.droits import Role, dit_pourquoi, peut_emettre
from relais_contrats.enveloppe import avertissements
from relais_contrats.lecture import Erreur, MessageIllisible, analyser, empreinte
from relais_contrats.problemes import Problem
from relais_contrats.reception import Lu, admettre, ligne_de_refus, lire, nommant, refuser_une_cle_du_hub
from relais_contrats.transport import attente_s
from relais_kit.bouchon.memoire import Depose, Parcours
from relais_kit.bouchon.porte import Appel, Porte
from relais_kit.bouchon.suites import Suites

MESSAGE_MAX_OCTETS = 256 * 1024
LOT_MAX_MESSAGES = 1_000
LIGNES_MAX = 100_000
_FORMES = "application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson, application/json"


@dataclass
class Depots:
    porte: Porte
    suites: Suites

    async def deposer(self, appel: Appel, request: Request) -> Response:
        genre = essence(request.headers)
        corps, attend = await request.body(), attente_s(request) > 0
        match genre:
            case "application/cloudevents+json":
                return self._un(appel, corps, None, attend=attend)
            case "application/json" if any(nom.startswith(PREFIXE) for nom in request.headers):
                return self._un(appel, corps, _attributs(request), attend=attend)
            case "application/cloudevents-batch+json":
                return self._plusieurs(appel, _lot(corps))
            case "application/x-ndjson":
                return self._plusieurs(appel, _lignes(corps))
        raise Problem(status=415, headers={"Accept-Post": _FORMES})

    async def lire(self, appel: Appel, request: Request) -> Response:
        """What became of a deposit of this partner."""
        id_ = request.path_params["id"]
        memoire, cle = self.porte.memoire, (appel.partenaire.code, id_)
        depose = memoire.deposes.get(cle) or memoire.refuses.get(cle)
        if depose is None:
            raise Problem(status=404)
        return JSONResponse(depose.montre())

    def _un(self, appel: Appel, corps: bytes, attributs_: Mapping[str, Any] | None, *, attend: bool) -> Response:
        """Decide at once; a caller that does not wait (`respond-async`) reads the decision later."""
        if len(corps) > MESSAGE_MAX_OCTETS:
            raise Problem(status=413)
        reponse, est_rejoue = self._accepter(appel, corps, attributs_)
        if not attend and not est_rejoue:
            id_ = reponse["id"]
            return JSONResponse({"id": id_, "etat": "en-attente"}, 202, {"Location": f"/v1/messages/{id_}"})
        entetes = {"Relais-Rejoue": "true"} if est_rejoue else {}
        return JSONResponse(reponse, 200 if est_rejoue else 201, entetes)

    def _plusieurs(self, appel: Appel, lignes: Iterator[tuple[int, bytes]]) -> Response:
        """One line of answer each, in order; a refused one disturbs no other."""
        dites = []
        for numero, corps in lignes:
            try:
                reponse, est_rejoue = self._accepter(appel, corps, None, numero)
                dites.append({**reponse, "rejoue": True} if est_rejoue else reponse)
            except Problem as problem:
                dit = problemes.body(problem, self.porte.url, appel.trace)
                nomme = {"id": problem.message} if problem.message else {}
                dites.append({**nomme, "etat": "refuse", "ligne": numero, **dit})
        contenu = b"".join(json.dumps(dite, ensure_ascii=False).encode() + b"\n" for dite in dites)
        return Response(contenu, media_type="application/x-ndjson")

    def _accepter(
        self, appel: Appel, corps: bytes, attributs_: Mapping[str, Any] | None, ligne: int | None = None
    ) -> tuple[dict[str, Any], bool]:
        try:
            lu = lire(appel.partenaire, corps, attributs_)
            appel.type, appel.message = lu.message.nom, lu.depot.id
            admettre(appel.demandeur, lu)
            with nommant(lu.objet):
                recu = self._recevoir(appel, lu)
            self.porte.attentes.accepte(appel.partenaire.code, lu.message.nom, lu.objet)
            return recu
        except Problem as problem:
            self._retenir(appel, problem, ligne)
            raise

    def _retenir(self, appel: Appel, problem: Problem, ligne: int | None) -> None:
        """A refusal is read again, but for that of an id that was accepted before."""
        memoire, cle = self.porte.memoire, (appel.partenaire.code, problem.message or "")
        if cle in memoire.deposes:
            return
        dit: dict[str, Any] = {"etat": "refuse", "probleme": problemes.body(problem, self.porte.url, appel.trace)}
        dit |= {"id": problem.message} if problem.message else {}
        dit |= {"ligne": ligne} if ligne else {}
        refuse = Depose("", problem.type or "", self.porte.horloge(), dit)
        memoire.livres[appel.partenaire.code].append(refuse)
        if problem.message:
            memoire.refuses[cle] = refuse

    def _recevoir(self, appel: Appel, lu: Lu) -> tuple[dict[str, Any], bool]:
        memoire, cle = self.porte.memoire, (appel.partenaire.code, lu.depot.id)
        data = lu.donnees.en_json()
        refuser_une_cle_du_hub(lu.message.nom, data)
        presentee = empreinte(lu.objet)
        if connu := memoire.deposes.get(cle):
            if connu.empreinte != presentee:
                hachages = {"empreintes": {"enregistree": connu.empreinte, "presentee": presentee}}
                raise Problem("contenu-different", erreurs=[ligne_de_refus("contenu-different", "/id")], extra=hachages)
            return connu.reponse, True
        parcours = self._autoriser(appel, lu, data)
        parcours, evenements = self.suites.de(appel.demandeur, lu, parcours)
        memoire.dater(self.porte.horloge())
        nom = memoire.nom(appel.partenaire.code, parcours) if parcours else None
        reponse: dict[str, Any] = {"id": lu.depot.id, "etat": "accepte", "parcours": nom, "evenements": evenements}
        reponse["recu"] = self._recu(appel, lu, presentee)
        if dits := avertissements(lu.objet):
            reponse["avertissements"] = dits
        memoire.deposes[cle] = Depose(presentee, lu.message.nom, self.porte.horloge(), reponse)
        memoire.livres[appel.partenaire.code].append(memoire.deposes[cle])
        return reponse, False

    def _autoriser(self, appel: Appel, lu: Lu, data: Mapping[str, Any]) -> Parcours | None:
        """The parcours that the deposit is about, None when it opens one or is about none. Raises a Problem."""
        code, tenus = appel.partenaire.code, frozenset[Role]()
        self._references(appel, lu, data)
        parcours = self.porte.memoire.connu_de(code, lu.depot.subject) if lu.depot.subject else None
        if lu.depot.subject and parcours is None:
            raise Problem("parcours-inconnu", erreurs=[ligne_de_refus("parcours-inconnu", "/subject")])
        if parcours is not None:
            tenus = self.suites.roles(appel.partenaire, parcours)
            if parcours.departement != lu.depot.departement:
                raise Problem("hors-territoire", erreurs=[ligne_de_refus("hors-territoire", "/departement")])
        if not peut_emettre(lu.message, appel.demandeur, tenus):
            ligne = ligne_de_refus("non-autorise", "/type")
            pourquoi = dit_pourquoi(lu.message, appel.demandeur, tenus)
            raise Problem("non-autorise", erreurs=[ligne._replace(message=pourquoi) if pourquoi else ligne])
        return parcours

    def _references(self, appel: Appel, lu: Lu, data: Mapping[str, Any]) -> None:
        inconnues: list[Erreur] = []

        def noter(reference: str) -> str:
            if self.porte.memoire.connu_de(appel.partenaire.code, reference) is None:
                inconnues.append(ligne_de_refus("parcours-inconnu", "/data"))
            return reference

        referencer(lu.message.nom, data, noter)
        if inconnues:
            raise Problem("parcours-inconnu", erreurs=inconnues[:1])

    def _recu(self, appel: Appel, lu: Lu, presentee: str) -> str:
        instant = self.porte.horloge()
        contenu = {"message": lu.depot.id, "empreinte": presentee, "recu_a": instant.isoformat(), "resultat": "accepte"}
        return self.porte.recus.signer(appel.partenaire.code, contenu, instant)


def _attributs(request: Request) -> dict[str, Any]:
    try:
        return attributs(request.headers.items(), request.headers["content-type"])
    except MessageIllisible as illisible:
        raise Problem(status=400, detail=str(illisible)) from illisible


def _lot(corps: bytes) -> Iterator[tuple[int, bytes]]:
    try:
        messages = analyser(b'{"lot":' + corps + b"}").get("lot")
    except MessageIllisible as illisible:
        raise Problem(status=400, detail=str(illisible)) from illisible
    if not isinstance(messages, list):
        raise Problem(status=400)
    if len(messages) > LOT_MAX_MESSAGES:
        raise Problem(status=413)
    return ((rang, json.dumps(message).encode()) for rang, message in enumerate(messages, 1))


def _lignes(corps: bytes) -> Iterator[tuple[int, bytes]]:
    lignes = corps.split(b"\n")
    if not lignes[-1].strip():
        lignes.pop()
    if len(lignes) > LIGNES_MAX or any(len(ligne) > MESSAGE_MAX_OCTETS for ligne in lignes):
        raise Problem(status=413)
    return enumerate(lignes, 1)
