"""On a running hub: how fast a suspension or a revocation is felt, what a flood costs the others, stolen goods."""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from relais_contrats.client import Partner, RequestRefused
from tests.hub import Hub

pytestmark = [pytest.mark.anyio, pytest.mark.seul]
EFFECTIVE_WITHIN_S = 5.0


async def within(limit_s: float, condition: Callable[[], Any]) -> float:
    """Seconds until it holds; fails after the limit."""
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        if await condition():
            return time.monotonic() - began
        await asyncio.sleep(0.25)  # refused token requests are slowed when they come faster than a client makes them
    raise AssertionError(f"not within {limit_s} s")


async def status(partner: Partner, path: str = "/v1/evenements") -> int:
    """With the token that it has, and nothing done about a refusal."""
    headers = partner._credentials.headers("GET", f"{partner.client.api}{path}")
    response = await partner._http.get(f"{partner.client.api}{path}", headers=headers)
    return response.status_code


async def test_a_suspended_partner_is_out_within_five_seconds_and_back_as_soon(vivant: Hub) -> None:
    async with vivant.partner("asso-mobilite") as partner:
        await partner.get("/v1/evenements")
        vivant.relais("partenaire suspendre asso-mobilite")

        await within(EFFECTIVE_WITHIN_S, lambda: _is(partner, 401))
        with pytest.raises(RequestRefused):
            await partner._renew_token()
        vivant.relais("partenaire reprendre asso-mobilite")
        await within(EFFECTIVE_WITHIN_S, lambda: _is_given_a_token(partner))
        await within(EFFECTIVE_WITHIN_S, lambda: _is(partner, 200))


async def test_the_end_of_a_suspension_revives_no_token(vivant: Hub) -> None:
    async with vivant.partner("asso-mobilite") as partner, vivant.partner("asso-mobilite") as other:
        await partner.get("/v1/evenements")
        vivant.relais("partenaire suspendre asso-mobilite")
        vivant.relais("partenaire reprendre asso-mobilite")

        await within(EFFECTIVE_WITHIN_S, lambda: _is(partner, 401))
        await within(EFFECTIVE_WITHIN_S, lambda: _is_given_a_token(other))
        await within(EFFECTIVE_WITHIN_S, lambda: _is(other, 200))
        assert await status(partner) == 401


async def _is_given_a_token(partner: Partner) -> bool:
    try:
        await partner._renew_token()
    except RequestRefused:
        return False
    return True


async def _is(partner: Partner, expected: int) -> bool:
    return await status(partner) == expected


async def test_a_revoked_token_is_refused_and_a_new_one_is_given(vivant: Hub) -> None:
    async with vivant.partner("ml-lille") as partner:
        await partner.get("/v1/evenements")
        form = {k: v for k, v in partner._credentials.token_form().items() if k != "grant_type"}
        revoked = await partner._http.post(
            f"{vivant.api}/oauth/revoke", data=form | {"token": partner._credentials._token}
        )

        assert revoked.status_code == 200
        await within(EFFECTIVE_WITHIN_S, lambda: _is(partner, 401))
        await partner._renew_token()
        assert await status(partner) == 200


async def test_answers_tell_what_is_left(vivant: Hub) -> None:
    async with vivant.partner("cd-59") as partner:
        response = await partner._send("GET", "/v1/evenements")

    assert response.headers["ratelimit-policy"].startswith('"rafale";q=')
    assert response.headers["ratelimit"].startswith('"rafale";r=')


async def test_a_flood_of_forged_assertions_is_slowed_and_never_locks_the_true_client_out(vivant: Hub) -> None:
    async with vivant.partner("caf-59") as partner, httpx.AsyncClient() as attacker:
        form = partner._credentials.token_form()
        header, claims, _ = form["client_assertion"].split(".")
        statuses = []
        for _ in range(150):
            forged = f"{header}.{claims}.{secrets.token_urlsafe(64)}"
            answer = await attacker.post(f"{vivant.api}/oauth/token", data=form | {"client_assertion": forged})
            statuses.append(answer.status_code)

        began = time.monotonic()
        await partner._renew_token()
        renewed_in_s = time.monotonic() - began

    assert set(statuses) == {401, 429}
    assert statuses[-1] == 429
    assert renewed_in_s < 1
    assert answer.headers["retry-after"]


async def test_an_assertion_used_as_a_token_and_a_token_used_as_an_assertion_open_nothing(vivant: Hub) -> None:
    async with vivant.partner("cd-59") as partner:
        await partner.get("/v1/evenements")
        form = partner._credentials.token_form()
        url = f"{vivant.api}/v1/evenements"
        as_token = {
            "Authorization": f"DPoP {form['client_assertion']}",
            "DPoP": partner._credentials.proof("GET", url, form["client_assertion"]),
        }
        opened = await partner._http.get(url, headers=as_token)
        given = await partner._http.post(
            f"{vivant.api}/oauth/token",
            data=form | {"client_assertion": partner._credentials._token},
            headers={"DPoP": partner._credentials.proof("POST", f"{vivant.api}/oauth/token")},
        )

    assert (opened.status_code, given.status_code) in {(401, 401), (401, 429)}
    assert "token" not in given.json()


@pytest.mark.parametrize("header", ["X-Client-Cert", "X-SSL-Client-Cert", "X-Forwarded-Client-Cert", "SSL-Client-Cert"])
async def test_a_certificate_that_the_client_brings_itself_is_ignored(vivant: Hub, header: str) -> None:
    async with vivant.partner("cd-59") as partner:
        await partner.get("/v1/evenements")
        token = partner._credentials._token
        response = await partner._http.get(
            f"{vivant.api}/v1/evenements", headers={"Authorization": f"DPoP {token}", header: "-----BEGIN CERTIFICATE"}
        )

    assert response.status_code == 401


async def test_a_stolen_token_with_the_thief_s_own_proof_is_refused(vivant: Hub) -> None:
    async with vivant.partner("cd-59") as owner, vivant.partner("caf-59") as thief:
        await owner.get("/v1/evenements")
        stolen, url = owner._credentials._token, f"{vivant.api}/v1/evenements"
        headers = {"Authorization": f"DPoP {stolen}", "DPoP": thief._credentials.proof("GET", url, stolen)}
        response = await thief._http.get(url, headers=headers)

    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith('DPoP error="invalid_token"')


async def test_a_proof_serves_once(vivant: Hub) -> None:
    async with vivant.partner("cd-59") as partner:
        await partner.get("/v1/evenements")
        headers = partner._credentials.headers("GET", f"{vivant.api}/v1/evenements")
        first = await partner._http.get(f"{vivant.api}/v1/evenements", headers=headers)
        again = await partner._http.get(f"{vivant.api}/v1/evenements", headers=headers)

    assert (first.status_code, again.status_code) == (200, 401)
