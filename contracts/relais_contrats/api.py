"""The table of what partners call: method, path, scope, parameters, what goes in and out. `openapi` writes it down."""

from collections.abc import Sequence
from dataclasses import replace

from relais_contrats.api_offres import OFFRES
from relais_contrats.api_webhooks import WEBHOOKS
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.codes.offre import MotifRefusPrescription
from relais_contrats.operations import (
    APRES,
    BOOLEEN,
    BORNES_DE_NUMEROS,
    CLE,
    CURSEUR,
    DATE,
    DEPARTEMENT,
    ENTIER,
    FORMULAIRE,
    HTML,
    ID_MESSAGE,
    INCHANGE,
    INSTANT,
    JSON,
    MOMENT,
    NDJSON,
    NUMERO,
    OBJET,
    PRC,
    PROBLEME,
    PSEUDONYME,
    QUI,
    SI_NON,
    TEXTE,
    TYPE,
    UUID,
    Operation,
    Parametre,
    Reponse,
    Schema,
    codes_separes,
    demande,
    dit,
    entier,
    liste,
    lu,
    objet,
    ou_nul,
    parmi,
    ref,
    rendu,
    trous,
)
from relais_contrats.vues import VUES

LIMITE = Parametre("limite", "Nombre d'éléments par page.", entier(1, 500))
_SUITE = ou_nul(CURSEUR)
_PREFER = Parametre("Prefer", "`wait=10` (secondes) ou `respond-async` (RFC 7240).")
_AVERTISSEMENTS = liste(objet(("pointeur", "message"), pointeur=TEXTE, message=TEXTE))
"""What was accepted without being kept, or although it looks wrong."""
_ENREGISTRE = objet(
    ("id", "etat"),
    id=ID_MESSAGE,
    etat=parmi("accepte"),
    parcours=ou_nul(PSEUDONYME),
    evenements=liste(UUID),
    recu=TEXTE,
    avertissements=_AVERTISSEMENTS,
)
_EN_ATTENTE = objet(("id", "etat"), id=ID_MESSAGE, etat=parmi("en-attente"), avertissements=_AVERTISSEMENTS)
_LOT: Schema = {
    "type": "array",
    "description": "1 000 messages au plus, sinon 413. Chaque élément est jugé seul et a sa ligne de réponse : ce qui "
    "n'est pas un `Depot` y est refusé sans que les autres en souffrent.",
    "items": {"anyOf": [ref("Depot"), {}]},
}
ETAT_DEPOT = parmi("en-attente", "accepte", "refuse", "rebut", "ecarte")
"""`rebut`: the hub could not decide it, and will; `ecarte`: an operator gave it up, `motif` says why."""
_DEPOT_LU = objet(
    ("etat", "recu_a"),
    id=dit("Absent d'une ligne de flux dont l'identifiant n'a pas pu être lu.", ID_MESSAGE),
    ligne=dit("Refusé à l'entrée, dans un lot ou un flux : son rang, à partir de 1.", entier(1, 100_000)),
    probleme=dit("Refusé : ce qui a été répondu.", ref("Probleme")),
    type=TEXTE,
    etat=ETAT_DEPOT,
    precision=TEXTE,
    motif=TEXTE,
    recu_a=INSTANT,
    parcours=ou_nul(PSEUDONYME),
    evenements=liste(UUID),
    recu=ou_nul(TEXTE),
)
_LISTES = {"anyOf": [ref("VueEcheance"), ref("VueFileActive"), ref("VueEcheanceFeuille")]}
_PAGE_PARCOURS = objet(("parcours", "suite"), parcours=liste(_LISTES), suite=_SUITE)
_PAGE_EVENEMENTS = objet(
    ("evenements", "curseur", "dernier_numero"),
    evenements=liste(ref("Evenement")),
    curseur=CURSEUR,
    dernier_numero=dit(
        "Le dernier `relaisnumero` du fil avant la lecture, page vide comprise : s'il vous manque quand la page n'est "
        "pas pleine, `GET /v1/evenements/trous` dit pourquoi. Il compte tous les types.",
        NUMERO,
    ),
)

