"""The pages for operators and privacy officers, and the files of ``deploy``, held to the code."""

from __future__ import annotations

import os
import re
import shlex
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

import bot.booking.tables
import bot.console.tables
import bot.gateway.whatsapp.tables  # noqa: F401 - all add their tables to the metadata
from bot.booking.outbox import LATE
from bot.booking.worker import SCHEDULE
from bot.cli.main import app as faro_app
from bot.cli.up import engine_command, engine_variables
from bot.core import yaml12
from bot.core.content.article import reflow
from bot.core.deadlines.calendar_file import ALARM_DAYS
from bot.core.errors import SettingsError
from bot.core.redact import KINDS
from bot.gateway.bookings import VALUES_KEPT
from bot.gateway.limits import Limits
from bot.gateway.metrics import Metrics
from bot.gateway.whatsapp.handlers import CLOUD, TWILIO, TWILIO_STATUS
from bot.gateway.whatsapp.handover import VALID
from bot.gateway.whatsapp.records import ATTEMPTS, WINDOW
from bot.gateway.whatsapp.reminders import FIRST_HOUR, LAST_HOUR
from bot.gateway.whatsapp.store import KEEP, KEEP_ASIDE
from bot.settings import TEMPLATE_USES, load_settings
from bot.transcripts.tables import metadata
from tests.conftest import ROOT
from tests.project.settings_page import PAGE, table, written

INSTALLED = "/opt/faro"
PRIVACY = ROOT / "docs" / "privacy.md"
DOCS = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
#: A path inside the project, between backticks. Patterns and folders of a running Faro are something else.
_NAMED = re.compile(
    r"`((?:actions|bot|data|deploy|docs|requirements|tests)/[\w./-]+|"
    r"(?:config|domain|credentials|endpoints)\.yml|Makefile|pyproject\.toml|[A-Z]+\.md)`"
)
_LINKED = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
#: Written by a command when it is first needed.
_MADE_LATER = {"bot/content/approvals.yml"}
#: The topic that the guide adds as an example.
_EXAMPLE = "asylum_interpreter"


def _unit(name: str) -> dict[str, list[str]]:
    entries: dict[str, list[str]] = {}
    for line in (ROOT / "deploy" / f"faro-{name}.service").read_text(encoding="utf-8").splitlines():
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            entries.setdefault(key, []).append(value)
    return entries


def _variables(unit: dict[str, list[str]]) -> dict[str, str]:
    pairs = [pair.partition("=") for line in unit["Environment"] for pair in shlex.split(line)]
    return {name: value for name, _, value in pairs}


def _file(name: str) -> dict[str, str]:
    lines = (ROOT / "deploy" / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if re.match(r"[A-Z_]+=", line)]
    return {name: value for name, _, value in pairs}


def test_the_table_of_settings_is_the_one_of_the_code() -> None:
    assert written(PAGE.read_text(encoding="utf-8")) == table(), (
        "the table has drifted: run `.venv/bin/python -m tests.project.settings_page`"
    )


@pytest.mark.parametrize("page", DOCS, ids=[str(page.relative_to(ROOT)) for page in DOCS])
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {name.rstrip("/") for name in _NAMED.findall(text) if _EXAMPLE not in name} - _MADE_LATER
    # A module may be named without its ending.
    missing = [
        name for name in sorted(named) if not ((ROOT / name).exists() or (ROOT / f"{name}.py").exists())
    ]
    missing += [name for name in _LINKED.findall(text) if not (page.parent / name).exists()]
    assert missing == []


def test_every_file_of_deploy_is_named_in_the_page_of_operations() -> None:
    page = PAGE.read_text(encoding="utf-8")
    files = [file.name for file in (ROOT / "deploy").iterdir()]
    assert files
    assert [name for name in files if f"`deploy/{name}`" not in page] == []


