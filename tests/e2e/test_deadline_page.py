"""The page of a date on paper and on a phone: one sheet of A4 and of Letter in both languages, nothing cut off."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from bot.cli.paths import CONTENT, LAW
from bot.core.content import load_library
from bot.core.deadlines import calculate, load_rules
from bot.core.deadlines.phrases import FILE_NAME, load_phrases
from bot.core.deadlines.telling import calendar_title, tell
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.messages import LANGUAGES
from bot.gateway.deadline_page import page

TODAY = date(2026, 11, 21)
TABLE = Path(__file__).resolve().parents[1] / "eval" / "deadlines_dev.csv"
VAGUE = {"earliest": "2025-12-01", "latest": "2026-03-31"}


def _asked() -> list[tuple[str, dict[str, Any]]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [(row["calculation"], json.loads(row["inputs_json"])) for row in csv.DictReader(file)]
    more: list[tuple[str, dict[str, Any]]] = [
        ("one_year_filing", {"last_arrival": VAGUE}),
        ("one_year_filing", {"last_arrival": "2024-03-31"}),
        ("bia_appeal", {"decision_date": "2026-11-10"}),
        ("master_hearing_filings", {"hearing": "2027-03-15", "detained": True}),
    ]
    return rows + more


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """A page for every worked case, in both languages, by a name that tells which."""
    parameters = load_parameters(LAW / "parameters")
    rules = load_rules(LAW / "deadlines", parameters)
    words = load_library(CONTENT, parameters, load_firm(CONTENT / "firm.yml"))
    phrases = load_phrases(CONTENT / FILE_NAME)
    made = {}
    for number, (calculation, inputs) in enumerate(_asked()):
        result = calculate(calculation, inputs, rules, TODAY)
        for lang in LANGUAGES:
            name = calendar_title(words, calculation, lang)
            made[f"{calculation}-{number}-{lang}"] = page(
                result, tell(words, rules, result, lang), phrases, words.firm, lang, name=name
            )
    return made


def test_every_page_fits_on_one_sheet(browser: Browser, pages: dict[str, str]) -> None:
    context = browser.new_context()
    sheet = context.new_page()
    longer = []
    for name, text in pages.items():
        sheet.set_content(text)
        for paper in ("A4", "Letter"):
            found = len(re.findall(rb"/Type\s*/Page\b", sheet.pdf(format=paper)))
            if found != 1:
                longer.append((name, paper, found))
    context.close()
    assert longer == []


def test_no_page_is_wider_than_a_small_phone(browser: Browser, pages: dict[str, str]) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 568})
    screen = context.new_page()
    wider = []
    for name, text in pages.items():
        screen.set_content(text)
        width = screen.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wider.append((name, width))
    context.close()
    assert wider == []


def test_the_date_is_the_largest_thing_on_the_page_and_all_is_black_on_white(
    browser: Browser, pages: dict[str, str]
) -> None:
    context = browser.new_context(color_scheme="dark")
    sheet = context.new_page()
    sheet.emulate_media(media="print")
    sheet.set_content(pages[next(name for name in pages if name.startswith("bia_appeal"))])
    sizes, colors = sheet.evaluate(
        """() => {
            const all = [...document.querySelectorAll('main *')];
            const size = e => parseFloat(getComputedStyle(e).fontSize);
            const largest = Math.max(...all.map(size));
            return [all.filter(e => size(e) === largest).map(e => e.tagName),
                    [...new Set(all.map(e => getComputedStyle(e).color))]];
        }"""
    )
    context.close()
    assert sizes == ["B"]
    assert colors == ["rgb(0, 0, 0)"]