_VALEUR: Schema = {"type": "string", "minLength": 1}
_CLIENT = {
    "client_id": dit("Avec un certificat client (mTLS) ou dans le profil hérité.", _VALEUR),
    "client_assertion_type": parmi("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    "client_assertion": dit("JWT signé de la clé du partenaire (RFC 7523), à usage unique.", _VALEUR),
    "client_secret": dit("Profil hérité seulement, ouvert par un opérateur ; il expire.", _VALEUR),
}
"""One method per request: an assertion, a certificate shown to the TLS front, or a secret."""


def _formulaire_oauth(requis: str, **champs: Schema) -> dict[str, Schema]:
    """Each parameter comes once, an unknown one too (RFC 6749, § 3.2), which is then ignored."""
    schema = objet((requis,), **champs, **_CLIENT)
    methodes = {
        "dependentRequired": {
            "client_assertion": ["client_assertion_type"],
            "client_assertion_type": ["client_assertion"],
            "client_secret": ["client_id"],
        },
        "not": {"required": ["client_assertion", "client_secret"]},
    }
    return {FORMULAIRE: {**schema, "additionalProperties": TEXTE, "maxProperties": 32, **methodes}}


_PREUVE = Parametre("DPoP", "Preuve de possession (RFC 9449), pour un jeton lié à une clé et non à un certificat.")
_JETON = objet(
    ("access_token", "token_type", "expires_in"),
    access_token=TEXTE,
    token_type=parmi("DPoP", "Bearer"),
    expires_in=entier(1, 300),
    scope=TEXTE,
)
_ERREUR_OAUTH = objet(("error",), error=TEXTE, error_description=TEXTE)
_REFUS_OAUTH = {
    400: rendu("Demande refusée (RFC 6749, § 5.2).", _ERREUR_OAUTH),
    401: rendu("Client refusé.", _ERREUR_OAUTH),
}

OAUTH = (
    Operation(
        "GET", "/.well-known/oauth-authorization-server", "Métadonnées OAuth (RFC 8414)", None, lu("Document.", OBJET)
    ),
    Operation(
        "GET", "/.well-known/oauth-protected-resource", "Métadonnées de l'API (RFC 9728)", None, lu("Document.", OBJET)
    ),
    Operation(
        "GET",
        "/oauth/jwks",
        "Clés de signature des jetons (RFC 7517)",
        None,
        lu("Clés.", OBJET, "application/jwk-set+json"),
    ),
    Operation(
        "POST",
        "/oauth/token",
        "Obtenir un jeton d'accès (client_credentials ; private_key_jwt ou mTLS ; DPoP)",
        None,
        {200: rendu("Jeton.", _JETON), **_REFUS_OAUTH},
        corps=_formulaire_oauth("grant_type", grant_type=parmi("client_credentials"), scope=_VALEUR),
        en_tetes=(_PREUVE,),
    ),
    Operation(
        "POST",
        "/oauth/revoke",
        "Révoquer un de ses jetons (RFC 7009)",
        None,
        {200: rendu("Révoqué, ou inconnu."), **_REFUS_OAUTH},
        corps=_formulaire_oauth("token", token=_VALEUR),
    ),
)

MESSAGES = (
    Operation(
        "POST",
        "/v1/messages",
        "Déposer un message, un lot ou un flux",
        "messages:deposer",
        {
            200: Reponse(
                "Rejeu du même message ; d'un lot ou d'un flux, une ligne par message, dans leur ordre.",
                {JSON: _ENREGISTRE, NDJSON: TEXTE},
            ),
            201: rendu("Accepté, avec son reçu.", _ENREGISTRE),
            202: rendu("Enregistré, pas encore décidé.", _EN_ATTENTE),
        },
        corps={
            "application/cloudevents+json": ref("Depot"),
            "application/cloudevents-batch+json": _LOT,
            NDJSON: dit("Un `Depot` par ligne, 100 000 au plus ; chacune a sa réponse.", TEXTE),
            JSON: dit("Mode binaire de CloudEvents : `data` seul, les attributs en en-têtes `ce-*`.", OBJET),
        },
        en_tetes=(_PREFER,),
    ),
    Operation(
        "GET",
        "/v1/messages",
        "Lister ses dépôts",
        "messages:deposer",
        lu("Une page.", objet(("messages", "suite"), messages=liste(_DEPOT_LU), suite=_SUITE)) | INCHANGE,
        (
            Parametre("etat", "État du dépôt.", ETAT_DEPOT),
            Parametre("type", "Type de message.", TYPE),
            Parametre("depuis", "Reçus depuis cet instant.", MOMENT),
            APRES,
            LIMITE,
        ),
    ),
    Operation(
        "GET",
        "/v1/messages/{id}",
        "Ce qu'est devenu un dépôt",
        "messages:deposer",
        lu("Le dépôt.", _DEPOT_LU) | INCHANGE,
        cle=Parametre("id", "Identifiant que le partenaire a donné au message.", ID_MESSAGE, requis=True),
    ),
    Operation(
        "GET",
        "/v1/reconciliation",
        "Identifiants et empreintes d'une période, à comparer",
        "messages:deposer",
        lu("Une ligne par message.", TEXTE, NDJSON),
        (
            Parametre("du", "Début de la période, inclus.", MOMENT, requis=True),
            Parametre("au", "Fin de la période, exclue.", MOMENT, requis=True),
            Parametre("sens", "Ce qui a été déposé, ou reçu.", parmi("depose", "recu"), requis=True),
        ),
    ),
    Operation("GET", "/v1/recus/cles", "Clés qui vérifient les reçus", None, lu("Clés.", OBJET)),
)

EVENEMENTS = (
    Operation(
        "GET",
        "/v1/evenements",
        "Tirer les événements, avec attente longue",
        "evenements:lire",
        lu("Une page.", _PAGE_EVENEMENTS),
        (
            Parametre("apres", "Curseur ; absent : depuis le dernier acquittement.", CURSEUR),
            Parametre("depuis", "Relire depuis cet instant, acquitté ou non ; exclut `apres`.", MOMENT),
            Parametre("limite", "Événements par page.", entier(1, 500)),
            Parametre("attente", "Secondes d'attente s'il n'y a rien.", entier(0, 25)),
            Parametre(
                "types", "Types séparés par des virgules.", codes_separes(CATALOGUE), est_une_liste_de_codes=True
            ),
        ),
    ),
    Operation(
        "GET",
        "/v1/evenements/trous",
        "Savoir quels numéros du fil manquent, et pourquoi",
        "evenements:lire",
        lu(
            "Par 1 000 numéros : ceux qui ne sont pas acquittés (`a-lire`), attendent une convention ou l'opérateur "
            "(`retenu`), n'ont plus rien que vous puissiez voir (`sans-objet`), sont archivés (`archive`) ou effacés "
            "(`efface`).",
            trous("a-lire", "retenu", "sans-objet", "archive", "efface"),
        ),
        BORNES_DE_NUMEROS,
    ),
    Operation(
        "POST",
        "/v1/evenements/acquittement",
        "Acquitter jusqu'à un curseur",
        "evenements:lire",
        {204: rendu("Acquitté ; l'en-tête `Relais-Recu` porte le reçu quand la position a avancé.")},
        corps={JSON: demande(("curseur",), curseur=CURSEUR)},
    ),
)

LECTURES = (
    Operation(
        "POST",
        "/v1/usagers/recherche",
        "Retrouver le parcours d'une personne",
        "identite:resoudre",
        lu("Résultat.", objet(("resultat",), resultat=parmi("trouve", "aucun", "plusieurs"), parcours=PSEUDONYME)),
        corps={JSON: ref("Recherche")},
        en_tetes=QUI,
    ),
    Operation(
        "GET",
        "/v1/parcours",
        "Lister les parcours visibles, ou ce qui arrive à échéance",
        "parcours:lire",
        lu("Une page.", _PAGE_PARCOURS) | INCHANGE,
        (
            Parametre("departement", "Territoire du parcours.", DEPARTEMENT),
            Parametre(
                "etat",
                "État du parcours ; `transfert-en-attente` : parti vers un territoire sans partenaire.",
                parmi("actif", "ambigu", "clos", "signale", "transfert-en-attente"),
            ),
            Parametre(
                "orientation",
                "Ceux dont une orientation est ouverte, ou ceux qui n'en ont aucune, dans ce que vous voyez.",
                parmi("ouverte", "aucune"),
            ),
            Parametre("echeance_avant", "Ce qui est dû au plus tard ce jour, toutes briques réunies.", DATE),
            Parametre(
                "structure",
                "Sa file active : `siret:90000075300013`, ou un SIRET seul.",
                {"type": "string", "pattern": "^([a-z-]{1,20}:)?[A-Za-z0-9._/-]{1,64}$"},
            ),
            APRES,
            Parametre("limite", "Parcours par page.", entier(1, 200)),
        ),
        en_tetes=(*QUI, SI_NON),
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}",
        "Lire un parcours",
        "parcours:lire",
        lu("Le parcours.", ref("VueParcours")) | INCHANGE,
        en_tetes=(*QUI, SI_NON),
        cle=PRC,
    ),
    *(vue.operation for vue in VUES),
    Operation(
        "GET",
        "/v1/parcours/{prc}/feuille-de-route",
        "Lire la feuille de route, en JSON ou en page à remettre à la personne (`Accept: text/html`)",
        "parcours:lire",
        lu("La feuille de route.", ref("VueFeuilleDeRoute"), JSON, HTML) | INCHANGE,
        en_tetes=(*QUI, SI_NON),
        cle=PRC,
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}/historique",
        "Relire les événements d'un parcours",
        "parcours:lire",
        lu("Une page.", objet(("evenements", "suite"), evenements=liste(ref("Evenement")), suite=_SUITE)) | INCHANGE,
        (APRES, LIMITE),
        en_tetes=(*QUI, SI_NON),
        cle=PRC,
    ),
    Operation(
        "GET",
        "/v1/statistiques/delais",
        "Délais légaux par département et par mois ; aucun chiffre sur moins de 11 personnes",
        "pilotage:lire",
        lu("Les délais.", objet(orientation=liste(OBJET), engagements=liste(OBJET), referents=liste(OBJET))) | INCHANGE,
        (
            Parametre("departement", "Un seul territoire.", DEPARTEMENT),
            Parametre("depuis", "Réceptions depuis le mois de ce jour.", DATE),
        ),
        en_tetes=(*QUI, SI_NON),
    ),
)

