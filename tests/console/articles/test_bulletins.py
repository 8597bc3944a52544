"""Switching an emergency notice on and off in the console."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import unescape

import pytest

from bot.gateway.whatsapp.rendering import formatted
from bot.transcripts.bulletins import Bulletin, Bulletins
from tests.console.conftest import NOON, Console, Visitor, run
from tests.console.pages.planting import words

type SignedIn = Callable[..., Awaitable[Visitor]]
EN = "The asylum office in Newark is closed today. Do not travel there."
ES = "La oficina de asilo de Newark está cerrada hoy. No viaje hasta allá."
DRAFT = {"text_en": EN, "text_es": ES}


def key_in(page: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]{32})"', page)
    return found[1] if found else ""


async def previewed(visitor: Visitor, **changes: str) -> tuple[int, str]:
    response = await visitor.post("/bulletins/preview", {**DRAFT, **changes})
    return response.status, unescape(await response.text())


async def test_a_notice_is_looked_at_then_switched_on_then_off(small: Console, signed_in: SignedIn) -> None:
    visitor = await signed_in("attorney")
    bulletins = Bulletins(small.database)
    status, page = await previewed(visitor, ends="2026-11-21T18:30")
    assert status == 200
    # Twice in each language: as the website shows it, and as WhatsApp does.
    assert page.count(f"November 21, 2026:\n\n{EN}</p>") == 2
    assert page.count(f"21 de noviembre de 2026:\n\n{ES}</p>") == 2
    assert "Ends by itself: 6:30" in page
    assert await bulletins.in_force(NOON) is None

    key = key_in(page)
    sent = {**DRAFT, "ends": "2026-11-21T18:30", "key": key}
    response = await visitor.post("/bulletins", sent)
    assert "said=bulletin_on" in response.headers["Location"]
    found = await bulletins.in_force(NOON)
    assert found is not None
    assert (found.id, found.texts) == (key, {"en": EN, "es": ES})
    # Half past six in the evening in New York.
    assert found.ends_at == NOON + timedelta(hours=5, minutes=30)
    assert "said=already" in (await visitor.post("/bulletins", sent)).headers["Location"]

    page = unescape(await visitor.page("/bulletins"))
    assert EN in page
    assert ES in page
    response = await visitor.post(f"/bulletins/{key}/off")
    assert "said=bulletin_off" in response.headers["Location"]
    assert await bulletins.in_force(NOON) is None
    assert "said=already" in (await visitor.post(f"/bulletins/{key}/off")).headers["Location"]
    assert EN in unescape(await visitor.page("/bulletins"))
    assert set(await small.actions(key)) == {"bulletin.on", "bulletin.off"}


async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(signed_in: SignedIn) -> None:
    visitor = await signed_in("attorney", "es")
    status, page = await previewed(visitor, text_en=f"{EN}!", ends="2020-01-01T10:00")
    assert status == 400
    assert "No use signos de exclamación" in page
    assert "Ese momento ya pasó" in page
    assert f"{EN}!</textarea>" in page
    assert key_in(page) == ""


@pytest.mark.parametrize(
    "changes",
    [{"text_es": ""}, {"text_en": "x" * 20_000}, {"key": ""}, {"key": "x" * 64}, {"ends": "never"}],
    ids=["empty", "20000", "no key", "odd key", "odd end"],
)
async def test_a_form_past_the_preview_is_checked_again(
    small: Console, signed_in: SignedIn, changes: dict[str, str]
) -> None:
    visitor = await signed_in("attorney")
    response = await visitor.post("/bulletins", {**DRAFT, "key": "0" * 32, **changes})
    assert response.status == 400
    assert await Bulletins(small.database).in_force(NOON) is None


async def test_who_reads_sees_it_and_can_change_nothing(small: Console, signed_in: SignedIn) -> None:
    await Bulletins(small.database).switch_on(Bulletin("b1", {"en": EN, "es": ES}, NOON, "s_gone"))
    visitor = await signed_in("reviewer")
    page = unescape(await visitor.page("/bulletins"))
    assert EN in page
    assert "<textarea" not in page
    assert "/bulletins/b1/off" not in page
    for path in ("/bulletins/preview", "/bulletins", "/bulletins/b1/off"):
        assert (await visitor.post(path, {**DRAFT, "key": "0" * 32})).status == 403


async def test_earlier_notices_stand_page_by_page(small: Console, signed_in: SignedIn) -> None:
    bulletins = Bulletins(small.database)
    for n in range(60):
        at = NOON - timedelta(hours=60 - n)
        await bulletins.switch_on(Bulletin(f"b{n}", {"en": f"Notice {n}.", "es": ES}, at, "s_gone"))
    visitor = await signed_in("reader")
    page = await visitor.page("/bulletins")
    assert "Notice 59." in page
    assert "Notice 9." not in page
    after = re.search(r'href="/staff(/bulletins\?before=[^"]+)"', page)
    assert after is not None
    older = await visitor.page(unescape(after[1]))
    assert "Notice 9." in older
    assert "Notice 20." not in older
    assert (await visitor.get("/bulletins?before=nonsense")).status == 200


async def test_markup_in_a_notice_is_shown_and_not_obeyed(signed_in: SignedIn) -> None:
    visitor = await signed_in("attorney")
    response = await visitor.post("/bulletins/preview", {**DRAFT, "text_en": f"{EN} <script>x</script>"})
    assert "<script>x" not in await response.text()


async def test_with_the_database_away_the_page_says_so(small: Console, signed_in: SignedIn) -> None:
    visitor = await signed_in("attorney")
    await visitor.token()
    await run(small.database, "ALTER TABLE bulletins RENAME TO bulletins_away")
    try:
        assert (await visitor.get("/bulletins")).status == 503
    finally:
        await run(small.database, "ALTER TABLE bulletins_away RENAME TO bulletins")


def test_whatsapp_shows_the_words_of_the_preview() -> None:
    for lang, text in (("en", EN), ("es", ES)):
        told = words().notice("bulletin", lang, date="x", text=text).text
        assert formatted(told) == told
