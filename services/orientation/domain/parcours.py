"""What the life of the parcours changes here: `usagers` tells it, this service follows. Nothing is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from chassis.decision import Attente
from relais_contrats.territoires import debut_du_jour, jour_legal
from services.orientation.domain import demande, faits, messages
from services.orientation.domain.dossier import Appui, Dit, Dossier, Orientation
from services.orientation.domain.orientation import lendemain
from services.orientation.domain.situation import Situation

MOTIF_FUSION = "Parcours fusionné avec un autre de la même personne."


def suivre(situation: Situation, message: messages.Evenement, maintenant: datetime) -> Sequence[faits.Fait]:
    dossier = situation.dossier
    match message:
        case messages.ParcoursOuvert():
            return ouvrir(dossier, message.parcours, message.departement)
        case messages.UsagerSignale():
            return signaler(dossier, message)
        case messages.DroitsModifies():
            return _droits(dossier, message, jour_legal(message.departement, maintenant))
        case messages.ParcoursTransfere():
            return _transferer(dossier, message)
        case messages.UsagerFusionne():
            return _fusionner(situation, message, jour_legal(message.departement, maintenant))
        case messages.ParcoursClos():
            return _clore(dossier, message)
        case messages.SuiteDonnee():
            return _donner_suite(dossier, message)
        case messages.SuiteAnnulee():
            return _desappuyer(dossier, message)
        case messages.UsagerOppose():
            return [faits.DossierOppose(dossier.parcours)] if dossier and not dossier.est_oppose else []
        case messages.UsagerEfface():
            # Also when nothing was known: what comes late must not open it again.
            return [*ouvrir(dossier, message.parcours, message.departement), faits.DossierEfface(message.parcours)]
        case _:
            assert_never(message)


def ouvrir(dossier: Dossier | None, parcours: UUID, departement: str) -> Sequence[faits.Fait]:
    return [] if dossier else [faits.DossierOuvert(parcours, departement)]


def signaler(dossier: Dossier | None, message: messages.UsagerSignale) -> Sequence[faits.Fait]:
    """A beneficiary of the RSA whose right was received is to be oriented: the request makes itself, once."""
    connu = dossier or Dossier(message.parcours, message.departement)
    decides = [*ouvrir(dossier, message.parcours, message.departement)]
    dit = (message.dit_a, date.min)
    if message.brsa and not connu.brsa and _fait_foi(connu, dit):
        decides.append(faits.DroitConnu(connu.parcours, True, dit))
    if message.brsa and message.droit_recu_le and not connu.est_clos:
        recue_le = min(message.droit_recu_le, jour_legal(message.departement, message.recu_a))
        if demande.refus_de_demande(connu, recue_le) is None:
            decides.append(faits.OrientationDemandee(connu.parcours, connu.departement, recue_le))
    return decides


def _droits(dossier: Dossier | None, message: messages.DroitsModifies, jour: date) -> Sequence[faits.Fait]:
    """Without the right, the département has no delay to keep; France Travail orients. From the day of effect on."""
    connu = dossier or Dossier(message.parcours, message.departement)
    decides = [*ouvrir(dossier, message.parcours, message.departement)]
    if not _fait_foi(connu, message.dit):
        return decides
    if message.dit[1] <= jour:
        return [*decides, faits.DroitConnu(connu.parcours, message.brsa, message.dit)]
    if connu.droit_annonce and message.dit < connu.droit_annonce[1]:
        return decides
    return [*decides, faits.DroitAnnonce(connu.parcours, message.brsa, message.dit)]


def constater_le_droit(
    dossier: Dossier, message: messages.DroitEffectif, maintenant: datetime
) -> Sequence[faits.Fait] | Attente:
    if dossier.droit_annonce is None or dossier.droit_annonce[1][1] != message.jour or dossier.est_clos:
        return Attente("droit sans annonce")
    if maintenant < debut_du_jour(dossier.departement, message.jour):
        return Attente("droit à venir")
    brsa, dit = dossier.droit_annonce
    return [faits.DroitConnu(dossier.parcours, brsa, dit)]


def _fait_foi(dossier: Dossier, dit: Dit) -> bool:
    """Nothing was said of the right after this, even if it came here before."""
    return dossier.droit_dit is None or dit >= dossier.droit_dit


def _transferer(dossier: Dossier | None, message: messages.ParcoursTransfere) -> Sequence[faits.Fait]:
    """The new département has its own six weeks, from the date on which the transfer takes effect."""
    if dossier is None:
        return ouvrir(None, message.parcours, message.departement)
    if dossier.departement == message.departement:
        return []
    decides: list[faits.Fait] = [faits.DossierTransfere(dossier.parcours, message.departement)]
    if dossier.brsa and not dossier.est_clos:
        decides.append(faits.OrientationDemandee(dossier.parcours, message.departement, message.date_effet))
    return decides


def _clore(dossier: Dossier | None, message: messages.ParcoursClos) -> Sequence[faits.Fait]:
    if dossier is None or dossier.est_clos:
        return []
    decides: list[faits.Fait] = [faits.DossierClos(dossier.parcours)]
    if dossier.ouverte:
        decides.append(_fin(dossier, dossier.ouverte, message.date_fin, message.motif))
    return [*_sans_effet(dossier, message.motif), *decides]


def _donner_suite(dossier: Dossier | None, message: messages.SuiteDonnee) -> Sequence[faits.Fait]:
    connu = dossier or Dossier(message.parcours, message.departement)
    decides = [*ouvrir(dossier, message.parcours, message.departement)]
    if message.tient and message.tient not in connu.tenus:
        decides.append(faits.DossierTenu(connu.parcours, message.tient))
    return [*decides, *_appui(connu, message)] if message.est_d_un_partenaire else decides


def _appui(dossier: Dossier, message: messages.SuiteDonnee) -> Sequence[faits.Fait]:
    """What was told before the decision was received, and is heard of late, does not stand on it."""
    if dossier.ouverte is None:
        return []
    depot, structure = dossier.ouverte.depot, dossier.ouverte.decision.structure
    if depot and message.evenement < depot:
        return []
    est_ailleurs = message.structure not in (None, f"{structure.systeme}:{structure.valeur}")
    if est_ailleurs:
        return []
    appuis = (*dossier.ouverte.appuis, Appui(message.type, message.depot))
    return [faits.OrientationAppuyee(dossier.parcours, appuis)]


def _desappuyer(dossier: Dossier | None, message: messages.SuiteAnnulee) -> Sequence[faits.Fait]:
    """Once it was cancelled too, it stands on the decision no more."""
    if dossier is None or dossier.ouverte is None:
        return []
    restent = tuple(appui for appui in dossier.ouverte.appuis if appui.depot != message.annule)
    return [] if restent == dossier.ouverte.appuis else [faits.OrientationAppuyee(dossier.parcours, restent)]


def _sans_effet(dossier: Dossier, motif: str) -> Iterator[faits.Fait]:
    for orientation in dossier.a_venir:
        yield faits.OrientationSansEffet(dossier.parcours, orientation.rang, motif)


def _fin(dossier: Dossier, ouverte: Orientation, jour: date, motif: str) -> faits.OrientationClose:
    """An end that comes from elsewhere: never before the orientation began, nor after its announced term."""
    date_fin = max(jour, ouverte.debut)
    return faits.OrientationClose(
        dossier.parcours, dossier.departement, min(date_fin, ouverte.fin) if ouverte.fin else date_fin, motif
    )


def _fusionner(situation: Situation, message: messages.UsagerFusionne, jour: date) -> Sequence[faits.Fait]:
    """The absorbed dossiers close; the survivor takes from them what it lacks: diagnostic, orientation, request."""
    connu = situation.dossier or Dossier(message.parcours, message.departement)
    absorbes = [a for a in situation.absorbes if a.absorbe_par is None and a.parcours != connu.parcours]
    # A parcours of which nothing has come yet is absorbed all the same: what is on its way will reach the survivor.
    inconnus = sorted(set(message.absorbes) - {absorbe.parcours for absorbe in situation.absorbes})
    repris = _diagnostic_repris(connu, absorbes)
    s_opposent = any(absorbe.est_oppose for absorbe in absorbes)
    internes = [
        *ouvrir(situation.dossier, message.parcours, message.departement),
        *(faits.DossierOuvert(parcours, message.departement) for parcours in inconnus),
        *(faits.DossierAbsorbe(parcours, connu.parcours) for parcours in inconnus),
        *(faits.DossierAbsorbe(absorbe.parcours, connu.parcours) for absorbe in absorbes),
        *(perdue for absorbe in absorbes for perdue in _sans_effet(absorbe, MOTIF_FUSION)),
        *_droit_repris(connu, absorbes),
        *([faits.DossierOppose(connu.parcours)] if s_opposent and not connu.est_oppose else []),
        *([repris] if (repris.criteres, repris.contraintes) != (connu.criteres, connu.contraintes) else []),
    ]
    closes = [_fin(absorbe, absorbe.ouverte, jour, MOTIF_FUSION) for absorbe in absorbes if absorbe.ouverte]
    a_recommander = absorbes and not s_opposent
    recommandees = demande.recommander(connu, repris.criteres, situation.reglage.regles) if a_recommander else []
    return [*internes, *closes, *recommandees, *_reprises(connu, absorbes)]


def _droit_repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[faits.Fait]:
    """The last word on the right, whichever dossier heard it; where none did, one beneficiary is enough."""
    connu = (survivant.brsa, survivant.droit_dit)
    entendus = [(d.droit_dit, d.brsa) for d in (survivant, *absorbes) if d.droit_dit]
    if entendus:
        dit, brsa = max(entendus)
        if (brsa, dit) != connu:
            yield faits.DroitConnu(survivant.parcours, brsa, dit)
    elif any(absorbe.brsa for absorbe in absorbes) and not survivant.brsa:
        yield faits.DroitConnu(survivant.parcours, True)
    annonces = [d.droit_annonce for d in (survivant, *absorbes) if d.droit_annonce]
    dernier = max((dit for dit, _ in entendus), default=None)
    annonce = max(annonces, key=lambda dite: dite[1], default=None)
    if annonce and annonce != survivant.droit_annonce and (dernier is None or annonce[1] >= dernier):
        yield faits.DroitAnnonce(survivant.parcours, *annonce)


def _diagnostic_repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> faits.DiagnosticRepris:
    """What several know is kept as the survivor knows it."""
    criteres, contraintes = survivant.criteres, survivant.contraintes
    for absorbe in absorbes:
        criteres = demande.completer(absorbe.criteres, criteres)
        contraintes = demande.completer_contraintes(absorbe.contraintes, contraintes)
    return faits.DiagnosticRepris(survivant.parcours, criteres, contraintes)


def _reprises(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[faits.Fait]:
    if survivant.est_clos or survivant.ouverte or survivant.a_venir:
        return
    source = max((a for a in absorbes if a.ouverte), key=lambda a: _debut(a.ouverte), default=None)
    reprise = _orientation_reprise(survivant, source.ouverte) if source and source.ouverte else None
    if reprise and source:
        yield reprise
        if source.reorientation:
            yield faits.ReorientationDemandee(survivant.parcours, survivant.departement, source.reorientation)
        return
    attendues = [absorbe.demande for absorbe in absorbes if absorbe.demande]
    premiere = min(attendues, key=lambda attendue: attendue.recue_le, default=None)
    if premiere and demande.refus_de_demande(survivant, premiere.recue_le) is None:
        yield faits.OrientationDemandee(survivant.parcours, survivant.departement, premiere.recue_le, premiere.motif)


def _debut(orientation: Orientation | None) -> date:
    return orientation.debut if orientation else date.min


def _orientation_reprise(survivant: Dossier, ouverte: Orientation) -> faits.OrientationDecidee | None:
    """The open orientation of an absorbed dossier, as the next one of the survivor and after all of its own."""
    precedente = survivant.derniere
    debut = max(ouverte.debut, lendemain(precedente.fin)) if precedente and precedente.fin else ouverte.debut
    if ouverte.fin and ouverte.fin < debut:
        return None
    attendue, decision = survivant.demande, ouverte.decision
    repond = attendue is not None and attendue.recue_le <= decision.date_decision and not ouverte.est_reprise
    # What was declared from before keeps its rank, which the département goes on from.
    rang = max(survivant.rang + 1, decision.rang if ouverte.est_reprise else 0)
    return faits.OrientationDecidee(
        parcours=survivant.parcours,
        departement=survivant.departement,
        decision=replace(decision, date_debut=debut, rang=rang),
        contestation=ouverte.contestation,
        decideur=ouverte.decideur,
        fin_precedente=None,
        est_derniere=True,
        decidee_le=decision.date_decision if repond else None,
        est_reprise=ouverte.est_reprise,
    )