_JETON_DE_LIEN = Parametre("jeton", "Le jeton du lien, tel qu'il a été remis.", CLE, requis=True)
_TYPE_NOMME = Parametre("type", "Type de message, court ou CloudEvents.", TYPE, requis=True)

REPONSES = (
    Operation(
        "POST",
        "/v1/prescriptions/{id}/lien",
        "Demander un lien, remis à la structure sans système pour qu'elle réponde à une prescription",
        "messages:deposer",
        {202: rendu("Demandé ; il expire avec la prescription.", objet(etat=parmi("a-remettre"), expire_a=INSTANT))},
        corps={JSON: demande(("parcours",), parcours=PSEUDONYME)},
        cle=Parametre("id", "Clé de la prescription chez le partenaire, ou son pseudonyme `obj_…`.", CLE, requis=True),
    ),
    Operation(
        "GET",
        "/reponses/{jeton}",
        "La page qui demande la réponse ; l'ouvrir ne change rien",
        None,
        {
            200: rendu("La page.", TEXTE, HTML),
            404: rendu("Lien inconnu.", TEXTE, HTML),
            410: rendu("Lien expiré, ou structure qui répond par son système.", TEXTE, HTML),
            429: rendu("Trop de demandes.", TEXTE, HTML),
        },
        cle=_JETON_DE_LIEN,
    ),
    Operation(
        "POST",
        "/reponses/{jeton}",
        "Répondre : accepter, mettre à l'étude, ou refuser avec ses motifs",
        None,
        {
            200: rendu("Réponse enregistrée.", TEXTE, HTML),
            400: Reponse(
                "Le formulaire, avec ce qui a été saisi et ce qu'il faut corriger.",
                {HTML: TEXTE, PROBLEME: ref("Probleme")},
            ),
            404: rendu("Lien inconnu.", TEXTE, HTML),
            415: rendu("Ce n'est pas un formulaire.", TEXTE, HTML),
            409: rendu("Déjà répondu.", TEXTE, HTML),
            410: rendu("Lien expiré, ou structure qui répond par son système.", TEXTE, HTML),
            413: rendu("Message trop long.", TEXTE, HTML),
            429: rendu("Trop de demandes.", TEXTE, HTML),
        },
        corps={
            FORMULAIRE: objet(
                ("reponse",),
                reponse=parmi("acceptee", "mise-a-l-etude", "refusee"),
                motif=liste(parmi(*(motif.value for motif in MotifRefusPrescription))),
                message={**TEXTE, "maxLength": 1000},
            )
        },
        cle=_JETON_DE_LIEN,
    ),
)

