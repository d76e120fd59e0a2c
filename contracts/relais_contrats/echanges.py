"""Models of the API's answers other than messages and views: deposits, events, settings, OAuth. A reader tolerates
unknown fields. Models of what the hub parses are in `abonnements`, `liens` and `v1`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

from relais_contrats.enveloppe import Depot, Evenement
from relais_contrats.operations import CURSEUR, DEPARTEMENT, ID_MESSAGE, INSTANT, NUMERO, PSEUDONYME, UUID
from relais_contrats.refus import REFUS
from relais_contrats.v1.vues import VueEcheance
from relais_contrats.v1.vues_feuille import VueEcheanceFeuille
from relais_contrats.v1.vues_referents import VueFileActive
from relais_contrats.valeurs import dit

ABSENT: Any = None
"""The default of a field of an answer that may not be there: it is never written as `null`."""

Curseur = Annotated[str, WithJsonSchema({**CURSEUR})]
Instant = Annotated[str, WithJsonSchema({**INSTANT})]
IdMessage = Annotated[str, WithJsonSchema({**ID_MESSAGE})]
Pseudonyme = Annotated[str, WithJsonSchema({**PSEUDONYME})]
Territoire = Annotated[str, WithJsonSchema({**DEPARTEMENT})]
Identifiant = Annotated[str, WithJsonSchema({**UUID})]
Numero = Annotated[int, WithJsonSchema({**NUMERO})]
Objet = dict[str, Any]


class Rendu(BaseModel):
    """Ce que le hub répond."""


class ErreurPointee(Rendu):
    """Ce qui ne va pas, et où."""

    pointeur: str = ABSENT
    code: str = ABSENT
    message: str = ABSENT


class Probleme(Rendu):
    """Un refus (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={"description": "RFC 9457. Codes du catalogue : " + ", ".join(f"`{c}`" for c in REFUS) + "."}
    )

    type: str
    title: str
    status: int
    detail: str = ABSENT
    instance: Annotated[str | None, dit("Identifiant de trace.")] = ABSENT
    code: str
    relancable: bool
    erreurs: list[ErreurPointee] = ABSENT
    exemple: Annotated[str | None, dit("Adresse d'un exemple valide.")] = ABSENT


class Document(RootModel[dict[str, Any]]):
    """Un document JSON dont la forme est celle d'une norme, ou propre à son sujet."""


class DonneesSeules(Document):
    """Mode binaire de CloudEvents : `data` seul, les attributs en en-têtes `ce-*`."""


class Cles(Rendu):
    """Un jeu de clés publiques (RFC 7517)."""

    keys: list[Objet]


class EtapeDeRacine(Rendu):
    """Une empreinte voisine, sur le chemin d'une chaîne à la racine."""

    cote: Literal["gauche", "droite"]
    empreinte: str


class ChaineDuJour(Rendu):
    """Le dernier reçu d'une de vos chaînes ce jour-là, et le chemin de lui à la racine."""

    chaine: str
    rang: int
    empreinte: str
    chemin: list[EtapeDeRacine]


class RacineDuJour(Rendu):
    """La racine signée d'un jour (JWS), et vos chaînes. Gardez-la : elle prouve que rien n'a changé depuis."""

    racine: str
    chaines: list[ChaineDuJour]


class Avertissement(Rendu):
    """Ce qui a été accepté sans être conservé, ou qui semble faux."""

    pointeur: str
    message: str


class DepotAccepte(Rendu):
    """Un dépôt accepté, avec son reçu."""

    id: IdMessage
    etat: Literal["accepte"]
    parcours: Pseudonyme | None = ABSENT
    evenements: list[Identifiant] = ABSENT
    recu: str = ABSENT
    avertissements: list[Avertissement] = ABSENT


class DepotEnAttente(Rendu):
    """Un dépôt enregistré, que le service décidera."""

    id: IdMessage
    etat: Literal["en-attente"]
    avertissements: list[Avertissement] = ABSENT


class Lot(RootModel[list[Depot | Any]]):
    """1 000 messages au plus, sinon 413. Chaque élément est jugé seul et a sa ligne de réponse : ce qui n'est pas un
    `Depot` y est refusé sans que les autres en souffrent."""


