"""Learning somebody's own labelled questions and judging what is left, with the real engine."""

from __future__ import annotations

from bot.cli.evaluation import split, train_and_predict
from bot.cli.measures import Prediction, Question

#: Labels and signs that Rasa reads in its own way, if it is given them.
TEXTS = {
    "greet/morning": """good morning|good morning to you|morning everybody|a very good morning|hello, good morning!
buenos días|muy buenos días|buenos días a todos|hola, buenos días""",
    "back": """where is my parcel|my parcel has not come|track my parcel [number]{"entity": "x"}|the parcel is lost
when does the parcel come|¿dónde está mi paquete?|mi paquete no llega|el paquete se perdió|the parcel is late""",
    "close account": """close my account|please delete my bank account|how do I close my account
I want my account closed|cerrar mi cuenta|quiero cerrar mi cuenta|¿cómo cierro mi cuenta?
cancel my account|close the account: now""",
}
QUESTIONS = [
    Question(f"{label} {number}", "-", "plain", text, label, frozenset({label}))
    for label, told in TEXTS.items()
    for number, text in enumerate(told.replace("\n", "|").split("|"))
]


def best(prediction: Prediction) -> str:
    """The label on top; so few examples leave the fallback above some."""
    return next(name for name, _ in prediction.ranking if name in TEXTS)


def test_a_dataset_is_learnt_and_its_labels_come_back() -> None:
    examples, rest = split(QUESTIONS, 8)
    assert (len(examples), len(rest)) == (24, 3)
    odd = [
        Question("lines", "-", "plain", "close\u2028my\naccount\x85please", "close account", frozenset()),
        Question("command", "-", "plain", "/label_0000", "back", frozenset()),
        Question("emoji", "-", "plain", "🙏", "back", frozenset()),
    ]
    questions = [*examples, *rest, *odd]
    found = train_and_predict(examples, questions)
    assert [p.id for p in found] == [q.id for q in questions]
    said = {p.intent for p in found} | {name for p in found for name, _ in p.ranking}
    assert said <= {*TEXTS, "nlu_fallback"}
    assert [best(p) for p in found[:24]] == [q.label for q in examples]
    assert sum(best(p) == q.label for p, q in zip(found[24:27], rest, strict=True)) >= 2
    assert best(found[27]) == "close account"
    assert found[29].intent == "nlu_fallback"
