"""What the timeline says, in French: the words of each state that a row may be in, once."""

from collections.abc import Mapping

from relais_contrats.briques import BRIQUES, PASSERELLE
from relais_contrats.droits import Role

SERVICES: Mapping[str, str] = {brique.nom: brique.titre.lower() for brique in (*BRIQUES, PASSERELLE)}

# Why a deposit is not decided yet (`depots.attend`), for the service {}.
ATTENTES_DE_DEPOT: Mapping[str | None, str] = {
    "service": "Le service {} ne répond pas : le message lui sera présenté de nouveau.",
    "suite": "Le service {} attend d'avoir entendu ce que les autres ont dit de ce parcours avant de décider.",
    None: "Le message attend son tour devant le service {}.",
}
# `retenus.attend`.
ATTENTES_D_EVENEMENT: Mapping[str, str] = {
    "suite": "Un événement antérieur du même service sur ce parcours n'est pas encore arrivé.",
    "ouverture": "L'événement qui ouvre le parcours n'est pas encore arrivé.",
    "precedent": "Un message accepté avant lui sur ce parcours n'est pas encore distribué.",
    "cause": "L'événement dont il découle n'est pas encore distribué.",
    "repos": "Il vient d'une échéance : il part quand le parcours est au repos.",
    "rebut": "Un élément de ce parcours est au rebut : un opérateur doit le reprendre ou l'écarter (./relais rebut).",
}
# `sans_destinataire.motif`.
SANS_DESTINATAIRE: Mapping[str, str] = {
    "interne": "Il n'est dit qu'entre services : aucun partenaire ne le reçoit.",
    "effacement": "La personne a été effacée : rien ne se distribue plus sur elle.",
    "aucun-participant": "Aucun partenaire du relais ne prend part à ce parcours.",
    "emetteur-seul": "Seul son émetteur prend part à ce parcours.",
    "hors-droits": "Aucun de ceux qui prennent part à ce parcours n'a le droit de le recevoir.",
    "sans-abonne": "Personne, dans ce territoire, n'est abonné à ce type de message de l'offre.",
}
# Why a partner takes part in a parcours.
ROLES: Mapping[Role, str] = {
    Role.TERRITOIRE: "son organisme répond du territoire",
    Role.EMETTEUR: "il a signalé la personne",
    Role.SIGNALANT: "il a signalé la personne sous un nom qui lui est propre",
    Role.ORIENTATION: "la personne est orientée vers sa structure",
    Role.REFERENT: "le référent unique est de sa structure",
    Role.ACCOMPAGNANT: "il accompagne la personne",
    Role.PRESCRIPTION: "une prescription concerne sa structure",
    Role.PRESCRIPTEUR: "il a émis la prescription",
    Role.ABONNE: "il est abonné à l'offre de son territoire",
    Role.TITULAIRE: "le message s'adresse à lui seul",
}
# Why no answer came, as `gateway.outbound` names it.
RAISONS: Mapping[str, str] = {
    "adresse-interdite": "adresse interdite",
    "hote-non-declare": "hôte que l'opérateur n'a pas déclaré",
    "nom-introuvable": "nom introuvable",
    "connexion": "connexion impossible",
    "tls": "certificat non admis",
    "delai-depasse": "pas de réponse à temps",
    "coupure": "connexion coupée",
    "exercice": "exercice du bac à sable",
    "signature-acceptee": "exercice : une signature fausse a été acceptée",
    "interne": "erreur du relais",
    "redirection": "redirection refusée",
}
ETATS: Mapping[str, str] = {
    "accepte": "accepté",
    "refuse": "refusé",
    "attente": "en attente",
    "rebut": "au rebut",
    "ecarte": "écarté",
    "publie": "publié",
    "livre": "livré",
    "lu": "lu dans le fil",
    "a-lire": "à lire dans le fil",
    "en-cours": "en cours d'envoi",
    "en-echec": "envoi en échec",
    "arrete": "arrêté",
    "retenu": "retenu",
    "sans-objet": "sans objet",
    "exclu": "ne le reçoit pas",
}
# `depots.etat`, and what the door refused.
DEPOTS: Mapping[str, str] = {
    "en-attente": "en attente",
    "accepte": "accepté",
    "refuse": "refusé",
    "refuse-a-l-entree": "refusé à l'entrée",
    "rebut": "au rebut",
    "ecarte": "écarté",
}
GESTES: Mapping[str, str] = {"repris": "Repris", "ecarte": "Écarté"}
# Facts of a refusal that are codes of the catalogue; the others may speak of the person and stay sealed.
CODES = frozenset(
    {"a_faire", "attendu", "competents", "etat", "objet", "rang", "rang_attendu", "source_attendue", "statut"}
)