@pytest.mark.parametrize(("unit", "module"), [("gateway", "bot.cli.serve"), ("actions", "actions.main")])
def test_a_unit_starts_its_process_in_the_app_environment(unit: str, module: str) -> None:
    entries = _unit(unit)
    assert entries["ExecStart"] == [f"{INSTALLED}/.venv/bin/python -m {module}"]
    assert _variables(entries) == {"PYTHONPATH": INSTALLED}
    assert entries["EnvironmentFile"] == ["/etc/faro/faro.env"]
    assert f"-m {module}" in PAGE.read_text(encoding="utf-8")


def test_the_engine_s_unit_starts_it_as_faro_up_does(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings({})
    entries = _unit("engine")
    told = entries["ExecStart"][0].replace(INSTALLED, str(ROOT))
    assert shlex.split(told) == engine_command(settings)
    # Only what is set on purpose, without what this process inherited.
    monkeypatch.setattr(os, "environ", {})
    needed = engine_variables(settings)
    given = _variables(entries) | _file("engine.env.example")
    assert set(needed) <= set(given)
    of_this_place = {"FARO_ENGINE_SECRET", "FARO_ENGINE_DATABASE", "PYTHONPATH"}
    for name in set(needed) - of_this_place:
        assert given[name] == needed[name], name


def test_the_engine_s_file_holds_what_its_configuration_reads() -> None:
    read = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("credentials.yml", "endpoints.yml"))
    assert set(_file("engine.env.example")) == set(re.findall(r"\$\{(\w+)\}", read))


def test_the_example_settings_lack_only_the_secrets() -> None:
    example = _file("faro.env.example")
    with pytest.raises(SettingsError) as caught:
        load_settings(example)
    assert [problem.partition(" ")[0] for problem in caught.value.problems] == [
        "FARO_ENGINE_SECRET",
        "FARO_SECRET_KEY",
        "FARO_DATA_KEY",
    ]
    secrets = {"FARO_SECRET_KEY": "k" * 64, "FARO_ENGINE_SECRET": "e" * 64, "FARO_DATA_KEY": "0a" * 32}
    settings = load_settings(example | secrets)
    assert settings.production
    assert settings.database_url == "sqlite+aiosqlite:////var/lib/faro/faro.db"


@pytest.mark.parametrize("unit", ["gateway", "actions", "engine"])
def test_units_run_without_rights_and_restart(unit: str) -> None:
    entries = _unit(unit)
    for key, value in (
        ("User", "faro"),
        ("Restart", "always"),
        ("NoNewPrivileges", "true"),
        ("ProtectSystem", "strict"),
        ("UMask", "0077"),
        ("LimitCORE", "0"),
    ):
        assert entries[key] == [value]


def test_the_proxy_passes_streams_on_at_once_and_logs_nobody() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    stream = text.partition("/events$ {")[2].partition("}")[0]
    assert "proxy_buffering off;" in stream
    assert "proxy_read_timeout 1h;" in stream
    assert text.count("access_log off;") == text.count("server {")
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert text.count("{") == text.count("}")


def test_metrics_and_log_events_of_the_page_exist() -> None:
    page = PAGE.read_text(encoding="utf-8")
    known = Metrics().text().decode()
    named = set(re.findall(r"`(faro_\w+)`", page))
    assert named
    assert [name for name in sorted(named) if name.removesuffix("_total") not in known] == []
    rooms = ("bot/gateway", "bot/gateway/whatsapp", "bot/booking", "actions")
    source = "".join(
        file.read_text(encoding="utf-8") for room in rooms for file in sorted((ROOT / room).glob("*.py"))
    )
    events = page.partition("| event |")[2].partition("\n\n")[0]
    for name in re.findall(r"`([a-z]+_[a-z_]+|alarm)`", events):
        assert f'"{name}"' in source, name
    parts = page.partition("| part |")[2].partition("\n\n")[0]
    for name in re.findall(r"`([a-z_]+)` \|", parts):
        assert f'"{name}"' in source, name


def test_the_schedule_of_deliveries_on_the_page_is_that_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "ten times in a little over three days" in page
    assert len(SCHEDULE) + 1 == 10
    assert timedelta(days=3) < sum(SCHEDULE, timedelta()) < timedelta(days=3, hours=6)
    assert "two minutes" in page
    assert timedelta(minutes=2) == LATE


