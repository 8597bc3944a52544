"""The peers that live in the engine's environment: Rasa pipelines, and TF-IDF with a linear SVM.

    python -m tests.bench.peers rasa --config config.yml task.json result.json
    python -m tests.bench.peers svm task.json result.json

``task.json`` and ``result.json`` are as in ``nlpjs/classify.js``; no threshold stands between the two, because
``tests.bench.understanding`` chooses everybody's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

Row = dict[str, str]


def rasa_pipeline(examples: list[Row], questions: list[Row], config: Path, *, encode: bool) -> dict[str, Any]:
    """What a model of a Rasa configuration says; ``encode``: without the vectors that travel with the project."""
    from bot.engine.offline import quiet, train

    quiet()
    if encode:
        from bot.engine import encoder

        encoder.KnownVectors = lambda: None  # type: ignore[assignment,misc]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "data").mkdir()
        labels = sorted({row["label"] for row in examples})
        blocks = [
            {
                "intent": label,
                "examples": "".join(f"- {r['text']}\n" for r in examples if r["label"] == label),
            }
            for label in labels
        ]
        # Rasa knows its files by a line that begins with "nlu:".
        (folder / "data" / "nlu.yml").write_text(f'version: "3.1"\nnlu: {json.dumps(blocks)}\n', "utf-8")
        (folder / "domain.yml").write_text(json.dumps({"version": "3.1", "intents": labels}), "utf-8")
        began = time.perf_counter()
        model = train(folder / "models", "peer", folder / "cache", folder, config)
        trained = time.perf_counter() - began
        parses, spent, loaded = asyncio.run(_parse(model, [row["text"] for row in questions]))
    return {
        "predictions": [
            {
                "intent": parse["intent"]["name"] or "nlu_fallback",
                "confidence": parse["intent"]["confidence"],
                "ranking": [
                    {k: entry[k] for k in ("name", "confidence")} for entry in parse["intent_ranking"]
                ],
            }
            for parse in parses
        ],
        "training_s": trained,
        "load_s": loaded,
        "per_message_ms": statistics.median(spent),
    }


async def _parse(model: Path, texts: list[str]) -> tuple[list[dict[str, Any]], list[float], float]:
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage

    began = time.perf_counter()
    processor = Agent.load(str(model)).processor
    assert processor is not None
    loaded = time.perf_counter() - began
    parses, spent = [], []
    for text in texts:
        began = time.perf_counter()
        parses.append(dict(await processor.parse_message(UserMessage(text))))
        spent.append((time.perf_counter() - began) * 1000)
    return parses, spent, loaded


def linear_svm(examples: list[Row], questions: list[Row]) -> dict[str, Any]:
    """Words and pieces of words by TF-IDF, a linear SVM, and the same temperature as ours."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    from bot.engine.classifier import best_temperature, softmax

    def fresh() -> Any:
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        return make_pipeline(make_union(words, pieces), LinearSVC(C=1.0))

    texts, labels = [row["text"] for row in examples], [row["label"] for row in examples]
    began = time.perf_counter()
    first, held, first_labels, held_labels = train_test_split(
        texts, labels, test_size=0.2, stratify=labels, random_state=0
    )
    trial = fresh().fit(first, first_labels)
    columns = {label: number for number, label in enumerate(trial.classes_)}
    temperature = best_temperature(
        trial.decision_function(held), np.array([columns[label] for label in held_labels])
    )
    model = fresh().fit(texts, labels)
    trained = time.perf_counter() - began
    predictions, spent = [], []
    for row in questions:
        began = time.perf_counter()
        confidences = softmax(model.decision_function([row["text"]])[0], temperature)
        spent.append((time.perf_counter() - began) * 1000)
        best = np.argsort(-confidences)[:10]
        ranking = [{"name": str(model.classes_[i]), "confidence": float(confidences[i])} for i in best]
        predictions.append(
            {"intent": ranking[0]["name"], "confidence": ranking[0]["confidence"], "ranking": ranking}
        )
    return {"predictions": predictions, "training_s": trained, "per_message_ms": statistics.median(spent)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["rasa", "svm"])
    parser.add_argument("task", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--encode", action="store_true")
    options = parser.parse_args()
    task = json.loads(options.task.read_text("utf-8"))
    if options.peer == "rasa":
        result = rasa_pipeline(task["examples"], task["questions"], options.config, encode=options.encode)
    else:
        result = linear_svm(task["examples"], task["questions"])
    result["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    options.result.write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main()