def service(brique: str | None) -> str:
    return SERVICES.get(brique or "", brique or "inconnu")


def reponse(code: int | None, erreur: str | None) -> str:
    """What came of one attempt."""
    if code is not None:
        return f"HTTP {code}"
    return RAISONS.get(erreur or "", erreur or "sans réponse")


# What comes next, and who does it. Of a deposit that waits (`depots.attend`).
SUITES_DE_DEPOT: Mapping[str | None, str] = {
    "service": "Voir « Points d'attention » : dès que le service répond, le message passe seul. Rien n'est à renvoyer.",
    "suite": "Rien à faire s'il vient d'arriver ; s'il dure, voir « Points d'attention ».",
    None: "Rien à faire s'il vient d'arriver ; s'il dure, voir « Points d'attention ».",
}
DERRIERE_UN_REBUT = "Traiter d'abord ce message au rebut (page « Rebut ») : celui-ci suit seul."
DERRIERE_UN_AUTRE = "Ouvrir la page de ce message-là, qui dit pourquoi il attend : celui-ci suit seul."
REPRENDRE = "Corriger la cause, puis reprendre ou écarter l'élément (page « Rebut »)."
ECARTE = "L'émetteur peut renvoyer un message corrigé, sous un nouvel identifiant."
ATTENDRE = "Rien à faire s'il vient d'arriver ; s'il dure, voir « Points d'attention »."
# `sans_destinataire.motif`.
SUITES_SANS_DESTINATAIRE: Mapping[str, str] = {
    "interne": "Rien à faire : c'est voulu.",
    "effacement": "Rien à faire : la personne a été effacée.",
    "aucun-participant": "Vérifier que les organismes du territoire sont déclarés avec ce département.",
    "emetteur-seul": "Vérifier que les organismes du territoire sont déclarés avec ce département.",
    "hors-droits": "Vérifier les conventions et le rôle de ceux qui devraient le recevoir.",
    "sans-abonne": "Un partenaire de ce territoire peut s'abonner à ce type de message.",
}
# What stops one way to a receiver.
CONVENTION = "Renouveler ou ajouter la convention du partenaire : ce qui est retenu part seul ensuite."
REACTIVER = "Le partenaire répare son adresse, puis réactive l'abonnement : tout part, dans l'ordre."
VERIFIER = "Le partenaire répond à la vérification de son adresse (guide, « Recevoir »)."
AVANT_LUI = "Voir dans « Livraisons » l'événement qui arrête cette file : les suivants partent ensuite."
REJOUER = "Une fois le récepteur réparé, demander un rejeu (page « Rejeux »)."
RELEVER = "Le partenaire relève son fil, ou crée un abonnement pour être prévenu."
SUSPENDU = "Rétablir le partenaire, s'il y a lieu : son fil l'attend."
ARCHIVE = "Ouvrir le parcours archivé, si un partenaire en a besoin."
OPPOSITION = "La personne s'est opposée au partage : ce que sa participation n'ouvre plus ne part plus."
OPPOSITION_SUITE = "Rien à faire : c'est son droit. Ce qui reste ouvert, et à qui, est dit plus bas."
EFFACEMENT_SUITE = "Rien à faire : rien ne peut plus être rejoué."
DEPUIS_LE_FIL = "Le partenaire lit cet événement dans son fil, ou demande un rejeu."
