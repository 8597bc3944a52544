"""What the browser tests of the console look at, and how they get about."""

from __future__ import annotations

from functools import cache

from playwright.sync_api import ConsoleMessage, Page, expect

from bot.console.words import Words, load_words
from tests.axe import violations

PHONE, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 900}


def is_wrong(told: ConsoleMessage) -> bool:
    """Whether the browser's console tells an error; a form that was refused with a page of its own is none."""
    return told.type == "error" and "status of 4" not in told.text


def looked_at(page: Page) -> list[str]:
    """What is wrong with a page for people who see, hear or move differently, or read the other language."""
    page.wait_for_load_state()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found = [f"{wide} px too wide"] * (wide > 0) + [str(found) for found in violations(page)]
    return found + foreign(page)


def foreign(page: Page) -> list[str]:
    """The console's words in the language that the page is not in, where nothing says that they are."""
    lang, told = page.evaluate(
        """() => {
          const told = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const here = walk.currentNode.parentElement.closest("[lang], script, style");
            if (here === document.documentElement) told.push(walk.currentNode.data.trim());
          }
          return [document.documentElement.lang, told];
        }"""
    )
    own = {text[lang] for text in _words().texts.values() if lang in text}
    others = {text for both in _words().texts.values() for text in both.values()} - own
    return [f"not in {lang}: {text}" for text in sorted(others.intersection(told))]


def say(name: str, language: str, **values: str) -> str:
    """The words of the console."""
    return _words().say(name, language, **values)


@cache
def _words() -> Words:
    return load_words()


def focus_shows(page: Page) -> bool:
    """Whether one thing on the page has the focus, and people see which."""
    return bool(
        page.evaluate(
            "() => { const here = document.activeElement, style = getComputedStyle(here);"
            " return here !== document.body && style.outlineStyle !== 'none'"
            " && parseFloat(style.outlineWidth) >= 2; }"
        )
    )


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Goes on with the Tab key (or ``Shift+Tab``) until the element has the focus, and sees that it shows."""
    for _ in range(250):
        page.keyboard.press(key)
        if page.evaluate("(selector) => document.activeElement?.matches(selector) ?? false", selector):
            assert focus_shows(page)
            return
    raise AssertionError(f"{key} does not reach {selector}")


def press(page: Page, selector: str, key: str = "Tab") -> None:
    """Goes to a button, link or summary by keyboard and presses Enter."""
    tab_to(page, selector, key)
    page.keyboard.press("Enter")


def to_page(page: Page, path: str) -> None:
    """Follows a link at the top, which on narrow screens may stand behind a button."""
    link = f".top nav a[href='/staff{path}']"
    if not page.locator(link).is_visible():
        press(page, ".top summary")
    press(page, link)
    page.wait_for_url(f"**/staff{path}")


def told(page: Page, words: str, selector: str = "#said", *, look: bool = True) -> None:
    """What was done is told at the place where the person goes on; with ``look`` the page is open to everybody."""
    expect(page.locator(selector)).to_contain_text(words)
    expect(page.locator(selector)).to_be_focused()
    assert focus_shows(page), f"nobody sees that {selector} has the focus"
    assert not look or looked_at(page) == [], words
