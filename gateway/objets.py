"""The objects of a parcours (appointments, contracts, actions…): whose they are, and what each partner calls them.

Inside the hub an object has one key, made of its emitter, the key that it gave, and the parcours in which it gave it:
two systems that both count 1, 2, 3 never meet, and a merge keeps both (decision 0033).
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Connection, Record
from gateway.pseudonyms import OBJECT_PREFIX, Pseudonyms
from relais_contrats.catalogue import CHANGENT_UN_OBJET, CREENT_UN_OBJET
from relais_contrats.champs import nommes_dans
from relais_contrats.droits import Role
from relais_contrats.partenaires import Partenaire

_NOTE = """
INSERT INTO objets (id, nature, parcours, partenaire, cle)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[]) ON CONFLICT DO NOTHING
"""
_BY_ID = """
SELECT o.id, o.nature, coalesce(a.survivant, o.parcours) AS survivant, o.parcours, o.partenaire, o.cle
FROM objets o LEFT JOIN alias a ON a.absorbe = o.parcours WHERE o.id = ANY($1)
"""
# Of parcours that absorbed others: all that was created in any of them.
_OF_MERGED = """
SELECT coalesce(a.survivant, o.parcours) AS survivant, o.nature, o.parcours, o.partenaire, o.cle
FROM objets o LEFT JOIN alias a ON a.absorbe = o.parcours
WHERE o.parcours IN (
    SELECT absorbe FROM alias WHERE survivant = ANY($1) UNION SELECT survivant FROM alias WHERE survivant = ANY($1))
