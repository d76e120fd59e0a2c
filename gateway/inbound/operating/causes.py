"""Whose a failure is, and what comes next: one sentence for each kind of cause. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from relais_contrats.problemes import STATUS_OF, of_http
from relais_contrats.refus import REFUS

Responsable = Literal["emetteur", "recepteur", "nous"]
Genre = Literal["livraison", "suspension", "refus", "rebut", "attente", "composant"]


@dataclass(frozen=True, slots=True)
class Cause:
    """`qui`: a partner, or a component of the hub; `objet` narrows it (a subscription, a type of message)."""

    genre: Genre
    qui: str
    objet: str
    code: str

    @property
    def cle(self) -> str:
        """Its name among the rows of operators: the same cause has the same one."""
        return "/".join((self.genre, self.qui, self.objet, self.code))


_SILENCES: Mapping[str, tuple[str, str]] = {
    "connexion": ("connexion impossible", "Demander au partenaire si son serveur est en marche et joignable."),
    "nom-introuvable": ("nom introuvable", "Faire corriger l'adresse de l'abonnement, ou le DNS du partenaire."),
    "tls": ("certificat non admis", "Le partenaire renouvelle son certificat, ou complète sa chaîne."),
    "delai-depasse": ("pas de réponse à temps", "Le partenaire répond 2xx dès réception, et traite ensuite."),
    "coupure": ("connexion coupée", "Voir avec le partenaire ce qui coupe : répartiteur, pare-feu, redémarrage."),
    "adresse-interdite": ("adresse interdite", "L'adresse mène à un réseau privé : le partenaire en donne une autre."),
    "hote-non-declare": ("hôte non déclaré", "Vérifier l'hôte avec le partenaire, puis le déclarer."),
    "redirection": ("redirection", "Le partenaire donne l'adresse finale : une redirection n'est pas suivie."),
}
_STATUSES: Mapping[str, str] = {
    "401": "Le récepteur refuse la signature : vérifier avec lui le secret de l'abonnement et son horloge.",
    "403": "Le récepteur refuse la signature : vérifier avec lui le secret de l'abonnement et son horloge.",
    "404": "L'adresse de l'abonnement n'existe plus : le partenaire la corrige.",
    "429": "Le récepteur demande d'attendre : le relais attend. S'il tarde, voir avec lui la taille des lots.",
}
_ABOUT_ONE = frozenset({"400", "409", "413", "422"})
_REFUSED_ONE = "Le récepteur refuse ces événements seuls : lui demander pourquoi, puis les rejouer une fois corrigé."
_ENDPOINT_DOWN = "Prévenir le partenaire : son récepteur est en erreur. Les essais continuent seuls."
_COMPONENTS: Mapping[str, tuple[str, str]] = {
    "composant-muet": ("Composant qui ne répond pas", "Voir ./relais etat et son journal. Rien n'est perdu."),
    "lecteur-arrete": ("Composant qui ne lit plus", "Base verrouillée, pleine ou en panne ? Il reprend seul ensuite."),
    "publication-arretee": ("Faits non publiés", "Voir si NATS répond et si son disque suit."),
    "evenements-retenus": ("Événements retenus", "Ce qui les précède n'est pas arrivé : voir ./relais etat."),
    "faits-non-distribues": ("Faits non distribués", "Voir le journal de la sortie."),
    "echeances-en-retard": ("Échéances en retard", "Un service est en retard, ou retenu par le rebut."),
    "retours-attendus": ("Clés attendues de l'archive", "Voir si l'archive est en marche."),
}


@dataclass(frozen=True, slots=True)
class Dit:
    """What a page says of a cause: who must act, what it is, what comes next."""

    responsable: Responsable
    titre: str
    etape: str


def dit(cause: Cause) -> Dit:
    match cause.genre:
        case "livraison":
            return _delivery(cause.code)
        case "suspension":
            return Dit("recepteur", "Abonnement suspendu", "Prévenir le partenaire ; il réactive, puis rejouer.")
        case "refus":
            return _refusal(cause.code)
        case "rebut":
            return Dit("nous", f"Au rebut : {cause.code}", "Corriger la cause, puis reprendre ou écarter au rebut.")
        case "attente":
            suite = cause.code == "suite"
            titre = "Dépôts qui attendent un événement" if suite else "Dépôts qui attendent leur service"
            return Dit("nous", titre, "Voir ./relais etat : un service est arrêté, en retard ou retenu par le rebut.")
        case "composant":
            titre, etape = _COMPONENTS.get(cause.code, (cause.code, "Voir ./relais etat."))
            return Dit("nous", titre, etape)


def _delivery(code: str) -> Dit:
    if code == "interne":
        return Dit("nous", "Envoi impossible : le relais lui-même", "Voir le journal de la sortie.")
    if code in _SILENCES:
        titre, etape = _SILENCES[code]
        whose: Responsable = "nous" if code == "hote-non-declare" else "recepteur"
        return Dit(whose, f"Envoi en échec : {titre}", etape)
    etape = _REFUSED_ONE if code in _ABOUT_ONE else _STATUSES.get(code, _ENDPOINT_DOWN)
    return Dit("recepteur", f"Le récepteur répond {code}", etape)


def _refusal(code: str) -> Dit:
    if refus := REFUS.get(code):
        whose: Responsable = "nous" if refus.statut >= 500 else "emetteur"
        return Dit(whose, refus.titre, refus.conseil)
    if code in STATUS_OF:
        _, titre, etape = of_http(STATUS_OF[code])
        return Dit("emetteur", titre, etape)
    return Dit("emetteur", code, "Voir les messages refusés de ce partenaire, et lui dire le code.")