_SENS = objet(
    ("code", "statut", "titre", "explication", "relancable"),
    code=TEXTE,
    statut=ENTIER,
    titre=TEXTE,
    explication=TEXTE,
    conseil=ou_nul(TEXTE),
    relancable=BOOLEEN,
    exemple=ou_nul(TEXTE),
)

PUBLIQUES = (
    Operation("GET", "/v1/contrats", "Le catalogue des messages", None, lu("Le catalogue.", OBJET)),
    Operation(
        "GET",
        "/v1/contrats/evenement",
        "Schéma JSON de l'enveloppe d'un événement",
        None,
        lu("Le schéma.", OBJET, "application/schema+json"),
    ),
    Operation(
        "GET",
        "/v1/contrats/{type}",
        "Schéma JSON et exemples d'un message",
        None,
        lu("Le schéma de `data`.", OBJET, "application/schema+json"),
        cle=_TYPE_NOMME,
    ),
    Operation(
        "GET",
        "/v1/contrats/{type}/depot",
        "Schéma JSON du dépôt entier d'un message",
        None,
        lu("Le schéma.", OBJET, "application/schema+json"),
        cle=_TYPE_NOMME,
    ),
    Operation("GET", "/openapi.json", "Ce document", None, lu("OpenAPI 3.1.", OBJET)),
    Operation("GET", "/asyncapi.json", "Les événements", None, lu("AsyncAPI 3.0.", OBJET)),
    Operation(
        "GET",
        "/problemes/{code}",
        "Ce que veut dire un refus",
        None,
        lu("En français.", _SENS, JSON, HTML),
        cle=Parametre("code", "Code d'un refus.", CLE, requis=True),
    ),
    Operation("GET", "/sante/vivant", "Vivant", None, lu("Vivant.", OBJET)),
    Operation(
        "GET",
        "/sante/pret",
        "Prêt, par dépendance",
        None,
        {200: rendu("Prêt.", OBJET), 503: rendu("Pas prêt.", OBJET)},
    ),
)

