"""What the browser tests of the console look at, and how they get about."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page

from tests.axe import violations

PHONE, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 900}


def is_wrong(told: ConsoleMessage) -> bool:
    """Whether the browser's console tells an error; a form that was refused with a page of its own is none."""
    return told.type == "error" and "status of 4" not in told.text


def looked_at(page: Page) -> list[str]:
    """What is wrong with a page for people who see, hear or move differently."""
    page.wait_for_load_state()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{wide} px too wide"] * (wide > 0) + [str(found) for found in violations(page)]


def tab_to(page: Page, selector: str) -> None:
    """Goes on with the Tab key until the element has the focus, and sees that it shows."""
    for _ in range(250):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement?.matches(selector) ?? false", selector):
            assert page.evaluate(
                "() => { const style = getComputedStyle(document.activeElement);"
                " return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; }"
            )
            return
    raise AssertionError(f"the Tab key does not reach {selector}")
