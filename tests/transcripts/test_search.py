"""Full-text search, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from bot.transcripts import listing
from bot.transcripts.records import Page, Row
from bot.transcripts.review import Filter, Review
from bot.transcripts.store import TranscriptStore
from bot.transcripts.words import Search, search_of, words_of
from tests.transcripts.saying import bot, conversation, keep, visitor


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Envié mi APLICACIÓN, ¿y ahora?", ["ahora", "aplicacion", "envie", "mi", "y"]),
        ("niño ninos STRASSE Straße", ["nino", "ninos", "strasse"]),
        ("I-589; form_i589 [PHONE_1]", ["1", "589", "form", "i", "i589", "phone"]),
        ("aplicacio\u0301n ﬁle ①", ["1", "aplicacion", "file"]),
        ("🙏 … —", []),
        ("x" * 90, ["x" * 64]),
    ],
)
def test_words_are_lower_case_without_accents_and_once_each(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_the_last_word_may_be_unfinished_when_it_has_three_letters() -> None:
    assert search_of("Corte  Miam") == Search(("corte",), "miam")
    assert search_of("corte mi") == Search(("corte", "mi"))
    assert search_of("aplicaciones aplica") == Search((), "aplica")
    assert search_of(" -- ") is None


@pytest.fixture(params=["newest", "few", "many"])
def however_common(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each search once in each way: among the newest, by the index, and on through the rest."""
    if request.param != "newest":
        monkeypatch.setattr(listing, "_NEWEST", ())
    if request.param == "many":
        monkeypatch.setattr(listing, "FEW", -1)


@pytest.mark.usefixtures("however_common")
async def test_search_finds_words_in_any_message_however_they_are_written(
    store: TranscriptStore, review: Review
) -> None:
    await keep(store, 1, "Envié mi aplicación el lunes", "Gracias")
    await keep(store, 2, "MI APLICACION no llegó", "La aplicación se llama I-589", "en Miami")
    await keep(store, 3, "Hello", "This is the asylum application")
    for wanted, expected in (
        ("aplicacion", ["c_2", "c_1"]),
        ("Aplicación", ["c_2", "c_1"]),
        ("aplic", ["c_2", "c_1"]),
        ("plicacion", []),
        ("application asyl", ["c_3"]),
        ("lunes mi", ["c_1"]),
        ("mi llego", ["c_2"]),
        # All words in one message.
        ("llego miami", []),
        ("I-589", ["c_2"]),
        ("589 i", ["c_2"]),
        ("gracias", ["c_1"]),
        ("' OR 1=1 --", []),
        ('aplicacion" OR "hello', []),
        ("---", []),
    ):
        page = await review.page(Filter(text=wanted))
        assert ([row.id for row in page.rows], page.next_key) == (expected, None), wanted
    both = await review.page(Filter(text="aplicacion", language="es"))
    assert [row.id for row in both.rows] == ["c_2", "c_1"]
    assert (await review.page(Filter(text="aplicacion", language="en"))).rows == ()


@pytest.mark.usefixtures("however_common")
async def test_what_is_found_comes_in_pages_newest_first(store: TranscriptStore, review: Review) -> None:
    for number in range(9):
        await keep(store, number, "mi corte" if number % 2 else "mi miedo")
    seen: list[str] = []
    page: Page[Row] = await review.page(Filter(text="corte"), 2)
    while True:
        seen += [row.id for row in page.rows]
        if page.next_key is None:
            break
        page = await review.page(Filter(text="corte"), 2, page.next_key)
    assert seen == ["c_7", "c_5", "c_3", "c_1"]


async def test_a_search_for_common_words_stops_and_goes_on_where_it_stopped(
    store: TranscriptStore, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FEW", -1)
    monkeypatch.setattr(listing, "_NEWEST", (2,))
    monkeypatch.setattr(listing, "_FURTHER", (3,))
    await keep(store, 0, "corte")
    for number in range(1, 7):
        await keep(store, number, "miedo")
    first = await review.page(Filter(text="corte"))
    assert first.rows == ()
    assert first.next_key is not None
    second = await review.page(Filter(text="corte"), 50, first.next_key)
    assert [row.id for row in second.rows] == ["c_0"]
    assert second.next_key is None


async def test_a_message_that_changes_is_found_by_its_new_words_only(
    store: TranscriptStore, review: Review
) -> None:
    await store.save(conversation(), [visitor(text="primero")])
    await store.save(conversation(), [visitor(text="segundo"), bot()])
    assert (await review.page(Filter(text="primero"))).rows == ()
    assert len((await review.page(Filter(text="segundo"))).rows) == 1


async def test_numbers_of_conversations_are_never_shared(store: TranscriptStore, review: Review) -> None:
    for number in range(4):
        await keep(store, number, f"palabra{number}")
    await store.erase("c_3")
    await store.erase("c_1")
    for number in (5, 6):
        await keep(store, number, f"palabra{number}")
    for number in (0, 2, 5, 6):
        assert [row.id for row in (await review.page(Filter(text=f"palabra{number}"))).rows] == [
            f"c_{number}"
        ]
    for number in (1, 3):
        assert (await review.page(Filter(text=f"palabra{number}"))).rows == ()
