"""Groups of unanswered questions in the console."""

from __future__ import annotations

import html

import pytest

from bot.console.access import PREFIX
from bot.transcripts.question_groups import Group, QuestionGroups, Unanswered
from tests.console.conftest import Console, Visitor
from tests.console.pages.planting import NOON, Planted, words


async def unanswered(console: Console, text: str, language: str = "es") -> Unanswered:
    """A question that the bot did not understand."""
    planted = Planted(language)
    message = planted.heard(text, "nlu_fallback", 0.3, look="fallback")
    planted.said(words().notice("not_understood", language))
    await planted.save(console.store)
    return Unanswered(message, planted.id, text)


async def grouped(console: Console) -> list[Unanswered]:
    daca = [
        await unanswered(console, text, lang)
        for text, lang in (("daca sigue abierto?", "es"), ("is daca open", "en"), ("puedo pedir daca", "es"))
    ]
    card = [await unanswered(console, f"perdí la tarjeta {number}") for number in (1, 2)]
    found = [
        Group(tuple(daca), "asylum_vs_refugee", "tps", 0.24),
        Group(tuple(card), "work_permit_renewal", "lost_card", 0.71),
    ]
    await QuestionGroups(console.store).replace(found, NOON)
    return daca


async def test_a_group_shows_its_questions_and_what_comes_nearest(pages: Console, reviewer: Visitor) -> None:
    told = html.unescape(await reviewer.page("/learning/unanswered"))
    assert "faro learn --group" in told
    daca = await grouped(pages)
    told = html.unescape(await reviewer.page("/learning/unanswered"))
    first, second = told.split('class="case group"')[1:]
    assert "3 questions" in first
    assert "1 in English, 2 in Spanish" in first
    assert f"/staff/conversations/{daca[1].conversation_id}#m-{daca[1].message_id}" in first
    assert "A topic may be missing" in first
    assert "(24 %)" in first
    assert "A section may be missing" in second
    assert "My card was lost, stolen or has a mistake." in second
    assert "faro learn --group" not in told


async def test_a_group_is_put_aside_and_brought_back(pages: Console, reviewer: Visitor) -> None:
    await grouped(pages)
    id = (await QuestionGroups(pages.store).page(1)).rows[0].id
    for said in ("group_dismissed", "already"):
        response = await reviewer.post(f"/learning/groups/{id}/dismiss")
        assert response.headers["Location"] == f"{PREFIX}/learning/unanswered?said={said}#said"
    assert id not in await reviewer.page("/learning/unanswered")
    assert id in await reviewer.page("/learning/dismissed")
    response = await reviewer.post(f"/learning/groups/{id}/restore")
    assert response.headers["Location"] == f"{PREFIX}/learning/dismissed?said=group_restored#said"
    assert id in await reviewer.page("/learning/unanswered")
    assert await pages.actions(id) == ["group.dismissed", "group.dismissed", "group.restored"]


async def test_what_was_erased_is_not_shown(pages: Console, reviewer: Visitor) -> None:
    daca = await grouped(pages)
    await pages.store.erase(daca[0].conversation_id)
    told = await reviewer.page("/learning/unanswered")
    assert daca[0].text not in html.unescape(told)
    assert "2 questions" in told


async def test_groups_come_page_by_page(
    pages: Console, reviewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.console.learning.unanswered.ROWS", 1)
    await grouped(pages)
    first = await reviewer.page("/learning/unanswered")
    older = html.unescape(first).split('rel="next" href="/staff')[1].split('"')[0]
    assert "A section may be missing" in await reviewer.page(older)
    for odd in ("x", "-", "9" * 30 + "-" + "a" * 32):
        assert "A topic may be missing" in await reviewer.page(f"/learning/unanswered?before={odd}")
