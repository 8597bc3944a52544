"""How much understanding suffers when the same questions are written as people write on a phone."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.cli.evaluation import predict
from bot.cli.measures import Measures, Prediction, Question, measure

#: A text, its language and a source of chance; gives the text as it would have been written.
Change = Callable[[str, str, random.Random], str]

#: The letters beside each on a phone's keyboard.
_NEIGHBOURS = {
    "a": "sqz", "b": "vnh", "c": "xvd", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok",
    "j": "hkn", "k": "jli", "l": "kop", "m": "njk", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf",
    "s": "adw", "t": "ryg", "u": "yij", "v": "cbg", "w": "qes", "x": "zcs", "y": "tuh", "z": "xas",
}  # fmt: skip

_GREETINGS = {
    "en": ("hello good afternoon, sorry to bother you, ", "hi, i hope you are fine. ", "good evening sir or madam "),
    "es": (
        "hola buenas tardes disculpe la molestia, ", "buenos dias, dios le bendiga. ",
        "hola q tal, espero q este bien, ",
    ),
}  # fmt: skip

#: Told before the question; each touches other topics on its way.
_STORIES = {
    "en": (
        "Good morning. I came with my two children and my mother stayed behind with my sister. We live in a room in "
        "the house of a cousin and I clean offices at night. My husband calls every week and asks about everything "
        "and I never know what to tell him. ",
        "I am writing because a lady at church gave me this number. We have been here some time, the little one is "
        "already in school and speaks more English than me. It was a hard journey, but thank God we are together. ",
    ),
    "es": (
        "Buenos días. Yo vine con mis dos niños y mi mamá se quedó allá con mi hermana. Vivimos en un cuarto en la "
        "casa de un primo y limpio oficinas de noche. Mi esposo llama cada semana y pregunta de todo y nunca sé qué "
        "decirle. ",
        "Le escribo porque una señora de la iglesia me dio este número. Ya tenemos un tiempo aquí, el chiquito va a "
        "la escuela y habla más inglés que yo. Fue un camino duro, pero gracias a Dios estamos juntos. ",
    ),
}

_CHAT = {
    "en": (("you", "u"), ("are", "r"), ("please", "pls"), ("because", "bc"), ("for", "4"), ("with", "w"),
           ("what", "wat"), ("thanks", "thx"), ("to", "2"), ("about", "abt")),
    "es": (("que", "q"), ("qué", "q"), ("por", "x"), ("porque", "xq"), ("también", "tb"), ("para", "pa"),
           ("estoy", "toy"), ("de", "d"), ("mucho", "muxo"), ("quiero", "kiero")),
}  # fmt: skip


def no_accents(text: str, lang: str, chance: random.Random) -> str:
    """Letters without accents; ñ becomes n."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def no_punctuation(text: str, lang: str, chance: random.Random) -> str:
    """Words alone."""
    return " ".join(re.sub(r"[^\w\s]", " ", text).split())


def capitals(text: str, lang: str, chance: random.Random) -> str:
    """Everything in capitals."""
    return text.upper()


def small_letters(text: str, lang: str, chance: random.Random) -> str:
    """No capitals at all."""
    return text.lower()


def emoji(text: str, lang: str, chance: random.Random) -> str:
    """Emoji around the text and many question marks behind it."""
    return f"🙏 {text}??? 😢🇺🇸"


def chat_spelling(text: str, lang: str, chance: random.Random) -> str:
    """The usual short forms of chats."""
    short = dict(_CHAT[_known(lang)])
    return " ".join(short.get(word.lower(), word) for word in text.split())


def typing_errors(text: str, lang: str, chance: random.Random) -> str:
    """A slip in one word of four, at least one, of those longer than three letters.

    A neighbouring key, a letter lost or doubled, or two swapped.
    """
    words = text.split()
    long_ones = [index for index, word in enumerate(words) if len(word) > 3]
    for index in chance.sample(long_ones, min(len(long_ones), max(1, len(words) // 4))):
        words[index] = _slip(words[index], chance)
    return " ".join(words)


def _slip(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word) - 1)
    letter = word[place]
    slips = (
        word[:place] + chance.choice(_NEIGHBOURS.get(letter.lower(), letter)) + word[place + 1 :],
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place:],
        word[:place] + word[place + 1] + letter + word[place + 2 :],
    )
    return chance.choice([slip for slip in slips if slip != word])


def greeting_first(text: str, lang: str, chance: random.Random) -> str:
    """A courteous opening."""
    return chance.choice(_GREETINGS[_known(lang)]) + text


def long_story_first(text: str, lang: str, chance: random.Random) -> str:
    """A story about other things, the question last."""
    return chance.choice(_STORIES[_known(lang)]) + text


def _known(lang: str) -> str:
    # Who mixes both languages begins in Spanish; a file that names no language is most likely English.
    return lang if lang in _GREETINGS else {"mixed": "es"}.get(lang, "en")


CHANGES: dict[str, Change] = {
    "no accents": no_accents,
    "no punctuation": no_punctuation,
    "small letters": small_letters,
    "capitals": capitals,
    "emoji": emoji,
    "chat spelling": chat_spelling,
    "typing errors": typing_errors,
    "greeting first": greeting_first,
    "long story first": long_story_first,
}


def perturbed(questions: list[Question], change: Change, seed: int = 0) -> list[Question]:
    """The questions as written otherwise; the same seed gives the same texts."""
    return [
        # A draw that can be repeated, no secret.
        replace(q, text=change(q.text, q.lang, random.Random(f"{seed} {q.id}")))  # noqa: S311
        for q in questions
    ]


def measures_by_change(
    questions: list[Question], model: Path, parents: Mapping[str, str]
) -> dict[str, Measures]:
    """The measures of the questions as they are ("as written") and under each change."""
    versions = {"as written": questions}
    versions |= {name: perturbed(questions, change) for name, change in CHANGES.items()}
    everything = [question for version in versions.values() for question in version]
    found: list[Prediction] = predict(everything, model)
    size = len(questions)
    return {
        name: measure(zip(version, found[place * size : (place + 1) * size], strict=True), parents)
        for place, (name, version) in enumerate(versions.items())
    }


def show_drops(questions: list[Question], model: Path, parents: Mapping[str, str], console: Console) -> None:
    """Print what each change does to the questions answered right and to the confidently wrong ones."""
    measures = measures_by_change(questions, model, parents)
    plain = measures["as written"]
    table = Table(title="The same questions, written otherwise", title_justify="left")
    table.add_column("")
    for heading in ("answered right", "change", "confidently wrong", "change"):
        table.add_column(heading, justify="right")
    for name, found in measures.items():
        cells = []
        for value, before in (
            (found.answered_right, plain.answered_right), (found.confidently_wrong, plain.confidently_wrong),
        ):  # fmt: skip
            cells += [f"{value or 0:.3f}", f"{(value or 0) - (before or 0):+.3f}"]
        table.add_row(name, *cells)
    console.print(table)
