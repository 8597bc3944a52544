"""Unanswered questions grouped by meaning: the rule over made-up vectors, and real questions in both languages."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

from bot.engine.grouping import group

PLACES = [("fees", "cost"), ("fees", "cost"), ("travel", "general"), ("travel", "general")]


def around(*middle: float, count: int = 2, seed: int = 0) -> np.ndarray:
    """Vectors of length 1 that point nearly the same way."""
    rows = np.array(middle) + 0.05 * np.random.default_rng(seed).standard_normal((count, len(middle)))
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


KNOWN = np.vstack([around(1, 0, 0, 0.5), around(0, 1, 0, 0.5, seed=1)])


def test_questions_that_mean_the_same_are_one_group_with_the_section_that_comes_nearest() -> None:
    questions = np.vstack([around(0, 1, 0, 0.5, count=1), around(1, 0, 0, 0.5, count=3, seed=2)])
    groups = group(questions, KNOWN, PLACES)
    assert [(sorted(found.members), found.topic, found.section) for found in groups] == [
        ([1, 2, 3], "fees", "cost"),
        ([0], "travel", "general"),
    ]
    assert min(found.similarity for found in groups) > 0.9


def test_what_nothing_is_near_says_so() -> None:
    (found,) = group(around(0, 0, 1, 0.5, count=3), KNOWN, PLACES)
    assert found.similarity < 0.45


def test_the_most_typical_question_comes_first() -> None:
    questions = np.vstack(
        [around(1, 0.5, 0, 0.5, count=1), around(1, 0.2, 0, 0.5, count=1), around(1, 0, 0, 0.5, count=1)]
    )
    (found,) = group(questions, KNOWN, PLACES, together=-1.0)
    assert found.members[0] == 1


def test_no_question_and_a_single_one_are_no_trouble() -> None:
    assert group(np.empty((0, 4)), KNOWN, PLACES) == []
    (alone,) = group(KNOWN[:1], KNOWN, PLACES)
    assert (alone.members, alone.topic) == ((0,), "fees")


def test_both_languages_come_together_and_a_missing_topic_is_far_from_all() -> None:
    asked = {
        "questions": ["is daca open for new people", "todavia hay daca", "puedo pedir daca ahora",
                      "somebody stole my wallet with the card", "me robaron la cartera con la tarjeta"],
        "known": [
            {"topic": "work_permit_renewal", "section": "lost_card",
             "texts": ["My card was lost, stolen or has a mistake.", "perdi mi tarjeta de trabajo", "i lost my card"]},
            {"topic": "biometrics", "section": "bring",
             "texts": ["What do I bring, and what happens there?", "que llevo a la cita de huellas"]},
            {"topic": "travel", "section": "general",
             "texts": ["Can I travel outside the United States?", "puedo viajar fuera del pais"]},
        ],
    }  # fmt: skip
    command = [sys.executable, "-W", "ignore", "-m", "bot.engine.grouping"]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
    groups = {tuple(sorted(one["members"])): one for one in json.loads(done.stdout)["groups"]}
    daca, card = groups[0, 1, 2], groups[3, 4]
    assert (card["topic"], card["section"]) == ("work_permit_renewal", "lost_card")
    assert daca["similarity"] < card["similarity"]
