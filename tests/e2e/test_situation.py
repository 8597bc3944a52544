"""From the questions about a situation to a request for a consultation, as a person goes through them on the page."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

NAME, PHONE = "Nombre Apellido", "305 555 0142"

#: What is said or, in brackets, pressed; `here` is the word on the picture, `more` folds the rest of the summary.
WAYS = {
    "en": {
        "answers": (
            "my situation", "in texas", "[No]", "[Not yet]", "[No]", "[No]", "[With a visa]", "feb 20 2026",
            "[It has not ended]",
        ),
        "here": "Prepare with a lawyer",
        "more": "What comes next, what to bring, help",
        "bring": "passport or another identity paper",
        "booking": (
            "[Book a consultation]", NAME, "[By phone]", PHONE, "[Yes, it is safe]", "[English]", "[Mornings]",
            "[Yes, send it]", "[Skip]",
        ),
        "sure": "[Yes, it is right]",
        "saved": "Your request is saved",
        "print": "Print",
    },
    "es": {
        "answers": (
            "mi situación", "en estados unidos", "[No]", "[Todavía no]", "[No]", "[No]", "[Con visa]",
            "20 de febrero de 2026", "[No se ha acabado]",
        ),
        "here": "Preparar con un abogado",
        "more": "Qué sigue, qué llevar, ayuda",
        "bring": "pasaporte u otra identificación",
        "booking": (
            "[Pedir una consulta]", NAME, "[Por teléfono]", PHONE, "[Sí, es seguro]", "[Español]",
            "[En la mañana]", "[Sí, puede enviarla]", "[Saltar]",
        ),
        "sure": "[Sí, está bien]",
        "saved": "Su solicitud está guardada",
        "print": "Imprimir",
    },
}  # fmt: skip


def go(page: Page, step: str) -> None:
    """Writes, or presses the newest button with that title, and waits for the reply."""
    said = page.locator("#log > li").count()
    if step.startswith("["):
        page.locator("#log button", has_text=re.compile(f"^{re.escape(step[1:-1])}$")).last.click()
    else:
        page.locator("#text").fill(step)
        page.locator("#text").press("Enter")
    expect(page.locator("#log > li").nth(said + 1)).to_be_visible()
    expect(page.locator("#working")).to_be_hidden()


def summary(page: Page) -> Locator:
    return page.locator("li.answer", has=page.locator("img.picture"))


def test_the_summary_has_its_picture_and_the_request_is_saved(page: Page) -> None:
    expect(page.locator("#log > li.bot").first).to_be_visible()
    way = WAYS[page.locator("html").get_attribute("lang") or ""]
    for step in way["answers"]:
        go(page, step)
    told = summary(page)
    picture = told.locator("img.picture")
    expect(picture).to_have_attribute("alt", re.compile(str(way["here"])))
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0 && image.clientWidth <= 360")
    expect(told.get_by_text(str(way["bring"]))).to_be_hidden()
    told.get_by_text(str(way["more"])).click()
    expect(told.get_by_text(str(way["bring"]))).to_be_visible()
    page.add_init_script(
        "if (window !== top) window.print = () => { top.printed = document.body.innerText; }"
    )
    told.get_by_role("button", name=str(way["print"]), exact=True).click()
    page.wait_for_function("window.printed")
    # Only this answer, with what was folded in it, and nothing to press.
    printed = str(page.evaluate("window.printed"))
    assert str(way["bring"]) in printed
    assert str(way["print"]) not in printed.splitlines()
    assert str(way["answers"][0]) not in printed
    for step in way["booking"]:
        go(page, step)
    read_back = page.locator("#log > li.bot").last
    expect(read_back).to_contain_text(NAME)
    expect(read_back).to_contain_text(PHONE)
    go(page, str(way["sure"]))
    expect(page.locator("#log > li.bot").last).to_contain_text(str(way["saved"]))
