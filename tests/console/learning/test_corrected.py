"""Corrected turns in the console: how they become proposals, and what may not."""

from __future__ import annotations

import html

import pytest

from bot.console.access import PREFIX
from bot.core.rewording import LONGEST
from bot.transcripts.learning import Learning
from tests.console.conftest import Console, Visitor, run
from tests.console.learning.conftest import wrong_turn

ASKED = "soy [NAME_1], cuándo puedo trabajar?"
REWRITTEN = "cuándo puedo trabajar?"


async def test_the_page_shows_what_was_asked_answered_and_right(pages: Console, reviewer: Visitor) -> None:
    conversation, message = await wrong_turn(pages, ASKED)
    told = html.unescape(await reviewer.page("/learning"))
    assert f"/staff/conversations/{conversation}#m-{message}" in told
    assert "name 1" in told
    assert "When can I send the form for a work permit?" in told
    assert "cuándo puedo trabajar?</textarea>" in told


async def test_a_turn_is_proposed_and_taken_back(pages: Console, reviewer: Visitor) -> None:
    _, message = await wrong_turn(pages, ASKED)
    fields = {"text": f"  {REWRITTEN}\n", "example": "yes", "test": "yes"}
    response = await reviewer.post(f"/learning/turns/{message}", fields)
    assert response.headers["Location"] == f"{PREFIX}/learning?said=proposed#said"
    learning = Learning(pages.store)
    found = await learning.open()
    assert sorted((p.kind, p.text, p.topic, p.section) for p in found) == [
        ("example", REWRITTEN, "work_permit", "when_apply"),
        ("test", REWRITTEN, "work_permit", "when_apply"),
    ]
    told = await reviewer.page("/learning?said=proposed")
    assert "It is proposed." in told
    assert told.count(f"/staff/learning/turns/{message}/withdraw") == 1
    assert "<textarea" not in told
    # Sent twice: the second changes nothing.
    again = await reviewer.post(f"/learning/turns/{message}", {**fields, "text": "otra cosa"})
    assert "said=already" in again.headers["Location"]
    assert {p.text for p in await learning.open()} == {REWRITTEN}
    back = await reviewer.post(f"/learning/turns/{message}/withdraw")
    assert "said=withdrawn" in back.headers["Location"]
    assert "<textarea" in await reviewer.page("/learning")
    assert await pages.actions(message) == ["proposal.made", "proposal.withdrawn"]


async def test_what_points_to_a_person_is_refused_and_stays_in_the_form(
    pages: Console, reviewer: Visitor
) -> None:
    _, message = await wrong_turn(pages, ASKED)
    _, other = await wrong_turn(pages, "otra pregunta")
    for text, told in (
        ("", "Write the question first."),
        (ASKED, "Something in brackets is left"),
        ("cuándo puedo {trabajar}", "Braces"),
        ("/work_permit", "slash"),
        ("mi número es 202 555 0142, cuándo trabajo", "something personal"),
        ("mataron a mi hermano y me amenazaron de muerte, puedo trabajar", "what happened to the person"),
        ("x" * (LONGEST + 1), "too long"),
        ("a" * 20_000, "too long"),
    ):
        response = await reviewer.post(f"/learning/turns/{message}", {"text": text, "example": "yes"})
        page = html.unescape(await response.text())
        assert response.status == 400
        assert told in page
        assert f">{text}</textarea>" in page
        assert other not in page
    assert await Learning(pages.store).open() == ()


async def test_neither_an_example_nor_a_test_is_nothing(pages: Console, reviewer: Visitor) -> None:
    _, message = await wrong_turn(pages, ASKED)
    response = await reviewer.post(f"/learning/turns/{message}", {"text": REWRITTEN})
    assert (response.status, "Choose an example or a test" in await response.text()) == (400, True)


async def test_a_test_is_offered_only_where_an_article_answers(pages: Console, reviewer: Visitor) -> None:
    _, message = await wrong_turn(pages, "quiero hablar con alguien", "talk_to_human", None)
    assert 'name="test"' not in await reviewer.page("/learning")
    response = await reviewer.post(f"/learning/turns/{message}", {"text": "quiero hablar", "test": "yes"})
    assert response.status == 400
    await reviewer.post(
        f"/learning/turns/{message}", {"text": "quiero hablar", "test": "yes", "example": "yes"}
    )
    assert [p.kind for p in await Learning(pages.store).open()] == ["example"]


async def test_a_turn_is_dismissed_once(pages: Console, reviewer: Visitor) -> None:
    _, message = await wrong_turn(pages, ASKED)
    for said in ("turn_dismissed", "already"):
        response = await reviewer.post(f"/learning/turns/{message}/dismiss")
        assert response.headers["Location"] == f"{PREFIX}/learning?said={said}#said"
    assert "Nothing waits." in await reviewer.page("/learning")


async def test_what_was_erased_meanwhile_is_said(pages: Console, reviewer: Visitor) -> None:
    conversation, message = await wrong_turn(pages, ASKED)
    await reviewer.page("/learning")
    await pages.store.erase(conversation)
    for path in (f"/learning/turns/{message}", f"/learning/turns/{message}/dismiss"):
        response = await reviewer.post(path, {"text": REWRITTEN, "example": "yes"})
        assert response.headers["Location"] == f"{PREFIX}/learning?said=gone#said"
    assert await Learning(pages.store).open() == ()


async def test_an_example_is_kept_for_many_turns_page_by_page(
    pages: Console, reviewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.console.learning.corrected.ROWS", 2)
    for number in range(3):
        await wrong_turn(pages, f"pregunta {number}")
    first = await reviewer.page("/learning")
    assert first.count("<textarea") == 2
    older = html.unescape(first).split('rel="next" href="/staff')[1].split('"')[0]
    assert (await reviewer.page(older)).count("<textarea") == 1
    for odd in ("x", "1-", "-1-a", "9" * 80 + "-a"):
        assert (await reviewer.page(f"/learning?before={odd}")).count("<textarea") == 2


async def test_two_readers_who_differ_are_told_of(pages: Console, reviewer: Visitor) -> None:
    await wrong_turn(pages, ASKED)
    assert "Another reader chose something else" not in await reviewer.page("/learning")
    query = (
        "INSERT INTO turn_judgements (message_id, staff_id, conversation_id, label, right_topic, judged_at) "
        "SELECT message_id, 's_other', conversation_id, label, 'travel', judged_at FROM turn_judgements"
    )
    await run(pages.database, query)
    assert "Another reader chose something else" in await reviewer.page("/learning")
