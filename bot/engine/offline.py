"""Training and parsing without a server: what ``faro train`` and ``faro evaluate`` call here.

    python -m bot.engine.offline train --output var/models --name faro
    python -m bot.engine.offline parse --model var/models/faro.tar.gz --input in.jsonl --output out.jsonl
    python -m bot.engine.offline nearest --input in.jsonl --output out.jsonl     "text" and "topics" in, scores out

Progress goes to standard output as JSON lines: {"step": "encode", "done": 128, "total": 6000}.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Listener = Callable[[str, int, int], None]


def quiet() -> None:
    """Keep Rasa from reporting home and from printing texts; must come before Rasa is imported."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("TQDM_DISABLE", "1")
    # Read when the first library with OpenMP is loaded: threads that wait must not keep a core busy.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("rasa").setLevel(logging.WARNING)


def train(
    output: Path,
    name: str,
    cache: Path,
    project: Path = Path(),
    config: Path | None = None,
    listener: Listener | None = None,
) -> Path:
    """The path of the model trained from ``config.yml``, ``domain.yml`` and ``data`` of a project.

    ``cache`` keeps sentence vectors between trainings. Raises RuntimeError when Rasa gives no model.
    """
    quiet()
    # Rasa's own cache would hold every intermediate result; what is slow here, the encoding, has its own.
    os.environ["RASA_MAX_CACHE_SIZE"] = "0"
    os.environ["RASA_CACHE_DIRECTORY"] = str(cache / "rasa")
    told = listener or (lambda step, done, total: None)
    told("load", 0, 1)
    import rasa.model_training

    from bot.engine import encoder, rasa_fixes

    rasa_fixes.skip_training_cache()
    encoder.vector_cache = cache / "vectors.sqlite"
    encoder.progress_listeners.append(told)
    told("load", 1, 1)
    try:
        result = rasa.model_training.train(
            domain=str(project / "domain.yml"),
            config=str(config or project / "config.yml"),
            training_files=[str(project / "data")],
            output=str(output),
            force_training=True,
            fixed_model_name=name,
        )
    finally:
        encoder.progress_listeners.remove(told)
    if result.model is None:
        raise RuntimeError("Rasa trained no model; its reason stands above.")
    told("train", 1, 1)
    return Path(result.model)


def parse_many(model: Path, texts: Iterable[str], listener: Listener | None = None) -> list[dict[str, Any]]:
    """The parse of each text, as in the answer of the turn connector."""
    quiet()
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage

    from bot.core.messages import without_command
    from bot.engine.turn import parse_shown

    wanted = list(texts)
    processor = Agent.load(str(model)).processor
    if processor is None:
        raise RuntimeError(f"There is no usable model at {model}.")

    async def parse_all() -> list[dict[str, Any]]:
        parses = []
        for number, text in enumerate(wanted, 1):
            parses.append(parse_shown(await processor.parse_message(UserMessage(without_command(text)))))
            if listener is not None and (number % 50 == 0 or number == len(wanted)):
                listener("parse", number, len(wanted))
        return parses

    return asyncio.run(parse_all())


def main(arguments: list[str] | None = None) -> int:
    """The exit code of one command."""
    options = _options().parse_args(arguments)
    if options.command == "train":
        model = train(options.output, options.name, options.cache, options.project, options.config, say)
        print(json.dumps({"step": "model", "done": 1, "total": 1, "path": str(model)}), flush=True)
        return 0
    lines = options.input.read_text(encoding="utf-8").splitlines()
    if options.command == "nearest":
        parses = nearest_many([json.loads(line) for line in lines if line.strip()])
        _write(options.output, parses)
        return 0
    parses = parse_many(options.model, [json.loads(line)["text"] for line in lines if line.strip()], say)
    _write(options.output, parses)
    return 0


def nearest_many(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each text, the score of each group of questions of each topic (``bot.engine.nearest``)."""
    quiet()
    from bot.engine.encoder import shared_encoder
    from bot.engine.nearest import NearestCache

    cache = NearestCache(shared_encoder())
    return [
        {topic: cache.get(groups).scores(row["text"]) for topic, groups in row["topics"].items()}
        for row in rows
    ]


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def say(step: str, done: int, total: int) -> None:
    """Print one line of progress."""
    print(json.dumps({"step": step, "done": done, "total": total}), flush=True)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bot.engine.offline", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train a model")
    training.add_argument("--output", type=Path, default=Path("var/models"))
    training.add_argument("--name", default="faro")
    training.add_argument("--cache", type=Path, default=Path(".cache"))
    training.add_argument("--project", type=Path, default=Path())
    training.add_argument("--config", type=Path, help="another file than the config.yml of the project")
    parsing = commands.add_parser("parse", help="parse texts")
    parsing.add_argument("--model", type=Path, default=Path("var/models/faro.tar.gz"))
    parsing.add_argument("--input", type=Path, required=True, help='JSON lines with "text"')
    parsing.add_argument("--output", type=Path, required=True)
    nearest = commands.add_parser("nearest", help="score groups of questions")
    nearest.add_argument("--input", type=Path, required=True, help='JSON lines with "text" and "topics"')
    nearest.add_argument("--output", type=Path, required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
