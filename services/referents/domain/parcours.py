"""What the life of the parcours and its orientation change here: siblings tell it, this service follows. Nothing is
refused."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from services.referents.domain import faits, messages
from services.referents.domain.delai import UN_JOUR, jour_legal
from services.referents.domain.designation import fin_de_droit, reprendre
from services.referents.domain.dossier import Dossier, Issue, RdvSuivi, Statut
from services.referents.domain.situation import Situation

MOTIF_NOUVELLE_DECISION = "Nouvelle décision d'orientation."
MOTIF_FIN_ORIENTATION = "L'orientation a pris fin."
MOTIF_FUSION = "Parcours fusionné avec un autre de la même personne."


def suivre(situation: Situation, message: messages.Evenement, maintenant: datetime) -> Sequence[faits.Fait]:
    dossier = situation.dossier
    match message:
        case messages.ParcoursOuvert():
            return ouvrir(dossier, message.parcours, message.departement)
        case messages.OrientationDecidee():
            return _orienter(situation, message)
        case messages.OrientationClose():
            return _fermer(dossier, message)
        case messages.ParcoursTransfere():
            return _transferer(dossier, message)
        case messages.UsagerFusionne():
            return _fusionner(situation, message, jour_legal(maintenant))
        case messages.ParcoursClos():
            return _clore(dossier, message)
        case messages.UsagerEfface():
            # Also of a person of whom nothing has come yet: what is on its way is not to bring it back.
            return [*ouvrir(dossier, message.parcours, message.departement), faits.DossierEfface(message.parcours)]
        case _:
            assert_never(message)


def ouvrir(dossier: Dossier | None, parcours: UUID, departement: str) -> Sequence[faits.Fait]:
    return [] if dossier else [faits.DossierOuvert(parcours, departement)]


def _orienter(situation: Situation, message: messages.OrientationDecidee) -> Sequence[faits.Fait]:
    """A new decision ends the designation in force, also towards the same structure; the référent is named again.

    A decision about the past, put in a gap between two orientations, is not the one in force: nothing changes.
    """
    dossier, nouvelle = situation.dossier or Dossier(message.parcours, message.departement), message.orientation
    ouverts = ouvrir(situation.dossier, message.parcours, message.departement)
    derniere = dossier.derniere_orientation
    if derniere and nouvelle.debut <= derniere.debut:
        return ouverts
    decides: list[faits.Fait] = [*ouverts, faits.OrientationConnue(dossier.parcours, nouvelle)]
    if dossier.est_clos:
        return decides
    if dossier.designation:
        veille = nouvelle.debut - UN_JOUR
        fin = fin_de_droit(dossier, dossier.designation, veille, MOTIF_NOUVELLE_DECISION, Issue.ORIENTATION)
        return [*decides, fin]
    return [*decides, *reprendre(dossier, nouvelle, situation.absorbes)]


def _fermer(dossier: Dossier | None, message: messages.OrientationClose) -> Sequence[faits.Fait]:
    if dossier is None or dossier.ouverte is None:
        return []
    decides: list[faits.Fait] = [faits.OrientationTerminee(dossier.parcours, message.date_fin)]
    if dossier.designation:
        decides.append(
            fin_de_droit(dossier, dossier.designation, message.date_fin, MOTIF_FIN_ORIENTATION, Issue.ORIENTATION)
        )
    return decides


def _transferer(dossier: Dossier | None, message: messages.ParcoursTransfere) -> Sequence[faits.Fait]:
    """The référent stays until the new département decides: nobody is left alone by a move."""
    if dossier is None:
        return ouvrir(None, message.parcours, message.departement)
    return [faits.DossierTransfere(dossier.parcours, message.departement)]


def _clore(dossier: Dossier | None, message: messages.ParcoursClos) -> Sequence[faits.Fait]:
    if dossier is None or dossier.est_clos:
        return []
    decides: list[faits.Fait] = [faits.DossierClos(dossier.parcours)]
    if dossier.designation:
        decides.append(fin_de_droit(dossier, dossier.designation, message.date_fin, message.motif, Issue.CLOTURE))
    return decides


def _fusionner(situation: Situation, message: messages.UsagerFusionne, jour: date) -> Sequence[faits.Fait]:
    """The absorbed dossiers close; the survivor takes their followers, their appointments and, if it has none under
    the same orientation, their référent."""
    connu = situation.dossier or Dossier(message.parcours, message.departement)
    absorbes = [a for a in situation.absorbes if a.absorbe_par is None and a.parcours != connu.parcours]
    # A parcours of which nothing has come yet is absorbed all the same: what is on its way will reach the survivor.
    inconnus = sorted(set(message.absorbes) - {absorbe.parcours for absorbe in situation.absorbes})
    rdvs = _rdvs_repris(connu, absorbes)
    internes = [
        *ouvrir(situation.dossier, message.parcours, message.departement),
        *(faits.DossierOuvert(parcours, message.departement) for parcours in inconnus),
        *(faits.DossierAbsorbe(parcours, connu.parcours) for parcours in inconnus),
        *(faits.DossierAbsorbe(absorbe.parcours, connu.parcours) for absorbe in absorbes),
        *(faits.RdvRepris(connu.parcours, suivi) for suivi in rdvs if connu.est_clos or not _est_a_dire(suivi)),
    ]
    fins = [fin_de_droit(a, a.designation, jour, MOTIF_FUSION, Issue.FUSION) for a in absorbes if a.designation]
    if connu.est_clos:
        return [*internes, *fins]
    repris = reprendre(connu, connu.ouverte, absorbes) if connu.ouverte and not connu.designation else []
    return [
        *internes,
        *fins,
        *repris,
        *_accompagnants_repris(connu, absorbes),
        *(faits.RdvPlanifie(connu.parcours, connu.departement, suivi) for suivi in rdvs if _est_a_dire(suivi)),
    ]


def _est_a_dire(suivi: RdvSuivi) -> bool:
    """Partners of the survivor hear of the appointments still planned; those that are over only join its history."""
    return suivi.statut is Statut.PLANIFIE


def _rdvs_repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> Sequence[RdvSuivi]:
    """Under a key that both use, the survivor keeps its own. Ranks count the orientations of a dossier: they stay."""
    repris: dict[str, RdvSuivi] = {}
    for suivi in (suivi for absorbe in absorbes for suivi in absorbe.rendez_vous):
        if survivant.rdv(suivi.rdv_id) is None:
            repris.setdefault(suivi.rdv_id, replace(suivi, rang=None))
    return list(repris.values())


def _accompagnants_repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[faits.AccompagnantAjoute]:
    vus: set[tuple[str, str, str]] = set()
    for accompagnant in (a for absorbe in absorbes for a in absorbe.accompagnants if a.fin is None):
        structure, agent = accompagnant.structure, accompagnant.professionnel.identifiant_agent
        cle = (structure.systeme, structure.valeur, agent)
        if cle not in vus and survivant.accompagnant(agent, structure) is None:
            vus.add(cle)
            yield faits.AccompagnantAjoute(survivant.parcours, survivant.departement, accompagnant)