def test_the_texts_to_hand_in_for_approval_are_those_that_are_sent() -> None:
    page = PAGE.read_text(encoding="utf-8")
    notices = yaml12.load_file(ROOT / "bot/content/notices/whatsapp/reminders.yml")["notices"]
    for use in TEMPLATE_USES:
        name, _, lang = use.rpartition("_")
        text = reflow(str(notices[f"whatsapp_template_{name}"][lang])).strip()
        for placeholder, shown in (("{{firm.name}}", "[name of the firm]"), ("{{days}}", "{{1}}")):
            text = text.replace(placeholder, shown)
        assert f"  > {text}\n" in page, use
        assert f"`{use}`" in page


def test_the_days_hours_and_minutes_of_whatsapp_are_those_of_the_code() -> None:
    page, privacy = PAGE.read_text(encoding="utf-8"), PRIVACY.read_text(encoding="utf-8")
    assert "60, 30, 7 and 1 days before" in page
    assert ALARM_DAYS == (60, 30, 7, 1)
    assert "9 and 18 o'clock" in page
    assert (FIRST_HOUR, LAST_HOUR) == (9, 18)
    assert "15 minutes" in page
    assert "15 minutes" in privacy
    assert timedelta(minutes=15) == VALID
    assert "nine days" in page
    assert "nine days" in privacy
    assert timedelta(days=9) == KEEP
    assert "24 hours" in privacy
    assert timedelta(hours=24) == KEEP_ASIDE == WINDOW
    assert "broke the bot five times" in page
    assert ATTEMPTS == 5
    assert {CLOUD, TWILIO, TWILIO_STATUS} <= set(re.findall(r"/webhooks/whatsapp/[a-z/]+", page))


def test_every_command_that_a_page_names_exists() -> None:
    commands = typer.main.get_command(faro_app)
    assert isinstance(commands, TyperGroup)
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))):
        for name, sub in re.findall(r"\bfaro ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", _code(page)):
            command = commands.commands.get(name)
            assert command is not None, f"{page.name}: faro {name}"
            if isinstance(command, TyperGroup) and sub and not command.invoke_without_command:
                assert sub in command.commands, f"{page.name}: faro {name} {sub}"


def _code(page: Path) -> str:
    """What stands as code on a page."""
    text = page.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


def test_the_page_of_privacy_names_every_table_and_everything_that_is_masked() -> None:
    page = PRIVACY.read_text(encoding="utf-8")
    engine = re.findall(r'"(engine_\w+)"', (ROOT / "bot/engine/database.py").read_text(encoding="utf-8"))
    assert [name for name in (*metadata.tables, *engine) if f"`{name}`" not in page] == []
    words = {
        "EMAIL": "e-mail addresses",
        "CARD": "card numbers",
        "RECEIPT": "USCIS receipt numbers",
        "SSN": "Social Security",
        "PASSPORT": "passport numbers",
        "A_NUMBER": "A-numbers",
        "ADDRESS": "street addresses",
        "PHONE": "phone numbers",
        "NAME": "names after words such as",
    }
    assert set(words) == set(KINDS)
    assert [word for word in words.values() if word not in page] == []


def test_the_times_and_amounts_of_the_page_of_privacy_are_those_of_the_code() -> None:
    limits = Limits()
    assert limits.idle_seconds == 2 * 3_600
    assert limits.retention_seconds == 3_600
    assert limits.conversations_in_memory == 5_000
    assert timedelta(hours=2) == VALUES_KEPT
    engine = "".join(
        (ROOT / "bot/engine" / name).read_text(encoding="utf-8")
        for name in ("tracker.py", "state.py", "encoder.py")
    )
    for line in (
        "SECONDS_IN_MEMORY = 2 * 60 * 60",
        "MOST_IN_MEMORY = 5000",
        "KEPT_TURNS = 4",
        "REMEMBERED = 2048",
    ):
        assert line in engine, line
