"""Months, weekdays, numbers and holidays by their names in both languages, typos included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

from dateutil.easter import easter

from bot.core.dates.words import words

_MONTH_NAMES = (
    "january jan jany enero ene henero",
    "february feb febr febuary febrary februrary febrero feb febrer",
    "march mar marz marzo marso",
    "april apr abril abr",
    "may mayo mai",
    "june jun junio juno junho",
    "july jul julio",
    "august aug agosto ago agos",
    "september sep sept setp septiembre setiembre set septembre",
    "october oct octob octubre otubre octuber",
    "november nov noviembre nobiembre novienbre",
    "december dec diciembre dic disiembre desember diciem dicienbre",
)
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
#: Month names that are also other words: alone they are no month.
WEAK_MONTHS = words("mar may ago set mai jan dec dic abr sep oct nov jun jul feb ene apr aug sept")
_FULL = [name for name in MONTHS if len(name) >= 4]
#: Words one letter away from a month that are not one.
_NOT_MONTHS = words(
    """
    mayor marca marco marcha marched matches junto junta julia julie junior abrir abrio apply mays marcos maria
    mario mary martha enter genero dinero augusta marked marcho madre punto justo busto gusto costo
    entro entero enteros entera agoto match marsh abrigo
    """
)


@lru_cache(maxsize=4096)
def month(word: str) -> int | None:
    """The number of the month that a word names, one slip of the finger allowed in longer words."""
    exact = MONTHS.get(word)
    if exact is not None or len(word) < 5 or word in _NOT_MONTHS:
        return exact
    for name in _FULL:
        if (
            abs(len(name) - len(word)) <= 1
            and name[0] == word[0]
            and len(name) >= 5
            and _one_slip(name, word)
        ):
            return MONTHS[name]
    return None


def _one_slip(a: str, b: str) -> bool:
    """Whether one letter more, less, other or swapped makes one word of the other."""
    if len(a) > len(b):
        a, b = b, a
    i = 0
    while i < len(a) and a[i] == b[i]:
        i += 1
    if len(a) == len(b):
        swapped = i + 1 < len(a) and a[i] == b[i + 1] and a[i + 1] == b[i] and a[i + 2 :] == b[i + 2 :]
        return swapped or a[i + 1 :] == b[i + 1 :]
    return a[i:] == b[i + 1 :]


_WEEKDAY_NAMES = (
    "monday mon lunes",
    "tuesday tue tues martes",
    "wednesday wed miercoles",
    "thursday thu thur thurs jueves",
    "friday fri viernes",
    "saturday sat sabado",
    "sunday sun domingo",
)
WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}
WEAK_WEEKDAYS = frozenset({"mon", "sat", "sun", "wed", "fri", "tue", "thu"})

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
CARDINALS = {word: value for value, word in enumerate(_UNITS.split())}
CARDINALS |= {"seventeen": 17, "eighteen": 18, "nineteen": 19}
_UNIDADES = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete "
    "veintiocho veintinueve treinta"
)
CARDINALS |= {word: value for value, word in enumerate(_UNIDADES.split())}
CARDINALS |= {"un": 1, "una": 1, "a": 1, "an": 1, "veintiun": 21}
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80,
    "noventa": 90,
}  # fmt: skip
_ORDINAL_NAMES = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_NAMES.split(), 1)}
ORDINALS |= {"primero": 1, "primer": 1, "primera": 1, "thirtieth": 30}
ORDINAL_ENDS = words("st nd rd th ro er do to ero")

UNITS = {
    **dict.fromkeys(words("day days dia dias"), "day"),
    **dict.fromkeys(words("week weeks wk wks semana semanas sem"), "week"),
    **dict.fromkeys(words("month months mo mos mth mths mnths mes meses"), "month"),
    **dict.fromkeys(words("year years yr yrs ano anos anio anios"), "year"),
}
SEASONS = {
    **dict.fromkeys(words("spring primavera"), "spring"),
    **dict.fromkeys(words("summer verano"), "summer"),
    **dict.fromkeys(words("fall autumn otono"), "fall"),
    **dict.fromkeys(words("winter invierno"), "winter"),
}
#: First and last day (month, day), wide enough for the calendar season and the one of the sun.
SEASON_DAYS = {
    "spring": ((3, 1), (6, 20)),
    "summer": ((6, 1), (9, 22)),
    "fall": ((9, 1), (12, 20)),
    "winter": ((12, 1), (3, 20)),
}

#: First and last day of a holiday in a year.
Holiday = Callable[[int], "tuple[date, date]"]


def _fixed(at_month: int, day: int, days: int = 1) -> Holiday:
    return lambda year: (date(year, at_month, day), date(year, at_month, day) + timedelta(days - 1))


def _weekday(at_month: int, weekday: int, nth: int, shift: int = 0) -> Holiday:
    def days(year: int) -> tuple[date, date]:
        first = date(year, at_month, 1)
        found = first + timedelta((weekday - first.weekday()) % 7 + 7 * (nth - 1) + shift)
        return found, found

    return days


def _last_monday_of_may(year: int) -> tuple[date, date]:
    last = date(year, 5, 31)
    found = last - timedelta(last.weekday())
    return found, found


def _easter(first: int, last: int) -> Holiday:
    return lambda year: (easter(year) + timedelta(first), easter(year) + timedelta(last))


_MOTHERS_US, _MOTHERS_MX = _weekday(5, 6, 2), _fixed(5, 10)
_LABOR_US, _LABOR_MAY = _weekday(9, 0, 1), _fixed(5, 1)
_HOLIDAY_NAMES: dict[str, tuple[Holiday, ...]] = {
    "christmas eve|xmas eve|nochebuena|noche buena": (_fixed(12, 24),),
    "christmas day|christmas|xmas|x mas|navidad|navidades|dia de navidad": (_fixed(12, 25),),
    "new year's eve|new years eve|new year eve|nochevieja|noche vieja|fin de ano|ano viejo|"
    "vispera de ano nuevo": (_fixed(12, 31),),
    "new year's day|new years day|new year's|new years|ano nuevo|dia de ano nuevo": (_fixed(1, 1),),
    "dia de reyes|reyes magos|three kings day|three kings": (_fixed(1, 6),),
    "valentine's day|valentines day|valentine's|valentines|san valentin|dia de san valentin|"
    "dia de los enamorados|dia del amor": (_fixed(2, 14),),
    "st patrick's day|st patricks day|saint patrick's day": (_fixed(3, 17),),
    "halloween": (_fixed(10, 31),),
    "dia de muertos|dia de los muertos|day of the dead": (_fixed(11, 1, 2),),
    "todos los santos|dia de todos los santos": (_fixed(11, 1),),
    "veterans day": (_fixed(11, 11),),
    "juneteenth": (_fixed(6, 19),),
    "independence day": (_fixed(7, 4),),
    "dia de la virgen|dia de la virgen de guadalupe|virgen de guadalupe": (_fixed(12, 12),),
    "thanksgiving|thanksgiving day|thanks giving|accion de gracias|dia de accion de gracias": (
        _weekday(11, 3, 4),
    ),
    "black friday|viernes negro": (_weekday(11, 3, 4, 1),),
    "cyber monday": (_weekday(11, 3, 4, 4),),
    "martin luther king day|mlk day": (_weekday(1, 0, 3),),
    "presidents day|presidents' day|president's day": (_weekday(2, 0, 3),),
    "memorial day": (_last_monday_of_may,),
    "labor day|labour day": (_LABOR_US,),
    "dia del trabajo|dia del trabajador": (_LABOR_MAY, _LABOR_US),
    "columbus day": (_weekday(10, 0, 2),),
    "father's day|fathers day|dia del padre": (_weekday(6, 6, 3),),
    "mother's day|mothers day": (_MOTHERS_US, _MOTHERS_MX),
    "dia de las madres|dia de la madre": (_MOTHERS_MX, _MOTHERS_US),
    "semana santa|holy week": (_easter(-7, 0),),
    "easter|easter sunday|pascua|domingo de pascua|domingo de resurreccion|pascuas": (_easter(0, 0),),
    "good friday|viernes santo": (_easter(-2, -2),),
    "jueves santo|holy thursday": (_easter(-3, -3),),
    "lunes santo": (_easter(-6, -6),),
    "martes santo": (_easter(-5, -5),),
    "miercoles santo": (_easter(-4, -4),),
    "sabado santo|sabado de gloria": (_easter(-1, -1),),
    "easter monday|lunes de pascua": (_easter(1, 1),),
    "domingo de ramos|palm sunday": (_easter(-7, -7),),
    "ash wednesday|miercoles de ceniza": (_easter(-46, -46),),
}
HOLIDAYS: dict[tuple[str, ...], tuple[Holiday, ...]] = {
    tuple(name.split()): days for names, days in _HOLIDAY_NAMES.items() for name in names.split("|")
}
LONGEST_HOLIDAY = max(len(name) for name in HOLIDAYS)
HOLIDAY_BEGINNINGS = frozenset(name[0] for name in HOLIDAYS)

_SMALL = words("de la los the of x day todos")
_TELLING = (
    {*WEEKDAYS, *UNITS, *SEASONS, *TENS, *(word for name in HOLIDAYS for word in name)}
    | words(
        "today hoy yesterday ayer anoche night morning tomorrow tomorow tmrw manana antier anteayer antayer"
    )
    | words("mil thousand")
) - _SMALL


def tells_of_time(word: str) -> bool:
    """Whether a word can stand at the heart of a date; none begins more than a few words before one."""
    return word in _TELLING or month(word) is not None
