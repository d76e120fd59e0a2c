"""The acts on partners: what is declared of them, whether they may come in, and where they are on the way."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import asyncpg

from chassis.database import Connection, Record
from gateway import partners
from gateway.declarations import Changes, Inadmissible, Partner
from gateway.destinations import hote_de
from gateway.inbound.administration.office import Fait, Geste, Refusee
from relais_contrats.administration import partenaires as demandes
from relais_contrats.oauth.errors import CertificatInvalide, CleInvalide
from relais_contrats.oauth.keys import cle_a_inscrire

_STAGE = "UPDATE partenaires SET etape = $2, modifie_a = $3 WHERE code = $1"
_QUOTAS = "UPDATE partenaires SET rafale = $2, debit_par_s = $3, quota_jour = $4, modifie_a = $5 WHERE code = $1"
_TRY = "UPDATE abonnements SET essai_demande_a = $2 WHERE partenaire = $1 AND etat = 'actif' RETURNING id"
_CREDENTIALS = """
SELECT EXISTS (SELECT FROM cles_partenaire WHERE partenaire = $1 AND fin > $2)
    OR EXISTS (SELECT FROM certificats_partenaire WHERE partenaire = $1 AND fin > $2)
    OR EXISTS (SELECT FROM secrets_herites WHERE partenaire = $1 AND expire_le > $2)
