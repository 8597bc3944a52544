"""axe-core on a page in Chromium: what keeps people with a screen reader, a keyboard or weak eyes out."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

#: Before the page's own scripts: axe cannot look into a closed shadow root.
OPEN_SHADOW_ROOTS = """(() => {
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) { return attach.call(this, {...options, mode: "open"}); };
})()"""

#: Besides axe's own choice of rules: WCAG 2.5.3, which axe-core 4.14 counts among them and 4.12 does not yet.
OPTIONS = {"rules": {"label-content-name-mismatch": {"enabled": True}}, "resultTypes": ["violations"]}


def violations(page: Page, within: str | None = None) -> list[dict[str, Any]]:
    """Broken rules: id, impact, and the elements by selector (one a shadow root) with what is wrong there.

    ``within`` is a selector of the light tree; without it the whole page is looked at. Every rule of axe-core counts,
    those of good practice too.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("([within, options]) => axe.run(within ?? document, options)", [within, OPTIONS])[
        "violations"
    ]
    return [
        {
            "id": rule["id"],
            "impact": rule["impact"],
            "elements": [f"{_path(node['target'])}: {node['failureSummary']}" for node in rule["nodes"]],
        }
        for rule in found
    ]


def _path(target: list[str | list[str]]) -> str:
    """Frames, and within them shadow roots, from the outside in."""
    return " ".join(part if isinstance(part, str) else " >>> ".join(part) for part in target)
