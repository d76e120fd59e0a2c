"""What deserves a look, as the gateway tells it, with what it means: read over the bus at each visit."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus

_SUBJECT = "lecture.passerelle.risques"
_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class Risque:
    """`echeance`: when it comes true, or since when it is; `nombre` of what waits."""

    nature: str
    partenaire: str
    abonnement: str | None
    echeance: datetime | None
    nombre: int


Demander = Callable[[], Awaitable[list[Risque] | None]]


def asking(bus: NatsBus) -> Demander:
    """None when the gateway does not answer."""

    async def ask() -> list[Risque] | None:
        try:
            told = orjson.loads(await bus.request(_SUBJECT, b"", timeout_s=_PATIENCE_S))
        except Unavailable:
            return None
        return [_read(row) for row in told]

    return ask


def _read(row: dict[str, str | int | None]) -> Risque:
    echeance = row["echeance"]
    return Risque(
        nature=str(row["nature"]),
        partenaire=str(row["partenaire"]),
        abonnement=str(row["abonnement"]) if row["abonnement"] else None,
        echeance=datetime.fromisoformat(str(echeance)) if echeance else None,
        nombre=int(row["nombre"] or 0),
    )


# Title, what the date means, what to do.
DITS: Mapping[str, tuple[str, str, str]] = {
    "composant-muet": (
        "Composant qui ne répond pas",
        "muet depuis le",
        "Voir ./relais etat et son journal. Ce qui lui est destiné attend, rien n'est perdu.",
    ),
    "lecteur-arrete": (
        "Composant qui ne lit plus les événements",
        "arrêté depuis le",
        "Voir son journal : base verrouillée, pleine ou en panne ? Il reprend seul, rien n'est perdu.",
    ),
    "publication-arretee": (
        "Faits enregistrés et non publiés",
        "depuis le",
        "Voir si NATS répond et si son disque suit. La publication reprend seule, dans l'ordre.",
    ),
    "rebut": (
        "Éléments au rebut, qui retiennent la suite de leur parcours",
        "",
        "./relais rebut lister, puis reprendre une fois la cause corrigée, ou écarter avec un motif.",
    ),
    "echeances-en-retard": (
        "Échéances dépassées de plus d'une minute",
        "",
        "Un service est en retard ou retenu par le rebut : ./relais etat.",
    ),
    "exploration-trop-de-personnes": (
        "Plus de personnes recherchées ou signalées qu'un partenaire n'en nomme en une heure : le reste est refusé",
        "dans l'heure du",
        "Demander au partenaire ce qu'il fait. S'il insiste il est suspendu ; partenaire reprendre le rétablit.",
    ),
    "exploration-personnes-inconnues": (
        "Presque toutes les personnes recherchées ou signalées sont inconnues",
        "dans l'heure du",
        "Un premier chargement, ou quelqu'un qui essaie des identités : demander au partenaire, sinon le suspendre.",
    ),
    "exploration-hors-territoire": (
        "Beaucoup des personnes recherchées ou signalées relèvent d'un autre territoire",
        "dans l'heure du",
        "Demander au partenaire ce qu'il fait ; partenaire suspendre arrête tout ce qu'il reçoit et envoie.",
    ),
    "profil-herite": (
        "Profil hérité : un secret partagé, sans preuve de possession",
        "le secret expire le",
        "Passer ce partenaire à une clé (partenaire cle) ou à un certificat, puis partenaire herite --retirer.",
    ),
    "cle-bientot-finie": (
        "Sa dernière clé finit dans moins de trente jours",
        "fin le",
        "Demander au partenaire sa clé suivante, puis partenaire cle.",
    ),
    "certificat-absent-emetteur": (
        "Certificat de conformité exigé, et absent : aucun jeton ne lui est donné",
        "",
        "partenaire certifier … --emetteur, avec lui ; ou partenaire modifier … --sans-certificat.",
    ),
    "certificat-expire-emetteur": (
        "Certificat de conformité de son émetteur expiré",
        "depuis le",
        "partenaire certifier … --emetteur, avec lui. S'il est exigé, aucun jeton ne lui est plus donné.",
    ),
    "certificat-bientot-expire-emetteur": (
        "Certificat de conformité de son émetteur : fin dans moins de trente jours",
        "fin le",
        "Prévenir le partenaire, puis partenaire certifier … --emetteur, avec lui.",
    ),
    "certificat-expire-recepteur": (
        "Certificat de conformité de son récepteur expiré",
        "depuis le",
        "Prévenir le partenaire, puis partenaire certifier … --recepteur.",
    ),
    "certificat-bientot-expire-recepteur": (
        "Certificat de conformité de son récepteur : fin dans moins de trente jours",
        "fin le",
        "Prévenir le partenaire, puis partenaire certifier … --recepteur.",
    ),
    "certificat-autre-adresse-recepteur": (
        "Le récepteur certifié n'est plus à l'adresse de l'abonnement",
        "certificat jusqu'au",
        "partenaire certifier … --recepteur vérifie la nouvelle adresse.",
    ),
    "abonnement-suspendu": (
        "Abonnement suspendu après 72 heures d'échecs",
        "en échec depuis le",
        "Prévenir le partenaire ; il réactive l'abonnement, puis demande un rejeu. Son fil garde tout.",
    ),
    "livraisons-arretees": (
        "Parcours arrêtés derrière une livraison en échec",
        "depuis le",
        "Voir les livraisons de l'abonnement ; les nouveaux essais continuent seuls.",
    ),
    "depots-en-attente": (
        "Dépôts reçus et non réglés depuis plus d'une minute",
        "depuis le",
        "Un service est arrêté ou en retard : ./relais etat. Rien n'est perdu.",
    ),
}
