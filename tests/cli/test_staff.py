"""``faro staff`` and ``faro audit``: what they print, and what they refuse."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import staff as room
from bot.core.errors import BotError

runner = CliRunner()
app = typer.Typer()
app.add_typer(room.app, name="staff")
app.add_typer(room.audit_app, name="audit")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demo with a database of its own."""
    for name, value in {"FARO_VAR": str(tmp_path), "FARO_PORT": "8099", "COLUMNS": "160"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def faro(*arguments: str) -> str:
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output or repr(result.exception)
    return result.stdout


def refused(*arguments: str) -> str:
    result = runner.invoke(app, arguments)
    assert isinstance(result.exception, BotError)
    return str(result.exception)


def test_an_account_from_its_beginning_to_its_end() -> None:
    assert "Nobody has an account yet" in faro("staff", "list")
    told = faro("staff", "add", "M.Perez", "--name", "María Pérez", "--role", "attorney", "--language", "es")
    assert re.search(r"Password: [a-z2-9]{4}(-[a-z2-9]{4}){4}\n", told)
    assert "Login:    m.perez" in told
    assert "waits to be set up" in faro("staff", "list")
    assert "Password: " in faro("staff", "reset", "m.perez")
    assert "is reader" in faro("staff", "role", "m.perez", "reader")
    faro("staff", "disable", "M.Perez")
    (row,) = json.loads(faro("staff", "list", "--json"))
    assert (row["login"], row["name"], row["role"], row["state"]) == (
        "m.perez",
        "María Pérez",
        "reader",
        "disabled",
    )
    faro("staff", "enable", "m.perez")
    assert "The log is whole: 5 lines" in faro("audit", "verify")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("staff", "add", "x", "--name", "X", "--role", "admin"), "3 to 64"),
        (("staff", "add", "x.y", "--name", "X", "--role", "boss"), "reader, reviewer, attorney, admin"),
        (("staff", "add", "demo", "--name", "X", "--role", "admin"), "exists already"),
        (("staff", "disable", "nobody"), "faro staff list"),
        (("staff", "reset", "demo"), "faro staff list"),
        (("audit", "verify", "--noted", "5"), "Copy the whole"),
        (("audit", "verify", "--old-secrets", "nowhere"), "one secret a line"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_remedy(arguments: tuple[str, ...], told: str) -> None:
    assert told in refused(*arguments)


def test_a_log_that_was_changed_is_found_with_its_first_line(place: Path) -> None:
    for login in ("one.a", "two.b", "three.c"):
        faro("staff", "add", login, "--name", "X", "--role", "reader")
    noted = re.search(r"3:[0-9a-f]{64}", faro("audit", "verify"))
    assert noted is not None
    assert "whole: 3 lines" in faro("audit", "verify", "--noted", noted[0])
    with sqlite3.connect(place / "faro.db") as connection:
        connection.execute("DROP TRIGGER staff_audit_no_update")
        connection.execute("UPDATE staff_audit SET detail = '{}' WHERE seq = 2")
    connection.close()
    assert "Line 2 was changed" in refused("audit", "verify")


def test_a_log_written_with_an_earlier_secret_is_read_with_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faro("staff", "add", "one.a", "--name", "X", "--role", "reader")
    old = (place / "secret_key").read_text(encoding="ascii")
    monkeypatch.setenv("FARO_SECRET_KEY", "n" * 40)
    assert "--old-secrets" in refused("audit", "verify")
    (place / "old").write_text(f"{old}\n", encoding="ascii")
    assert "whole: 1 line." in faro("audit", "verify", "--old-secrets", str(place / "old"))


def test_a_demo_s_link_is_printed_and_production_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    faro("staff", "list")
    assert re.search(r"http://127\.0\.0\.1:8099/staff/demo/[\w-]{43}\n", faro("staff", "demo"))
    assert "Nobody has an account yet" in faro("staff", "list")
    for name, value in {
        "FARO_MODE": "production",
        "FARO_SECRET_KEY": "s" * 40,
        "FARO_ENGINE_SECRET": "e" * 40,
        "FARO_DATA_KEY": "0a" * 32,
        "FARO_FIRM": "firm.yml",
    }.items():
        monkeypatch.setenv(name, value)
    assert "faro staff add" in refused("staff", "demo")


def test_a_database_that_is_not_there_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARO_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:9/none")
    told = refused("staff", "list")
    assert "FARO_DATABASE_URL" in told
    assert "secret" not in told
