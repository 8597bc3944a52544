from __future__ import annotations

import pytest

from bot.core.content.prose import check_prose


def codes(text: str, lang: str) -> list[str]:
    return [problem.code for problem in check_prose(text, lang)]


@pytest.mark.parametrize(
    "text",
    [
        "Form I-589, EOIR-33/BIA, N-400, G-1450, I-220A, EOIR-26A and AR-11 are forms.",
        "See 8 CFR 208.7(a)(1)(ii), 8 CFR § 1003.38, 8 U.S.C. § 1158, INA 208(a)(2)(B) and 90 FR 34511.",
        "Section 208 of Title 8; Matter of Example, 29 I&N Dec. 169; Pub. L. 119-21; H.R. 1; PM 26-01.",
        "Category (c)(8) or (a)(5), printed as C08; PM-602-0192; Article 3.",
        "B-2, F-1, H-1B visas; Form 1040; W-2.",
        "The fee is {{fee.i589}} since {{fee.i589|since}}.",
        "The one-year deadline, the one-year rule and the one year deadline are one thing.",
        "Several months, many years, a day, a year, one day at a time, two people, three steps.",
        "Nobody can say whether you qualify, or if you are eligible. No one can promise that you will win.",
        "You can apply at once. Do not sign now. When can I file now? Some people must pay today.",
        "Once you get asylum, you can work.",
    ],
)
def test_plain_english_passes(text: str) -> None:
    assert codes(text, "en") == []


@pytest.mark.parametrize(
    "text",
    [
        "El formulario I-589 y el EOIR-33; 8 CFR 208.7(a); INA sección 208; artículo 3; Título 8.",
        "El plazo de un año y la regla de un año. Si el año es un año bisiesto, cambia.",
        "Varios meses, muchos años, un día, una semana, dos personas, tres pasos.",
        "Nadie sabe si usted califica. Nadie puede prometer que le darán el asilo.",
        "No firme ahora. Hay que pagar {{fee.i589}} en {{ead.file_wait}}.",
    ],
)
def test_plain_spanish_passes(text: str) -> None:
    assert codes(text, "es") == []


@pytest.mark.parametrize(
    ("text", "lang", "code"),
    [
        ("It costs $100.", "en", "figure"),
        ("USCIS has 30 days.", "en", "figure"),
        ("In 2026 it changed.", "en", "figure"),
        ("Call 911.", "en", "figure"),
        ("Open 24/7.", "en", "figure"),
        ("Tiene 16 días.", "es", "figure"),
        ("Wait six months.", "en", "number_word"),
        ("A thirty-day wait.", "en", "number_word"),
        ("Within one year of arrival.", "en", "number_word"),
        ("Ten\nbusiness days.", "en", "number_word"),
        ("Twenty-one days.", "en", "number_word"),
        ("Fifty percent.", "en", "number_word"),
        ("Espere seis meses.", "es", "number_word"),
        ("Treinta y un días.", "es", "number_word"),
        ("Cien dólares.", "es", "number_word"),
        ("Debe pedirlo en un año.", "es", "number_word"),
        ("So you qualify.", "en", "conclusion"),
        ("You are not eligible.", "en", "conclusion"),
        ("You\u2019re eligible.", "en", "conclusion"),
        ("You will win.", "en", "conclusion"),
        ("Usted califica.", "es", "conclusion"),
        ("Usted no es elegible.", "es", "conclusion"),
        ("Le van a dar asilo.", "es", "conclusion"),
        ("File now.", "en", "imperative"),
        ("Please file your application today.", "en", "imperative"),
        ("Presente ya.", "es", "imperative"),
        ("Pague hoy mismo.", "es", "imperative"),
        ("Good news!", "en", "exclamation"),
        ("¡Buenas noticias!", "es", "exclamation"),
    ],
)
def test_what_may_not_stand_in_a_text_is_found(text: str, lang: str, code: str) -> None:
    assert code in codes(text, lang)


def test_a_problem_says_where_it_begins() -> None:
    (problem,) = check_prose("One line.\nIt costs $100.", "en")
    assert problem.position == len("One line.\nIt costs ")
