"""`faro deadline`: what it prints, in which language, and what is wrong with what was typed."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import deadline as room
from bot.cli import main as cli
from bot.core.deadlines import CALCULATIONS

APPEAL = '{"decision_date": "2026-10-27", "mode": "oral"}'

runner = CliRunner()


@pytest.fixture(autouse=True)
def on_a_fixed_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARO_TODAY", "2026-11-21")
    monkeypatch.setenv("COLUMNS", "100")


def faro(*arguments: str, said: str | None = None) -> str:
    """What the command prints; it must succeed."""
    result = runner.invoke(cli.app, ["deadline", *arguments], input=said)
    assert result.exit_code == 0, result.output
    return result.stdout


def wrong(*arguments: str, said: str | None = None) -> str:
    """The one line that a mistake is answered with."""
    result = runner.invoke(cli.app, ["deadline", *arguments], input=said)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
    return result.stderr.rstrip("\n")


@pytest.mark.parametrize(
    ("lang", "parts"),
    [
        (
            "en",
            [
                "Appeal to the Board",
                "Last day: Friday, November 27, 2026",
                "Safer day: Wednesday, November 25, 2026",
                "30 days later: Thursday, November 26, 2026",
                "That day is a federal holiday. The next business day: Friday, November 27, 2026",
                "In doubt",
                "8 CFR 1003.38(b)-(c) (checked July 3, 2026) https://",
                "Counted on Saturday, November 21, 2026.",
            ],
        ),
        (
            "es",
            [
                "Apelación ante la Junta",
                "Último día: viernes 27 de noviembre de 2026",
                "Día más seguro: miércoles 25 de noviembre de 2026",
                "30 días después: jueves 26 de noviembre de 2026",
                "Ese día es feriado federal. El siguiente día hábil: viernes 27 de noviembre de 2026",
                "En duda",
                "8 CFR 1003.38(b)-(c) (revisado el 3 de julio de 2026) https://",
                "Contado el sábado 21 de noviembre de 2026.",
            ],
        ),
    ],
)
def test_a_date_is_told_from_the_day_itself_to_what_it_rests_on(lang: str, parts: list[str]) -> None:
    told = faro("bia_appeal", "--inputs", APPEAL, "--lang", lang)
    places = [told.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)
    assert "{{" not in told
    assert all(len(line) <= 100 for line in told.split("\n") if line.startswith("  ") and "- " not in line)


def test_json_holds_the_row_and_everything_else() -> None:
    told = json.loads(faro("bia_appeal", "--inputs", APPEAL, "--json", "--lang", "es"))
    assert told["row"] == {
        "deadline": "2026-11-27",
        "rolled": True,
        "unrolled": "2026-11-26",
        "roll_reason": "holiday: Thanksgiving Day",
        "contested": False,
        "must_be": "received_by_BIA",
        "file_by": "2026-11-25",
    }
    assert told["counted_on"] == "2026-11-21"
    assert told["language"] == "es"
    assert told["authority"]
    assert told["steps"][0] == {"code": "from", "values": {"date": "2026-10-27"}}
    assert "noviembre" in told["text"]


def test_the_same_comes_from_the_command_and_from_the_api() -> None:
    from bot.core import yaml12

    document = yaml12.load_file(cli.ROOT / "bot/gateway/openapi.yml")
    told = json.loads(faro("bia_appeal", "--inputs", APPEAL, "--json"))
    assert set(told) == set(document["components"]["schemas"]["Result"]["required"])


def test_the_day_can_be_told_and_is_else_the_firms(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(*arguments: str) -> Any:
        return json.loads(faro("bia_appeal", "--inputs", APPEAL, "--json", *arguments))["counted_on"]

    assert counted() == "2026-11-21"
    assert counted("--today", "2026-11-01") == "2026-11-01"
    monkeypatch.delenv("FARO_TODAY")

    class Late(room.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            assert str(tz) == "America/New_York"
            return cls(2026, 11, 30, 23, 30, tzinfo=tz)

    monkeypatch.setattr(room, "datetime", Late)
    assert counted() == "2026-11-30"


def test_the_state_tells_the_day_and_without_it_both_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FARO_TODAY")

    class Night(room.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls(2026, 11, 22, 1, tzinfo=tz)

    monkeypatch.setattr(room, "datetime", Night)

    def counted(*arguments: str) -> tuple[str, str | None]:
        told = json.loads(faro("bia_appeal", "--inputs", APPEAL, "--json", *arguments))
        return told["counted_on"], told["maybe_on"]

    assert counted("--state", "NY") == ("2026-11-22", None)
    assert counted("--state", "CA") == ("2026-11-21", None)
    assert counted() == counted("--state", "TX") == ("2026-11-22", "2026-11-21")
    assert counted("--state", "NY", "--today", "2026-11-01") == ("2026-11-01", None)
    shown = faro("bia_appeal", "--inputs", APPEAL)
    assert (
        "Counted on Sunday, November 22, 2026. Where you are it may be Saturday, November 21, 2026" in shown
    )
    shown = faro("bia_appeal", "--inputs", APPEAL, "--lang", "es")
    assert "Contado el domingo 22 de noviembre de 2026. Donde usted está puede ser el sábado 21" in shown


@pytest.mark.parametrize("state", ["tx", "XX", "Texas"])
def test_a_state_that_is_not_known_is_refused(state: str) -> None:
    for lang in ("en", "es"):
        told = wrong("bia_appeal", "--inputs", APPEAL, "--state", state, "--lang", lang)
        assert told.startswith(f"--state {state}")
        assert told.endswith("TX.")


def test_facts_from_standard_input_leave_no_trace_in_the_history() -> None:
    assert faro("bia_appeal", "--inputs", "-", said=APPEAL) == faro("bia_appeal", "--inputs", APPEAL)


def test_law_that_is_not_in_force_says_that_it_is_for_a_check() -> None:
    told = faro("bia_appeal", "--inputs", APPEAL, "--as-of", "2026-03-10", "--include", "vacated")
    assert "Last day: Friday, November 6, 2026" in told
    assert "for a lawyer's check only" in told
    assert "Counted by the law of March 10, 2026." in told
    assert "for a lawyer's check only" not in faro("bia_appeal", "--inputs", APPEAL)


def test_what_is_contested_is_told_with_the_note() -> None:
    told = faro("noid_response", "--inputs", '{"noid_date": "2026-11-05"}', "--lang", "es")
    assert "16th day is not a business day" in told


def test_what_is_not_covered_is_told_without_a_date() -> None:
    told = faro("individual_hearing_filings", "--inputs", '{"hearing": "2027-03-15", "detained": true}')
    assert "Last day" not in told
    assert "Counted on Saturday, November 21, 2026." in told


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_list_shows_every_calculation_with_its_facts(lang: str) -> None:
    told = faro("--list", "--lang", lang)
    for calculation in CALCULATIONS.values():
        assert f"{calculation.id}  {calculation.title[lang]}\n" in told
    assert f"mode: oral | mailed | e_notice, {'optional' if lang == 'en' else 'opcional'}" in told
    listed = json.loads(faro("--list", "--json"))
    assert [entry["id"] for entry in listed] == list(CALCULATIONS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name a calculation; faro deadline --list shows them."),
        (["--lang", "es"], "Indique un cálculo; faro deadline --list los muestra."),
        (["bia_appeal"], "bia_appeal needs facts: --inputs '{\"decision_date\": ...}'. faro deadline --list"),
        (["bia_apeal"], "There is no calculation bia_apeal. Did you mean bia_appeal?"),
        (["bia_appeal", "--inputs", "{"], "--inputs cannot be read as JSON."),
        (["bia_appeal", "--inputs", "[" * 100_000], "--inputs cannot be read as JSON."),
        (["bia_appeal", "--inputs", '{"a": 1, "a": 2}', "--lang", "es"], "--inputs no se puede leer"),
        (["bia_appeal", "--inputs", "[]"], "The facts are not a set of names and values."),
        (["bia_appeal", "--inputs", "{}"], "decision_date is missing. Give it;"),
        (
            ["bia_appeal", "--inputs", '{"decision_date": "2026-02-30"}', "--lang", "es"],
            "decision_date es 2026-02-30, que no es una fecha. Escriba año-mes-día, por ejemplo 2026-07-03.",
        ),
        (
            ["bia_appeal", "--inputs", '{"date": "2026-02-03"}'],
            "date is not a fact that this calculation uses.",
        ),
        (
            ["bia_appeal", "--inputs", APPEAL, "--today", "tomorrow"],
            "today is tomorrow, which is not a date.",
        ),
        (["bia_appeal", "--inputs", APPEAL, "--as-of", "2026"], "as_of is 2026, which is not a date."),
        (
            ["bia_appeal", "--inputs", APPEAL, "--include", "dreamt"],
            "--include dreamt is not known. Use proposed",
        ),
        (["bia_appeal", "--inputs", APPEAL, "--lang", "pt"], "pt is not a language of Faro. Use en or es."),
        (["--list", "--lang", "pt"], "pt is not a language of Faro. Use en or es."),
    ],
)
def test_a_mistake_is_one_line_with_its_remedy(arguments: list[str], words: str) -> None:
    assert wrong(*arguments).startswith(words)


def test_what_was_typed_is_quoted_short_and_without_control_characters() -> None:
    told = wrong("bia_appeal", "--inputs", json.dumps({"decision_date": "\x1b[31m" + "x" * 20_000}))
    assert len(told) < 200
    assert "\x1b" not in told
    assert "\ud800" not in wrong("bia_appeal", "--inputs", '{"\\ud800": 1}')


def test_today_is_a_day_and_never_a_moment() -> None:
    assert date.fromisoformat(
        json.loads(faro("ar11", "--inputs", '{"moved": "2026-11-20"}', "--json"))["counted_on"]
    ) == date(2026, 11, 21)
