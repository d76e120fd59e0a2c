"""What an accepted deposit leads to in the mock: a parcours, who takes part in it, an event in each one's feed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from relais_contrats.champs import nommer_objets, referencer
from relais_contrats.droits import RESOUDRE, Demandeur, Role, recoit, situer, visible
from relais_contrats.oauth.profile import PORTEES
from relais_contrats.partenaires import Partenaire
from relais_contrats.reception import Lu
from relais_kit.bouchon.memoire import Memoire, Parcours
from relais_kit.bouchon.offre import PUBLIENT
from relais_kit.bouchon.vues import Dit

_DE_DROIT = frozenset({"departement", "france-travail"})
# Whose structure a fact names takes part from then on.
_ENTRENT: Mapping[str, Role] = {
    "orientation.decidee": Role.ORIENTATION,
    "reorientation.decidee": Role.ORIENTATION,
    "referent.designe": Role.REFERENT,
    "referent.remplace": Role.REFERENT,
    "accompagnant.ajoute": Role.ACCOMPAGNANT,
    "prescription.emise": Role.PRESCRIPTION,
}
SIGNALE = "usager.signale"
# Who only signalled the person takes part once the département has said who she is.
_CONFIRME = "usager.rapproche"


@dataclass(frozen=True, slots=True)
class Suites:
    """Writes in `memoire` only; the same deposits in the same order give the same ids."""

    memoire: Memoire
    partenaires: Sequence[Partenaire]
    horloge: Callable[[], datetime]
    url: str

    def de(self, demandeur: Demandeur, lu: Lu, parcours: Parcours | None) -> tuple[Parcours | None, list[str]]:
        """The parcours that the deposit is about, and the ids of its events as their emitter knows them."""
        emetteur = demandeur.partenaire
        if lu.message.nom == SIGNALE:
            parcours = self._signaler(demandeur, lu)
        if lu.message.nom in PUBLIENT:
            self.memoire.offre.retenir(lu.message.nom, lu.donnees.en_json())
        if parcours is not None:
            for partenaire in self._designes(lu):
                parcours.roles[partenaire.code].add(_ENTRENT[lu.message.nom])
            if lu.message.nom == _CONFIRME:
                for tenus in parcours.roles.values():
                    tenus |= {Role.EMETTEUR} if Role.SIGNALANT in tenus else set()
            parcours.sequence += 1
            genre, instant = emetteur.type_organisme, self.horloge()
            donnees = self._interne(emetteur, lu)
            parcours.dits.append(Dit(lu.message.nom, donnees, emetteur.source, lu.depot.agent, genre, instant))
        return parcours, self._publier(demandeur, lu, parcours)

    def roles(self, partenaire: Partenaire, parcours: Parcours) -> frozenset[Role]:
        tenus = frozenset(parcours.roles[partenaire.code])
        comptent = situer(partenaire.type_organisme, partenaire.departements, tenus, parcours.departement)
        return comptent or tenus & {Role.SIGNALANT}

    def _interne(self, emetteur: Partenaire, lu: Lu) -> Mapping[str, Any]:
        """What was deposited, its objects in the mock's own keys when it is about a parcours."""
        donnees = lu.donnees.en_json()
        if not lu.message.porte_sur_parcours:
            return donnees
        return nommer_objets(lu.message.nom, donnees, self.memoire.objets.lus_de(emetteur.code))

    def _signaler(self, demandeur: Demandeur, lu: Lu) -> Parcours:
        """Who may not be told who a person is does not take part by signalling her (decision 0035 of the hub)."""
        emetteur = demandeur.partenaire
        cles = set(_cles(lu.donnees.en_json()))
        parcours = self.memoire.de_la_personne(cles)
        if parcours is None:
            parcours = self.memoire.ouvrir(lu.depot.departement, cles)
        self.memoire.reconnaitre(parcours, cles)
        est_reconnu = RESOUDRE in demandeur.portees and parcours.departement in emetteur.departements
        parcours.roles[emetteur.code].add(Role.EMETTEUR if est_reconnu else Role.SIGNALANT)
        for partenaire in self.partenaires:
            if partenaire.type_organisme in _DE_DROIT and lu.depot.departement in partenaire.departements:
                parcours.roles[partenaire.code].add(Role.TERRITOIRE)
        return parcours

    def _designes(self, lu: Lu) -> Iterator[Partenaire]:
        if lu.message.nom not in _ENTRENT:
            return
        donnees = lu.donnees.en_json()
        dite = (donnees.get("nouvelle_decision") or donnees.get("nouveau") or donnees).get("structure") or {}
        designee = (dite.get("systeme"), dite.get("valeur"))
        if service := donnees.get("service_id"):
            designee = ("siret", self.memoire.offre.siret_du_service(service))
        for partenaire in self.partenaires:
            if any((s.systeme, s.valeur) == designee for s in partenaire.structures):
                yield partenaire

    def _publier(self, demandeur: Demandeur, lu: Lu, parcours: Parcours | None) -> list[str]:
        emetteur = demandeur.partenaire
        donnees = self._interne(emetteur, lu)
        siens: list[str] = []
        for partenaire in self.partenaires:
            roles = self.roles(partenaire, parcours) if parcours else _ABONNES
            est_la_cause = partenaire.code == emetteur.code
            id_ = str(uuid5(NAMESPACE_URL, f"{partenaire.code} {emetteur.code} {lu.depot.id}"))
            if est_la_cause and roles == {Role.SIGNALANT} and lu.message.nom == SIGNALE:
                siens.append(id_)  # told to everybody who signals, shown in no feed to who does not take part
            if not recoit(lu.message, partenaire.type_organisme, roles, est_la_cause=est_la_cause):
                continue
            receveur = Demandeur(partenaire, partenaire.scopes & frozenset(PORTEES), demandeur.jour)
            vues = visible(receveur, roles, lu.message.nom, donnees)
            if vues is None:
                continue
            self.memoire.fils[partenaire.code].append(self._evenement(id_, partenaire, lu, parcours, vues))
            siens += [id_] if est_la_cause else []
        return siens

    def _evenement(
        self, id_: str, pour: Partenaire, lu: Lu, parcours: Parcours | None, vues: Mapping[str, Any]
    ) -> dict[str, Any]:
        depot = lu.depot
        evenement: dict[str, Any] = {
            "specversion": "1.0",
            "id": id_,
            "source": depot.source,
            "type": depot.type,
            "time": depot.time.isoformat(),
            "datacontenttype": "application/json",
            "departement": depot.departement,
            "agent": depot.agent,
            "dataschema": f"{self.url}/v1/contrats/{lu.message.nom}",
            "data": dict(vues),
        }
        if parcours is not None:
            evenement["subject"] = self.memoire.nom(pour.code, parcours)
            evenement["sequence"] = parcours.sequence
            nommees = nommer_objets(lu.message.nom, vues, self.memoire.objets.dits_a(pour.code, parcours.numero))
            evenement["data"] = referencer(lu.message.nom, nommees, lambda _: self.memoire.nom(pour.code, parcours))
        if depot.source == pour.source:
            evenement["causeid"] = depot.id
        return evenement


_ABONNES = frozenset({Role.ABONNE})


def cles_cherchees(demande: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """By the numbers alone: a civil status designates nobody."""
    for identifiant in demande.get("identifiants", ()):
        yield identifiant["type"], identifiant["valeur"], identifiant.get("role") or ""


def _cles(donnees: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """By what a person is recognised here: each of its numbers, or its whole civil status."""
    yield from cles_cherchees(donnees)
    identite = donnees["identite"]
    yield identite["nom_naissance"], identite["prenoms"], str(identite.get("date_naissance"))
