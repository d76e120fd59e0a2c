"""The page of what deserves a look: each risk with what it means and what to do about it."""

from collections.abc import Sequence

from console import presentation as dire
from console.risks import Risque
from console.views.elements import Element, Node, h
from console.views.layout import frame, identifier

_COLUMNS = ("Risque", "Partenaire ou composant", "Date", "Que faire")

# Title, what the date means, what to do.
_SAID: dict[str, tuple[str, str, str]] = {
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


def listing(risques: Sequence[Risque] | None) -> bytes:
    """None: the gateway did not answer."""
    shown = _unanswered() if risques is None else _table(risques) if risques else _empty()
    return frame("Points d'attention", h.h1("Points d'attention"), shown, page="/attention")


def _table(risques: Sequence[Risque]) -> Element:
    head = h.thead(h.tr([h.th(name, scope="col") for name in _COLUMNS]))
    return h.table(head, h.tbody([_row(risque) for risque in risques]), class_="livraisons")


def _row(risque: Risque) -> Element:
    titre, sens, conseil = _SAID.get(risque.nature, (risque.nature, "", ""))
    nombre = f" ({risque.nombre})" if risque.nombre > 1 else ""
    abonnement: list[Node] = [h.br(), identifier(risque.abonnement)] if risque.abonnement else []
    quand: list[Node] = (
        [sens, " ", h.time(dire.jour(risque.echeance), datetime=dire.iso(risque.echeance))]
        if risque.echeance
        else ["—"]
    )
    return h.tr(
        h.th(titre, nombre, scope="row", data_nom="Risque"),
        h.td(h.span(risque.partenaire, class_="code"), abonnement, data_nom="Partenaire ou composant"),
        h.td(quand, data_nom="Date"),
        h.td(conseil, data_nom="Que faire"),
    )


def _empty() -> Element:
    return h.div(
        h.p("Rien à signaler."),
        h.p("Ici paraissent les partenaires en profil hérité, les clés qui finissent et ce qui ne se livre pas."),
        class_="vide",
    )


def _unanswered() -> Element:
    return h.div(h.p("La passerelle ne répond pas. Rechargez la page dans quelques secondes."), class_="vide")
