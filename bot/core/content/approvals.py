"""Which topics a lawyer of the firm has approved: bot/content/approvals.yml.

An approval holds the hash of both language files and of every law parameter they use, so that any edit of
any of them voids it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.core.datafile import Document, read_text
from bot.core.errors import ContentFileError
from bot.core.problems import Report

FILE_NAME = "approvals.yml"

_HEADER = """\
# Which topics a lawyer of the firm has approved. Written by `faro content approve TOPIC --by NAME`.
# An edit of an article, or of a law parameter that it uses, voids the approval: approve the topic again.
"""


@dataclass(frozen=True, slots=True)
class Approval:
    """That ``by`` approved exactly the text with this hash."""

    topic: str
    hash: str
    by: str
    on: date


def content_hash(digests: Iterable[str]) -> str:
    """One hash over the digests of the files, in the order given."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def read_approvals(path: Path, report: Report) -> dict[str, Approval]:
    """The approvals by topic; none when there is no file."""
    if not path.exists():
        return {}
    text = read_text(path, report)
    doc = None if text is None else Document.parse(text, str(path), report)
    if doc is None or not doc.keys((), ("approvals",)):
        return {}
    approvals: dict[str, Approval] = {}
    for index in range(len(doc.items("approvals") or [])):
        where = ("approvals", index)
        if not doc.keys(where, ("topic", "hash", "by", "on")):
            continue
        topic, written = doc.text(*where, "topic"), doc.text(*where, "hash")
        by, on = doc.text(*where, "by"), doc.date(*where, "on")
        if topic is None or by is None or on is None or not re.fullmatch(r"[0-9a-f]{64}", written or ""):
            doc.add("approval_damaged", *where)
            continue
        if topic in approvals:
            doc.add("duplicate_key", *where, key=topic)
        approvals[topic] = Approval(topic, str(written), by, on)
    return approvals


def write_approvals(path: Path, approvals: Iterable[Approval]) -> None:
    """Replace the file by these approvals, in the order of their topics."""
    entries = sorted(approvals, key=lambda approval: approval.topic)
    lines = [_HEADER, "approvals:" if entries else "approvals: []"]
    for entry in entries:
        # A JSON string is a YAML string, whatever the name holds.
        by = json.dumps(entry.by, ensure_ascii=False)
        lines.append(
            f"  - topic: {entry.topic}\n    hash: {json.dumps(entry.hash)}\n    by: {by}\n    on: {entry.on}"
        )
    draft = path.with_suffix(".yml.part")
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(path)


@contextmanager
def changed_approvals(path: Path) -> Iterator[dict[str, Approval]]:
    """The approvals as the file has them now, written back at the end as they were left.

    One at a time, also among processes that share the folder. Raises ContentFileError for a file that cannot be read,
    and then changes nothing; OSError where it cannot be written.
    """
    # The folder itself is locked: a file would have to be made for it.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        report = Report()
        approvals = read_approvals(path, report)
        report.raise_first(ContentFileError)
        yield approvals
        write_approvals(path, approvals.values())
    finally:
        os.close(folder)
