"""The bot's replies to one message as WhatsApp messages, as few as read well and each within its provider's limits.

Pure. Texts become WhatsApp's own formatting; choices become buttons, a list or numbers; what is too long to read at
once is cut at a sentence and the rest kept for "more". What matters in danger is never cut and never behind a tap.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import regex

from bot.core.law import format_date
from bot.gateway.conversations import Offered
from bot.gateway.typed import clean, folded, is_blank
from bot.gateway.whatsapp.limits import Shape, length
from bot.gateway.whatsapp.model import Option, Outbound
from bot.gateway.whatsapp.words import Words

#: The id of the choice "More": it comes back when it is pressed, and no reply ever offered it.
MORE = "more"

#: More than this in one message is a wall on a small phone, whatever the provider allows (UTF-16 units). Twilio's limit
#: is the same.
LONGEST = 1600

#: Of an answer that is cut, at least so much is shown.
_LEAST = 300

#: A longer title is no heading: it stays plain.
_LONGEST_TITLE = 120

#: Kinds of replies that are never cut: a question hides its end, a notice is short, danger waits for nothing.
_EMERGENCY = "emergency"
_CUT = "answer"

_MORE = (
    "mas, ver mas, leer mas, seguir leyendo, ver las fuentes, fuentes, "
    "more, see more, read more, keep reading, see the sources, sources"
)
_MORE_WORDS = frozenset(_MORE.split(", "))
_NUMBER = re.compile(r"\W*(\d{1,2})\W*")

_URL = re.compile(r"https?://\S+")
# WhatsApp formats *bold*, _italic_, ~struck~ and `code`, and lines that begin with "> ". It knows no escape, so these
# signs give way to others that look alike; within a word an underscore formats nothing.
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_OUTER_UNDERSCORE = re.compile(r"(?<!\w)_+|_+(?!\w)")
_STEP = re.compile(r"^\d+\. ", re.MULTILINE)
_QUOTE = re.compile(r"^>", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The messages of one turn, in order; ``rest`` is what "more" shows next, ready to be shown."""

    messages: tuple[Outbound, ...]
    rest: str = ""


@dataclass(frozen=True, slots=True)
class _Block:
    """One reply: ``text`` with its title, ``notes`` about it, ``sources`` a line each, below their heading.

    ``later`` is what the longer form adds, only for who wants more; ``url`` the one link that it is there for.
    """

    kind: str
    text: str
    notes: str = ""
    sources: tuple[str, ...] = ()
    heading: str = ""
    later: str = ""
    url: str = ""

    @property
    def whole(self) -> str:
        return self.with_sources(len(self.sources))

    def with_sources(self, count: int) -> str:
        """All of it with the first ``count`` sources."""
        return _joined([self.text, self.below(count)])

    def below(self, count: int) -> str:
        """What stands below the text: the notes and the first ``count`` sources."""
        return _joined([self.notes, _listed(self.heading, self.sources[:count])])


@dataclass(frozen=True, slots=True)
class _Offer:
    """A choice; ``number`` is what can be typed for it, None for "more"."""

    number: int | None
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class _Page:
    """What all parts of a rendering need to know."""

    shape: Shape
    words: Words
    language: str

    def text(self, id: str, **values: str) -> str:
        return self.words.text(id, self.language, **values)

    def more(self, id: str = "whatsapp_more") -> _Offer:
        return _Offer(None, MORE, self.words.label(id, self.language))


def render(replies: Sequence[Mapping[str, Any]], shape: Shape, words: Words, language: str) -> Rendered:
    """All replies of one turn as messages, their choices together under the last.

    ``replies`` are the bot's messages as their own person sees them, in order, with choices that have ids. Numbers
    shown before choices are their places among all choices of the turn, as ``Conversation.latest`` has them.
    """
    page = _Page(shape, words, language)
    blocks = [block for reply in replies if (block := _block(reply, page)) is not None]
    return _rendered(blocks, _offers(replies), page)


def render_more(
    rest: str, choices: Sequence[Mapping[str, Any]], shape: Shape, words: Words, language: str
) -> Rendered:
    """The next part of what was cut, with the choices of that turn again; "there is no more" when nothing is left."""
    page = _Page(shape, words, language)
    text = rest if not is_blank(rest) else page.text("whatsapp_no_more")
    return _rendered([_Block(_CUT, text)], _offers([{"choices": choices}]), page)


