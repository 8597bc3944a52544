"""The log of what staff did: nobody can change it without being found out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from bot.console.admin import detail_in_words
from bot.console.audit import Audit, AuditKeys, canonical
from bot.console.tables import audit_head, audit_log
from bot.console.words import load_words
from tests.console.conftest import SECRET_KEY, Console, StillClock


async def filled(console: Console, lines: int = 5) -> Audit:
    for number in range(lines):
        await console.audit.write("s_1", "conversation.opened", f"c_{number}", {"n": number})
        console.clock.pass_time(seconds=1)
    return console.audit


async def forced(console: Console, *statements: str) -> None:
    """Statements of somebody who owns the database and has taken the triggers away."""
    async with console.database.begin() as connection:
        if console.database.dialect.name == "sqlite":
            for event in ("update", "delete"):
                await connection.execute(text(f"DROP TRIGGER IF EXISTS staff_audit_no_{event}"))
        else:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            await connection.execute(text(statement))


async def verified(console: Console, noted: tuple[int, str] | None = None) -> tuple[int, str, int | None]:
    found = await console.audit.verify(noted)
    return found.lines, found.problem, found.seq


async def test_a_whole_log_is_told_to_be_whole(console: Console) -> None:
    assert await verified(console) == (0, "", None)
    await filled(console)
    assert await verified(console) == (5, "", None)


async def test_many_who_write_at_once_make_one_chain(console: Console) -> None:
    others = [Audit(console.database, AuditKeys([SECRET_KEY]), console.clock) for _ in range(20)]
    await asyncio.gather(*(audit.write(None, "x", str(n)) for n, audit in enumerate(others)))
    assert await verified(console) == (20, "", None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE staff_audit SET action = 'x'",
        "DELETE FROM staff_audit",
        "DELETE FROM staff_audit WHERE seq = 3",
    ],
)
async def test_the_database_refuses_to_change_or_delete_a_line(console: Console, statement: str) -> None:
    await filled(console)
    with pytest.raises(DBAPIError, match="only added to"):
        async with console.database.begin() as connection:
            await connection.execute(text(statement))
    assert await verified(console) == (5, "", None)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_postgresql_refuses_to_empty_the_log(console: Console) -> None:
    await filled(console)
    with pytest.raises(DBAPIError, match="only added to"):
        async with console.database.begin() as connection:
            await connection.execute(text("TRUNCATE staff_audit"))


@pytest.mark.parametrize(
    ("statements", "lines", "problem", "seq"),
    [
        (["UPDATE staff_audit SET action = 'x' WHERE seq = 3"], 2, "changed", 3),
        (["UPDATE staff_audit SET staff_id = NULL WHERE seq = 3"], 2, "changed", 3),
        (["UPDATE staff_audit SET object = 'c_9' WHERE seq = 1"], 0, "changed", 1),
        (["UPDATE staff_audit SET detail = '{}' WHERE seq = 5"], 4, "changed", 5),
        (["UPDATE staff_audit SET at = '2020-01-01 00:00:00.000000' WHERE seq = 2"], 1, "changed", 2),
        (["UPDATE staff_audit SET key = 'deadbeef' WHERE seq = 4"], 3, "unknown_key", 4),
        (["DELETE FROM staff_audit WHERE seq = 3"], 2, "missing", 3),
        (["DELETE FROM staff_audit WHERE seq = 1"], 0, "missing", 1),
        (["DELETE FROM staff_audit WHERE seq >= 4"], 3, "cut_off", 4),
        (["DELETE FROM staff_audit"], 0, "cut_off", 1),
        (
            [
                "UPDATE staff_audit SET seq = 90 WHERE seq = 2",
                "UPDATE staff_audit SET seq = 2 WHERE seq = 3",
                "UPDATE staff_audit SET seq = 3 WHERE seq = 90",
            ],
            1,
            "changed",
            2,
        ),
        (["DELETE FROM staff_audit_head"], 5, "head_forged", None),
        (["UPDATE staff_audit_head SET seq = 4"], 5, "head_forged", 4),
        (
            [
                "DELETE FROM staff_audit WHERE seq = 5",
                "UPDATE staff_audit_head SET seq = 4, hash = (SELECT hash FROM staff_audit WHERE seq = 4)",
            ],
            4,
            "head_forged",
            4,
        ),
    ],
)
async def test_whoever_owns_the_database_is_found_out(
    console: Console, statements: list[str], lines: int, problem: str, seq: int | None
) -> None:
    await filled(console)
    await forced(console, *statements)
    assert await verified(console) == (lines, problem, seq)


async def last_line(console: Console) -> dict[str, Any]:
    async with console.database.connect() as connection:
        query = select(audit_log).order_by(audit_log.c.seq.desc()).limit(1)
        return dict((await connection.execute(query)).one()._mapping)


async def test_a_line_with_a_made_up_hash_is_found(console: Console) -> None:
    await filled(console)
    last = await last_line(console)
    async with console.database.begin() as connection:
        await connection.execute(
            insert(audit_log).values({**last, "seq": 6, "previous": last["hash"], "hash": "ab" * 32})
        )
    assert await verified(console) == (5, "changed", 6)


async def test_a_line_signed_with_a_made_up_key_is_found(console: Console) -> None:
    await filled(console)
    last = await last_line(console)
    forger = AuditKeys(["another secret that somebody made up for this"])
    line = {**last, "seq": 6, "previous": last["hash"], "key": forger.today}
    del line["hash"]
    hash = forger.sign(forger.today, canonical(line))
    async with console.database.begin() as connection:
        await connection.execute(insert(audit_log).values(**line, hash=hash))
        seal = forger.seal(6, str(hash))[0]
        await connection.execute(audit_head.update().values(seq=6, hash=hash, seal=seal))
    assert await verified(console) == (5, "unknown_key", 6)


async def test_a_line_written_twice_is_found(console: Console) -> None:
    await filled(console)
    last = await last_line(console)
    async with console.database.begin() as connection:
        await connection.execute(insert(audit_log).values({**last, "seq": 6}))
    assert await verified(console) == (5, "changed", 6)


async def test_an_older_copy_of_the_whole_log_is_found_by_what_was_noted(console: Console) -> None:
    await filled(console)
    async with console.database.connect() as connection:
        old = dict((await connection.execute(select(audit_head))).one()._mapping)
    await filled(console, 2)
    noted = await console.audit.verify()
    assert await verified(console, (noted.lines, noted.hash)) == (7, "", None)
    await forced(console, "DELETE FROM staff_audit WHERE seq > 5")
    async with console.database.begin() as connection:
        await connection.execute(audit_head.update().values(**old))
    # By itself it fits; what was noted outside the database tells.
    assert await verified(console) == (5, "", None)
    assert await verified(console, (noted.lines, noted.hash)) == (5, "cut_off", 6)
    await filled(console, 2)
    assert await verified(console, (noted.lines, noted.hash)) == (7, "other_log", 7)


async def test_the_log_outlives_another_secret_key(console: Console) -> None:
    await filled(console)
    later = Audit(console.database, AuditKeys(["n" * 40]), StillClock())
    await later.write(None, "x")
    assert (await later.verify()).problem == "unknown_key"
    both = await Audit(console.database, AuditKeys(["n" * 40, SECRET_KEY]), StillClock()).verify()
    assert (both.lines, both.problem) == (6, "")


async def test_a_change_and_its_line_are_written_together_or_not_at_all(console: Console) -> None:
    staff, _ = await console.member("reader")
    await filled(console)
    # The next line's number is taken, so it cannot be written.
    last = await last_line(console)
    async with console.database.begin() as connection:
        await connection.execute(insert(audit_log).values({**last, "seq": 6}))
    visitor = await console.signed_in((await console.member("admin"))[0])
    response = await visitor.post(f"/accounts/{staff.id}/role", {"role": "admin"})
    assert response.status == 503
    assert {account.id: account.role for account in await console.accounts.all()}[staff.id] == "reader"


async def test_nothing_is_shown_when_the_log_cannot_be_written(console: Console) -> None:
    await filled(console)
    last = await last_line(console)
    visitor = await console.signed_in((await console.member("admin"))[0])
    assert "conversation.opened" not in await visitor.page("/account")
    async with console.database.begin() as connection:
        await connection.execute(insert(audit_log).values({**last, "seq": 6}))
    response = await visitor.get("/audit")
    assert response.status == 503
    assert "c_1" not in await response.text()


async def test_the_log_is_paged_newest_first(console: Console) -> None:
    await filled(console, 7)
    first, following = await console.audit.page(3)
    assert ([line.seq for line in first], following) == ([7, 6, 5], 5)
    second, following = await console.audit.page(3, following)
    assert ([line.seq for line in second], following) == ([4, 3, 2], 2)
    last, following = await console.audit.page(3, following)
    assert ([line.seq for line in last], following) == ([1], None)
    only, _ = await console.audit.page(3, object_id="c_4")
    assert [line.detail for line in only] == [{"n": 4}]


async def test_admins_read_the_log_and_that_is_noted(console: Console) -> None:
    await filled(console, 60)
    visitor = await console.signed_in((await console.member("admin"))[0])
    page = await visitor.page("/audit")
    assert ">61<" in page
    assert "Read this log" in page
    assert 'rel="next" href="/staff/audit?before=12"' in page
    assert ">11<" in await visitor.page("/audit?before=12")
    for odd in ("x", "-1", "9" * 40, "١"):
        assert ">6" in await visitor.page(f"/audit?before={odd}")
    assert (await console.actions()).count("audit.read") == 6


async def test_the_log_is_narrowed_to_one_person_or_one_thing(console: Console) -> None:
    await filled(console, 60)
    await console.audit.write("s_2", "message.revealed", "c_7")
    visitor = await console.signed_in((await console.member("admin"))[0])
    page = await visitor.page("/audit?who=s_2")
    assert ">61<" in page
    assert ">60<" not in page
    page = await visitor.page("/audit?about=c_7")
    assert ">61<" in page
    assert ">8<" in page
    assert ">9<" not in page
    page = await visitor.page("/audit?who=s_1")
    assert 'href="/staff/audit?before=11&amp;who=s_1"' in page
    assert ">61<" in await visitor.page("/audit?who=%3Cscript%3E")


async def test_what_a_line_holds_cannot_become_part_of_the_page(console: Console) -> None:
    await console.audit.write("<script>", "<b>x", "<i>", {"<u>": "<img src=x>"})
    visitor = await console.signed_in((await console.member("admin"))[0])
    page = await visitor.page("/audit")
    for told in ("<script>", "<b>x", "<i>", "<u>", "<img"):
        assert told not in page.replace('<script src="/staff', "")


@pytest.mark.parametrize(
    ("detail", "lang", "told"),
    [
        ({"from": "reader", "to": "admin"}, "es", [("de", "Lectura"), ("a", "Administración")]),
        ({"to": "es"}, "en", [("to", "Spanish")]),
        (
            {"why": "safety", "message": "m_1"},
            "es",
            [("para qué", "La persona puede estar en peligro"), ("mensaje", "m_1")],
        ),
        ({"reason": "password", "locked": True}, "es", [("motivo", "contraseña"), ("quedó en pausa", "Sí")]),
        ({"with": "recovery"}, "en", [("with", "a recovery code")]),
        (
            {"done": True, "cannot": ["whatsapp_copy", "other"]},
            "es",
            [("borrada", "Sí"), ("fuera de alcance", "la copia de WhatsApp, other")],
        ),
        ({"n": 4}, "es", [("n", "4")]),
    ],
)
def test_what_a_line_holds_is_told_in_words(
    detail: dict[str, Any], lang: str, told: list[tuple[str, str]]
) -> None:
    assert detail_in_words(detail, load_words(), lang) == told


def test_a_line_is_signed_as_json_with_sorted_names() -> None:
    values = {
        "seq": 1,
        "at": StillClock().now(),
        "staff_id": None,
        "detail": json.dumps({"é": 1}, ensure_ascii=False),
    }
    assert canonical(values) == (
        '{"at":"2026-11-21T18:00:00.000000+00:00","detail":"{\\"é\\": 1}","seq":1,"staff_id":null}'
    )
