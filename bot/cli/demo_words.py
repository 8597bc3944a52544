"""What made-up conversations are about, and what is said in them beside questions and answers."""

from __future__ import annotations

#: How often each kind of conversation happens, of a hundred.
KINDS = {"questions": 58, "triage": 14, "booking": 9, "person": 7, "lost": 7, "emergency": 3, "apology": 2}
URGENCIES = ("routine",) * 5 + ("soon",) * 3 + ("urgent",) * 2
GIBBERISH = {
    "en": ("??", "asdf", "my cousin sent me a video", "k", "what about the other thing", "lol ok"),
    "es": ("??", "asdf", "mi prima me mando un video", "k", "y lo otro que", "jaja ok"),
}
TRIAGE = ("place", "detained", "filed", "court", "arrival", "lawyer")
SAID = {
    "en": {
        "place": ("in the United States", "in Texas"), "detained": ("no",), "filed": ("not yet", "no"),
        "court": ("yes, I have a hearing", "no"), "arrival": ("in March", "last year", "8 months ago"),
        "lawyer": ("no", "I had one"),
    },
    "es": {
        "place": ("en Estados Unidos", "en Texas"), "detained": ("no",), "filed": ("todavía no", "no"),
        "court": ("sí, tengo una cita en la corte", "no"), "arrival": ("en marzo", "el año pasado", "hace 8 meses"),
        "lawyer": ("no", "tuve uno"),
    },
}  # fmt: skip
#: The codes of those answers, in their order (bot/core/triage/facts.py).
MEANT = {
    "place": ("us", "us"), "detained": ("no",), "filed": ("no", "no"), "court": ("yes", "no"), "lawyer": ("no", "no"),
}  # fmt: skip
CONTACT = {
    "en": ("[NAME_1]", "my number is [PHONE_1]", "yes"),
    "es": ("[NAME_1]", "mi número es [PHONE_1]", "sí"),
}
HUMAN = {
    "en": "Hello, I am from the law office. We can call you today between 3 and 5 in the afternoon. Does that work?",
    "es": "Buenas tardes, le escribo de la oficina. Le podemos llamar hoy entre las 3 y las 5. ¿Le queda bien?",
}
