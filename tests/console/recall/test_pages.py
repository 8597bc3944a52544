"""Finding who was told a value that is over, and correcting it, as staff see it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from bot.console.ports import Reach
from bot.console.recall.sending import SENDER
from bot.console.recall.wording import LONGEST, NAMES
from bot.core.told import midnight
from bot.transcripts.corrections import Correction, Corrections
from bot.transcripts.review import Review
from tests.console.conftest import Console, Visitor
from tests.console.pages.conftest import asks
from tests.console.recall.conftest import FEBRUARY, FEE, settled
from tests.transcripts.saying import conversation
from tests.transcripts.saying import visitor as visitor_says
from tests.transcripts.test_recall import NOON, tell

SignedIn = Callable[..., Awaitable[Visitor]]
TEXTS = {
    "text_en": "News.\n\nOn {{day}} we said {{told}}.",
    "text_es": "Aviso.\n\nEl {{day}} dijimos {{told}}.",
}


async def plant(pages: Console) -> None:
    """Two people who were told the old fee, one on WhatsApp; one who heard the new one, and one who did since."""
    await tell(
        pages.store,
        ("c_old", 0, "$100"),
        ("c_new", 1, "$102"),
        ("c_since", 0, "$100"),
        ("c_since", 9, "$102"),
    )
    await tell(pages.store, ("c_phone", 5, "$100"), channel="whatsapp", language="en")


async def prepared(pages: Console, visitor: Visitor, since: str = "") -> Correction:
    response = await visitor.post(f"/recall/{FEE}", {"since": since})
    assert response.status == 303
    (made, *_) = await Corrections(pages.store).latest(1)
    assert response.headers["Location"].startswith(f"/staff/corrections/{made.id}?said=correct_prepared")
    return made


async def test_what_changed_lately_and_was_told_before_is_a_queue(
    pages: Console, signed_in: SignedIn
) -> None:
    visitor = await signed_in("reader")
    assert "was told to anybody before" in await visitor.page("/recall")
    await plant(pages)
    told = await visitor.page("/recall")
    assert "2 people were told another value" in told
    assert "now $102, since January 1, 2026" in told
    assert "before: $100" in told
    assert f"/staff/recall/{FEE}" in told
    spanish = await (await signed_in("reader", "es")).page("/recall")
    assert "A 2 personas se les dijo otro dato" in spanish
    assert "ahora $102, desde el 1 de enero de 2026" in spanish


async def test_an_old_change_is_no_queue_but_can_be_asked_for(pages: Console, signed_in: SignedIn) -> None:
    await plant(pages)
    pages.clock.moment = midnight(date(2026, 5, 1), "America/New_York")
    visitor = await signed_in("reader")
    assert "people were told another value" not in await visitor.page("/recall")
    response = await visitor.get(f"/recall?parameter={FEE}&since=2026-11-01")
    assert response.headers["Location"] == f"/staff/recall/{FEE}?since=2026-11-01"
    response = await visitor.get(f"/recall?parameter={FEE}&since=yesterday")
    assert response.headers["Location"] == f"/staff/recall/{FEE}"
    assert "There is no such fee or rule" in await visitor.page("/recall?parameter=fee.none")


async def test_everybody_is_listed_with_whether_they_can_be_reached(
    pages: Console, signed_in: SignedIn
) -> None:
    await plant(pages)
    await Review(pages.store).claim("c_old", "s_gone", NOON)
    booking = await asks(pages, "c_phone")
    pages.desk.reaches["whatsapp"] = Reach("closed")
    visitor = await signed_in("reader")
    told = await visitor.page(f"/recall/{FEE}")
    rows = re.findall(r'<li class="case">.*?</li>', told, re.DOTALL)
    assert len(rows) == 2
    phone, page = rows
    assert "Cannot be reached: WhatsApp is closed" in phone
    assert f"/staff/bookings/{booking.request_id}" in phone
    assert "/staff/conversations/c_phone#m-m_c_phone_0000" in phone
    assert "The page is open" in page
    assert "In hand" in page or "a former member of staff" in page
    assert "Prepare a correction" not in told
    heard = await visitor.page(f"/recall/{FEE}?heard=yes")
    assert "/staff/conversations/c_since#" in heard
    assert "/staff/conversations/c_old#" not in heard
    assert "Nobody whose conversation is kept." in await visitor.page(f"/recall/{FEE}?since=2026-11-22")
    assert "/staff/conversations/c_old#" in await visitor.page(f"/recall/{FEE}?since=2026-11-21")


@pytest.mark.parametrize("path", ["/recall/fee.none", "/recall/x", "/corrections/none", "/recall/..%2Fx"])
async def test_what_is_not_there_is_not_found(signed_in: SignedIn, path: str) -> None:
    assert (await (await signed_in("admin")).get(path)).status == 404


@pytest.mark.parametrize(
    "query",
    ["before=x", "before=99999999999999999999999-x", "since=0001-01-01", "since=9999-12-31", "heard=%00"],
)
async def test_an_address_that_makes_no_sense_shows_the_beginning(
    pages: Console, signed_in: SignedIn, query: str
) -> None:
    await plant(pages)
    assert (await (await signed_in("reader")).get(f"/recall/{FEE}?{query}")).status == 200


async def test_a_list_has_pages(pages: Console, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.console.recall.finding.ROWS", 2)
    await tell(pages.store, *((f"c_{number}", number, "$100") for number in range(5)))
    visitor, path, seen = await signed_in("reader"), f"/recall/{FEE}", []
    while path:
        told = await visitor.page(path)
        seen += re.findall(r"/staff/conversations/(c_\d)#", told)
        following = re.search(r'rel="next" href="/staff([^"]+)"', told)
        path = "" if following is None else following[1].replace("&amp;", "&")
    assert seen == ["c_4", "c_3", "c_2", "c_1", "c_0"]


async def test_a_correction_is_prepared_read_and_sent(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    made = await prepared(pages, await signed_in("reviewer"))
    assert (made.old_values, dict(made.new_value)) == (("$100",), {"en": "$102", "es": "$102"})
    for lang in ("en", "es"):
        text = made.text(lang)
        assert "$102" in text
        assert all(f"{{{{{name}}}}}" in text for name in NAMES)
        first, *_ = text.splitlines()
        assert not re.search(r"asyl|asilo|fee|tarifa|USCIS|\d", first, re.IGNORECASE)
    reviewer = await (await signed_in("reviewer")).page(f"/corrections/{made.id}")
    assert "An attorney approves and sends it." in reviewer
    attorney = await signed_in("attorney")
    told = await attorney.page(f"/corrections/{made.id}")
    assert "Approve and send to 2 people" in told
    assert "On November 21, 2026 we told you" in told
    assert "El 21 de noviembre de 2026 le dijimos" in told
    unread = await attorney.post(f"/corrections/{made.id}/approve", TEXTS)
    assert unread.status == 400
    assert "Read both texts" in await unread.text()
    assert await corrections.counts(made.id) == {}
    done = await attorney.post(f"/corrections/{made.id}/approve", {**TEXTS, "read": "yes"})
    assert "said=correct_approved" in done.headers["Location"]
    assert await settled(corrections, made.id) == {"sent": 2}
    replies = {call[1]: call[3] for call in pages.desk.calls if call[0] == "correct"}
    assert set(replies) == {"c_old", "c_phone"}
    assert replies["c_old"].text == "Aviso.\n\nEl 21 de noviembre de 2026 dijimos $100."
    assert (replies["c_phone"].lang, replies["c_phone"].parameters) == ("en", {FEE: "$102"})
    again = await attorney.post(f"/corrections/{made.id}/approve", {**TEXTS, "read": "yes"})
    assert "said=already" in again.headers["Location"]
    assert len([call for call in pages.desk.calls if call[0] == "correct"]) == 2
    assert "Sent" in await attorney.page(f"/corrections/{made.id}?state=sent")
    assert await pages.actions(made.id) == ["correction.approved"] * 3


async def test_who_cannot_be_reached_is_shown_first_with_the_way_to_call(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    booking = await asks(pages, "c_old")
    pages.desk.answers["correct"] = "window_closed"
    attorney = await signed_in("attorney")
    made = await prepared(pages, attorney)
    await attorney.post(f"/corrections/{made.id}/approve", {**TEXTS, "read": "yes"})
    assert await settled(corrections, made.id) == {"unreachable": 2}
    told = await attorney.page(f"/corrections/{made.id}")
    assert f"/staff/bookings/{booking.request_id}" in told
    assert "left no contact" in told
    assert "Cannot be reached: WhatsApp is closed" in told


async def test_who_has_closed_the_page_is_listed_apart_with_the_way_to_call_until_they_write(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    booking = await asks(pages, "c_old")
    pages.desk.answers["correct"] = "left"
    pages.desk.reaches["web"] = Reach("left")
    attorney = await signed_in("attorney")
    assert "The page is not open" in await attorney.page(f"/recall/{FEE}")
    made = await prepared(pages, attorney)
    await attorney.post(f"/corrections/{made.id}/approve", {**TEXTS, "read": "yes"})
    assert await settled(corrections, made.id) == {"left": 2}
    told = await attorney.page(f"/corrections/{made.id}")
    assert "Left on the page" in told
    assert f"/staff/bookings/{booking.request_id}" in told
    back = visitor_says(9000, "m_back", client="back", created_at=pages.clock.moment + timedelta(seconds=1))
    await pages.store.save(conversation("c_old"), [back])
    assert await corrections.counts(made.id) == {"left": 1, "sent": 1}
    (one,) = (await corrections.people(made, "sent")).rows
    assert (one.conversation_id, one.state) == ("c_old", "sent")
    (other,) = (await corrections.people(made, "left")).rows
    assert (other.conversation_id, other.state) == ("c_phone", "left")


UNFIT = (
    ({"text_en": ""}, "Both texts are needed"),
    ({"text_es": "   "}, "Both texts are needed"),
    ({"text_en": "x" * 20_000}, f"{LONGEST} characters"),
    ({"text_en": "On {{when}} we said"}, "Only day and told"),
    ({"text_en": "On {{day we said"}, "Only day and told"),
    ({"text_en": "The fee {{fee.annual}}"}, "Only day and told"),
    ({"text_es": "Su número A123456789"}, "papers"),
)


async def test_a_text_that_cannot_be_sent_is_shown_again_with_the_reason(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    attorney = await signed_in("attorney")
    made = await prepared(pages, attorney)
    for changed, words in UNFIT:
        fields = {**TEXTS, "read": "yes", **changed}
        for path in ("text", "approve"):
            response = await attorney.post(f"/corrections/{made.id}/{path}", fields)
            told = await response.text()
            assert (response.status, words in told) == (400, True), changed
            assert all(fields[name].strip()[:200] in told for name in TEXTS), changed
    assert await corrections.find(made.id) == made


async def test_the_street_address_of_an_office_may_stand_in_a_text(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    attorney = await signed_in("attorney")
    made = await prepared(pages, attorney)
    address = "USCIS, 131 South Dearborn Street, Chicago, IL 60603"
    fields = {"text_en": f"Send it to {address}.", "text_es": f"Mándelo a {address}."}
    response = await attorney.post(f"/corrections/{made.id}/text", fields)
    assert "said=correct_reworded" in response.headers["Location"]


async def test_a_text_is_saved_without_sending(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    attorney = await signed_in("attorney")
    made = await prepared(pages, attorney)
    response = await attorney.post(
        f"/corrections/{made.id}/text", {**TEXTS, "text_en": "<b>News</b>\r\n{{told}}"}
    )
    assert "said=correct_reworded" in response.headers["Location"]
    found = await corrections.find(made.id)
    assert found is not None
    assert (found.text_en, found.approved_at) == ("<b>News</b>\n{{told}}", None)
    assert "&lt;b&gt;News&lt;/b&gt;" in await attorney.page(f"/corrections/{made.id}")


async def test_a_value_that_changed_again_is_not_sent_as_news(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    attorney = await signed_in("attorney")
    made = await prepared(pages, attorney)
    # A day on which the earlier value was in force stands for a change that is taken back.
    pages.clock.moment = midnight(date(2025, 12, 1), "America/New_York")
    later = await signed_in("attorney")
    response = await later.post(f"/corrections/{made.id}/approve", {**TEXTS, "read": "yes"})
    assert response.status == 400
    assert "has changed again" in await response.text()
    pages.clock.moment = FEBRUARY
    assert await corrections.approve(made.id, {"en": "News.", "es": "Aviso."}, "s_1", FEBRUARY) == "approved"
    pages.clock.moment = midnight(date(2025, 12, 1), "America/New_York")
    await pages.app[SENDER].round()
    # The one on WhatsApp waits for the day.
    assert await corrections.counts(made.id) == {"declined": 1, "ready": 1}
    assert pages.desk.calls == []


async def test_one_of_the_same_value_waits_until_the_other_has_gone_out(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    attorney = await signed_in("attorney")
    first = await prepared(pages, attorney)
    pages.clock.moment += timedelta(seconds=1)
    second = await prepared(pages, attorney)
    pages.desk.answers["correct"] = "later"
    await attorney.post(f"/corrections/{first.id}/approve", {**TEXTS, "read": "yes"})
    response = await attorney.post(f"/corrections/{second.id}/approve", {**TEXTS, "read": "yes"})
    assert response.status == 400
    told = await response.text()
    assert "Another correction of this value is still going out" in told
    assert TEXTS["text_en"].splitlines()[-1] in told
    found = await corrections.find(second.id)
    assert found is not None
    assert found.approved_at is None


async def test_a_draft_is_thrown_away_and_a_sending_stopped(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    attorney = await signed_in("attorney")
    made = await prepared(pages, attorney, since="2026-11-21")
    assert made.since == midnight(date(2026, 11, 21), "America/New_York")
    response = await attorney.post(f"/corrections/{made.id}/stop")
    assert f"/staff/recall/{FEE}?said=correct_stopped" in response.headers["Location"]
    assert await corrections.find(made.id) is None
    assert (await attorney.post(f"/corrections/{made.id}/stop")).status == 404
    pages.clock.moment = midnight(date(2026, 2, 11), "America/New_York")
    made = await prepared(pages, await signed_in("attorney"))
    attorney = await signed_in("attorney")
    await attorney.post(f"/corrections/{made.id}/approve", {**TEXTS, "read": "yes"})
    await pages.app[SENDER].round()
    await attorney.post(f"/corrections/{made.id}/stop")
    # By night only the page is told.
    assert await settled(corrections, made.id) == {"sent": 1, "declined": 1}


async def test_nobody_is_corrected_where_nobody_has_to_be(pages: Console, signed_in: SignedIn) -> None:
    response = await (await signed_in("reviewer")).post(f"/recall/{FEE}", {"since": ""})
    assert "said=correct_nobody" in response.headers["Location"]
    assert await Corrections(pages.store).latest() == ()


async def test_a_conversation_that_is_erased_meanwhile_is_no_fault(
    pages: Console, signed_in: SignedIn, corrections: Corrections
) -> None:
    await plant(pages)
    attorney = await signed_in("attorney")
    made = await prepared(pages, attorney)
    await pages.store.erase("c_old")
    assert "Approve and send to 1 person" in await attorney.page(f"/corrections/{made.id}")
    await attorney.post(f"/corrections/{made.id}/approve", {**TEXTS, "read": "yes"})
    assert await settled(corrections, made.id) == {"sent": 1}
    await pages.store.erase("c_phone")
    assert await corrections.counts(made.id) == {}
    assert (await attorney.get(f"/corrections/{made.id}")).status == 200