class DepotLu(Rendu):
    """Ce qu'est devenu un dépôt. `rebut` : mis de côté par le hub, qui le décidera ; `ecarte` : un opérateur y a
    renoncé, `motif` dit pourquoi."""

    id: Annotated[IdMessage, dit("Absent d'une ligne de flux dont l'identifiant n'a pas pu être lu.")] = ABSENT
    ligne: Annotated[
        int, Field(ge=1, le=100_000), dit("Refusé à l'entrée, dans un lot ou un flux : son rang, à partir de 1.")
    ] = ABSENT
    probleme: Annotated[Probleme, dit("Refusé : ce qui a été répondu.")] = ABSENT
    type: str = ABSENT
    etat: Literal["en-attente", "accepte", "refuse", "rebut", "ecarte"]
    precision: str = ABSENT
    motif: str = ABSENT
    recu_a: Instant
    parcours: Pseudonyme | None = ABSENT
    evenements: list[Identifiant] = ABSENT
    recu: str | None = ABSENT


class PageDepots(Rendu):
    """Une page de dépôts."""

    messages: list[DepotLu]
    suite: Curseur | None


class PageEvenements(Rendu):
    """Une page du fil."""

    evenements: list[Evenement]
    curseur: Curseur
    dernier_numero: Annotated[
        Numero,
        dit(
            "Le dernier `relaisnumero` du fil avant la lecture, page vide comprise : s'il vous manque quand la page "
            "n'est pas pleine, `GET /v1/evenements/trous` dit pourquoi. Il compte tous les types."
        ),
    ]


class Trou(Rendu):
    """Un numéro que le fil n'a pas remis, et pourquoi."""

    relaisnumero: Numero
    etat: Literal["a-lire", "retenu", "sans-objet", "archive", "efface"]
    evenement: Annotated[Identifiant, dit("Son identifiant chez vous ; absent s'il est effacé.")] = ABSENT
    distribue_a: Instant = ABSENT


class Trous(Rendu):
    """Les numéros du fil qui manquent."""

    dernier_numero: Annotated[Numero, dit("Le dernier numéro attribué ; 0 avant le premier.")]
    trous: list[Trou]
    suite: Annotated[Numero | None, dit("Le `du` de la page suivante.")]


class ResultatRecherche(Rendu):
    """Ce que la recherche d'une personne a trouvé."""

    resultat: Literal["trouve", "aucun", "plusieurs"]
    parcours: Pseudonyme = ABSENT


class PageParcours(Rendu):
    """Une page de parcours, ou de ce qui y arrive à échéance."""

    parcours: list[VueEcheance | VueFileActive | VueEcheanceFeuille]
    suite: Curseur | None


class PageHistorique(Rendu):
    """Une page des événements d'un parcours."""

    evenements: list[Evenement]
    suite: Curseur | None


class Delais(Rendu):
    """Délais légaux, par département et par mois."""

    orientation: list[Objet] = ABSENT
    engagements: list[Objet] = ABSENT
    referents: list[Objet] = ABSENT


class LienDemande(Rendu):
    """Un lien que l'opérateur remettra."""

    etat: Literal["a-remettre"] = ABSENT
    expire_a: Instant = ABSENT


class VersionReglage(Rendu):
    """Une version d'un réglage, et qui l'a voulue."""

    version: int
    motif: str
    agent: str
    source: str
    enregistre_a: Instant


class Regles(Rendu):
    """La table des règles d'un territoire."""

    departement: Territoire
    version: int
    versions: list[VersionReglage]
    origine: Literal["departement", "defaut"]
    criteres_requis: list[str] = ABSENT
    table: list[Objet]


class Delegations(Rendu):
    """À qui un territoire délègue ses décisions d'orientation."""

    departement: Territoire
    version: int
    versions: list[VersionReglage]
    delegations: list[str]


class Jeton(Rendu):
    """Un jeton d'accès (RFC 6749, § 5.1)."""

    access_token: str
    token_type: Literal["DPoP", "Bearer"]
    expires_in: Annotated[int, Field(ge=1, le=300)]
    scope: str = ABSENT


class ErreurOAuth(Rendu):
    """Un refus (RFC 6749, § 5.2)."""

    error: str
    error_description: str = ABSENT


class SensDUnRefus(Rendu):
    """Ce que veut dire un code de refus."""

    code: str
    statut: int
    titre: str
    explication: str
    conseil: str | None = ABSENT
    relancable: bool
    exemple: str | None = ABSENT
