"""The pages of articles, and approving: exactly what was read, by the attorney role, with a line in the log."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from bot.core.content.library import Library
from bot.core.triage.rules import approval_topic, load
from tests.console.articles.conftest import edit, open_library
from tests.console.conftest import Console, Visitor
from tests.console.pages.planting import beside, words

type SignedIn = Callable[..., Awaitable[Visitor]]
PAGE = "/articles/work_permit"


def hash_in(page: str) -> str:
    found = re.search(r'name="hash" value="([0-9a-f]{64})"', page)
    return found[1] if found else ""


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_list_shows_every_article_and_can_be_narrowed(
    signed_in: SignedIn, library: Library, language: str
) -> None:
    library.approve("filing_fee", "Example Attorney", library.topics["filing_fee"].articles["en"].review_due)
    visitor = await signed_in("reader", language)
    page = unescape(await visitor.page("/articles"))
    titles = [topic.articles[language].title for topic in library.topics.values()]
    assert all(title in page for title in titles)
    assert "Example Attorney" in page
    narrowed = await visitor.page("/articles?show=unapproved")
    assert ("work_permit" in narrowed, "/articles/filing_fee" in narrowed) == (True, False)
    assert "/articles/filing_fee" in await visitor.page("/articles?show=nonsense")


async def test_an_article_stands_in_both_languages_with_its_law(signed_in: SignedIn) -> None:
    visitor = await signed_in("reader")
    page = unescape(await visitor.page(PAGE))
    assert "How long does the card last?" in page
    assert "La fecha está en la tarjeta." in page
    assert "fee.i589" in page
    assert "$1,010" in page
    # Who only reads is not offered to sign.
    assert hash_in(page) == ""


async def test_an_article_as_it_reads_on_a_day(signed_in: SignedIn) -> None:
    visitor = await signed_in("attorney")
    page = unescape(await visitor.page(f"{PAGE}?day=2025-12-31"))
    assert "The fee is $100 since July 22, 2025." in page
    # What is approved is the text of today.
    assert hash_in(page) == ""


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "1066-10-14", "9999-01-01", "%00", "1" * 20_000])
async def test_a_day_that_is_none_gets_a_kind_word_and_today(signed_in: SignedIn, day: str) -> None:
    visitor = await signed_in("reader")
    if len(day) > 8_000:
        day = day[:7_000]
    page = unescape(await visitor.page(f"{PAGE}?day={day}", 400))
    assert "That is not a day that can be shown." in page
    assert "$1,010" in page


async def test_what_does_not_exist_is_not_found(signed_in: SignedIn) -> None:
    visitor = await signed_in("attorney")
    for path in ("/articles/none_such", "/articles/triage_none"):
        await visitor.page(path, 404)
        assert (await visitor.post(f"{path}/approve", {"hash": "0" * 64})).status == 404
        assert (await visitor.post(f"{path}/withdraw")).status == 404


async def test_an_attorney_approves_what_the_page_showed(
    small: Console, signed_in: SignedIn, tree: Path, library: Library
) -> None:
    visitor = await signed_in("attorney")
    hash = hash_in(await visitor.page(PAGE))
    response = await visitor.post(f"{PAGE}/approve", {"hash": hash})
    assert (response.status, response.headers["Location"]) == (
        303,
        f"/staff{PAGE}?said=article_approved#said",
    )
    # The same record as the command line writes.
    approval = open_library(tree).approval("work_permit")
    assert approval is not None
    assert (approval.by, approval.hash) == (visitor.staff and visitor.staff.name, hash)
    assert str(approval.on) == "2026-11-21"
    lines, _ = await small.audit.page(10, object_id="work_permit")
    assert [(line.action, line.detail) for line in lines] == [("article.approved", {"hash": hash})]
    again = await visitor.post(f"{PAGE}/approve", {"hash": hash})
    assert "said=already" in again.headers["Location"]
    assert await small.actions("work_permit") == ["article.approved"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("content/topics/work_permit.es.md", "La fecha está en la tarjeta.", "La fecha está ahí."),
        ("law/parameters/fee/i589.yml", "value: 1010", "value: 1011"),
    ],
)
async def test_what_changed_since_the_page_was_opened_is_not_approved(
    small: Console, signed_in: SignedIn, tree: Path, library: Library, file: str, old: str, new: str
) -> None:
    visitor = await signed_in("attorney")
    hash = hash_in(await visitor.page(PAGE))
    edit(tree / file, old, new)
    response = await visitor.post(f"{PAGE}/approve", {"hash": hash})
    page = await response.text()
    assert response.status == 409
    assert "has changed since you opened the page" in page
    assert library.recorded_approval("work_permit") is None
    assert await small.actions("work_permit") == []
    # The page shows the text as it is now, which can be approved.
    assert hash_in(page) not in ("", hash)
    assert (await visitor.post(f"{PAGE}/approve", {"hash": hash_in(page)})).status == 303


@pytest.mark.parametrize("hash", ["", "0" * 64, "x" * 20_000])
async def test_a_form_without_the_right_mark_approves_nothing(
    signed_in: SignedIn, library: Library, hash: str
) -> None:
    visitor = await signed_in("attorney")
    assert (await visitor.post(f"{PAGE}/approve", {"hash": hash})).status == 409
    assert not library.is_approved("work_permit")


async def test_only_an_attorney_approves(signed_in: SignedIn, library: Library) -> None:
    visitor = await signed_in("reviewer")
    for action in ("approve", "withdraw"):
        response = await visitor.post(f"{PAGE}/{action}", {"hash": library.hash("work_permit")})
        assert response.status == 403
    assert not library.is_approved("work_permit")


async def test_a_file_that_cannot_be_written_is_told_with_the_remedy(
    small: Console, signed_in: SignedIn, tree: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await signed_in("attorney", "es")
    hash = hash_in(await visitor.page(PAGE))

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("bot.core.content.approvals.write_approvals", refuse)
    response = await visitor.post(f"{PAGE}/approve", {"hash": hash})
    page = unescape(await response.text())
    assert response.status == 503
    assert "no puede escribir" in page
    assert "faro content approve" in page
    assert not library.is_approved("work_permit")
    assert await small.actions("work_permit") == ["article.approved", "article.not_approved"]


async def test_a_damaged_record_is_left_alone(signed_in: SignedIn, tree: Path, library: Library) -> None:
    visitor = await signed_in("attorney")
    hash = hash_in(await visitor.page(PAGE))
    file = tree / "content/approvals.yml"
    file.write_text("approvals:\n  - topic: filing_fee\n", encoding="utf-8")
    response = await visitor.post(f"{PAGE}/approve", {"hash": hash})
    assert response.status == 409
    assert "has to be put right first" in await response.text()
    assert file.read_text(encoding="utf-8").endswith("filing_fee\n")


async def test_an_approval_is_taken_back(small: Console, signed_in: SignedIn, tree: Path) -> None:
    visitor = await signed_in("attorney")
    await visitor.post(f"{PAGE}/approve", {"hash": hash_in(await visitor.page(PAGE))})
    response = await visitor.post(f"{PAGE}/withdraw")
    assert "said=article_withdrawn" in response.headers["Location"]
    assert open_library(tree).recorded_approval("work_permit") is None
    assert await small.actions("work_permit") == ["article.approved", "article.withdrawn"]
    assert "said=already" in (await visitor.post(f"{PAGE}/withdraw")).headers["Location"]


async def test_a_broken_edit_is_named_and_the_last_good_state_shown(signed_in: SignedIn, tree: Path) -> None:
    visitor = await signed_in("reader")
    edit(tree / "content/topics/work_permit.en.md", "label: What it costs", "label:")
    for path in ("/articles", PAGE):
        page = unescape(await visitor.page(path))
        assert "work_permit.en.md" in page
        assert "A file has an error" in page


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_levels_of_urgency_are_approved_the_same_way(
    small: Console, signed_in: SignedIn, tree: Path, language: str
) -> None:
    topic = approval_topic(load(tree / "law/triage/levels.yml").versions[-1])
    visitor = await signed_in("attorney", language)
    assert f"/articles/{topic}" in await visitor.page("/articles")
    page = await visitor.page(f"/articles/{topic}")
    assert (await visitor.post(f"/articles/{topic}/approve", {"hash": "0" * 64})).status == 409
    response = await visitor.post(f"/articles/{topic}/approve", {"hash": hash_in(page)})
    assert "said=article_approved" in response.headers["Location"]
    assert visitor.staff is not None
    assert visitor.staff.name in await visitor.page(f"/articles/{topic}")
    await visitor.post(f"/articles/{topic}/withdraw")
    assert open_library(tree).recorded_approval(topic) is None


async def test_a_console_without_articles_has_no_such_page(
    console: Console, as_role: Callable[..., Awaitable[Visitor]]
) -> None:
    visitor = await as_role("attorney")
    await visitor.page("/articles", 404)


@pytest.mark.parametrize("language", ["en", "es"])
async def test_every_article_of_the_project_has_its_page(
    open_console: Callable[..., Awaitable[Console]], language: str
) -> None:
    console = await open_console(other=beside())
    staff, _ = await console.member("attorney", language=language)
    visitor = await console.signed_in(staff)
    await visitor.page("/articles")
    for topic in sorted(words().topics)[::10]:
        assert hash_in(await visitor.page(f"/articles/{topic}"))
