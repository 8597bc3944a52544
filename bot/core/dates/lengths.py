"""Lengths of time that end today: "hace 8 meses", "llevo un año aquí", "been here for 11 months"."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.core.dates import lexicon, resolve, words
from bot.core.dates.cursor import Parsed
from bot.core.dates.named import Named

_ORDER = ("year", "month", "week", "day")
#: Half of how uncertain a length is of which so many months and days are said, in days, by its smallest unit.
_SLACK = {"week": 7, "day": 3}
_BOUNDS = {
    ("poco", "mas", "de"): "more", ("un", "poco", "mas", "de"): "more", ("mas", "de"): "more",
    ("more", "than"): "more", ("a", "little", "over"): "more", ("over",): "more", ("menos", "de"): "less",
    ("less", "than"): "less", ("under",): "less", ("casi",): "less", ("almost",): "less", ("nearly",): "less",
    ("mas", "o", "menos"): "", ("more", "or", "less"): "", ("alrededor", "de"): "", ("cerca", "de"): "",
    ("aproximadamente",): "", ("aprox",): "", ("approximately",): "", ("approx",): "", ("roughly",): "",
    ("maybe",): "", ("probably",): "", ("como",): "", ("like",): "", ("about",): "", ("around",): "", ("ya",): "",
    ("already",): "", ("just",): "", ("apenas",): "", ("exactamente",): "", ("exactly",): "", ("only",): "",
    ("unos",): "", ("unas",): "",
}  # fmt: skip
_BOUND_BEGINNINGS = frozenset(phrase[0] for phrase in _BOUNDS)
#: No date begins with these.
#: What lies ahead when it is "in two weeks".
_TO_COME = words.words(
    "hearing court appointment check-in checkin interview biometrics fingerprints expires ends deport deported removal "
    "audiencia corte cita entrevista huellas vence vencen acaba deportan deportacion reporte presentarme"
)
_NOT_FIRST = words.words("ya already just apenas only maybe probably exactly exactamente")
_MORE_AFTER = words.words("pico algo change something piquito")

#: Between the words that a length belongs to and the length.
_FILL = words.words(
    "for since ya already desde por los las the like como about around just apenas solo only now maybe probably "
    "exactly exactamente"
)
_LIVE = words.words(
    """
    been am im i'm are we're is he's she's live living vivo vivimos viviendo estoy estamos esta ando tengo tenemos
    tiene tienen llevo llevamos lleva llevan ive i've have has
    """
)
#: Who has a length "here".
_HAVE = words.words(
    """
    tengo tenemos tiene tienen llevo llevamos lleva llevan have has got gots been i've ive cumpli cumplimos
    con son van va hay estoy estamos vivo vivimos viviendo living live im i'm am are
    """
)
_PASSED = words.words("been passed pasado pasaron paso son van va tengo tenemos llevo llevamos ya it's its")
_CAME_ES = words.words(
    "llegue llegamos llego entre entro entramos vine vinimos vino cruce cruzo cruzamos estoy estamos vivo vivimos ando"
)
#: After a length that is not over, or that is an age.
_NOT_OVER = words.words(
    "until till hasta left mas more para before antes old de after despues ago atras from"
)
#: Before a length that was over before, or is yet to come.
_OTHER_TIME = words.words(
    "had tenia tuve estuve not never can could will would want be puedo puede podre quiero quisiera to"
)
_REACHES = words.words("cumplo cumplir ajustar")
_ANYONE = words.words(
    "someone anyone somebody anybody people person persona alguien uno quien who whoever gente those"
)
_US = (
    "the us|us|the usa|usa|the u . s|u . s|the u . s .|u . s .|the u s|the united states|united states|"
    "the states|this country|the country|america|eeuu|ee uu|ee . uu|ee . uu .|los ee uu|eua|estados unidos|"
    "los estados unidos|los estados|este pais|el pais|this contry|los eeuu|los usa|los united states"
)
_NAMES_US = tuple(tuple(name.split()) for name in _US.split("|"))


@dataclass(frozen=True, slots=True)
class Length:
    """``value`` units and ``days`` more (-1: a few units); ``slack`` is 0 where one unit is said."""

    value: float
    unit: str
    days: int
    slack: int
    bound: str
    end: int


class Lengths(Named):
    """Times that are said by how long ago they were."""

    def _quantity(self, i: int) -> tuple[float, str, int] | None:
        """(number, unit, end) of "8 meses", "a year and a half", "un par de semanas", "unos meses"."""
        k = self._skip(
            i, frozenset({"a", "unas", "unos", "the", "like", "como", "about", "around", "casi", "ya"}), 2
        )
        if self._is(k, {"couple", "par"}):
            j = self._skip(k + 1, frozenset({"of", "de"}), 1)
            unit = lexicon.UNITS.get(self._t(j).text)
            return (2, unit, j + 1) if unit else None
        if self._is(k, words.FEW) or (self._is(k - 1, words.FEW) and k > i):
            j = self._skip(k, words.FEW, 1)
            unit = lexicon.UNITS.get(self._t(j).text)
            if unit:
                return -1, unit, j + 1
        if self._is(k, {"half", "medio", "media"}):
            j = self._skip(k + 1, frozenset({"a"}), 1)
            unit = lexicon.UNITS.get(self._t(j).text)
            if unit == "year":
                return 6, "month", j + 1
            return (0.5, unit, j + 1) if unit else None
        number = self._number(k)
        halved = self._half(k + 1) if number is None else 0
        if halved and self._t(k).text in lexicon.UNITS:
            return 1.5, lexicon.UNITS[self._t(k).text], halved
        if number is None and k > i and self._t(k).text in lexicon.UNITS:
            number = self._number(k - 1)
        if number is None or number[2]:
            return None
        value, j = float(number[0]), number[1]
        if half := self._half(j):
            value, j = value + 0.5, half
        unit = lexicon.UNITS.get(self._t(j).text)
        if unit is None:
            return None
        j += 1
        if half := self._half(j):
            value, j = value + 0.5, half
        return value, unit, j

    def _half(self, i: int) -> int:
        """Where "and a half" at token ``i`` ends, 0 where it does not stand there."""
        k = i + 1 if self._is(i, {"and", "y", "an", "n"}) else -1
        if k > 0 and self._is(k, {"half", "medio", "media"}):
            return k + 1
        return k + 2 if k > 0 and self._is(k, {"a"}) and self._is(k + 1, {"half"}) else 0

    def _length(self, i: int) -> Length | None:
        """ "almost 2 years", "más de un año y 2 meses", "11 months and 12 days", "un año y pico"."""
        bound = ""
        for _ in range(4):
            if self._t(i).text not in _BOUND_BEGINNINGS:
                break
            after = [(end, kind) for phrase, kind in _BOUNDS.items() if (end := self._phrase(i, *phrase))]
            few = self._is(i, words.FEW) and self._t(i + 1).text in lexicon.UNITS
            if not after or few:
                break
            i, kind = max(after)
            bound = kind or bound
        quantity = self._quantity(i)
        if quantity is None:
            return None
        value, unit, end = quantity
        days, slack, last = 0, 0, unit
        while value >= 0:
            joined = self._is(end, {"and", "y", "con", "n"})
            more = self._quantity(end + 1 if joined else end)
            if more is None or _ORDER.index(more[1]) <= _ORDER.index(last):
                break
            if not joined and self._t(end).kind != "number" and self._t(end).text not in lexicon.CARDINALS:
                break
            amount, last, end = more
            few = amount < 0
            amount = 4 if few else amount
            if last == "month":
                value, unit, slack = value * 12 + amount, "month", 75 if few else slack
            else:
                if value % 1:
                    break
                days += round(amount * 7) if last == "week" else round(amount)
                slack = (21 if last == "week" else 4) if few else _SLACK[last]
        if self._is(end, {"y", "and"}) and self._is(end + 1, _MORE_AFTER):
            bound, end = "more", end + 2
        return Length(value, unit, days, slack, bound, end)

    def _ended_today(self, length: Length, bound: str = "") -> Parsed | None:
        bound = length.bound or bound
        if length.days or (length.slack and not bound):
            span = resolve.ago_and(self.today, length.value, length.unit, bound, length.days, length.slack)
        else:
            span = resolve.ago(self.today, length.value, length.unit, bound)
        if span is None:
            return None
        return Parsed(length.end, "day" if span.earliest == span.latest else "approximate", (span,))

    def _ago(self, i: int) -> Parsed | None:
        """ "hace 8 meses", "more than a year ago", "hace casi un año"."""
        spanish = self._is(i, {"hace", "hacen", "ase", "hase", "ace"})
        length = None if self._is(i, _NOT_FIRST) else self._length(i + 1 if spanish else i)
        if length is None:
            return None
        parsed = self._ended_today(length)
        if parsed is None:
            return None
        if not spanish and not self._is(length.end, {"ago", "atras", "back"}):
            return None
        return replace(parsed, end=length.end + (1 if self._is(length.end, {"ago", "atras", "back"}) else 0))

    def _from_now(self, i: int) -> Parsed | None:
        """ "my hearing is in 20 days", "en tres semanas", "2 weeks from now".

        "In 30 days" is a rule as often as a day, so it needs something that is to come before it, or nothing around it.
        """
        spanish = self._phrase(i, "dentro", "de")
        start = spanish or (i + 1 if self._is(i, {"in", "en"}) else 0)
        length = None if self._is(start, _NOT_FIRST) or start == 0 else self._length(start)
        if length is None or length.value < 0 or length.bound or length.days:
            return None
        if not (self._before(i - 1, _TO_COME, 8) or (i <= 1 and self._ends(length.end))):
            return None
        span = resolve.from_now(self.today, length.value, length.unit)
        if span is None:
            return None
        return Parsed(length.end, "day" if span.earliest == span.latest else "approximate", (span,))

    def _until_now(self, i: int) -> Parsed | None:
        """The "8 meses" of "llevo 8 meses aquí", the "11 months" of "been here for 11 months".

        A length alone is no date: it needs words by which it ends today.
        """
        if self._is(i, _NOT_FIRST) or (self._is(i, _FILL) and self._t(i).text not in _BOUND_BEGINNINGS):
            return None
        length = self._length(i)
        if length is None:
            return None
        lead = i - 1
        while lead >= 0 and self._is(lead, _FILL):
            lead -= 1
        if self._before(lead, _ANYONE, 8):
            return None
        going_on = self._going_on(lead, i)
        if not (going_on or self._is_over(lead, i, length.end)):
            return None
        if going_on and not (
            self._place(length.end) or (self._ends(length.end) and not self._is(lead, _REACHES))
        ):
            return None
        parsed = self._ended_today(length, "less" if going_on else "")
        if parsed is None:
            return None
        spans = tuple(
            resolve.widened(span, 1) if span.earliest == span.latest else span for span in parsed.readings
        )
        return replace(parsed, precision="approximate", readings=spans, rough=True)

    def _before(self, i: int, words: frozenset[str], most: int) -> bool:
        """Whether one of the words stands in the same clause, at token ``i`` or up to so many before it."""
        for n in range(i, i - most, -1):
            if self._t(n).kind in {"", "sign"}:
                return False
            if self._is(n, words):
                return True
        return False

    def _going_on(self, lead: int, i: int) -> bool:
        """ "voy para 9 meses", "going on 9 months", "voy a cumplir un año"."""
        if self._is(lead, {"on"}):
            return self._is(lead - 1, {"going"})
        if self._is(lead, _REACHES):
            return self._is(lead, {"cumplo"}) or self._is(lead - 1, {"a", "por", "de"})
        return self._is(lead, {"para", "pa"}) and self._is(lead - 1, {"voy", "vamos", "va"})

    def _is_over(self, lead: int, i: int, end: int) -> bool:
        """Whether the length from ``i`` to ``end`` is one that lasts until today; ``lead`` is the word before it."""
        after = self._skip(end, words.words("ya already now ahora viviendo living"))
        follows_not = self._is(end, _NOT_OVER)
        begins = lead < 0 or self._t(lead).kind == "sign"
        past = self._before(lead, _OTHER_TIME, 5)
        place = self._place(after)
        if place and not past and not self._is(place, _NOT_OVER):
            return begins or self._is(lead, _HAVE)
        if follows_not and not self._is(end, {"de"}):
            return False
        before = self._place_before(lead)
        if before is not None and not past and not follows_not:
            verb = before - 1 if self._is(before, {"already", "ya", "living", "viviendo"}) else before
            return before < 0 or self._t(before).kind == "sign" or self._is(verb, _LIVE)
        if self._is(lead, {"llevo", "llevamos"}):
            return self._ends(end)
        since = self._is(i - 1, {"since"}) or (self._is(i - 1, {"desde"}) and self._is(lead, _LIVE))
        if since:
            return self._ends(end)
        return self._since_then(lead, begins, after)

    def _since_then(self, lead: int, begins: bool, after: int) -> bool:
        """Whether what the length is counted from follows it: "its been 3 weeks since i came"."""
        passed = self._is(lead, _PASSED) or self._is(lead + 1, {"ya"})
        counted = passed and not (self._is(lead, {"tengo", "tenemos"}) and not self._is(lead + 1, {"ya"}))
        if self._is(lead - 1, {"ya"}):
            counted = passed
        if self._is(after, {"since"}):
            return counted and self._t(after + 1).kind == "word"
        if self._phrase(after, "desde", "que") or self._phrase(after, "de", "que"):
            return counted
        if self._phrase(after, "de", "haber"):
            return passed or begins
        if self._is(after, {"que"}):
            return (passed or begins) and self._is(after + 1, _CAME_ES)
        k = after + 1 if self._is(after, {"that"}) else after
        k = (
            self._phrase(k, "i", "am")
            or self._phrase(k, "we", "are")
            or (k + 1 if self._is(k, {"im", "i'm", "we're"}) else 0)
        )
        return k > 0 and (passed or begins) and self._is(k, words.HERE)

    def _ends(self, i: int) -> bool:
        """Whether the clause ends before token ``i``."""
        token = self._t(i)
        if token.kind == "" or (token.kind == "sign" and token.text in ",.;!?)"):
            return True
        if self._is(i, {"y", "and"}):
            return self._is(i + 1, {"no", "nunca", "todavia", "aun", "never", "didnt", "i", "we"})
        return token.text in {"pero", "but", "segun"}

    def _place(self, i: int) -> int:
        """Where "here" or "in the US" at token ``i`` ends, 0 where it does not stand there."""
        if self._is(i, words.HERE):
            return i + 1
        if not self._is(i, {"in", "en"}):
            return 0
        return max((end for name in _NAMES_US if (end := self._phrase(i + 1, *name))), default=0)

    def _place_before(self, i: int) -> int | None:
        """The token before "here" or "in the US" that ends with token ``i``."""
        for start in range(i, i - 6, -1):
            if start >= 0 and self._place(start) == i + 1:
                return start - 1
        return None
