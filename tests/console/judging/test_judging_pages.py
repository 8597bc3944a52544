"""The pages of judging: what they show, what they keep, where they lead, and who sees what."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from bot.transcripts.judging import Opinion
from tests.console.judging.conftest import missed
from tests.console.pages.planting import NOON, Planted, full_conversation
from tests.console.pages.test_queues import plainly


def where(answer) -> str:
    assert answer.status == 303, answer.status
    return answer.headers["Location"].removeprefix("/staff")


async def test_the_overview_draws_and_tells_what_waits(pages, signed_in):
    for place in range(3):
        await missed(place).save(pages.store)
    await full_conversation().save(pages.store)
    reviewer = await signed_in()
    page = plainly(await reviewer.page("/judging"))
    assert "Urgent 0 1 0" in page and "Not understood 0 3 0" in page
    assert "None yet today." in page and "No conversation was read by two people yet." in page
    assert "Pendientes para usted" in await (await signed_in(language="es")).page("/judging")


async def test_verdicts_lead_from_one_to_the_next_until_nothing_waits(pages, signed_in, judging):
    first, second = [await missed(place).save(pages.store) for place in (0, 5)]
    reviewer = await signed_in()
    assert where(await reviewer.post("/judging")) == f"/judging/{first}"
    assert (
        where(await reviewer.post(f"/judging/{first}", {"verdict": "good"}))
        == f"/judging/{second}?said=judged_good"
    )
    page = plainly(await reviewer.page(f"/judging/{second}?said=judged_good"))
    assert "Saved as good." in page and "Undo" in page
    answer = await reviewer.post(f"/judging/{second}", {"verdict": "fix", "note": "Falta la tarifa."})
    assert where(answer) == "/judging?said=judging_done#said"
    assert "Nothing more is waiting for you." in await reviewer.page("/judging?said=judging_done")
    assert {one.verdict for id in (first, second) for one in await judging.of(id)} == {"good", "fix"}
    assert (await pages.actions(second))[-1] == "conversation.judged"
    # Sent once more, it is the same judgement.
    await reviewer.post(f"/judging/{second}", {"verdict": "fix", "note": "Falta la tarifa."})
    assert len(await judging.of(second)) == 1


async def test_from_a_key_to_the_next_page_it_is_few_queries(pages, signed_in):
    first, second = [await missed(place).save(pages.store) for place in (0, 5)]
    reviewer = await signed_in()
    await reviewer.post("/judging")
    asked: list[str] = []
    engines = [database.sync_engine for database in (pages.store.database, pages.database)]
    note = lambda connection, cursor, statement, *_: asked.append(statement)  # noqa: E731
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        await reviewer.post(f"/judging/{first}", {"verdict": "good"})
        await reviewer.page(f"/judging/{second}?said=judged_good")
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    # PostgreSQL locks the log, twice, where SQLite begins the transaction of its line.
    assert len(asked) <= 28, "\n".join(asked)


async def test_everything_that_was_filled_in_is_kept_and_shown_again(pages, signed_in, judging):
    planted = missed()
    id = await planted.save(pages.store)
    wrong = planted.messages[1].id
    reviewer = await signed_in()
    fields = {
        "verdict": "fix",
        f"label.{wrong}": "out_of_date",
        f"right.{wrong}": "filing_fee",
        "rubric.correct": "no",
        "rubric.safe": "partly",
        "note": "<b>Nota</b>",
        "tag": "training",
    }
    await reviewer.post(f"/judging/{id}", fields)
    (found,) = await judging.of(id)
    assert (found.rubric, found.note) == ({"correct": "no", "safe": "partly"}, "<b>Nota</b>")
    assert [(turn.message_id, turn.label, turn.topic) for turn in found.turns] == [
        (wrong, "out_of_date", "filing_fee")
    ]
    whole = await pages.review.whole(id)
    assert whole.row.labels == ("training",) and whole.row.reviewed_by == reviewer.staff.id
    page = await reviewer.page(f"/judging/{id}")
    assert "You judged it before" in page and "&lt;b&gt;Nota&lt;/b&gt;" in page
    assert re.search(r'<option value="out_of_date" selected>', page)
    title = pages.app  # the field shows the title in the language of the page
    assert title is not None and re.search(rf'name="right\.{wrong}"[^>]*value="[^"]+"', page)
    # A label that was there and is not sent any more comes off; one that somebody else put on stays.
    await pages.review.label(id, "notario", True)
    await reviewer.post(f"/judging/{id}", {"verdict": "good", "tagged": "training"})
    assert (await pages.review.whole(id)).row.labels == ("notario",)


async def test_ticked_labels_stay_ticked_and_undoing_takes_them_back(pages, signed_in):
    def ticked(page: str) -> set[str]:
        return set(re.findall(r'name="tag" value="([a-z_]+)" form="judge" checked', page))

    def there_before(page: str) -> set[str]:
        return set(re.findall(r'name="tagged" value="([a-z_]+)"', page))

    id = await missed().save(pages.store)
    reviewer = await signed_in()
    await pages.review.label(id, "notario", True)
    form = {"verdict": "fix", "tagged": "notario", "tag": "training"}
    # Somebody puts another one on while the page is open.
    await pages.review.label(id, "call_back", True)
    answer = await reviewer.post(f"/judging/{id}", form)
    page = await answer.text()
    assert answer.status == 400
    assert (ticked(page), there_before(page)) == ({"training"}, {"notario"})
    await reviewer.post(f"/judging/{id}", {**form, "note": "Así no"})
    assert (await pages.review.whole(id)).row.labels == ("call_back", "training")
    page = await (await reviewer.post(f"/judging/{id}/undo")).text()
    assert (await pages.review.whole(id)).row.labels == ("call_back", "notario")
    # As it was filled in, beside what stands there now.
    assert ticked(page) == {"call_back", "training"}
    assert there_before(page) == {"call_back", "notario"}


@pytest.mark.parametrize("language", ["en", "es"])
async def test_what_has_to_be_mended_is_told_and_nothing_typed_is_lost(pages, signed_in, judging, language):
    planted = missed()
    id = await planted.save(pages.store)
    wrong = planted.messages[1].id
    reviewer = await signed_in(language=language)
    answer = await reviewer.post(f"/judging/{id}", {"verdict": "fix", "rubric.safe": "no"})
    page = await answer.text()
    assert answer.status == 400
    assert {"en": "Mark what is wrong with an answer", "es": "Marque qué está mal"}[language] in page
    assert '<option value="no" selected>' in page
    answer = await reviewer.post(
        f"/judging/{id}", {"verdict": "fix", f"right.{wrong}": "nothing <such>", "note": "x" * 20_000}
    )
    page = await answer.text()
    assert answer.status == 400 and 'aria-invalid="true"' in page
    assert "nothing &lt;such&gt;" in page and "x" * 20_000 in page
    assert await judging.of(id) == ()
    assert "conversation.judged" not in await pages.actions(id)
    answer = await reviewer.post(f"/judging/{id}", {"verdict": "splendid"})
    assert answer.status == 400 and await judging.of(id) == ()


async def test_an_urgent_verdict_asks_nothing_and_the_person_waits_on_the_first_page(pages, signed_in):
    id = await missed().save(pages.store)
    reviewer = await signed_in()
    assert where(await reviewer.post(f"/judging/{id}", {"verdict": "urgent"})).startswith("/judging")
    assert [row.id for row in (await pages.review.urgent()).rows] == [id]


async def test_the_last_one_is_undone_with_everything_in_its_fields(pages, signed_in, judging):
    planted = missed()
    id = await planted.save(pages.store)
    other = await missed(5).save(pages.store)
    reviewer = await signed_in()
    await reviewer.page("/judging")
    wrong = planted.messages[1].id
    await reviewer.post(f"/judging/{id}", {"verdict": "fix", f"label.{wrong}": "unsafe", "note": "Así no"})
    assert f"/staff/judging/{id}/undo" in await reviewer.page(f"/judging/{other}")
    answer = await reviewer.post(f"/judging/{id}/undo")
    page = await answer.text()
    assert answer.status == 200 and "Taken back." in page and "Así no" in page
    assert '<option value="unsafe" selected>' in page
    assert await judging.of(id) == ()
    assert where(await reviewer.post(f"/judging/{id}/undo")) == "/judging?said=judging_undo_none#said"
    # What somebody else judged is not undone.
    await judging.judge(id, "s_other", Opinion("good"), NOON)
    await reviewer.post(f"/judging/{id}/undo")
    assert len(await judging.of(id)) == 1


async def test_what_is_skipped_makes_room_for_the_next(pages, signed_in):
    first, second = [await missed(place).save(pages.store) for place in (0, 5)]
    reviewer = await signed_in()
    await reviewer.post("/judging")
    assert where(await reviewer.post(f"/judging/{first}/skip")) == f"/judging/{second}?said=judging_skipped"
    assert where(await reviewer.post(f"/judging/{second}/skip")) == "/judging?said=judging_done#said"


async def test_one_is_given_to_somebody_who_may_judge(pages, signed_in, judging):
    id = await missed().save(pages.store)
    reviewer, colleague, reader = await signed_in(), await signed_in(), await signed_in("reader")
    await reviewer.page("/judging")
    refused = f"/judging/{id}?said=judging_not_given"
    for who in (reader.staff.id, "nobody"):
        assert where(await reviewer.post(f"/judging/{id}/assign", {"who": who})) == refused
    answer = await reviewer.post(f"/judging/{id}/assign", {"who": colleague.staff.id})
    assert where(answer) == "/judging?said=judging_done#said"
    assert where(await colleague.post("/judging")) == f"/judging/{id}"
    assert "has 1" in await reviewer.page("/judging")
    assert where(await reviewer.post("/judging/release", {"who": colleague.staff.id})).startswith(
        "/judging?said=judging_released"
    )
    assert (await judging.sample(id)).assigned_to is None


@pytest.mark.parametrize("each", ["0", "-1", "201", "x", "²", "9" * 30, ""])
async def test_sharing_needs_people_and_a_sensible_number(pages, signed_in, each):
    await missed().save(pages.store)
    reviewer = await signed_in()
    await reviewer.page("/judging")
    who = reviewer.staff.id
    answer = await reviewer.post("/judging/share", {"who": who, "each": each})
    assert where(answer) == "/judging?said=judging_share_who#said"
    assert (
        where(await reviewer.post("/judging/share", {"who": "nobody", "each": "5"}))
        == "/judging?said=judging_share_who#said"
    )
    assert (
        where(await reviewer.post("/judging/share", {"who": who, "each": "5"}))
        == "/judging?said=judging_shared#said"
    )
    assert (
        where(await reviewer.post("/judging/share", {"who": who, "each": "5"}))
        == "/judging?said=judging_share_none#said"
    )


async def test_a_second_reader_sees_nothing_of_the_first_before_judging(pages, signed_in, judging):
    # Of the urgent every one is read twice.
    id = await missed(urgency="urgent", urgent_at=NOON - timedelta(hours=2)).save(pages.store)
    first, second, reader = await signed_in(), await signed_in("attorney"), await signed_in("reader")
    await first.post("/judging")
    await first.post(f"/judging/{id}", {"verdict": "fix", "note": "Secreto del primero"})
    assert "Secreto del primero" in await first.page(f"/conversations/{id}")
    assert "Secreto del primero" in await reader.page(f"/conversations/{id}")
    page = await second.page(f"/conversations/{id}")
    assert "Secreto" not in page and "once you have judged it too" in page
    assert where(await second.post("/judging")) == f"/judging/{id}"
    page = await second.page(f"/judging/{id}")
    assert "Second reading" in page and "Secreto" not in page
    assert "Start judging" in await first.page("/judging")
    await second.post(f"/judging/{id}", {"verdict": "good"})
    assert "Secreto del primero" in await second.page(f"/conversations/{id}")
    assert "too few to tell" in await first.page("/judging")
    assert "Judge it" not in await reader.page(f"/conversations/{id}")


async def test_a_conversation_that_was_erased_meanwhile_is_no_error(pages, signed_in):
    first, second = [await missed(place).save(pages.store) for place in (0, 5)]
    reviewer = await signed_in()
    await reviewer.post("/judging")
    await pages.store.erase(first)
    assert (await reviewer.get(f"/judging/{first}")).status == 404
    assert (
        where(await reviewer.post(f"/judging/{first}", {"verdict": "good"}))
        == f"/judging/{second}?said=judged_gone"
    )
    assert (await reviewer.post(f"/judging/{first}", {"verdict": "fix"})).status == 404
    assert where(await reviewer.post(f"/judging/{first}/skip")).startswith(f"/judging/{second}")


async def test_one_without_a_word_of_faro_can_be_judged(pages, signed_in):
    planted = Planted("en")
    planted.heard("hello?")
    id = await planted.save(pages.store)
    reviewer = await signed_in()
    assert "Faro said nothing in it." in await reviewer.page(f"/judging/{id}")
    assert where(await reviewer.post(f"/judging/{id}", {"verdict": "good"})).startswith("/judging")
