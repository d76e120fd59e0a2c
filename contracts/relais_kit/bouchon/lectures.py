"""What a partner reads of persons in the mock: its list, one parcours, the views, the search."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import nommer_objets_vue, referencer_vue
from relais_contrats.consultation import lire_consultation
from relais_contrats.demandes import (
    TRANSFERT_EN_ATTENTE,
    ParcoursDemandes,
    curseur_inconnu,
    nombre,
    parcours_demandes,
)
from relais_contrats.droits import Ferme, Role, finalites_nominatives, ouvrir, reconnait, vue_visible
from relais_contrats.finalites import NOMINATIVES
from relais_contrats.liens import DemandeDeLien, structure_reliee
from relais_contrats.modele import Donnees
from relais_contrats.problemes import Problem
from relais_contrats.reception import ligne_de_refus
from relais_contrats.territoires import debut_du_jour
from relais_contrats.transport import etiquetee
from relais_contrats.v1.vues import Recherche, VueEcheance, VueParcours
from relais_contrats.v1.vues_feuille import VueEcheanceFeuille, VueFeuilleDeRoute
from relais_contrats.v1.vues_referents import VueFileActive
from relais_contrats.vues import Vue as VuePubliee
from relais_kit.bouchon import curseurs, vues
from relais_kit.bouchon.feuille import est_repondue, feuille
from relais_kit.bouchon.fil import lire_contrat, lire_objet
from relais_kit.bouchon.memoire import Parcours
from relais_kit.bouchon.porte import Appel, Porte, Traitement
from relais_kit.bouchon.suites import Suites, cles_cherchees
from relais_kit.bouchon.vues import Vue

_PAGE, _PAGE_MAX, _HISTOIRE, _HISTOIRE_MAX = 50, 200, 100, 500
_EXPIRE = timedelta(days=60)
_SIGNALANT = frozenset({Role.SIGNALANT})
Roles = frozenset[Role]


@dataclass(frozen=True, slots=True)
class Lectures:
    porte: Porte
    suites: Suites

    async def personne(self, appel: Appel, request: Request) -> Response:
        """To whoever only signalled her, its own words."""
        finalites = _finalites(appel, request, CATALOGUE["parcours.partage"].finalites)
        parcours, roles = self._trouver(appel, request)
        if roles == _SIGNALANT:
            return repondre(appel, request, self._ses_mots(appel, parcours))
        return repondre(appel, request, self._montrer(appel, parcours, roles, finalites, VueParcours, vues.personne))

    def vue(self, publiee: VuePubliee) -> Traitement:
        async def lire(appel: Appel, request: Request) -> Response:
            return self._une(appel, request, publiee.message, publiee.modele, vues.VUES[publiee.nom])

        return lire

    async def feuille(self, appel: Appel, request: Request) -> Response:
        """In JSON only: the page that is handed to the person is made by the hub."""
        return self._une(appel, request, "objectif.ajoute", VueFeuilleDeRoute, feuille)

    async def historique(self, appel: Appel, request: Request) -> Response:
        code, requete = appel.partenaire.code, request.query_params
        _finalites(appel, request)
        parcours, _ = self._trouver(appel, request, est_participant=True)
        limite = nombre(requete.get("limite"), "limite", _HISTOIRE, _HISTOIRE_MAX)
        nom = self.porte.memoire.nom(code, parcours)
        siens = [e for e in self.porte.memoire.fils[code] if e.get("subject") == nom]
        page, suite = paginer(code, f"historique {parcours.numero}", siens, requete.get("apres"), limite)
        return repondre(appel, request, {"evenements": page, "suite": suite})

    async def lister(self, appel: Appel, request: Request) -> Response:
        requete = request.query_params
        finalites = _finalites(appel, request)
        demande = parcours_demandes(requete, appel.partenaire)
        limite = nombre(requete.get("limite"), "limite", _PAGE, _PAGE_MAX)
        dire = self._dues if demande.echeance_avant else self._lister
        vus = list(dire(appel, demande, finalites))
        page, suite = paginer(appel.partenaire.code, f"parcours {demande}", vus, requete.get("apres"), limite)
        return repondre(appel, request, {"parcours": page, "suite": suite})

    async def rechercher(self, appel: Appel, request: Request) -> Response:
        """`trouve` when a number designates one parcours of the partner's territory; another birth date contradicts."""
        finalites = _finalites(appel, request)
        demande = (await lire_contrat(request, Recherche)).en_json()
        dit: Vue = {"resultat": "aucun"}
        parcours = self.porte.memoire.de_la_personne(set(cles_cherchees(demande)))
        if parcours and parcours.departement in appel.partenaire.departements and _concorde(demande, parcours):
            roles = self.suites.roles(appel.partenaire, parcours)
            if reconnait(appel.demandeur, roles, finalites):
                dit = {"resultat": "trouve", "parcours": self.porte.memoire.nom(appel.partenaire.code, parcours)}
        return JSONResponse(dit, headers={"Cache-Control": "no-store"})

    async def demander_un_lien(self, appel: Appel, request: Request) -> Response:
        """As a hub answers; the mock hands no link over."""
        demande = await lire_objet(request, DemandeDeLien)
        parcours, _ = self._nomme(appel, demande.parcours, est_participant=True)
        memoire, recit = self.porte.memoire, parcours.recit
        objet = memoire.objets.lus_de(appel.partenaire.code)("prescription", request.path_params["id"])
        emise = next((d for d in recit.de("prescription.emise") if d.data["prescription_id"] == objet), None)
        if emise is None or emise.source != appel.partenaire.source:
            raise Problem("non-autorise", erreurs=[ligne_de_refus("non-autorise", "")])
        if est_repondue(recit, objet):
            raise Problem("deja-traite", erreurs=[ligne_de_refus("deja-traite", "")])
        siret = memoire.offre.siret_du_service(emise.data["service_id"])
        tenues = {s.valeur for p in self.porte.partenaires for s in p.structures}
        if siret in tenues:
            raise structure_reliee()
        expire = emise.recu_a.date() + _EXPIRE
        dit = {"etat": "a-remettre", "expire_a": debut_du_jour(parcours.departement, expire).isoformat()}
        return JSONResponse(dit, 202, {"Cache-Control": "no-store"})

    def _lister(self, appel: Appel, demande: ParcoursDemandes, finalites: frozenset[str]) -> Iterator[Vue]:
        """The mock follows no transfer: nobody waits there."""
        if demande.n_a_rien or demande.etat == TRANSFERT_EN_ATTENTE:
            return
        for parcours in self.porte.memoire.de(appel.partenaire.code):
            roles = self.suites.roles(appel.partenaire, parcours)
            if demande.departement not in (None, parcours.departement) or not roles:
                continue
            if demande.structure:
                vue = self._suivie(appel, demande.structure, parcours, roles, finalites)
            elif roles == _SIGNALANT:
                vue = {nom: self._ses_mots(appel, parcours)[nom] for nom in ("parcours", "departement", "etat")}
            else:
                vue = self._vue(appel, parcours, roles, finalites, VueEcheance, _echeance)
            if vue and (demande.structure or demande.etat in (None, vue["etat"])) and demande.garde(vue):
                yield vue

    def _dues(self, appel: Appel, demande: ParcoursDemandes, finalites: frozenset[str]) -> list[Vue]:
        """What falls due until a day, the most urgent first, one département after the other."""
        dues: list[Vue] = []
        for parcours in () if demande.n_a_rien else self.porte.memoire.de(appel.partenaire.code):
            roles = self.suites.roles(appel.partenaire, parcours) - _SIGNALANT
            ici = {demande.departement} if demande.departement else appel.partenaire.departements
            if parcours.departement not in ici or not roles:
                continue
            if demande.structure and not self._suivie(appel, demande.structure, parcours, roles, finalites):
                continue
            for due in feuille(parcours.recit)["echeances"]:
                ligne = {**due, **parcours.recit.entete()}
                vue = self._vue(appel, parcours, roles, finalites, VueEcheanceFeuille, partial(_telle, ligne))
                if vue and vue.get("date_echeance", "9999") <= str(demande.echeance_avant):
                    dues.append(vue)
        return sorted(dues, key=lambda vue: (vue["departement"], vue["date_echeance"]))

    def _suivie(
        self, appel: Appel, structure: tuple[str, str], parcours: Parcours, roles: Roles, finalites: frozenset[str]
    ) -> Vue | None:
        """Of the active file of a structure."""
        suivi = vues.referent(parcours.recit)
        qui = suivi["referent"]
        if not qui or (qui["structure"]["systeme"], qui["structure"]["valeur"]) != structure:
            return None
        ligne = {**parcours.recit.entete(), "referent": qui["referent"], "date_debut": qui["date_debut"]}
        vue = self._vue(appel, parcours, roles, finalites, VueFileActive, lambda _: ligne)
        return vue if vue and "referent" in vue else None

    def _une(self, appel: Appel, request: Request, message: str, modele: type[Donnees], dire: vues.Dire) -> Response:
        finalites = _finalites(appel, request, CATALOGUE[message].finalites)
        parcours, roles = self._trouver(appel, request, est_participant=True)
        return repondre(appel, request, self._montrer(appel, parcours, roles, finalites, modele, dire))

    def _trouver(self, appel: Appel, request: Request, *, est_participant: bool = False) -> tuple[Parcours, Roles]:
        """Raises the same 404 for an unknown object and for one that this partner may not see."""
        return self._nomme(appel, request.path_params["prc"], est_participant=est_participant)

    def _nomme(self, appel: Appel, nom: str, *, est_participant: bool) -> tuple[Parcours, Roles]:
        parcours = self.porte.memoire.connu_de(appel.partenaire.code, nom)
        roles = self.suites.roles(appel.partenaire, parcours) if parcours else frozenset()
        if parcours is None or not roles or (est_participant and roles == _SIGNALANT):
            raise Problem("parcours-inconnu")
        return parcours, roles

    def _montrer(
        self,
        appel: Appel,
        parcours: Parcours,
        roles: Roles,
        finalites: frozenset[str],
        modele: type[Donnees],
        dire: vues.Dire,
    ) -> Vue:
        vue = self._vue(appel, parcours, roles, finalites, modele, dire)
        if vue is None:
            raise Problem("parcours-inconnu")
        return vue

    def _vue(
        self,
        appel: Appel,
        parcours: Parcours,
        roles: Roles,
        finalites: frozenset[str],
        modele: type[Donnees],
        dire: vues.Dire,
    ) -> Vue | None:
        """As this partner may see it, in its own name of the parcours; None when nothing opens it."""
        nominatives = finalites_nominatives(finalites, roles)
        if isinstance(ouvrir(appel.demandeur, roles, nominatives), Ferme):
            return None
        visible = vue_visible(appel.demandeur, roles, nominatives, modele, dire(parcours.recit)) or {}
        memoire, code = self.porte.memoire, appel.partenaire.code
        visible = nommer_objets_vue(modele, visible, memoire.objets.dits_a(code, parcours.numero))
        return referencer_vue(modele, visible, lambda _: memoire.nom(code, parcours))

    def _ses_mots(self, appel: Appel, parcours: Parcours) -> Vue:
        siens = [dit for dit in parcours.dits if dit.source == appel.partenaire.source]
        dit = vues.personne(vues.Recit(parcours.departement, tuple(siens)))
        dit |= {"etat": "signale", "parcours": self.porte.memoire.nom(appel.partenaire.code, parcours)}
        return {nom: valeur for nom, valeur in dit.items() if nom != "oppose"}