"""
# A parcours that was absorbed is itself; the name of a person is that of the first parcours to which it led.
_BEFORE_MERGES = """
SELECT absorbe, CASE WHEN est_un_nom THEN coalesce(chemin[cardinality(chemin)], survivant) ELSE absorbe END AS parcours
FROM alias WHERE absorbe = ANY($1)
"""
_ERASE = """
DELETE FROM objets
WHERE parcours IN (SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""


@dataclass(frozen=True, slots=True)
class Objet:
    """`parcours` is the one in which `partenaire` gave it the key `cle`; it stays with the object after a merge."""

    partenaire: str
    cle: str
    parcours: UUID

    @property
    def interne(self) -> str:
        """`cd-59/1042@` and the parcours in hexadecimal digits: what services and events inside the hub call it."""
        return f"{self.partenaire}/{self.cle}@{self.parcours.hex}"

    @property
    def id(self) -> UUID:
        """What an `obj_…` is a pseudonym of."""
        return _id(self.interne)


@dataclass(frozen=True, slots=True)
class Nomme:
    """A key in a deposit: whose, in which parcours as it was named, what of (`rdv`, `contrat`…), and as written."""

    partenaire: str
    parcours: UUID
    nature: str
    texte: str


def lire(interne: str) -> Objet | None:
    """None for a text that is no internal key."""
    nom, _, parcours = interne.rpartition("@")
    partenaire, separator, cle = nom.partition("/")
    try:
        return Objet(partenaire, cle, UUID(parcours)) if separator else None
    except ValueError:
        return None


def proprietaire(interne: str) -> str | None:
    """The partner that created this object."""
    objet = lire(interne)
    return objet.partenaire if objet else None


def peut_dire(type_message: str, partenaire: Partenaire, roles: frozenset[Role], interne: str) -> bool:
    """Whether a partner with these roles may send this message about that object (CATALOGUE § 1): to change one is for
    its emitter, the structure of the référent and the département of the territory."""
    if type_message not in CHANGENT_UN_OBJET or proprietaire(interne) == partenaire.code:
        return True
    return Role.REFERENT in roles or (partenaire.type_organisme == "departement" and Role.TERRITOIRE in roles)


def est_un_nom_pour_cle(type_message: str, interne: str) -> bool:
    """Whether the message would give an object an `obj_…` as its own key: one that names nothing here."""
    objet = lire(interne)
    return type_message in CREENT_UN_OBJET and objet is not None and objet.cle.startswith(OBJECT_PREFIX)


def nom(pseudonyms: Pseudonyms, partenaire: str, interne: str, homonymes: Collection[str] = ()) -> str:
    """What a partner reads: its own key of what it created, a pseudonym of the rest. `homonymes` are objects that lost
    their plain key to another one of the same emitter in a merge."""
    objet = lire(interne)
    if objet and objet.partenaire == partenaire and interne not in homonymes:
        return objet.cle
    return pseudonyms.object_of(partenaire, _id(interne))


def crees_par(type_message: str, donnees: Mapping[str, object]) -> list[tuple[str, str]]:
    """The objects, by nature and internal key, that a message of this type names when it creates one."""
    return nommes_dans(type_message, donnees) if type_message in CREENT_UN_OBJET else []


def ailleurs(internes: Iterable[str], parcours: UUID) -> bool:
    """Whether one of them was created in another parcours than the one of which it is now: there was a merge."""
    return any((objet := lire(interne)) is not None and objet.parcours != parcours for interne in internes)


async def noter(conn: Connection, crees: Collection[tuple[str, str]]) -> None:
    """Keep by nature and internal key what was created: before anybody receives it."""
    connus = [(nature, objet) for nature, interne in sorted(set(crees)) if (objet := lire(interne))]
    if connus:
        await conn.execute(
            _NOTE,
            [objet.id for _, objet in connus],
            [nature for nature, _ in connus],
            [objet.parcours for _, objet in connus],
            [objet.partenaire for _, objet in connus],
            [objet.cle for _, objet in connus],
        )


async def resoudre(
    conn: Connection, pseudonyms: Pseudonyms, nommes: Collection[Nomme], survivants: Mapping[UUID, UUID]
) -> dict[Nomme, str]:
    """The internal key of each. An `obj_…` that names nothing of this kind in this parcours reads like a key that the
    partner has never given: nobody learns more from it."""
    if not nommes:
        return {}
    ici = {n: survivants.get(n.parcours, n.parcours) for n in nommes}
    lus = {n: id_ for n in nommes if (id_ := pseudonyms.read_object(n.partenaire, n.texte))}
    rows = await conn.fetch(_BY_ID, list(lus.values())) if lus else []
    designes = {(row["id"], row["nature"], row["survivant"]): _objet(row) for row in rows}
    reunis = await _reunis(conn, ici.values())
    absorbes = {n.parcours for n in nommes if n.parcours != ici[n]}
    # A key that is new names the parcours under whose name it is given: if the merge is undone, it goes with it.
    chez = {row["absorbe"]: row["parcours"] for row in await conn.fetch(_BEFORE_MERGES, list(absorbes))}
    return {
        n: (
            designes.get((lus.get(n), n.nature, ici[n]))
            or _le_sien(n, ici[n], chez.get(n.parcours, n.parcours), reunis)
        ).interne
        for n in nommes
    }


async def homonymes(conn: Connection, parcours: Collection[UUID]) -> frozenset[str]:
    """Of these parcours and of what they absorbed: the objects whose plain key is that of another one."""
    reunis = await _reunis(conn, parcours)
    return frozenset(
        objet.interne for (survivant, *_), objets in reunis.items() for objet in objets if objet != objets[0]
    )


async def effacer(conn: Connection, parcours: Iterable[UUID]) -> None:
    await conn.execute(_ERASE, list(parcours))


def _le_sien(n: Nomme, ici: UUID, chez: UUID, reunis: Mapping[tuple[UUID, str, str, str], Sequence[Objet]]) -> Objet:
    """By the partner's own key: in merged parcours, that of the one which it named, else the one that kept the key."""
    memes = reunis.get((ici, n.partenaire, n.nature, n.texte), ())
    de_ce_parcours = [objet for objet in memes if objet.parcours == n.parcours]
    return next(iter([*de_ce_parcours, *memes]), Objet(n.partenaire, n.texte, chez))


async def _reunis(conn: Connection, parcours: Iterable[UUID]) -> dict[tuple[UUID, str, str, str], list[Objet]]:
    """Of merged parcours, the objects under each key of each emitter: first the one that keeps the key, that of the
    survivor, else of the parcours that was opened first."""
    trouves: dict[tuple[UUID, str, str, str], list[Objet]] = {}
    for row in await conn.fetch(_OF_MERGED, list(set(parcours))):
        cle = (row["survivant"], row["partenaire"], row["nature"], row["cle"])
        trouves.setdefault(cle, []).append(_objet(row))
    for (survivant, *_), objets in trouves.items():
        objets.sort(key=lambda objet: (objet.parcours != survivant, objet.parcours))
    return trouves


def _objet(row: Record) -> Objet:
    return Objet(row["partenaire"], row["cle"], row["parcours"])


def _id(interne: str) -> UUID:
    return UUID(bytes=hashlib.sha256(interne.encode()).digest()[:16])
