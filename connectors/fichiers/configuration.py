"""The mapping of a partner's files: which column fills which field, by which table of codes; checked when written."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import asyncssh
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.fichiers.targets import Kind, UnknownField, deposited, target, targets
from connectors.sftp import public_key
from connectors.systems import Configuration
from relais_contrats.codes.acteurs import Finalite, Organisme
from relais_contrats.codes.orientation import ParcoursType
from relais_contrats.codes.usagers import Role, TypeIdentifiant
from relais_contrats.correspondances import CORRESPONDANCES
from relais_contrats.valeurs import Departement

_Texte = Annotated[str, Field(min_length=1, max_length=500)]
CNAF = "cnaf"
"""Instead of a message: a flow of the CNAF or the MSA (`vrsb`, `virs`, `vird`, contacts), which names its own."""

EXEMPLE = """\
# Fichiers : une table « arrivees » par sorte de fichier déposé.
departement = "59"

[[arrivees]]
nom = "signalements"
motif = "signalements*"
message = "usager.signale"

[arrivees.identifiants]
nir = "NIR"
local = "N° dossier"

[arrivees.champs]
"identite.nom_naissance" = "Nom de naissance"
"identite.prenoms" = "Prénom"
"identite.date_naissance" = { colonne = "Né(e) le", format = "%d/%m/%Y" }
brsa = { colonne = "RSA", defaut = "non" }
origine = { valeur = "inscription-conseiller-cd" }

[[arrivees]]
nom = "orientations"
motif = "orientations*"
message = "orientation.decidee"

[arrivees.identifiants]
local = "N° dossier"

[arrivees.champs]
parcours_type = { colonne = "Orientation", correspondance = "webrsa/parcours" }
organisme = { colonne = "Organisme", table = { "CD 59" = "departement", "FT" = "france-travail" } }
"structure.systeme" = { valeur = "siret" }
"structure.valeur" = "SIRET"
"structure.nom" = "Structure"
date_decision = { colonne = "Décidée le", format = "%d/%m/%Y" }
date_debut = { colonne = "Début", format = "%d/%m/%Y" }
decision = { valeur = "acceptee" }
rang = { valeur = "1" }

# Qui peut déposer par SFTP chez le relais : l'identifiant est le code du connecteur.
# cles_sftp = ["ssh-ed25519 AAAA… poste du département"]    (en tête de fichier)
#
# Ou le relais va chercher les fichiers sur le serveur du partenaire :
# [sftp]
# hote = "sftp.exemple.fr"
# utilisateur = "relais"
# cle = "-----BEGIN OPENSSH PRIVATE KEY-----…"
# cle_hote = "ssh-ed25519 AAAA…"
# arrivees = "/vers-relais"
# retours = "/retours"

# Ce qui part chaque jour : evenements, echeances, file-active ou feuilles-de-route.
# [[departs]]
# nom = "echeances"
# vue = "echeances"
# heure = "06:00"

# Les flux de la CNAF et de la MSA se reconnaissent seuls.
[[arrivees]]
nom = "cnaf"
motif = "*.xml"
message = "cnaf"
"""


class Source(BaseModel):
    """Where a field comes from. `valeur`: the same for all lines; `colonnes` are joined by a space; `table` and
    `correspondance` (`webrsa/parcours`) turn the partner's codes into ours; `format` is that of `strptime`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valeur: _Texte | None = None
    colonne: _Texte | None = None
    colonnes: Annotated[list[_Texte], Field(min_length=1)] | None = None
    table: dict[str, str] | None = None
    correspondance: _Texte | None = None
    format: _Texte | None = None
    defaut: _Texte | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum(one is not None for one in (self.valeur, self.colonne, self.colonnes)) != 1:
            raise ValueError("« valeur », « colonne » ou « colonnes », et une seule des trois")
        if self.table is not None and self.correspondance is not None:
            raise ValueError("« table » ou « correspondance », pas les deux")
        if self.correspondance is not None and tuple(self.correspondance.split("/", 1)) not in CORRESPONDANCES:
            known = ", ".join(sorted("/".join(one) for one in CORRESPONDANCES))
            raise ValueError(f"correspondance inconnue : {self.correspondance} ; choix : {known}")
        return self

    @property
    def read_columns(self) -> list[str]:
        return self.colonnes or ([self.colonne] if self.colonne else [])


