"""The deadline API: dates, calendar files and pages; what is refused; and that nothing is kept or logged."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from icalendar import Calendar

from bot.gateway import main
from bot.settings import load_settings
from tests.gateway.conftest import DOCUMENT, Gateway, Start, checked
from tests.gateway.standin import SECRET, StandInEngine

API = "/api/deadlines/v1"
APPEAL = {"decision_date": "2026-11-20", "mode": "oral"}
NAMED = {"calculation": "bia_appeal", "inputs": APPEAL}


async def asked(gateway: Gateway, calculation: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    response = await gateway.client.post(
        f"{API}/calculations/{calculation}",
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    return response.status, await checked(response)


async def refused(gateway: Gateway, path: str, body: Any) -> tuple[int, str]:
    response = await gateway.client.post(f"{API}{path}", json=body)
    data = await checked(response)
    assert data["status"] == response.status
    assert response.content_type == "application/problem+json"
    return response.status, data["code"]


async def read(response: ClientResponse) -> str:
    """The text of an answer that is not JSON, after comparing its type with the document."""
    text = await response.text()
    assert response.status == 200, text
    described = DOCUMENT["paths"][response.url.path]["post"]["responses"]["200"]
    assert response.content_type in described["content"]
    assert response.headers["Cache-Control"] == "no-store"
    return text


# a date


async def test_a_date_comes_with_everything_that_led_to_it(gateway: Gateway) -> None:
    status, data = await asked(gateway, "bia_appeal", {"inputs": APPEAL, "lang": "es"})
    assert status == 200
    assert data["date"] == "2026-12-21"
    assert data["unrolled"] == "2026-12-20"
    assert data["file_by"] == "2026-12-18"
    assert data["days_left"] == 30
    assert data["counted_on"] == "2026-11-21"
    assert data["roll"] == {"code": "sunday", "reason": "Sunday", "holiday": ""}
    assert data["row"]["deadline"] == "2026-12-21"
    assert [step["code"] for step in data["steps"]] == ["from", "add", "roll"]
    assert data["authority"][0]["checked"] == "2026-07-03"
    assert data["text"] == "[bia_appeal es]"
    assert data["title"] == "Apelación ante la Junta"


async def test_the_day_is_that_of_the_firms_time_zone_unless_it_is_told(gateway: Gateway) -> None:
    async def counted(body: dict[str, Any]) -> str:
        return str((await asked(gateway, "bia_appeal", {"inputs": APPEAL, **body}))[1]["counted_on"])

    assert await counted({}) == "2026-11-21"
    assert await counted({"today": "2026-11-22"}) == "2026-11-22"
    assert await counted({"today": "2026-11-22", "inputs": {**APPEAL, "today": "2026-11-23"}}) == "2026-11-23"
    assert await counted({"today": "2026-11-22", "inputs": {**APPEAL, "today": None}}) == "2026-11-22"


async def test_the_day_is_the_persons_by_state_and_browser_and_the_cautious_one_else(
    gateway: Gateway,
) -> None:
    gateway.clock.day = datetime(2026, 11, 22, 1)  # noqa: DTZ001 - at night, in the firm's zone

    async def counted(**told: str) -> tuple[str, str | None]:
        _, data = await asked(gateway, "bia_appeal", {"inputs": APPEAL, **told})
        return data["counted_on"], data["maybe_on"]

    before, after = "2026-11-21", "2026-11-22"
    assert await counted() == (after, before)
    assert await counted(state="NY") == (after, None)
    assert await counted(state="CA") == (before, None)
    assert await counted(timezone="America/Denver") == (before, None)
    assert await counted(state="TX") == (after, before)
    assert await counted(state="TX", timezone="America/Chicago") == (after, None)
    assert await counted(state="NY", timezone="America/Denver") == (after, before)
    assert await counted(timezone="America/Bogota") == (after, before)
    assert await counted(state="NY", today=before) == (before, None)
    _, data = await asked(gateway, "asylum_ead_clock", {"inputs": {"i589_received": "2026-11-03"}})
    assert (data["counted_on"], data["maybe_on"]) == (before, after)


@pytest.mark.parametrize(
    "told", [{"state": "tx"}, {"state": "XX"}, {"state": ["TX"]}, {"timezone": 5}, {"timezone": "x" * 65}]
)
async def test_a_place_that_cannot_be_one_is_refused(gateway: Gateway, told: dict[str, Any]) -> None:
    status, data = await asked(gateway, "bia_appeal", {"inputs": APPEAL, **told})
    assert (status, data["code"]) == (400, "bad_field")
    assert next(iter(told)) in data["detail"]


async def test_a_range_has_two_ends_and_leads_with_the_earlier(gateway: Gateway) -> None:
    body = {"inputs": {"last_arrival": {"earliest": "2026-03-03", "latest": "2026-03-31"}}}
    _, data = await asked(gateway, "one_year_filing", body)
    assert data["date"] == data["earliest"]["date"] == "2027-03-03"
    assert data["latest"]["date"] == "2027-03-31"
    assert data["row"]["deadline"] == {"earliest": "2027-03-03", "latest": "2027-03-31"}


async def test_what_is_not_covered_is_an_answer(gateway: Gateway) -> None:
    body = {"inputs": {"hearing": "2027-03-15", "detained": True}}
    status, data = await asked(gateway, "individual_hearing_filings", body)
    assert status == 200
    assert (data["covered"], data["reason"], data["date"]) == (False, "detained", None)


async def test_law_that_is_not_in_force_comes_only_when_asked_for_and_says_so(gateway: Gateway) -> None:
    body = {"inputs": APPEAL, "as_of": "2026-11-20"}
    assert (await asked(gateway, "bia_appeal", body))[1]["date"] == "2026-12-21"
    _, data = await asked(gateway, "bia_appeal", {**body, "include": ["vacated"]})
    assert data["date"] == "2026-11-30"
    assert (data["as_of"], data["include"]) == ("2026-11-20", ["vacated"])
    assert "not to act on" in data["notes"][0]


async def test_every_calculation_is_listed_with_its_facts_in_both_languages(gateway: Gateway) -> None:
    data = await checked(await gateway.client.get(f"{API}/calculations"))
    by_id = {calculation["id"]: calculation for calculation in data["calculations"]}
    assert len(by_id) >= 27
    appeal = by_id["bia_appeal"]
    assert appeal["title"] == {"en": "Appeal to the Board", "es": "Apelación ante la Junta"}
    assert {field["name"] for field in appeal["fields"]} == {"decision_date", "mode", "notice_date", "today"}
    assert next(f for f in appeal["fields"] if f["name"] == "mode")["choices"] == [
        "oral",
        "mailed",
        "e_notice",
    ]


# a calendar file


async def test_a_calendar_file_is_saved_under_a_neutral_name(gateway: Gateway) -> None:
    response = await gateway.client.post(f"{API}/calendar", json={**NAMED, "lang": "es"})
    text = await read(response)
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="fecha.ics"'
    safe, last = Calendar.from_ical(text).walk("VEVENT")
    assert (str(safe["SUMMARY"]), str(last["SUMMARY"])) == (
        "[title es] (día más seguro)",
        "[title es] (último día)",
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"calculation": "one_year_filing", "inputs": {"last_arrival": "2024-06-03"}}, "date_passed"),
        (
            {
                "calculation": "motion_to_reopen",
                "inputs": {"final_order": "2026-11-02", "ground": "lack_of_notice"},
            },
            "no_single_date",
        ),
        (
            {
                "calculation": "individual_hearing_filings",
                "inputs": {"hearing": "2027-03-15", "detained": True},
            },
            "date_not_covered",
        ),
        ({**NAMED, "include": ["vacated"]}, "only_for_checks"),
    ],
)
async def test_without_a_day_ahead_there_is_a_problem_and_no_file(
    gateway: Gateway, body: dict[str, Any], code: str
) -> None:
    assert await refused(gateway, "/calendar", body) == (422, code)


# a page


@pytest.mark.parametrize(
    ("lang", "day"), [("en", "Monday, December 21, 2026"), ("es", "lunes 21 de diciembre de 2026")]
)
async def test_a_page_is_whole_and_in_the_persons_language(gateway: Gateway, lang: str, day: str) -> None:
    response = await gateway.client.post(f"{API}/page", json={**NAMED, "lang": lang})
    text = await read(response)
    assert response.headers["Content-Language"] == lang
    assert f'<html lang="{lang}">' in text
    assert f"<b>{day}</b>" in text
    assert f"<title>[title {lang}]</title>" in text
    assert f"[bia_appeal {lang}]" in text
    assert "Example Firm, 555-0100" in text
    assert {"en": "not legal advice", "es": "No es consejo legal"}[lang] in text
    assert {"en": "Counted on Saturday, November 21, 2026", "es": "Contado el sábado 21 de noviembre"}[
        lang
    ] in text


async def test_a_page_loads_nothing_and_runs_nothing(gateway: Gateway) -> None:
    response = await gateway.client.post(f"{API}/page", json=NAMED)
    text = await read(response)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for forbidden in ("<script", "<link", "<img", "<iframe", "src=", "url(", "@import", "style="):
        assert forbidden not in text
    assert not re.search(r"\son[a-z]+=", text)


async def test_a_form_opens_the_page(gateway: Gateway) -> None:
    body = urlencode({"request": json.dumps({**NAMED, "lang": "es"})})
    response = await gateway.client.post(
        f"{API}/page", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert "lunes 21 de diciembre de 2026" in await read(response)


@pytest.mark.parametrize(
    "body",
    ["", "request", "request=", "request=%7B", "other=%7B%7D", "request=%7B%7D&request=%7B%7D", "%FF=%FF"],
)
async def test_another_form_is_refused(gateway: Gateway, body: str) -> None:
    response = await gateway.client.post(
        f"{API}/page", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (response.status, (await checked(response))["code"]) == (400, "bad_json")


async def test_the_page_and_the_calendar_take_a_form_and_nothing_else_does(gateway: Gateway) -> None:
    path = "/calculations/bia_appeal"
    response = await gateway.client.post(f"{API}{path}", data={"request": json.dumps(NAMED)})
    assert (response.status, (await checked(response))["code"]) == (415, "not_json")
    form = {"request": json.dumps({**NAMED, "lang": "es"})}
    file = await gateway.client.post(f"{API}/calendar", data=form)
    same = await gateway.client.post(f"{API}/calendar", json={**NAMED, "lang": "es"})
    assert file.content_type == "text/calendar"
    assert await file.text() == await same.text()


async def test_the_law_of_another_day_is_named_on_the_page(gateway: Gateway) -> None:
    response = await gateway.client.post(f"{API}/page", json={**NAMED, "as_of": "2026-01-05"})
    assert "Counted by the law of January 5, 2026." in await read(response)
    assert await refused(gateway, "/page", {**NAMED, "include": ["vacated"]}) == (422, "only_for_checks")


@pytest.mark.parametrize(
    ("calculation", "inputs", "words"),
    [
        ("individual_hearing_filings", {"hearing": "2027-03-15", "detained": True}, "[individual_hearing"),
        ("one_year_filing", {"last_arrival": "2026-06-03", "uac": True}, "[one_year_filing en]"),
        ("one_year_filing", {"last_arrival": "2024-06-03"}, "days ago"),
        ("asylum_ead_clock", {"i589_received": "2026-11-03"}, "First possible day"),
        ("credible_fear_ij_review", {"determination": "2026-11-14"}, "It is today"),
    ],
)
async def test_every_kind_of_result_has_a_page(
    gateway: Gateway, calculation: str, inputs: dict[str, Any], words: str
) -> None:
    response = await gateway.client.post(f"{API}/page", json={"calculation": calculation, "inputs": inputs})
    text = await read(response)
    assert words in text
    assert "Counted on Saturday, November 21, 2026." in text


# what is refused


@pytest.mark.parametrize(
    ("calculation", "inputs", "status", "code", "words"),
    [
        ("bia_apeal", APPEAL, 404, "unknown_calculation", "¿Quiso decir bia_appeal?"),
        ("bia_appeal", {"mode": "oral"}, 422, "missing_fact", "falta decision_date"),
        ("bia_appeal", {**APPEAL, "decided": "x"}, 422, "unknown_fact", "decided no es un dato"),
        ("bia_appeal", {"decision_date": "2026-02-30"}, 422, "wrong_date", "decision_date es 2026-02-30"),
        ("bia_appeal", {"decision_date": "1492-10-12"}, 422, "wrong_date", "Revise el año"),
        ("bia_appeal", {**APPEAL, "mode": "fax"}, 422, "wrong_fact", "mode es fax"),
        (
            "asylum_ead_clock",
            {"i589_received": "2026-01-05", "stopped_days": -1},
            422,
            "wrong_fact",
            "0 o más",
        ),
    ],
)
async def test_a_wrong_fact_is_named_with_its_remedy_in_the_persons_language(
    gateway: Gateway, calculation: str, inputs: dict[str, Any], status: int, code: str, words: str
) -> None:
    found, data = await asked(gateway, calculation, {"inputs": inputs, "lang": "es"})
    assert (found, data["code"]) == (status, code)
    assert words.lower() in data["detail"].lower()


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        1.5,
        True,
        "",
        "20 November",
        "2026-11-20T10:00",
        "２０２６-11-20",
        [],
        ["2026-11-20"],
        {},
        {"a": 1},
    ],
)
async def test_a_day_of_the_wrong_type_is_a_problem_and_no_fault(gateway: Gateway, value: Any) -> None:
    status, data = await asked(gateway, "bia_appeal", {"inputs": {"decision_date": value}})
    assert (status, data["code"]) in ((422, "wrong_date"), (422, "missing_fact"))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad_field"),
        ({"inputs": None}, "bad_field"),
        ({"inputs": []}, "bad_field"),
        ({"inputs": "x"}, "bad_field"),
        ({"inputs": APPEAL, "lang": "pt"}, "bad_field"),
        ({"inputs": APPEAL, "lang": ["en"]}, "bad_field"),
        ({"inputs": APPEAL, "include": "vacated"}, "bad_field"),
        ({"inputs": APPEAL, "include": ["in_force"]}, "bad_field"),
        ({"inputs": APPEAL, "include": [["vacated"]]}, "bad_field"),
        ({"inputs": APPEAL, "name": "Ana"}, "unknown_field"),
        ({"inputs": APPEAL, "calculation": "bia_appeal"}, "unknown_field"),
        ({"inputs": APPEAL, "as_of": "soon"}, "wrong_date"),
        ({"inputs": APPEAL, "as_of": {"earliest": "2026-01-01", "latest": "2026-02-01"}}, "wrong_date"),
        ({"inputs": APPEAL, "today": "today"}, "wrong_date"),
    ],
)
async def test_a_wrong_request_is_refused(gateway: Gateway, body: dict[str, Any], code: str) -> None:
    assert (await refused(gateway, "/calculations/bia_appeal", body))[1] == code


@pytest.mark.parametrize("calculation", [None, 7, ["bia_appeal"], {}])
async def test_a_calculation_is_a_name(gateway: Gateway, calculation: Any) -> None:
    for path in ("/calendar", "/page"):
        body = {"calculation": calculation, "inputs": APPEAL}
        assert await refused(gateway, path, body) == (400, "bad_field")
        assert await refused(gateway, path, {**NAMED, "calculation": "x"}) == (404, "unknown_calculation")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 10_000,
        b'{"inputs":' * 1_000 + b"1" + b"}" * 1_000,
        b'{"inputs": {"decision_date": [[[[[["2026-11-20"]]]]]]}}',
        b'{"inputs": {"decision_date": ' + b"9" * 5_000 + b"}}",
        b'{"inputs": {"decision_date": "2026-11-20", "decision_date": "2026-11-21"}}',
    ],
)
async def test_broken_and_deep_json_is_refused(gateway: Gateway, body: bytes) -> None:
    status, data = await asked(gateway, "bia_appeal", body)
    assert (status, data["code"]) == (400, "bad_json")


async def test_20000_characters_are_refused(gateway: Gateway) -> None:
    for inputs in ({"decision_date": "a" * 20_000}, {"a" * 20_000: "2026-11-20"}):
        status, data = await asked(gateway, "bia_appeal", {"inputs": inputs})
        assert (status, data["code"]) == (413, "body_too_large")


async def test_a_long_value_is_quoted_short(gateway: Gateway) -> None:
    for inputs in ({"decision_date": "a" * 9_000}, {"a" * 9_000: "2026-11-20"}):
        status, data = await asked(gateway, "bia_appeal", {"inputs": inputs})
        assert status == 422
        assert len(data["detail"]) < 300


async def test_markup_in_a_value_stays_text(gateway: Gateway) -> None:
    evil = "<script>alert(1)</script>\x1b[31m\ud800"
    status, data = await asked(gateway, "bia_appeal", {"inputs": {"decision_date": evil}})
    assert (status, data["code"]) == (422, "wrong_date")
    assert "\x1b" not in data["detail"]
    response = await gateway.client.post(
        f"{API}/page", json={"calculation": evil, "inputs": {evil: evil}, "lang": "en"}
    )
    assert response.content_type == "application/problem+json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_more_than_three_ranges_are_refused_before_counting(gateway: Gateway) -> None:
    stops = [{"from": f"20{year}-01-01", "to": {"earliest": f"20{year}-02-01", "latest": f"20{year}-03-01"}}
             for year in range(11, 15)]  # fmt: skip
    body = {"inputs": {"i589_received": "2010-01-01", "stops": stops}}
    status, data = await asked(gateway, "asylum_ead_clock_intervals", body)
    assert (status, data["code"]) == (422, "wrong_date")
    body = {"inputs": {"i589_received": "2010-01-01", "stops": stops[:3]}}
    assert (await asked(gateway, "asylum_ead_clock_intervals", body))[0] == 200


@pytest.mark.parametrize("path", ["/calculations/bia_appeal", "/calendar", "/page"])
async def test_facts_in_an_address_are_refused(gateway: Gateway, path: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        response = await gateway.client.request(
            method, f"{API}{path}?decision_date=2026-11-20", headers={"Accept-Language": "es"}
        )
        assert response.status == 405
        assert response.headers["Allow"] == "POST"
    assert "2026-11-20" not in gateway.log.getvalue()


async def test_no_token_is_needed_and_a_foreign_one_changes_nothing(gateway: Gateway) -> None:
    plain = await asked(gateway, "bia_appeal", {"inputs": APPEAL})
    assert plain[0] == 200
    assert plain == await asked(gateway, "bia_appeal", {"inputs": APPEAL}, Authorization="Bearer x")


async def test_too_many_dates_from_one_address_wait(start: Start) -> None:
    gateway = await start(deadlines="2/minute")
    for _ in range(2):
        assert (await asked(gateway, "bia_appeal", {"inputs": APPEAL}))[0] == 200
    for path in ("/calculations/bia_appeal", "/calendar", "/page"):
        response = await gateway.client.post(f"{API}{path}", json={**NAMED})
        assert (response.status, (await checked(response))["code"]) == (429, "too_many_requests")
        assert 1 <= int(response.headers["Retry-After"]) <= 60


async def test_nothing_of_a_request_is_logged_kept_or_counted(gateway: Gateway) -> None:
    body = {"inputs": {"last_arrival": "2026-03-03", "secret_fact": "Ana"}}
    await asked(gateway, "one_year_filing", body)
    await gateway.client.post(f"{API}/page", json={**NAMED, "inputs": {"decision_date": "2026-03-03"}})
    await gateway.client.post(f"{API}/calculations/Ana-2026-03-03", json=body)
    log = gateway.log.getvalue()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line["route"] for line in lines} == {f"{API}/calculations/{{calculation}}", f"{API}/page"}
    metrics = await (await gateway.client.get("/metrics")).text()
    for told in ("2026-03-03", "Ana", "secret_fact", "one_year"):
        assert told not in log
        assert told not in metrics
    assert gateway.engine.turns == []


async def test_another_site_may_ask_only_when_it_is_named(start: Start) -> None:
    gateway = await start({"FARO_ALLOWED_ORIGINS": "https://firm.example"})
    for origin, allowed in (("https://firm.example", True), ("https://evil.example", False)):
        response = await gateway.client.post(f"{API}/page", json=NAMED, headers={"Origin": origin})
        assert ("Access-Control-Allow-Origin" in response.headers) is allowed


# the project's own words


async def test_the_gateway_as_it_is_started_tells_dates_in_both_languages(
    tmp_path: Any, engine: StandInEngine
) -> None:
    settings = load_settings(
        {
            "FARO_VAR": str(tmp_path),
            "FARO_ENGINE_URL": engine.url,
            "FARO_ENGINE_SECRET": SECRET,
            "FARO_TODAY": "2026-11-21",
        }
    )
    async with TestClient(TestServer(await main.build(settings))) as client:
        for lang, month in (("en", "December"), ("es", "diciembre")):
            response = await client.post(
                f"{API}/calculations/bia_appeal", json={"inputs": APPEAL, "lang": lang}
            )
            data = await checked(response)
            assert month in data["text"]
            assert "{{" not in data["full"]
            assert data["notes"]
            page = await read(await client.post(f"{API}/page", json={**NAMED, "lang": lang}))
            assert "Example Immigration Law Office, 555-0100" in page
            file = (await read(await client.post(f"{API}/calendar", json={**NAMED, "lang": lang}))).lower()
            assert not any(word in file for word in ("asylum", "asilo", "uscis", "court", "corte", "deport"))
