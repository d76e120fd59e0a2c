"""Who may publish what: a source belongs to one partner, and nobody else replaces or withdraws what it published."""

from collections.abc import Sequence

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal
from services.offres.domain import faits
from services.offres.domain.messages import Genre, Publier, Retirer, SurLOffre
from services.offres.domain.situation import Offre

LIEU_ATTENDU = "le code d'une commune, d'un EPCI ou d'un département, d'aujourd'hui ou qui a été repris par un autre"
AGREGATEUR = "plateforme-offre"
"""The kind of partner whose trade is to publish for others, under many sources."""


def publier(offre: Offre, message: Publier) -> Sequence[faits.SurLOffre] | Refus:
    """The place of what is published is in the territory that the deposit declares, which the door has checked."""
    if refus := _refus_de_source(offre, message):
        return refus
    if message.lieu_inconnu:
        return Refus("code-inconnu", f"/data{message.lieu_inconnu}", {"attendu": LIEU_ATTENDU})
    if message.donnees.get("code_insee") and message.departement_du_lieu != message.departement:
        return Refus("hors-territoire", "/data/code_insee", {"departement": message.departement})
    recu_le = jour_legal(message.departement, message.recu_a)
    if message.date_maj > recu_le:
        return Refus("dates-incoherentes", "/data/date_maj", {"recu_le": recu_le.isoformat()})
    if message.genre is Genre.SERVICE and not offre.structure_est_connue:
        return Refus("structure-inconnue", "/data/structure_id", {"attendu": "structure.publiee"})
    publiee = faits.OffrePubliee(message.genre, message.cle, message.departement, message.donnees)
    if offre.editeur is None:
        return [faits.SourceLiee(message.source, message.emetteur), publiee]
    return [publiee]


def retirer(offre: Offre, message: Retirer) -> Sequence[faits.SurLOffre] | Refus:
    if offre.est_retiree:
        return Refus("deja-traite", "/data/id", {"etat": "retire"})
    if not offre.est_vivante:
        return Refus("service-inconnu" if message.genre is Genre.SERVICE else "structure-inconnue", "/data/id")
    if refus := _refus_de_source(offre, message):
        return refus
    if offre.retrait_prevu == message.date:
        return Refus("deja-traite", "/data/date", {"etat": "retrait-prevu"})
    est_prevu = message.date > jour_legal(message.departement, message.recu_a)
    return [
        faits.OffreRetiree(message.genre, message.cle, message.departement, message.date, message.raison, est_prevu)
    ]


def _refus_de_source(offre: Offre, message: SurLOffre) -> Refus | None:
    """A source is bound to its first publisher. Only an aggregator may take one that does not bear its own name."""
    pointeur = "/data/source" if isinstance(message, Publier) else "/data/id"
    if offre.editeur is not None:
        return None if offre.editeur == message.emetteur else Refus("non-autorise", pointeur)
    sien = message.emetteur.rpartition("/")[2]
    if message.role == AGREGATEUR or message.source == sien:
        return None
    return Refus("non-autorise", pointeur, {"source_attendue": sien})
