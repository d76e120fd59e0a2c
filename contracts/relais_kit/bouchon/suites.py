"""What an accepted deposit leads to in the mock: a parcours, who takes part in it, an event in each one's feed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from relais_contrats.champs import referencer
from relais_contrats.droits import Demandeur, Role, recoit, situer, visible
from relais_contrats.oauth.profile import PORTEES
from relais_contrats.partenaires import Partenaire
from relais_contrats.reception import Lu
from relais_kit.bouchon.memoire import Memoire, Parcours

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
# Where a publication names what it hangs on.
_PUBLIENT: Mapping[str, str] = {"structure.publiee": "siret", "service.publie": "structure_id"}


@dataclass(frozen=True, slots=True)
class Suites:
    """Writes in `memoire` only; the same deposits in the same order give the same ids."""

    memoire: Memoire
    partenaires: Sequence[Partenaire]

    def de(self, demandeur: Demandeur, lu: Lu, parcours: Parcours | None) -> tuple[Parcours | None, list[str]]:
        """The parcours that the deposit is about, and the ids of its events as their emitter knows them."""
        emetteur = demandeur.partenaire
        if lu.message.nom == SIGNALE:
            parcours = self._signaler(emetteur, lu)
        if (champ := _PUBLIENT.get(lu.message.nom)) and (tient := lu.donnees.en_json().get(champ)):
            self.memoire.offre[lu.donnees.en_json()["id"]] = tient
        if parcours is not None:
            for partenaire in self._designes(lu):
                parcours.roles[partenaire.code].add(_ENTRENT[lu.message.nom])
            parcours.sequence += 1
        return parcours, self._publier(demandeur, lu, parcours)

    def roles(self, partenaire: Partenaire, parcours: Parcours) -> frozenset[Role]:
        tenus = frozenset(parcours.roles[partenaire.code])
        return situer(partenaire.type_organisme, partenaire.departements, tenus, parcours.departement)

    def _signaler(self, emetteur: Partenaire, lu: Lu) -> Parcours:
        cles = set(_cles(lu.donnees.en_json()))
        parcours = self.memoire.de_la_personne(cles)
        if parcours is None:
            parcours = Parcours(len(self.memoire.parcours) + 1, lu.depot.departement, cles)
            self.memoire.parcours.append(parcours)
        parcours.cles |= cles
        parcours.roles[emetteur.code].add(Role.EMETTEUR)
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
            designee = ("siret", self.memoire.offre.get(self.memoire.offre.get(service, "")))
        for partenaire in self.partenaires:
            if any((s.systeme, s.valeur) == designee for s in partenaire.structures):
                yield partenaire

    def _publier(self, demandeur: Demandeur, lu: Lu, parcours: Parcours | None) -> list[str]:
        donnees, emetteur = lu.donnees.en_json(), demandeur.partenaire
        siens: list[str] = []
        for partenaire in self.partenaires:
            roles = self.roles(partenaire, parcours) if parcours else _ABONNES
            est_la_cause = partenaire.code == emetteur.code
            if not recoit(lu.message, partenaire.type_organisme, roles, est_la_cause=est_la_cause):
                continue
            receveur = Demandeur(partenaire, partenaire.scopes & frozenset(PORTEES), demandeur.jour)
            vues = visible(receveur, roles, lu.message.nom, donnees)
            if vues is None:
                continue
            id_ = str(uuid5(NAMESPACE_URL, f"{partenaire.code} {emetteur.code} {lu.depot.id}"))
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
            "finalite": depot.finalite,
            "data": dict(vues),
        }
        if parcours is not None:
            evenement["subject"] = self.memoire.nom(pour.code, parcours)
            evenement["sequence"] = parcours.sequence
            evenement["data"] = referencer(lu.message.nom, vues, lambda _: self.memoire.nom(pour.code, parcours))
        if depot.source == pour.source:
            evenement["causeid"] = depot.id
        return evenement


_ABONNES = frozenset({Role.ABONNE})


def _cles(donnees: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """By what a person is recognised here: each of its numbers, or its whole civil status."""
    for identifiant in donnees.get("identifiants", ()):
        yield identifiant["type"], identifiant["valeur"], identifiant.get("role") or ""
    identite = donnees["identite"]
    yield identite["nom_naissance"], identite["prenoms"], str(identite.get("date_naissance"))