"""


async def suspendre(conn: Connection, corps: demandes.UnPartenaire, now: datetime) -> Fait:
    return await _set_state(conn, corps.partenaire, "suspendu", now)


async def reprendre(conn: Connection, corps: demandes.UnPartenaire, now: datetime) -> Fait:
    return await _set_state(conn, corps.partenaire, "actif", now)


async def _set_state(conn: Connection, code: str, etat: str, now: datetime) -> Fait:
    """Said twice, it is done twice: what a token of before is worth ends each time."""
    before = await declared(conn, code)
    await partners.changer_etat(conn, code=code, etat=etat, maintenant=now)
    return Fait(code, {"etat": before["etat"]}, {"etat": etat})


async def creer(conn: Connection, corps: demandes.PartenaireCree, now: datetime) -> Fait:
    with told():
        partner = Partner(
            code=corps.partenaire,
            type_organisme=corps.type_organisme,
            nom=corps.nom,
            exige_certificat=corps.exige_certificat,
            **_lists(corps),
        )
        jwk = cle_a_inscrire(corps.cle) if corps.cle else None
        certificate = corps.certificat.encode() if corps.certificat else None
        try:
            await partners.creer(conn, **dataclasses.asdict(partner), jwk=jwk, certificat=certificate)
        except asyncpg.UniqueViolationError as error:
            raise Refusee("deja-la", f"Le partenaire {partner.code} ou son certificat existe déjà.") from error
    await conn.execute(_STAGE, partner.code, corps.etape, now)
    after = dataclasses.asdict(partner) | {"etape": corps.etape, "kid": jwk["kid"] if jwk else None}
    return Fait(partner.code, None, after, {"kid": jwk["kid"] if jwk else None} | await _shared(conn, partner))


async def modifier(conn: Connection, corps: demandes.PartenaireModifie, now: datetime) -> Fait:
    row = await declared(conn, corps.partenaire)
    before = Partner(**{one.name: row[one.name] for one in dataclasses.fields(Partner)})
    removed = {name: value for name, value in corps if name.startswith("sans_")}
    with told():
        changes = Changes(nom=corps.nom, exige_certificat=corps.exige_certificat, **_lists(corps), **removed)
        if changes == Changes():
            raise Refusee("rien", "Rien à modifier : nommez au moins une chose.")
        after = changes.applied_to(before)
    held = {name: value for name, value in dataclasses.asdict(after).items() if name not in ("code", "type_organisme")}
    await partners.modifier(conn, code=after.code, **held, maintenant=now)
    lost = set(before.hotes) - set(after.hotes)
    urls = await partners.adresses_en_service(conn, code=after.code) if lost else []
    stopped = sum(hote_de(url) in lost for url in urls)
    changed = [name for name, value in held.items() if value != getattr(before, name)]
    return Fait(
        after.code,
        {name: getattr(before, name) for name in changed},
        {name: held[name] for name in changed},
        {"abonnements_arretes": stopped, "scopes": after.scopes} | await _shared(conn, after),
    )


async def approuver(conn: Connection, corps: demandes.UnPartenaire, now: datetime) -> Fait:
    return await _move(conn, corps.partenaire, ("demande",), "bac-a-sable", now)


async def essayer(conn: Connection, corps: demandes.UnPartenaire, now: datetime) -> Fait:
    return await _move(conn, corps.partenaire, ("production",), "bac-a-sable", now)


async def produire(conn: Connection, corps: demandes.UnPartenaire, now: datetime) -> Fait:
    """Only a partner that can come in: something proves who it is, and a convention gives it a purpose."""
    row, day = await declared(conn, corps.partenaire), now.date().isoformat()
    if not await conn.fetchval(_CREDENTIALS, corps.partenaire, now):
        raise Refusee("sans-cle", "Ce partenaire n'a ni clé ni certificat valables : inscrivez-en un d'abord.")
    if not any(not one.get("date_fin") or one["date_fin"] >= day for one in row["conventions"]):
        raise Refusee("sans-convention", "Ce partenaire n'a aucune convention en vigueur : rien ne passerait.")
    return await _move(conn, corps.partenaire, ("bac-a-sable",), "production", now)


async def _move(conn: Connection, code: str, before: tuple[str, ...], after: str, now: datetime) -> Fait:
    row = await declared(conn, code)
    if row["etape"] not in before:
        raise Refusee("autre-etape", f"Ce partenaire est à l'étape « {row['etape']} ».")
    await conn.execute(_STAGE, code, after, now)
    await partners.changed(conn)
    return Fait(code, {"etape": row["etape"]}, {"etape": after})


async def quotas(conn: Connection, corps: demandes.Quotas, now: datetime) -> Fait:
    row, named = await declared(conn, corps.partenaire), ("rafale", "debit_par_s", "quota_jour")
    after = {name: getattr(corps, name) for name in named}
    await conn.execute(_QUOTAS, corps.partenaire, *after.values(), now)
    await partners.changed(conn)
    return Fait(corps.partenaire, {name: row[name] for name in named}, after)


async def essai(conn: Connection, corps: demandes.UnPartenaire, now: datetime) -> Fait:
    """A signed delivery about nobody, to each subscription in service."""
    await declared(conn, corps.partenaire)
    asked = await conn.fetch(_TRY, corps.partenaire, now)
    if not asked:
        raise Refusee("sans-abonnement", "Ce partenaire n'a aucun abonnement actif : il lit son fil.")
    return Fait(corps.partenaire, None, {"abonnements": [str(row["id"]) for row in asked]})


async def declared(conn: Connection, code: str) -> Record:
    """The partner as it is declared, locked. Raises Refusee."""
    row = await partners.declare(conn, code=code)
    if row is None:
        raise Refusee("inconnu", f"Partenaire inconnu : {code}.", "/partenaire")
    return row


def _lists(corps: demandes.Declare) -> dict[str, Any]:
    return {
        "departements": corps.departements,
        "scopes": corps.scopes,
        "structures": [one.model_dump() for one in corps.structures],
        "conventions": [one.model_dump(mode="json") for one in corps.conventions],
        "hotes": corps.hotes,
    }


async def _shared(conn: Connection, partner: Partner) -> dict[str, Any]:
    """Two systems of one structure are right; a SIRET copied from the wrong line discloses persons."""
    held = await partners.aussi_tenues(conn, code=partner.code, structures=partner.structures)
    return {"structures_partagees": [{"partenaire": other, "structure": structure} for other, structure in held]}


@contextmanager
def told() -> Iterator[None]:
    """What may not be declared is refused in the words of its rule."""
    try:
        yield
    except Inadmissible as error:
        raise Refusee("non-admis", str(error)) from error
    except CleInvalide as error:
        raise Refusee("cle-refusee", f"La clé est refusée : {error}.", "/cle") from error
    except CertificatInvalide as error:
        raise Refusee("certificat-refuse", f"Le certificat est refusé : {error}.", "/certificat") from error


GESTES: dict[str, Geste] = {
    "partenaire-suspendre": suspendre,
    "partenaire-reprendre": reprendre,
    "partenaire-creer": creer,
    "partenaire-modifier": modifier,
    "partenaire-approuver": approuver,
    "partenaire-produire": produire,
    "partenaire-essayer": essayer,
    "partenaire-quotas": quotas,
    "partenaire-essai": essai,
}