def wants_more(text: str, latest: Sequence[Offered]) -> bool:
    """Whether a message, as a whole, asks for the rest of what was cut.

    ``latest`` are the choices of that turn: where numbers stood, "more" had the next one.
    """
    number = _NUMBER.fullmatch(text.strip())
    if number is not None:
        return int(number[1]) == len(latest) + 1
    return is_word_for_more(text)


def is_word_for_more(text: str) -> bool:
    """Whether a message is nothing but such a word as "more"."""
    return folded(text) in _MORE_WORDS


# what is said


def _block(reply: Mapping[str, Any], page: _Page) -> _Block | None:
    said = str(reply.get("text") or "")
    parts = [formatted(said)]
    if not is_blank(title := str(reply.get("title") or "")):
        parts.insert(0, _bold(title))
    notes = [formatted(str(note)) for note in reply.get("notes") or ()]
    if (facts := _facts(reply, notes, page)) is not None:
        notes.append(facts)
    below = " ".join(note for note in notes if not is_blank(note))
    text = _joined(parts)
    sources = tuple(_source_lines(reply.get("sources") or ()))
    if not text and not below and not sources:
        return None
    return _Block(
        kind=str(reply.get("kind") or "notice"),
        text=text,
        notes=below,
        sources=sources,
        heading=page.text("whatsapp_sources"),
        later=_later(reply, said),
        url=_main_link(reply, said),
    )


def formatted(text: str) -> str:
    """A plain text so that WhatsApp shows it as it stands: nothing is formatted by accident, addresses stay whole."""
    plain = re.sub(r"\n{3,}", "\n\n", clean(text.replace("\r\n", "\n")))
    parts: list[str] = []
    end = 0
    for url in _URL.finditer(plain):
        parts += [_without_signs(plain[end : url.start()]), url[0]]
        end = url.end()
    return "".join([*parts, _without_signs(plain[end:])])


def _without_signs(text: str) -> str:
    outer = _OUTER_UNDERSCORE.sub(lambda found: "\uff3f" * len(found[0]), text.translate(_LOOKALIKES))
    return _QUOTE.sub("›", outer)


def _bold(title: str) -> str:
    heading = " ".join(formatted(title).split())
    return f"*{heading}*" if length(heading) <= _LONGEST_TITLE else heading


def _facts(reply: Mapping[str, Any], notes: Sequence[str], page: _Page) -> str | None:
    """How old the facts are, unless a note says so already."""
    try:
        checked = format_date(date.fromisoformat(str(reply.get("facts_checked"))), page.language)
    except ValueError:
        return None
    if any(checked in note for note in notes):
        return None
    return formatted(page.text("whatsapp_facts", checked=checked))


def _later(reply: Mapping[str, Any], said: str) -> str:
    """What a longer form that begins with the text adds to it, below the steps of its picture in words.

    Another longer form says the same in more words, and is for pages.
    """
    full = str(reply.get("full") or "")
    if reply.get("kind") != _CUT or not said or not full.startswith(said) or is_blank(full[len(said) :]):
        return ""
    # Without their numbers: here a number is what can be typed for a choice.
    steps = _STEP.sub("- ", str((reply.get("picture") or {}).get("text") or ""))
    return _joined([formatted(steps), formatted(full[len(said) :])])