def _telle(ligne: Vue, _: vues.Recit) -> Vue:
    return ligne


def _echeance(recit: vues.Recit) -> Vue:
    dites = vues.orientations(recit)
    attend = dites["demande"] if dites["etat"] == "en-attente" else None
    delai = {champ: attend[champ] for champ in ("date_reception", "date_echeance")} if attend else {}
    if attend:
        delai["est_dessaisie"] = False
    return {**recit.entete(), "etat": vues.personne(recit)["etat"], "ouverte": dites["ouverte"], **delai}


def _concorde(demande: Mapping[str, Any], parcours: Parcours) -> bool:
    """No other birth date is known."""
    cherchee = (demande.get("identite") or {}).get("date_naissance")
    connue = vues.personne(parcours.recit).get("identite", {}).get("date_naissance")
    return cherchee in (None, connue)


def _finalites(appel: Appel, request: Request, finalites: frozenset[str] = NOMINATIVES) -> frozenset[str]:
    return lire_consultation(appel.demandeur, request.headers, finalites).finalites


def paginer(code: str, liste: str, tous: list[Any], apres: str | None, limite: int) -> tuple[list[Any], str | None]:
    """One page of a list, and the cursor of the next one. Raises a Problem."""
    depart = curseurs.lire(code, liste, apres) if apres is not None else 0
    if depart is None:
        raise curseur_inconnu()
    fin = depart + limite
    return tous[depart:fin], curseurs.ecrire(code, liste, fin) if fin < len(tous) else None


def repondre(appel: Appel, request: Request, contenu: Mapping[str, Any]) -> Response:
    corps = json.dumps(contenu, ensure_ascii=False).encode()
    return etiquetee(appel.partenaire.code, request, corps, "application/json")
