"""How long a deadline takes, beside the bare addition of dateutil in the same run.

    python -m tests.bench.deadlines

Machines are noisy, so the two are timed alternately and what counts is the ratio. Asked for: one calculation below
1 ms, a table of 1,000 rows below 1 s.
"""

from __future__ import annotations

import csv
import json
import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from dateutil.relativedelta import relativedelta

from bot.core.deadlines import calculate, load_rules
from bot.core.law import load_parameters

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests/eval/deadlines_dev.csv"
TODAY = date(2026, 11, 22)
ROUNDS, CALLS = 30, 200


def seconds(work: Callable[[], object], calls: int) -> float:
    """The time of one call, over ``calls`` of them."""
    began = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - began) / calls


def main() -> None:
    """Print the two tables."""
    law = ROOT / "bot/law"
    began = time.perf_counter()
    rules = load_rules(law / "deadlines", load_parameters(law / "parameters"))
    print(f"loading law and rules: {(time.perf_counter() - began) * 1000:.0f} ms")
    start, year = date(2026, 3, 3), relativedelta(years=1)
    ours, bare = [], []
    for _ in range(ROUNDS):
        ours.append(
            seconds(
                lambda: calculate("one_year_filing", {"last_arrival": "2026-03-03"}, rules, TODAY).row(),
                CALLS,
            )
        )
        bare.append(seconds(lambda: start + year, CALLS))
    one, plain = statistics.median(ours), statistics.median(bare)
    print(
        f"one calculation: {one * 1e6:.1f} us; bare dateutil addition: {plain * 1e6:.1f} us; ratio {one / plain:.0f}"
    )
    print(f"one calculation below 1 ms: {one < 1e-3}")

    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [(row["calculation"], json.loads(row["inputs_json"])) for row in csv.DictReader(file)]
    table = (rows * (1000 // len(rows) + 1))[:1000]
    times = [
        seconds(lambda: [calculate(name, facts, rules, TODAY).row() for name, facts in table], 1)
        for _ in range(5)
    ]
    slowest = {
        name: seconds(lambda name=name, facts=facts: calculate(name, facts, rules, TODAY), 50)
        for name, facts in rows
    }
    name = max(slowest, key=lambda name: slowest[name])
    print(
        f"1,000 rows: {statistics.median(times):.3f} s (worst of 5: {max(times):.3f} s); below 1 s: {max(times) < 1}"
    )
    print(f"slowest calculation: {name}, {slowest[name] * 1e6:.0f} us")


if __name__ == "__main__":
    main()