def _source_lines(sources: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One line for each page, with all that is cited from it; what has no page shares the last line."""
    by_url: dict[str, list[str]] = {}
    for source in sources:
        cite = " ".join(formatted(str(source.get("cite") or "")).split())
        cites = by_url.setdefault("".join(clean(str(source.get("url") or "")).split()), [])
        cites += [one for one in dict.fromkeys(cite.split("; ")) if one and one not in cites]
    without = "; ".join(by_url.pop("", ()))
    for url, cites in by_url.items():
        yield f"- {'; '.join(cites)}: {url}" if cites else f"- {url}"
    if without:
        yield f"- {without}"


def _listed(heading: str, lines: Sequence[str]) -> str:
    return "\n".join([heading, *lines]) if lines else ""


def _main_link(reply: Mapping[str, Any], text: str) -> str:
    """The address that a reply is there for: the room of an appointment. Empty for every other reply."""
    about = str(reply.get("id") or reply.get("about") or "")
    if not (about.startswith("booking_") and about.endswith("_link")):
        return ""
    found = [url[0].rstrip(".,;:)»”\"'") for url in _URL.finditer(text)]
    return found[-1] if found and found[-1].startswith("https://") else ""


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if not is_blank(part))


# what is offered


def _offers(replies: Sequence[Mapping[str, Any]]) -> list[_Offer]:
    """All choices in order. One that stands twice is shown once; it keeps its number, and so do those after it."""
    offers: list[_Offer] = []
    seen: set[tuple[str, str]] = set()
    for number, choice in enumerate(
        itertools.chain.from_iterable(r.get("choices") or () for r in replies), 1
    ):
        title = " ".join(clean(str(choice["title"])).split())
        same = (folded(title), str(choice.get("payload") or choice["id"]))
        if same not in seen:
            seen.add(same)
            offers.append(_Offer(number, str(choice["id"]), title))
    return offers


def _options(offers: Sequence[_Offer], shape: Shape, *, open_only: bool) -> tuple[str, tuple[Option, ...]]:
    """How choices are shown: ``buttons`` or ``list`` with their options; ``numbers`` where neither fits them.

    ``open_only``: nothing may lie behind the button that opens a list.
    """
    if not offers:
        return "none", ()
    titles = [folded(offer.title) for offer in offers]
    if len(set(titles)) < len(titles) or "" in titles:
        return "numbers", ()
    if (
        len(offers) <= shape.buttons
        and all(length(offer.title) <= shape.button_title for offer in offers)
        and all(length(offer.id) <= shape.button_id for offer in offers)
    ):
        return "buttons", tuple(Option(offer.id, offer.title) for offer in offers)
    rows = tuple(_row(offer, shape) for offer in offers)
    if (
        open_only
        or len(rows) > shape.rows
        or any(
            length(row.id) > shape.row_id or length(row.description) > shape.row_description for row in rows
        )
        or len({row.title for row in rows}) < len(rows)
    ):
        return "numbers", ()
    return "list", rows


def _row(offer: _Offer, shape: Shape) -> Option:
    """A row; a title that is too long for one stands whole in the description."""
    if length(offer.title) <= shape.row_title:
        return Option(offer.id, offer.title)
    return Option(offer.id, shortened(offer.title, shape.row_title), offer.title)


def _numbers(offers: Sequence[_Offer], page: _Page) -> str:
    """The choices as lines with their numbers, and how to get the rest."""
    lines = [f"{offer.number}. {formatted(offer.title)}" for offer in offers if offer.number is not None]
    asked = _listed(page.text("whatsapp_numbers"), lines)
    more = [page.text("whatsapp_more")] if any(offer.number is None for offer in offers) else []
    return _joined([asked, *more])


# messages


def _rendered(blocks: Sequence[_Block], offers: Sequence[_Offer], page: _Page) -> Rendered:
    runs = [list(run) for _, run in itertools.groupby(blocks, key=lambda block: block.kind == _EMERGENCY)]
    open_only = any(block.kind == _EMERGENCY for block in blocks)
    if not runs:
        return _ending([], offers, page, open_only) if offers else Rendered(())
    before = [
        message
        for run in runs[:-1]
        for message in _texts([_joined([block.whole, block.later]) for block in run], page.shape.text)
    ]
    last = _ending(runs[-1], offers, page, open_only)
    return Rendered((*before, *last.messages), last.rest)


def _ending(run: Sequence[_Block], offers: Sequence[_Offer], page: _Page, open_only: bool) -> Rendered:
    """The last messages of a turn: what is said there, and the choices."""
    shape = page.shape
    emergency = bool(run) and run[0].kind == _EMERGENCY
    form, options = _options(offers, shape, open_only=open_only)
    whole = _joined(block.whole for block in run)
    later = any(block.later for block in run)
    if options and whole and not later and length(whole) <= shape.body:
        return Rendered((_interactive(form, whole, options, page),))
    longest = shape.text if emergency else min(LONGEST, shape.text)
    if (options or later) and run and (fitting := _in_one_or_two(run, offers, page, open_only)) is not None:
        return fitting
    said, rest = ([block.whole for block in run], "") if emergency else _cut_answers(run, longest)
    if rest:
        form, options = _options([*offers, page.more()], shape, open_only=open_only)
    if form == "numbers":
        more = [page.more()] if rest else []
        return Rendered(_texts([*said, _numbers([*offers, *more], page)], longest), rest)
    if form == "none":
        return Rendered(_linked(run, whole, page) or _texts(said, longest), rest)
    asked = said.pop() if said and run[-1].kind != _CUT and length(said[-1]) <= shape.body else ""
    last = _interactive(form, asked or page.text("whatsapp_choose"), options, page)
    return Rendered((*_texts(said, longest), last), rest)


def _in_one_or_two(
    run: Sequence[_Block], offers: Sequence[_Offer], page: _Page, open_only: bool
) -> Rendered | None:
    """An answer that ends a turn, and its choices, in one message; or in two, the second with what stands below the
    text: phones fold a long message, so two read better than one long and one empty. None where neither can be."""
    *before, answer = run
    if answer.kind != _CUT or any(block.later for block in before):
        return None
    above = _joined([*(block.whole for block in before), answer.text])
    if (one := _with_choices(above, answer, offers, page, open_only)) is not None:
        return one
    two = _with_choices("", answer, offers, page, open_only)
    if two is None or length(above) > min(LONGEST, page.shape.text):
        return None
    return Rendered((Outbound("text", above), *two.messages), two.rest)


def _with_choices(
    above: str, answer: _Block, offers: Sequence[_Offer], page: _Page, open_only: bool
) -> Rendered | None:
    """What stands above, the notes and as many sources as fit, at least one, in one message with the choices."""
    for count in range(len(answer.sources), min(1, len(answer.sources)) - 1, -1):
        rest = _joined([answer.later, _listed(answer.heading, answer.sources[count:])])
        more = [page.more("whatsapp_more" if answer.later else "whatsapp_more_sources")] if rest else []
        form, options = _options([*offers, *more], page.shape, open_only=open_only)
        text = _joined([above, answer.below(count)])
        if options and text and length(text) <= page.shape.body:
            return Rendered((_interactive(form, text, options, page),), rest)
    return None


def _interactive(form: str, text: str, options: tuple[Option, ...], page: _Page) -> Outbound:
    label = page.words.label("whatsapp_choose", page.language) if form == "list" else ""
    return Outbound(form, text, options, label, language=page.language)


def _linked(run: Sequence[_Block], whole: str, page: _Page) -> tuple[Outbound, ...]:
    """The message with a button for its one link; nothing when there is none or it does not fit."""
    urls = [block.url for block in run if block.url]
    shape = page.shape
    if len(urls) != 1 or length(whole) > shape.body or length(urls[0]) > shape.url:
        return ()
    label = page.words.label("whatsapp_link", page.language)
    return (Outbound("link", whole, label=label, url=urls[0], language=page.language),)


def _texts(parts: Sequence[str], limit: int) -> tuple[Outbound, ...]:
    """Texts as few messages, in order: those that fit share one, one that is too long is parted."""
    pages: list[str] = []
    for part in parts:
        if is_blank(part):
            continue
        together = f"{pages[-1]}\n\n{part}" if pages else part
        if length(together) <= limit:
            pages[-1:] = [together]
            continue
        rest = part
        while length(rest) > limit:
            head, rest = cut(rest, limit)
            pages.append(head)
        if not is_blank(rest):
            pages.append(rest)
    return tuple(Outbound("text", page) for page in pages if not is_blank(page))


def _with_fewer_sources(run: Sequence[_Block], limit: int) -> tuple[str, str] | None:
    """What fits when sources are left for later, at least one of them shown; and those left. None when it cannot be."""
    last = next((index for index in reversed(range(len(run))) if run[index].sources), None)
    if last is None:
        return None
    block = run[last]
    for count in range(len(block.sources) - 1, 0, -1):
        shown = _joined(
            one.with_sources(count) if index == last else one.whole for index, one in enumerate(run)
        )
        if length(shown) <= limit:
            return shown, _listed(block.heading, block.sources[count:])
    return None


def _cut_answers(run: Sequence[_Block], limit: int) -> tuple[list[str], str]:
    """What is shown of each reply, and the rest: only answers are cut, so that all together can be read at once."""
    left = limit - sum(length(block.whole) + 2 for block in run if block.kind != _CUT)
    said: list[str] = []
    rest: list[str] = []
    for block in run:
        if block.kind != _CUT or length(block.whole) <= left:
            said.append(block.whole)
            rest.append(block.later)
            left -= length(block.whole) + 2 if block.kind == _CUT else 0
            continue
        fewer = _with_fewer_sources([block], left)
        room = min(limit, max(left, _LEAST))
        shown, later = fewer or (cut(block.whole, room) if length(block.whole) > room else (block.whole, ""))
        said.append(shown)
        rest += [later, block.later]
        left -= length(shown) + 2
    return said, _joined(rest)


# cutting

# A full stop after these ends no sentence. "No." is not among them: it ends one unless a figure follows.
_SHORT_FORMS = (
    "ee, uu, sr, sra, srta, sres, dr, dra, lic, ing, abg, ud, uds, vd, núm, num, art, arts, pág, págs, ej, aprox, "
    "depto, tel, av, blvd, prof, gral, mr, mrs, ms, jr, st, vs, inc, dept, sec, reg, fed, stat, pub, cong, rep, sen, "
    "gov, jan, feb, mar, apr, jun, jul, aug, sept, oct, nov, dec"
)
_ABBREVIATIONS = frozenset(_SHORT_FORMS.split(", "))
_STOP = re.compile(r"[.?!…][\"”»’')\]]*(?=\s)")
_WORD_BEFORE = re.compile(r"(\S+)$")
_LETTERS_WITH_STOPS = re.compile(r"(?:\w\.)*\w")
_WITHIN_DATE = re.compile(r"\d{1,2}º?\s+de\s+\w+(?:\s+del?\s+\d{4})?")
_SPACE = re.compile(r"\s+")
#: Words at the end of a shortened title that promise another.
_LOOSE_END = re.compile(r"(?:\s+(?:de|del|y|o|el|la|los|las|un|una|of|and|or|the|a|an|to))+$")


def cut(text: str, limit: int) -> tuple[str, str]:
    """A head of at most ``limit`` UTF-16 units and the rest, parted where it hurts least; both without outer spaces.

    After a paragraph or a sentence where there is one late enough, else between words (never within an address, a
    date or an abbreviation), and between signs only when one word is longer than all the room.
    """
    window = _most(text, limit)
    if len(window) == len(text):
        return text.strip(), ""
    at = _best_place(text, len(window))
    return text[:at].rstrip(), text[at:].lstrip()


def _best_place(text: str, most: int) -> int:
    """Where to part: the end of a paragraph in the last half, else of a sentence, else a space, else a whole sign."""
    paragraph = text.rfind("\n\n", 0, most + 1)
    if paragraph > most // 2:
        return paragraph
    ends = [found.end() for found in _STOP.finditer(text, 0, most + 1) if _ends_sentence(text, found)]
    ends += [found.start() for found in re.finditer(r"\n", text[: most + 1])]
    sentence = max((end for end in ends if 0 < end <= most), default=0)
    if sentence > most // 4:
        return sentence
    dates = [found.span() for found in _WITHIN_DATE.finditer(text, 0, most + 40)]
    spaces = [
        found.start()
        for found in _SPACE.finditer(text, 0, most + 2)
        if 0 < found.start() <= most and _parts_words(text, found, dates)
    ]
    if spaces:
        return spaces[-1]
    return sentence or _last_whole_sign(text, most)


def _ends_sentence(text: str, stop: re.Match[str]) -> bool:
    after = text[stop.end() :].lstrip(" ")
    if after.startswith("\n"):
        return True
    if after[:1].islower() or after[:1].isdigit():
        return False
    return not _is_abbreviation(text[: stop.start()]) if stop[0].startswith(".") else True


def _is_abbreviation(before: str) -> bool:
    """Whether the word at the end of ``before``, which a full stop follows, is a short form."""
    word = _WORD_BEFORE.search(before[-40:])
    if word is None:
        return False
    bare = word[1].strip("(¿¡\"“«'")
    return bare.casefold() in _ABBREVIATIONS or _LETTERS_WITH_STOPS.fullmatch(bare) is not None


def _parts_words(text: str, space: re.Match[str], dates: Sequence[tuple[int, int]]) -> bool:
    """Whether a text may be parted at a space: not beside a figure, within a date, or after a short form."""
    before, after = text[space.start() - 1], text[space.end() : space.end() + 1]
    if before.isdigit() or after.isdigit() or any(start < space.start() < end for start, end in dates):
        return False
    return not (before == "." and _is_abbreviation(text[: space.start() - 1]))


def _most(text: str, limit: int) -> str:
    """The longest beginning of at most ``limit`` UTF-16 units."""
    if length(text) <= limit:
        return text
    used = 0
    for index, character in enumerate(text):
        used += length(character)
        if used > limit:
            return text[:index]
    return text


def _last_whole_sign(text: str, most: int) -> int:
    """The last place up to ``most`` between two signs as a reader sees them: an emoji or an accent stays whole."""
    at = 0
    for sign in regex.finditer(r"\X", text[: most + 64]):
        if sign.end() > most:
            break
        at = sign.end()
    return at or most


def shortened(title: str, limit: int) -> str:
    """A title of at most ``limit`` UTF-16 units; cut, where one ends late enough after a word, it ends in "…"."""
    if length(title) <= limit:
        return title
    head = title[: _last_whole_sign(title, len(_most(title, limit - 1)))]
    word, space, _ = head.rpartition(" ")
    kept = (
        head if title[len(head) : len(head) + 1] == " " or not space or len(word) < len(head) // 2 else word
    )
    return (_LOOSE_END.sub("", kept) or kept).rstrip(" ,;:.(") + "…"
