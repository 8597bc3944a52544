"""Coming in and staying in: what a thief, a guesser and another site try, and what the owner does."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import make_mocked_request
from argon2 import PasswordHasher
from sqlalchemy import select, update

from bot.console import parts, totp
from bot.console.access import PREFIX
from bot.console.csrf import is_same_site
from bot.console.demo import demo_link
from bot.console.doors import MOST_FAILURES, REST
from bot.console.passwords import Passwords
from bot.console.sessions import COOKIE, IDLE, LONGEST, hashed
from bot.console.tables import accounts, recovery_codes, sessions
from bot.console.throttle import Throttle
from bot.core.errors import SettingsError
from bot.transcripts.sealing import Keys
from tests.console.conftest import CHEAP, PASSWORD, Console, Visitor

DOOR = f"{PREFIX}/login"


def code(console: Console, secret: str, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_at(console.clock.now()) + steps)


async def enter(visitor: Visitor, login: str, password: str, typed: str, **headers: str) -> ClientResponse:
    return await visitor.post(
        "/login", {"login": login, "password": password, "code": typed}, headers=headers
    )


def cookie_of(response: ClientResponse) -> str:
    return response.cookies["faro_staff"].value


async def is_in(visitor: Visitor) -> bool:
    return (await visitor.get("/account")).status == 200


async def test_name_password_and_code_open_the_console(console: Console) -> None:
    staff, secret = await console.member("reader")
    visitor = console.visitor()
    response = await enter(visitor, f" {staff.login.upper()} ", PASSWORD, code(console, secret))
    assert (response.status, response.headers["Location"]) == (303, f"{PREFIX}/")
    morsel = response.cookies["faro_staff"]
    assert morsel["httponly"]
    assert (morsel["samesite"], morsel["path"], morsel["secure"]) == ("Strict", "/", "")
    assert await is_in(visitor)
    assert await console.actions(staff.id) == ["account.sign_in"]


async def test_the_table_holds_no_cookie(console: Console) -> None:
    staff, secret = await console.member("reader")
    token = cookie_of(await enter(console.visitor(), staff.login, PASSWORD, code(console, secret)))
    async with console.database.connect() as connection:
        kept = (await connection.execute(select(sessions.c.token))).scalars().all()
    assert kept == [hashed(token)]
    assert len(token) >= 43


@pytest.mark.parametrize(
    ("login", "password", "typed"),
    [
        ("nobody", PASSWORD, "right"),
        ("", "", ""),
        ("right", "wrong", "right"),
        ("right", PASSWORD, "000000"),
        ("right", PASSWORD, ""),
        ("right", PASSWORD, "older"),
        ("right", PASSWORD, "１２３４５６"),
        ("right", PASSWORD + "x" * 30_000, "right"),
    ],
)
async def test_whatever_is_wrong_the_answer_is_the_same(
    console: Console, login: str, password: str, typed: str
) -> None:
    staff, secret = await console.member("reader")
    name = login.replace("right", staff.login)
    given = {"right": code(console, secret), "older": code(console, secret, -4)}.get(typed, typed)
    visitor = console.visitor()
    response = await enter(visitor, name, password, given)
    told = await response.text()
    assert response.status == 403
    assert "Check login, password and code" in told
    assert staff.login not in told
    assert "faro_staff" not in response.cookies


async def test_the_password_is_hashed_whether_or_not_there_is_such_an_account(
    open_console: Callable[..., Awaitable[Console]],
) -> None:
    hashes: list[bool] = []

    class Counted(Passwords):
        async def verify(self, kept: str | None, password: str) -> bool:
            found = await super().verify(kept, password)
            hashes.append(kept is None)
            return found

    console = await open_console(passwords=Counted(CHEAP))
    staff, _ = await console.member("reader")
    await console.accounts.disable((await console.member("reader", "shut.one"))[0].id)
    for login, typed in ((staff.login, "000000"), ("nobody", "000000"), ("shut.one", ""), ("demo", "")):
        await enter(console.visitor(), login, "x", typed)
    assert hashes == [False, True, False, True]


async def test_a_refusal_takes_a_whole_number_of_steps(
    open_console: Callable[..., Awaitable[Console]],
) -> None:
    console = await open_console(refusal_seconds=0.2)
    staff, _ = await console.member("reader")
    for login in (staff.login, "nobody"):
        began = time.monotonic()
        await enter(console.visitor(), login, "x", "")
        assert (time.monotonic() - began) % 0.2 < 0.1


async def test_a_code_works_once(console: Console) -> None:
    staff, secret = await console.member("reader")
    typed = code(console, secret)
    assert (await enter(console.visitor(), staff.login, PASSWORD, typed)).status == 303
    assert (await enter(console.visitor(), staff.login, PASSWORD, typed)).status == 403
    # Nor does an older one that was not used.
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, secret, -1))).status == 403
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, secret, 1))).status == 303


async def test_two_who_bring_the_same_code_at_once_are_not_both_let_in(console: Console) -> None:
    staff, secret = await console.member("reader")
    typed = code(console, secret)
    answers = await asyncio.gather(
        *(enter(console.visitor(), staff.login, PASSWORD, typed) for _ in range(4))
    )
    assert sorted(answer.status for answer in answers) == [303, 403, 403, 403]


async def test_a_recovery_code_opens_once(console: Console) -> None:
    staff, _ = await console.member("reader")
    done = await console.app[parts.DOORS].new_codes(staff, PASSWORD)
    assert len(set(done.codes)) == 10
    async with console.database.connect() as connection:
        kept = (await connection.execute(select(recovery_codes.c.hash))).scalars().all()
    assert not set(kept) & {found.replace("-", "") for found in done.codes}
    typed = done.codes[3].upper().replace("-", " ")
    assert (await enter(console.visitor(), staff.login, "wrong", typed)).status == 403
    assert (await enter(console.visitor(), staff.login, PASSWORD, typed)).status == 303
    assert (await enter(console.visitor(), staff.login, PASSWORD, typed)).status == 403
    assert await console.app[parts.DOORS].codes_left(staff) == 9


async def test_ten_failures_let_an_account_rest(open_console: Callable[..., Awaitable[Console]]) -> None:
    console = await open_console(throttle=Throttle("1000/minute", "1000/minute"))
    staff, secret = await console.member("reader")
    for _ in range(MOST_FAILURES):
        assert (await enter(console.visitor(), staff.login, "guess", "")).status == 403
    assert console.heard.alarms == [("staff", "account_locked")]
    # Even who knows everything waits, and is told no more than before.
    response = await enter(console.visitor(), staff.login, PASSWORD, code(console, secret))
    assert response.status == 403
    assert "rests for 15 minutes" in await response.text()
    # Guessing on neither fills the log nor makes the rest longer.
    for _ in range(5):
        await enter(console.visitor(), staff.login, "guess", "")
    assert (await console.actions(staff.id)).count("account.refused") == MOST_FAILURES
    console.clock.moment += REST
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, secret))).status == 303


async def test_names_and_addresses_may_try_only_so_often(
    open_console: Callable[..., Awaitable[Console]],
) -> None:
    console = await open_console(throttle=Throttle("2/minute", "5/minute"))
    staff, secret = await console.member("reader")
    statuses = [(await enter(console.visitor(), "nobody", "x", "")).status for _ in range(3)]
    assert statuses == [403, 403, 429]
    # Another name from the same address, then from another one.
    statuses = [(await enter(console.visitor(), f"name{n}", "x", "")).status for n in range(3)]
    assert statuses == [403, 403, 429]
    elsewhere = {"X-Test-Address": "192.0.2.2"}
    assert (
        await enter(console.visitor(), staff.login, PASSWORD, code(console, secret), **elsewhere)
    ).status == 303


async def test_signing_in_takes_no_session_that_somebody_laid_ready(console: Console) -> None:
    staff, secret = await console.member("reader")
    visitor = console.visitor()
    laid = "x" * 43
    visitor.client.session.cookie_jar.update_cookies({"faro_staff": laid})
    response = await enter(visitor, staff.login, PASSWORD, code(console, secret))
    assert cookie_of(response) != laid
    assert await is_in(visitor)
    visitor.client.session.cookie_jar.clear()
    visitor.client.session.cookie_jar.update_cookies({"faro_staff": laid})
    assert not await is_in(visitor)


async def test_signing_in_again_ends_the_session_before(console: Console) -> None:
    first, _ = await console.member("reader")
    other, secret = await console.member("admin")
    visitor = await console.signed_in(first)
    old = next(iter(visitor.client.session.cookie_jar)).value
    assert (await enter(visitor, other.login, PASSWORD, code(console, secret))).status == 303
    thief = console.visitor()
    thief.client.session.cookie_jar.update_cookies({"faro_staff": old})
    assert not await is_in(thief)


@pytest.mark.parametrize("made", ["", "x", "a.b.c", "é", "' OR 1=1 --", "0" * 5000])
async def test_a_made_up_cookie_opens_nothing(console: Console, made: str) -> None:
    visitor = console.visitor()
    response = await visitor.get("/account", headers={"Cookie": f"faro_staff={made}"})
    assert (response.status, response.headers.get("Location")) == (303, DOOR)


async def test_the_hash_in_the_table_is_no_cookie(console: Console) -> None:
    staff, _ = await console.member("reader")
    await console.signed_in(staff)
    async with console.database.connect() as connection:
        kept = (await connection.execute(select(sessions.c.token))).scalar_one()
    visitor = console.visitor()
    visitor.client.session.cookie_jar.update_cookies({"faro_staff": kept})
    assert not await is_in(visitor)


async def test_a_session_ends_after_half_an_hour_of_quiet(console: Console) -> None:
    visitor = await console.signed_in((await console.member("reader"))[0])
    for _ in range(3):
        console.clock.moment += IDLE - timedelta(minutes=1)
        assert await is_in(visitor)
    console.clock.moment += IDLE
    assert not await is_in(visitor)


async def test_a_page_that_asks_by_itself_keeps_no_session_alive(console: Console) -> None:
    visitor = await console.signed_in((await console.member("reader"))[0])
    for _ in range(3):
        console.clock.pass_time(minutes=10, seconds=1)
        status = (await visitor.get("/counts")).status
    assert status == 303


async def test_a_session_ends_after_twelve_hours_of_work(console: Console) -> None:
    visitor = await console.signed_in((await console.member("reader"))[0])
    for _ in range(int(LONGEST / timedelta(minutes=20)) - 1):
        console.clock.pass_time(minutes=20)
        assert await is_in(visitor)
    console.clock.pass_time(minutes=20)
    assert not await is_in(visitor)


async def test_signing_out_ends_the_session_for_a_thief_too(console: Console) -> None:
    visitor = await console.signed_in((await console.member("reader"))[0])
    token = next(iter(visitor.client.session.cookie_jar)).value
    response = await visitor.post("/logout")
    assert (response.status, response.headers["Location"]) == (303, DOOR)
    thief = console.visitor()
    thief.client.session.cookie_jar.update_cookies({"faro_staff": token})
    assert not await is_in(thief)


@pytest.mark.parametrize(
    ("headers", "token", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, "right", 303),
        ({"Origin": "own"}, "right", 303),
        ({"Sec-Fetch-Site": "cross-site"}, "right", 403),
        ({"Sec-Fetch-Site": "same-site"}, "right", 403),
        ({"Sec-Fetch-Site": "none"}, "right", 403),
        ({"Origin": "https://firm.example.evil.example"}, "right", 403),
        ({"Origin": "null"}, "right", 403),
        ({}, "right", 403),
        ({"Sec-Fetch-Site": "same-origin"}, "", 403),
        ({"Sec-Fetch-Site": "same-origin"}, "0" * 64, 403),
        ({"Sec-Fetch-Site": "same-origin"}, "é", 403),
        ({"Sec-Fetch-Site": "same-origin"}, "another session's", 403),
    ],
)
async def test_only_forms_of_our_own_pages_are_taken(
    console: Console, headers: dict[str, str], token: str, status: int
) -> None:
    visitor = await console.signed_in((await console.member("reader"))[0])
    other = await console.signed_in((await console.member("reader"))[0])
    given = {"right": await visitor.token(), "another session's": await other.token()}.get(token, token)
    if headers.get("Origin") == "own":
        headers = {"Origin": str(console.server.make_url("")).rstrip("/")}
    response = await visitor.client.post(
        f"{PREFIX}/account/language",
        data={"csrf": given, "language": "es"},
        headers=headers,
        allow_redirects=False,
    )
    assert response.status == status
    assert (">Su cuenta</h1>" in await visitor.page("/account")) == (status == 303)


@pytest.mark.parametrize(
    ("origin", "public_url", "own"),
    [
        ("https://gateway.internal", "", True),
        ("http://gateway.internal", "", True),
        ("https://chat.firm.example", "", False),
        ("https://Chat.firm.example", "https://chat.firm.example/", True),
        ("http://chat.firm.example", "https://chat.firm.example", False),
        ("https://chat.firm.example.evil.example", "https://chat.firm.example", False),
        ("://", "", False),
        ("", "", False),
        ("null", "", False),
    ],
)
def test_a_proxy_may_call_the_gateway_otherwise_than_the_world_does(
    origin: str, public_url: str, own: bool
) -> None:
    request = make_mocked_request(
        "POST", "/staff/login", headers={"Host": "gateway.internal", "Origin": origin}
    )
    assert is_same_site(request, public_url) == own


async def test_a_door_that_stood_open_in_another_window_still_opens(console: Console) -> None:
    staff, secret = await console.member("reader")
    visitor = await console.signed_in(staff)
    fields = {"login": staff.login, "password": PASSWORD, "code": code(console, secret), "csrf": ""}
    assert (await visitor.post("/login", fields)).status == 303


async def test_a_password_hashed_with_weaker_settings_is_hashed_anew(
    open_console: Callable[..., Awaitable[Console]],
) -> None:
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    console = await open_console(passwords=Passwords(stronger))
    staff, secret = await console.member("reader")
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, secret))).status == 303
    async with console.database.connect() as connection:
        kept = (await connection.execute(select(accounts.c.password))).scalar_one()
    assert not stronger.check_needs_rehash(kept)
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, secret, 1))).status == 303


async def test_nobody_is_signed_in_by_another_site(console: Console) -> None:
    staff, secret = await console.member("reader")
    response = await enter(
        console.visitor(), staff.login, PASSWORD, code(console, secret), **{"Sec-Fetch-Site": "cross-site"}
    )
    assert response.status == 403
    assert await console.actions() == []


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
async def test_only_forms_are_read(console: Console, kind: str) -> None:
    visitor = await console.signed_in((await console.member("reader"))[0])
    response = await visitor.client.post(
        f"{PREFIX}/logout",
        data=b'{"csrf": "x"}',
        headers={"Content-Type": kind, "Sec-Fetch-Site": "same-origin", "X-Faro-Form": await visitor.token()},
        allow_redirects=False,
    )
    assert response.status == 400
    assert await is_in(visitor)


async def test_a_form_that_is_too_long_is_refused(console: Console) -> None:
    response = await enter(console.visitor(), "x", "x" * 70_000, "")
    assert response.status == 413
    assert "too long" in await response.text()


async def test_a_form_with_a_sign_that_no_database_takes_is_refused(console: Console) -> None:
    for login, password in (("x\x00", PASSWORD), ("x", "\x00"), ("\ud800", "x")):
        data = f"login={quote(login, errors='surrogatepass')}&password={quote(password)}"
        response = await console.visitor().client.post(
            DOOR,
            data=data,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Sec-Fetch-Site": "same-origin",
            },
        )
        assert response.status in (400, 403)


async def test_an_account_is_set_up_with_the_password_that_was_given_out(console: Console) -> None:
    password = await console.accounts.add("m.perez", "María Pérez", "reviewer", language="es")
    visitor = console.visitor()
    response = await enter(visitor, "m.perez", password, "")
    assert (response.status, response.headers["Location"]) == (303, f"{PREFIX}/setup")
    # Nothing else is open to it.
    assert (await visitor.get("/")).headers["Location"] == f"{PREFIX}/setup"
    page = await visitor.page("/setup")
    assert "Prepare su cuenta" in page
    assert "<svg" in page
    secret = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    # The password works once.
    assert (await enter(console.visitor(), "m.perez", password, "")).status == 403
    setup = {"password": "cuatro palabras sin más", "again": "cuatro palabras sin más"}
    assert (await visitor.post("/setup", {**setup, "code": "000000"})).status == 400
    assert (
        await visitor.post("/setup", {**setup, "again": "otra", "code": code(console, secret)})
    ).status == 400
    before = next(iter(visitor.client.session.cookie_jar)).value
    response = await visitor.post("/setup", {**setup, "code": code(console, secret)})
    told = await response.text()
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", told)
    assert len(codes) == 10
    assert cookie_of(response) != before
    assert await is_in(visitor)
    # The code that ended the setting up opens nothing any more; the next one does.
    given = setup["password"]
    assert (await enter(console.visitor(), "m.perez", given, code(console, secret))).status == 403
    assert (await enter(console.visitor(), "m.perez", given, code(console, secret, 1))).status == 303
    assert (await enter(console.visitor(), "m.perez", given, codes[0])).status == 303


async def test_a_password_that_was_given_out_works_for_a_day(console: Console) -> None:
    password = await console.accounts.add("m.perez", "M", "reader")
    console.clock.pass_time(hours=24)
    assert (await enter(console.visitor(), "m.perez", password, "")).status == 403


async def test_nobody_sets_up_an_account_that_is_set_up(console: Console) -> None:
    staff, _ = await console.member("reader")
    visitor = await console.signed_in(staff, "setup")
    assert (await visitor.get("/setup")).status == 403
    found = await console.app[parts.DOORS].set_up(
        staff, "four other words here", "four other words here", "123456"
    )
    assert found.problem == "code_wrong"


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "at least 12"),
        ("nora reader and more", "easy to guess"),
        ("aaaaaaaaaaaaaaaa", "easy to guess"),
        ("x7" * 120, "more than 200"),
    ],
)
async def test_a_weak_password_is_refused(console: Console, password: str, problem: str) -> None:
    staff, _ = await console.member("reader")
    visitor = await console.signed_in(staff)
    response = await visitor.post(
        "/account/password", {"present": PASSWORD, "password": password, "again": password}
    )
    assert response.status == 400
    assert problem in await response.text()


async def test_changing_the_password_ends_every_other_session(console: Console) -> None:
    staff, secret = await console.member("reader")
    visitor, forgotten = await console.signed_in(staff), await console.signed_in(staff)
    fields = {"password": "another four words", "again": "another four words"}
    assert (await visitor.post("/account/password", {**fields, "present": "wrong"})).status == 400
    response = await visitor.post("/account/password", {**fields, "present": PASSWORD})
    assert response.status == 303
    assert "Your password is changed" in await visitor.page(response.headers["Location"].removeprefix(PREFIX))
    assert not await is_in(forgotten)
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, secret))).status == 403
    assert (
        await enter(console.visitor(), staff.login, "another four words", code(console, secret))
    ).status == 303


async def test_guessing_the_password_at_an_open_session_ends_it(console: Console) -> None:
    staff, _ = await console.member("reader")
    visitor = await console.signed_in(staff)
    await visitor.token()
    for _ in range(MOST_FAILURES):
        response = await visitor.post("/account/codes", {"present": "guess"})
        assert response.status == 400
    assert not await is_in(visitor)


async def test_another_app_takes_over_with_its_first_code(console: Console) -> None:
    staff, old = await console.member("reader")
    visitor = await console.signed_in(staff)
    assert (await visitor.post("/account/app", {"present": PASSWORD})).status == 303
    page = await visitor.page("/account")
    new = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    # Until then the old one works.
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, old))).status == 303
    assert (await visitor.post("/account/app/confirm", {"code": code(console, old, 1)})).status == 400
    assert (await visitor.post("/account/app/confirm", {"code": code(console, new)})).status == 200
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, old, 1))).status == 403
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, new, 1))).status == 303


async def test_no_table_holds_the_app_s_secret_in_the_clear(console: Console) -> None:
    staff, secret = await console.member("reader")
    async with console.database.connect() as connection:
        sealed = (
            await connection.execute(select(accounts.c.totp).where(accounts.c.id == staff.id))
        ).scalar_one()
    assert secret.encode() not in sealed


async def test_one_account_s_secret_opens_no_other(console: Console) -> None:
    thief, secret = await console.member("reader")
    victim, _ = await console.member("admin")
    async with console.database.begin() as connection:
        stolen = (
            await connection.execute(select(accounts.c.totp).where(accounts.c.id == thief.id))
        ).scalar_one()
        await connection.execute(update(accounts).where(accounts.c.id == victim.id).values(totp=stolen))
    assert (await enter(console.visitor(), victim.login, PASSWORD, code(console, secret))).status == 403
    assert console.heard.alarms == [("staff", "totp_unreadable")]


async def test_a_code_is_sealed_anew_with_the_first_key(
    open_console: Callable[..., Awaitable[Console]],
) -> None:
    new = "0b" * 32
    console = await open_console(keys=Keys([new, "0a" * 32]))
    staff, secret = await console.member("reader")
    assert (await enter(console.visitor(), staff.login, PASSWORD, code(console, secret))).status == 303
    async with console.database.connect() as connection:
        sealed = (await connection.execute(select(accounts.c.totp))).scalar_one()
    assert Keys([new]).open(sealed, f"staff.totp:{staff.id}") == secret


async def test_the_door_speaks_the_browser_s_language(console: Console) -> None:
    visitor = console.visitor()
    for headers, query, word in (
        ({"Accept-Language": "es-MX,es;q=0.9,en;q=0.8"}, "", "Contraseña"),
        ({"Accept-Language": "fr"}, "", "Password"),
        ({}, "?language=es", "Contraseña"),
        ({}, "?language=xx", "Password"),
    ):
        assert word in await (await visitor.get(f"/login{query}", headers=headers)).text()
    response = await visitor.post("/login", {"login": "x", "password": "x", "code": "", "language": "es"})
    assert "No se pudo entrar" in await response.text()


@pytest.mark.parametrize(
    "back", ["https://evil.example", "//evil.example", "/\\evil", "/a/../../x", "/a\r\nX: y"]
)
async def test_the_switch_of_languages_leads_to_no_other_site(console: Console, back: str) -> None:
    visitor = await console.signed_in((await console.member("reader"))[0])
    response = await visitor.post("/account/language", {"language": "es", "back": back})
    assert response.headers["Location"] == f"{PREFIX}/"


# A demo's link.


async def door_of(console: Console) -> str:
    link = await demo_link(console.settings, console.database, "http://127.0.0.1:8080", console.clock.now())
    assert link.startswith(f"http://127.0.0.1:8080{PREFIX}/demo/")
    return link.rpartition("/")[2]


async def test_a_demo_s_link_opens_the_console_once(console: Console) -> None:
    door = await door_of(console)
    visitor = console.visitor()
    assert "Open the console" in await visitor.page(f"/demo/{door}")
    assert not await is_in(visitor)
    assert (await visitor.post("/demo", {"door": door})).status == 303
    assert await is_in(visitor)
    assert (await visitor.get("/accounts")).status == 200
    again = await console.visitor().post("/demo", {"door": door})
    assert again.status == 403
    # The link itself is no session.
    thief = console.visitor()
    thief.client.session.cookie_jar.update_cookies({"faro_staff": await door_of(console)})
    assert not await is_in(thief)


async def test_the_demo_s_account_has_no_password(console: Console) -> None:
    await door_of(console)
    for password in ("", "demo", "!"):
        assert (await enter(console.visitor(), "demo", password, "")).status == 403


async def test_a_demo_ends_with_its_run(
    console: Console, open_console: Callable[..., Awaitable[Console]]
) -> None:
    unused, door = await door_of(console), await door_of(console)
    visitor = console.visitor()
    await visitor.post("/demo", {"door": door})
    token = next(iter(visitor.client.session.cookie_jar)).value
    # The process was killed: nothing was tidied up. The next run knows neither session nor link.
    later = await open_console()
    late = later.visitor()
    late.client.session.cookie_jar.update_cookies({"faro_staff": token})
    assert not await is_in(late)
    assert (await late.post("/demo", {"door": unused})).status == 403


async def test_production_knows_no_demo(
    open_console: Callable[..., Awaitable[Console]], tmp_path: Any
) -> None:
    console = await open_console({"FARO_MODE": "production", "FARO_FIRM": "firm.yml"})
    with pytest.raises(SettingsError, match="faro staff add"):
        await door_of(console)
    visitor = console.visitor()
    assert (await visitor.get("/demo/x")).status == 404
    assert (await visitor.post("/demo", {"door": "x"})).status == 404


async def test_production_gives_its_cookie_over_tls_alone(
    open_console: Callable[..., Awaitable[Console]],
) -> None:
    console = await open_console({"FARO_MODE": "production", "FARO_FIRM": "firm.yml"})
    staff, secret = await console.member("reader")
    response = await enter(console.visitor(), staff.login, PASSWORD, code(console, secret))
    morsel = response.cookies[COOKIE]
    assert morsel["secure"]
    assert morsel["httponly"]
    assert (morsel["path"], morsel["domain"], morsel["samesite"]) == ("/", "", "Strict")
