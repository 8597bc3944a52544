"""The accounts of staff: what an admin may do with them, and what nobody may."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Awaitable, Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from argon2 import PasswordHasher
from sqlalchemy import text

from bot.console.accounts import Refused
from bot.console.passwords import Passwords, one_time_password
from bot.console.throttle import Throttle
from bot.transcripts.tables import metadata
from tests.console.conftest import PASSWORD, Console, Visitor


async def admin(console: Console, language: str = "en") -> Visitor:
    return await console.signed_in((await console.member("admin", language=language))[0])


async def role_of(console: Console, id: str) -> str:
    return {account.id: account.role for account in await console.accounts.all()}[id]


async def test_an_admin_adds_somebody_and_sees_the_password_once(console: Console) -> None:
    visitor = await admin(console)
    fields = {"login": " M.Perez ", "name": " María   Pérez ", "role": "reviewer", "language": "es"}
    response = await visitor.post("/accounts", fields)
    told = await response.text()
    password = re.search(r"[a-z2-9]{4}(-[a-z2-9]{4}){4}", told)
    assert password is not None
    page = await visitor.page("/accounts")
    assert password[0] not in page
    assert "María Pérez" in page
    assert "Waits to be set up" in page
    (account,) = (found for found in await console.accounts.all() if found.login == "m.perez")
    assert (account.role, account.language) == ("reviewer", "es")
    assert await console.actions(account.id) == ["staff.add"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"login": "a"}, "3 to 64"),
        ({"login": "with space"}, "3 to 64"),
        ({"login": "../etc"}, "3 to 64"),
        ({"login": "demo"}, "exists already"),
        ({"login": "taken.one"}, "exists already"),
        ({"name": "  "}, "A name is needed"),
        ({"name": "x" * 121}, "A name is needed"),
        ({"name": "x\u202ey"}, "A name is needed"),
        ({"role": "owner"}, "no such role"),
        ({"language": "fr"}, "no such language"),
    ],
)
async def test_an_account_that_cannot_be_is_refused_with_its_remedy(
    console: Console, fields: dict[str, str], told: str
) -> None:
    await console.member("reader", "taken.one")
    visitor = await admin(console)
    whole = {"login": "new.one", "name": "New", "role": "reader", "language": "en", **fields}
    response = await visitor.post("/accounts", whole)
    page = await response.text()
    assert response.status == 400
    assert told in page
    # Nothing of it has to be typed again.
    typed = html.unescape(re.search(r'id="add-name"[^>]* value="([^"]*)"', page)[1])
    assert typed == whole["name"]
    assert f'value="{whole["login"]}"' in page


async def test_a_name_that_is_a_script_stays_a_name(console: Console) -> None:
    visitor = await admin(console)
    fields = {"login": "new.one", "name": '"><script>alert(1)</script>', "role": "reader", "language": "en"}
    assert (await visitor.post("/accounts", fields)).status == 200
    assert "<script>alert" not in await visitor.page("/accounts")


async def test_resetting_takes_everything_away(console: Console) -> None:
    visitor = await admin(console)
    staff, _ = await console.member("reader")
    theirs = await console.signed_in(staff)
    response = await visitor.post(f"/accounts/{staff.id}/reset")
    assert staff.login in await response.text()
    assert (await theirs.get("/account")).status == 303
    entering = await console.visitor().post(
        "/login", {"login": staff.login, "password": PASSWORD, "code": ""}
    )
    assert entering.status == 403


async def test_an_admin_changes_roles_and_shuts_and_opens(console: Console) -> None:
    visitor = await admin(console, "es")
    staff, _ = await console.member("reader")
    assert (await visitor.post(f"/accounts/{staff.id}/role", {"role": "attorney"})).status == 303
    assert await role_of(console, staff.id) == "attorney"
    disabled = await visitor.post(f"/accounts/{staff.id}/disable")
    assert (disabled.status, disabled.headers["Location"]) == (303, "/staff/accounts?done=disable#said")
    assert "La cuenta quedó desactivada." in await visitor.page("/accounts?done=disable")
    assert 'id="said"' not in await visitor.page("/accounts?done=%3Cb%3E")
    assert "Desactivada" in await visitor.page("/accounts")
    assert (await visitor.post(f"/accounts/{staff.id}/enable")).status == 303
    assert "Desactivada" not in await visitor.page("/accounts")
    assert await console.actions(staff.id) == ["staff.role", "staff.disable", "staff.enable"]


async def test_nobody_changes_the_own_role_or_shuts_the_own_account(console: Console) -> None:
    visitor = await admin(console)
    assert visitor.staff is not None
    await console.member("admin")
    for path, fields in (("role", {"role": "reader"}), ("disable", {})):
        response = await visitor.post(f"/accounts/{visitor.staff.id}/{path}", fields)
        assert response.status == 400
        assert "Another admin must do that" in await response.text()
    assert await role_of(console, visitor.staff.id) == "admin"


async def test_the_last_admin_stays(console: Console) -> None:
    one, _ = await console.member("admin")
    other, _ = await console.member("admin")
    await console.accounts.disable(other.id, one)
    for change in (
        console.accounts.set_role(one.id, "reader", other),
        console.accounts.disable(one.id, other),
        # The command line may shut the last one, but not make a console that nobody looks after by a slip.
        console.accounts.set_role(one.id, "reader"),
    ):
        with pytest.raises(Refused, match="last admin"):
            await change
    await console.accounts.disable(one.id)


async def test_two_admins_who_shut_each_other_at_once_do_not_both_succeed(console: Console) -> None:
    one, _ = await console.member("admin")
    other, _ = await console.member("admin")
    done = await asyncio.gather(
        console.accounts.disable(one.id, other),
        console.accounts.disable(other.id, one),
        return_exceptions=True,
    )
    assert sum(isinstance(found, Exception) for found in done) == 1
    assert sum(account.disabled_at is None for account in await console.accounts.all()) == 1


@pytest.mark.parametrize("path", ["reset", "role", "disable", "enable"])
async def test_an_account_that_is_not_there_is_told_so(console: Console, path: str) -> None:
    visitor = await admin(console)
    for id in ("nothing", "demo"):
        response = await visitor.post(f"/accounts/{id}/{path}", {"role": "reader"})
        assert response.status == 400
        assert "no such account" in await response.text()


async def test_the_page_is_in_the_staff_member_s_language(
    console: Console, as_role: Callable[..., Awaitable[Visitor]]
) -> None:
    visitor = await as_role("reader", "es")
    assert '<html lang="es">' in await visitor.page("/account")
    response = await visitor.post("/account/language", {"language": "en", "back": "/account"})
    assert response.headers["Location"] == "/staff/account"
    assert '<html lang="en">' in await visitor.page("/account")
    assert (await visitor.post("/account/language", {"language": "xx"})).status == 400


async def test_a_database_that_is_gone_is_told_as_such(
    console: Console, as_role: Callable[..., Awaitable[Visitor]]
) -> None:
    visitor = await as_role("admin")
    await visitor.token()
    async with console.database.begin() as connection:
        await connection.execute(text("ALTER TABLE staff_recovery_codes RENAME TO elsewhere"))
    try:
        response = await visitor.get("/account")
        assert response.status == 503
        assert "The database does not answer" in await response.text()
    finally:
        async with console.database.begin() as connection:
            await connection.execute(text("ALTER TABLE elsewhere RENAME TO staff_recovery_codes"))


async def test_a_password_given_out_is_never_the_same(console: Console) -> None:
    made = {one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){4}", password) for password in made)


async def test_passwords_are_kept_as_argon2id_with_a_salt_each() -> None:
    passwords = Passwords()
    one, other = await passwords.hash("the same words"), await passwords.hash("the same words")
    assert one != other
    assert one.startswith("$argon2id$")
    assert PasswordHasher().verify(one, "the same words")
    assert await passwords.verify(other, "the same words")
    assert not await passwords.verify(other, "other words")
    assert not await passwords.verify(None, "the same words")
    assert not await passwords.verify("no hash at all", "the same words")


def test_tries_are_counted_for_names_and_addresses_apart() -> None:
    throttle = Throttle("2/minute", "3/minute")
    assert [throttle.take("a", "x") for _ in range(3)] == [True, True, False]
    assert throttle.take("b", "y")
    assert not throttle.take("b", "x")


async def test_the_migrations_lead_to_the_tables_of_the_code(console: Console) -> None:
    def described(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in metadata.tables

    async with console.database.connect() as connection:
        differences = await connection.run_sync(
            lambda c: compare_metadata(
                MigrationContext.configure(c, opts={"include_name": described, "compare_type": True}),
                metadata,
            )
        )
    assert [found for found in differences if "staff" in str(found)] == []
