"""Webhooks of rdv-insertion, of nobody, in the shapes of its documentation; and how it signs them."""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from typing import Any

from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry, serialize_compact

SECRET = "secret-partage-d-essai"
_SIGNED = ("id", "address", "starts_at")


def user(id_: int = 722, **fields: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "uid": None,
        "affiliation_number": f"{id_:07d}",
        "role": "demandeur",
        "created_at": "2026-11-02T12:19:08.522+01:00",
        "department_internal_id": None,
        "first_name": "Zoé",
        "last_name": "FICTIVE",
        "title": "madame",
        "address": "1 rue Exemple 59000 Exempleville",
        "phone_number": "+33600000001",
        "email": f"fictive.{id_}@exemple.fr",
        "birth_date": "1987-12-20",
        "rights_opening_date": None,
        "birth_name": None,
        "nir": None,
        "france_travail_id": f"{id_:011d}",
    } | fields


def rdv(
    *users: dict[str, Any], status: str = "unknown", category: str = "rsa_orientation", **fields: Any
) -> dict[str, Any]:
    """The id of a participation is that of its user and a thousand."""
    return {
        "id": 325,
        "starts_at": "2026-12-14T09:00:00.000+01:00",
        "duration_in_min": 25,
        "cancelled_at": None,
        "address": "2 place Exemple 59000 Exempleville",
        "uuid": "2bc2393b-bf2c-47f0-9f84-e30a6b067138",
        "created_by": "agent",
        "status": status,
        "users_count": len(users),
        "agents": [{"id": 2, "email": "agent@exemple.fr", "first_name": "Dominique", "last_name": "MODELE"}],
        "lieu": {"name": "Unité territoriale", "address": "2 place Exemple 59000 Exempleville", "phone_number": ""},
        "motif": {
            "name": "RSA orientation : convocation",
            "collectif": False,
            "location_type": "public_office",
            "motif_category": {"id": 1, "short_name": category, "name": "RSA orientation"},
        },
        "users": list(users),
        "organisation": {"id": 4, "name": "CD d'essai", "department_number": "59", "motif_categories": []},
        "participations": [participation(one, status) for one in users],
    } | fields


def participation(one: dict[str, Any], status: str) -> dict[str, Any]:
    created = {"created_by": "agent", "created_at": "2026-11-30T08:00:00.000+01:00"}
    return {
        "id": 1000 + one["id"],
        "status": status,
        "user": one,
        "starts_at": "2026-12-14T09:00:00.000+01:00",
    } | created


def webhook(data: dict[str, Any], at: str, event: str = "updated", model: str = "Rdv") -> bytes:
    """`at`: minutes and seconds of one hour, « 05:00 »."""
    meta = {"model": model, "event": event, "timestamp": f"2026-11-30 08:{at} +0100"}
    return json.dumps({"data": data, "meta": meta}, ensure_ascii=False).encode()


def hmac_signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-RDVI-SIGNATURE": hmac.digest(secret.encode(), body, "sha256").hex()}


def jwt_signed(body: bytes, end: datetime, secret: str = SECRET, alg: str = "HS256") -> dict[str, str]:
    data = json.loads(body)["data"]
    header = {"alg": alg, "typ": "JWT", "exp": int(end.timestamp())}
    claims = json.dumps({name: data[name] for name in _SIGNED if name in data}).encode()
    registry = JWSRegistry(algorithms=[alg], strict_check_header=False)
    return {
        "Authorization": f"Bearer {serialize_compact(header, claims, OctKey.import_key(secret), registry=registry)}"
    }
