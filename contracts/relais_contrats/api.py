"""The table of the API's routes: method, path, scope, parameters, bodies. The hub's routing and its OpenAPI document
derive from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

from relais_contrats.abonnements import Acquittement
from relais_contrats.api_offres import OFFRES
from relais_contrats.api_webhooks import WEBHOOKS
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.codes.offre import MotifRefusPrescription
from relais_contrats.echanges import (
    Cles,
    Delais,
    Delegations,
    DepotAccepte,
    DepotEnAttente,
    DepotLu,
    Document,
    DonneesSeules,
    ErreurOAuth,
    Jeton,
    LienDemande,
    Lot,
    PageDepots,
    PageEvenements,
    PageHistorique,
    PageParcours,
    Probleme,
    RacineDuJour,
    Regles,
    Rendu,
    ResultatRecherche,
    SensDUnRefus,
    Trous,
)
from relais_contrats.enveloppe import Depot
from relais_contrats.liens import DemandeDeLien
from relais_contrats.modele import Donnees
from relais_contrats.operations import (
    APRES,
    BORNES_DE_NUMEROS,
    CLE,
    CURSEUR,
    DATE,
    DEPARTEMENT,
    FORMULAIRE,
    HTML,
    ID_MESSAGE,
    INCHANGE,
    JSON,
    MOMENT,
    NDJSON,
    PRC,
    PROBLEME,
    QUI,
    SI_NON,
    TEXTE,
    TYPE,
    Operation,
    Parametre,
    Reponse,
    Schema,
    codes_separes,
    dit,
    entier,
    liste,
    lu,
    objet,
    parmi,
    rendu,
)
from relais_contrats.v1.reglages import ReglageDelegations, ReglageRegles
from relais_contrats.v1.vues import Recherche, VueParcours
from relais_contrats.v1.vues_feuille import VueFeuilleDeRoute
from relais_contrats.vues import VUES

LIMITE = Parametre("limite", "Nombre d'éléments par page.", entier(1, 500))
_PREFER = Parametre("Prefer", "`wait=10` (secondes) ou `respond-async` (RFC 7240).")
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
_REFUS_OAUTH = {
    400: rendu("Demande refusée (RFC 6749, § 5.2).", ErreurOAuth),
    401: rendu("Client refusé.", ErreurOAuth),
}

OAUTH = (
    Operation(
        "GET",
        "/.well-known/oauth-authorization-server",
        "Métadonnées OAuth (RFC 8414)",
        None,
        lu("Document.", Document),
    ),
    Operation(
        "GET",
        "/.well-known/oauth-protected-resource",
        "Métadonnées de l'API (RFC 9728)",
        None,
        lu("Document.", Document),
    ),
    Operation(
        "GET",
        "/oauth/jwks",
        "Clés de signature des jetons (RFC 7517)",
        None,
        lu("Clés.", Cles, "application/jwk-set+json"),
    ),
    Operation(
        "POST",
        "/oauth/token",
        "Obtenir un jeton d'accès (client_credentials ; private_key_jwt ou mTLS ; DPoP)",
        None,
        {200: rendu("Jeton.", Jeton), **_REFUS_OAUTH},
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

_ETAT_DEPOT = parmi(*get_args(DepotLu.model_fields["etat"].annotation))

MESSAGES = (
    Operation(
        "POST",
        "/v1/messages",
        "Déposer un message, un lot ou un flux",
        "messages:deposer",
        {
            200: Reponse(
                "Rejeu du même message ; d'un lot ou d'un flux, une ligne par message, dans leur ordre.",
                {JSON: DepotAccepte, NDJSON: TEXTE},
            ),
            201: rendu("Accepté, avec son reçu.", DepotAccepte),
            202: rendu("Enregistré, pas encore décidé.", DepotEnAttente),
        },
        corps={
            "application/cloudevents+json": Depot,
            "application/cloudevents-batch+json": Lot,
            NDJSON: dit("Un `Depot` par ligne, 100 000 au plus ; chacune a sa réponse.", TEXTE),
            JSON: DonneesSeules,
        },
        en_tetes=(_PREFER,),
    ),
    Operation(
        "GET",
        "/v1/messages",
        "Lister ses dépôts",
        "messages:deposer",
        lu("Une page.", PageDepots) | INCHANGE,
        (
            Parametre("etat", "État du dépôt.", _ETAT_DEPOT),
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
        lu("Le dépôt.", DepotLu) | INCHANGE,
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
    Operation("GET", "/v1/recus/cles", "Clés qui vérifient les reçus", None, lu("Clés.", Cles)),
    Operation(
        "GET",
        "/v1/recus/racine",
        "Racine d'un jour, qui scelle tous les reçus de ce jour",
        "messages:deposer",
        lu("La racine et vos chaînes.", RacineDuJour),
        (Parametre("jour", "Un jour (UTC) fini depuis un quart d'heure.", DATE, requis=True),),
    ),
)

EVENEMENTS = (
    Operation(
        "GET",
        "/v1/evenements",
        "Tirer les événements, avec attente longue",
        "evenements:lire",
        lu("Une page.", PageEvenements),
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
            Trous,
        ),
        BORNES_DE_NUMEROS,
    ),
    Operation(
        "POST",
        "/v1/evenements/acquittement",
        "Acquitter jusqu'à un curseur",
        "evenements:lire",
        {204: rendu("Acquitté ; l'en-tête `Relais-Recu` porte le reçu quand la position a avancé.")},
        corps={JSON: Acquittement},
    ),
)

LECTURES = (
    Operation(
        "POST",
        "/v1/usagers/recherche",
        "Retrouver le parcours d'une personne",
        "identite:resoudre",
        lu("Résultat.", ResultatRecherche),
        corps={JSON: Recherche},
        en_tetes=QUI,
    ),
    Operation(
        "GET",
        "/v1/parcours",
        "Lister les parcours visibles, ou ce qui arrive à échéance",
        "parcours:lire",
        lu("Une page.", PageParcours) | INCHANGE,
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
        lu("Le parcours.", VueParcours) | INCHANGE,
        en_tetes=(*QUI, SI_NON),
        cle=PRC,
    ),
    *(vue.operation for vue in VUES),
    Operation(
        "GET",
        "/v1/parcours/{prc}/feuille-de-route",
        "Lire la feuille de route, en JSON ou en page à remettre à la personne (`Accept: text/html`)",
        "parcours:lire",
        lu("La feuille de route.", VueFeuilleDeRoute, JSON, HTML) | INCHANGE,
        en_tetes=(*QUI, SI_NON),
        cle=PRC,
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}/historique",
        "Relire les événements d'un parcours",
        "parcours:lire",
        lu("Une page.", PageHistorique) | INCHANGE,
        (APRES, LIMITE),
        en_tetes=(*QUI, SI_NON),
        cle=PRC,
    ),
    Operation(
        "GET",
        "/v1/statistiques/delais",
        "Délais légaux par département et par mois ; aucun chiffre sur moins de 11 personnes",
        "pilotage:lire",
        lu("Les délais.", Delais) | INCHANGE,
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
        {202: rendu("Demandé ; il expire avec la prescription.", LienDemande)},
        corps={JSON: DemandeDeLien},
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
                {HTML: TEXTE, PROBLEME: Probleme},
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

PUBLIQUES = (
    Operation("GET", "/v1/contrats", "Le catalogue des messages", None, lu("Le catalogue.", Document)),
    Operation(
        "GET",
        "/v1/contrats/evenement",
        "Schéma JSON de l'enveloppe d'un événement",
        None,
        lu("Le schéma.", Document, "application/schema+json"),
    ),
    Operation(
        "GET",
        "/v1/contrats/{type}",
        "Schéma JSON et exemples d'un message",
        None,
        lu("Le schéma de `data`.", Document, "application/schema+json"),
        cle=_TYPE_NOMME,
    ),
    Operation(
        "GET",
        "/v1/contrats/{type}/depot",
        "Schéma JSON du dépôt entier d'un message",
        None,
        lu("Le schéma.", Document, "application/schema+json"),
        cle=_TYPE_NOMME,
    ),
    Operation("GET", "/openapi.json", "Ce document", None, lu("OpenAPI 3.1.", Document)),
    Operation("GET", "/asyncapi.json", "Les événements", None, lu("AsyncAPI 3.0.", Document)),
    Operation(
        "GET",
        "/problemes/{code}",
        "Ce que veut dire un refus",
        None,
        lu("En français.", SensDUnRefus, JSON, HTML),
        cle=Parametre("code", "Code d'un refus.", CLE, requis=True),
    ),
    Operation("GET", "/sante/vivant", "Vivant", None, lu("Vivant.", Document)),
    Operation(
        "GET",
        "/sante/pret",
        "Prêt, par dépendance",
        None,
        {200: rendu("Prêt.", Document), 503: rendu("Pas prêt.", Document)},
    ),
)

_CODE_DEPARTEMENT = Parametre("code", "Code du territoire.", DEPARTEMENT, requis=True)
_AGENT_REQUIS = (replace(QUI[0], requis=True), QUI[1])


def _reglage(
    nature: str, lire: str, changer: str, lu_: type[Rendu], ecrit: type[Donnees]
) -> tuple[Operation, Operation]:
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
            corps={JSON: ecrit},
            en_tetes=_AGENT_REQUIS,
            cle=_CODE_DEPARTEMENT,
        ),
    )


REGLAGES = (
    *_reglage(
        "regles",
        "Lire la table des règles qui préconise une orientation",
        "Remplacer la table des règles de son territoire",
        Regles,
        ReglageRegles,
    ),
    *_reglage(
        "delegations",
        "Lire à qui un département délègue ses décisions d'orientation",
        "Changer à qui l'on délègue",
        Delegations,
        ReglageDelegations,
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

DECLAREES: Mapping[str, Operation] = {operation.nom: operation for operation in OPERATIONS}
"""By its name, `GET /v1/evenements`: a route that is not declared here does not start."""