_CODE_DEPARTEMENT = Parametre("code", "Code du territoire.", DEPARTEMENT, requis=True)
_AGENT_REQUIS = (replace(QUI[0], requis=True), QUI[1])
_REGLAGE = {
    "departement": DEPARTEMENT,
    "version": ENTIER,
    "versions": liste(
        objet(
            ("version", "motif", "agent", "source", "enregistre_a"),
            version=ENTIER,
            motif=TEXTE,
            agent=TEXTE,
            source=TEXTE,
            enregistre_a=INSTANT,
        )
    ),
}
_REGLES = objet(
    ("departement", "version", "versions", "origine", "table"),
    **_REGLAGE,
    origine=parmi("departement", "defaut"),
    criteres_requis=liste(TEXTE),
    table=liste(OBJET),
)
_DELEGATIONS = objet(("departement", "version", "versions", "delegations"), **_REGLAGE, delegations=liste(TEXTE))


def _reglage(nature: str, lire: str, changer: str, lu_: Schema, ecrit: str) -> tuple[Operation, Operation]:
    chemin = f"/v1/departements/{{code}}/{nature}"
    return (
        Operation(
            "GET",
            chemin,
            lire,
            "parcours:lire",
            lu("Le réglage en vigueur et ses versions.", lu_) | INCHANGE,
            en_tetes=(*QUI, SI_NON),
            cle=_CODE_DEPARTEMENT,
        ),
        Operation(
            "PUT",
            chemin,
            changer,
            "messages:deposer",
            lu("Le réglage, aussitôt en vigueur.", lu_),
            corps={JSON: ref(ecrit)},
            en_tetes=_AGENT_REQUIS,
            cle=_CODE_DEPARTEMENT,
        ),
    )


REGLAGES = (
    *_reglage(
        "regles",
        "Lire la table des règles qui préconise une orientation",
        "Remplacer la table des règles de son territoire",
        _REGLES,
        "ReglageRegles",
    ),
    *_reglage(
        "delegations",
        "Lire à qui un département délègue ses décisions d'orientation",
        "Changer à qui l'on délègue",
        _DELEGATIONS,
        "ReglageDelegations",
    ),
)

OPERATIONS: Sequence[Operation] = (
    *OAUTH,
    *MESSAGES,
    *EVENEMENTS,
    *WEBHOOKS,
    *LECTURES,
    *REGLAGES,
    *OFFRES,
    *REPONSES,
    *PUBLIQUES,
)
"""Every operation of the API, in the order in which a developer meets them."""