class Arrivee(BaseModel):
    """One kind of file that comes in. `identifiants`: nature → column; they name the person, and are part of a
    signalement. `parcours`: the column of our own pseudonym, when the partner has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nom: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    motif: _Texte
    message: _Texte
    departement: Departement | None = None
    finalite: Finalite | None = None
    agent: _Texte | None = None
    separateur: Literal[";", ",", "\t", "|"] | None = None
    encodage: Literal["utf-8", "cp1252"] | None = None
    feuille: _Texte | None = None
    parcours: _Texte | None = None
    identifiants: Annotated[dict[TypeIdentifiant, _Texte], Field(default_factory=dict)]
    role: _Texte | None = None
    table_role: Annotated[dict[str, Role], Field(default_factory=dict)]
    champs: Annotated[dict[str, Source], Field(default_factory=dict)]

    @field_validator("message")
    @classmethod
    def _known(cls, message: str) -> str:
        if message != CNAF and not deposited(message):
            raise ValueError(f"« {message} » n'est pas un message qui se dépose")
        return message

    @field_validator("champs", mode="before")
    @classmethod
    def _short(cls, champs: object) -> object:
        """`champ = "Colonne"` is short for `champ = { colonne = "Colonne" }`."""
        if not isinstance(champs, dict):
            return champs
        return {name: {"colonne": source} if isinstance(source, str) else source for name, source in champs.items()}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.message == CNAF:
            return self
        for path, source in self.champs.items():
            _check(self.message, path, source)
        given = set(self.champs)
        missing = [
            one.path
            for one in targets(self.message)
            if one.is_required
            and one.path not in given
            and not (self.identifiants and one.path.startswith("identifiants."))
        ]
        if missing:
            raise ValueError(f"champs obligatoires sans colonne : {', '.join(missing)}")
        return self

    @property
    def read_columns(self) -> list[str]:
        """All that the file must have."""
        own = [*self.identifiants.values(), *filter(None, (self.parcours, self.role))]
        return list(dict.fromkeys([*own, *(c for source in self.champs.values() for c in source.read_columns)]))


def _check(fait: str, path: str, source: Source) -> None:
    try:
        found = target(fait, path)
    except UnknownField as unknown:
        raise ValueError(str(unknown)) from unknown
    if found.kind is Kind.CODE:
        written = [*(source.table or {}).values(), *filter(None, (source.valeur,))]
        wrong = [value for value in written if value not in found.codes]
        if wrong:
            raise ValueError(f"« {path} » n'admet pas {', '.join(wrong)} ; choix : {', '.join(found.codes)}")
    if source.format is not None and found.kind not in (Kind.DATE, Kind.INSTANT):
        raise ValueError(f"« {path} » n'est pas une date : « format » est de trop")


def _private(text: str) -> str:
    try:
        asyncssh.import_private_key(text)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise ValueError("une clé privée sans phrase secrète est attendue (OpenSSH ou PEM)") from None
    return text


_ClePublique = Annotated[str, AfterValidator(public_key)]


class ServeurSftp(BaseModel):
    """The partner's own server. `cle_hote`: its public key, without which nothing is sent to it; `cle`: our private
    one; `apres`: what becomes there of a file that was fetched."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hote: _Texte
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    utilisateur: _Texte
    cle: Annotated[str, AfterValidator(_private)]
    cle_hote: _ClePublique
    arrivees: _Texte
    retours: _Texte | None = None
    apres: Literal["laisser", "supprimer"] = "laisser"
    toutes_les_s: Annotated[int, Field(ge=1, le=86_400)] = 60


Vue = Literal["evenements", "echeances", "file-active", "feuilles-de-route"]


class Depart(BaseModel):
    """A table that leaves each day, from `heure` on (Paris). `colonnes`: heading → path in what the read answers;
    `jours`: how far ahead what falls due is looked for; `structure`: whose active file (`siret:…`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nom: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    vue: Vue
    heure: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "06:00"
    format: Literal["csv", "xlsx"] = "csv"
    types: tuple[_Texte, ...] = ()
    jours: Annotated[int, Field(ge=0, le=365)] = 7
    structure: _Texte | None = None
    colonnes: dict[str, _Texte] | None = None

    @model_validator(mode="after")
    def _followed(self) -> Self:
        if self.vue in ("file-active", "feuilles-de-route") and self.structure is None:
            raise ValueError(f"« structure » est nécessaire pour {self.vue}")
        return self


class FichiersConfiguration(Configuration):
    """`toutes_les_s`: pause between two looks at the folder, in seconds; a file is taken when it did not change between
    two of them. `cles_sftp`: the keys that open the home of this mandate on our own SFTP server."""

    departement: Departement
    transferts: bool = False
    """Whether the flows of the CNAF may transfer a parcours: the partner is then a département."""
    organismes: Annotated[dict[ParcoursType, Organisme], Field(default_factory=dict)]
    dsp: bool = False
    """As for HubEE: the organism of each parcours that the CAF computed; what a person declared, as criteria."""
    toutes_les_s: Annotated[int, Field(ge=1, le=3600)] = 5
    arrivees: Annotated[list[Arrivee], Field(min_length=1)]
    departs: tuple[Depart, ...] = ()
    cles_sftp: tuple[_ClePublique, ...] = ()
    sftp: ServeurSftp | None = None
