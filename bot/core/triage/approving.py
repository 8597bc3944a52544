"""Approving a version of the levels of urgency, as the firm's lawyer does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bot.core.content.approvals import FILE_NAME, Approval, changed_approvals
from bot.core.content.check import TRIAGE
from bot.core.datafile import near
from bot.core.errors import LawFileError
from bot.core.triage.rules import approval_hash, approval_topic, load

#: What the names of versions in approvals.yml begin with; no topic's does.
PREFIX = "triage_"


def approve(root: Path, topic: str, by: str, on: date) -> Approval:
    """Record that ``by`` approves one version exactly as it stands in ``root``/law.

    Raises LawFileError when the levels cannot be used or have no such version, ContentFileError when the approvals
    cannot be read, OSError when they cannot be written.
    """
    path = root / TRIAGE
    versions = {approval_topic(version): version for version in load(path).versions}
    if topic not in versions:
        meant = near(topic, versions)
        raise LawFileError(
            str(path),
            None,
            f"there is no version {topic}",
            f"Did you mean {meant}?" if meant else f"The versions are: {', '.join(versions)}",
        )
    approval = Approval(topic, approval_hash(versions[topic]), by, on)
    with changed_approvals(root / "content" / FILE_NAME) as approvals:
        approvals[topic] = approval
    return approval
