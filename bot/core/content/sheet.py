"""The sheet that a lawyer goes through in one sitting: every article, and every value that is not certain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bot.core.content.library import Library
from bot.core.law import Authority, NotInForce, Parameter, format_date, format_value

_WORDS = {
    "en": {
        "title": "Fact sheet of {firm}, {date}",
        "how": "For each article: read it, tick the box, and have it approved. "
        "For each value: answer the question, and correct the file when the answer differs.",
        "values": "Values that are not certain",
        "other": "All other values",
        "articles": "Articles",
        "now": "Told now",
        "not_now": "no value is in force",
        "from": "from {date}",
        "confidence": "How sure",
        "high": "high",
        "medium": "medium",
        "low": "low",
        "told_with": "Told with it",
        "question": "Question",
        "versions": "Versions",
        "status": "status",
        "closed": "ends",
        "sources": "Sources",
        "checked": "checked {date}",
        "used_by": "Used by",
        "nothing": "no article",
        "file": "File",
        "correct": "Correct",
        "approved": "Approved by {by} on {date}",
        "unapproved": "Not approved",
        "void": "Approved by {by} on {date}, but edited since",
        "due": "Review due on {date}",
        "late": "Review was due on {date}",
    },
    "es": {
        "title": "Hoja de datos de {firm}, {date}",
        "how": "De cada artículo: léalo, marque la casilla y pida que se apruebe. "
        "De cada dato: responda la pregunta y corrija el archivo si la respuesta es distinta.",
        "values": "Datos que no son seguros",
        "other": "Los demás datos",
        "articles": "Artículos",
        "now": "Se dice ahora",
        "not_now": "ningún valor rige",
        "from": "desde el {date}",
        "confidence": "Seguridad",
        "high": "alta",
        "medium": "media",
        "low": "baja",
        "told_with": "Se dice con el dato",
        "question": "Pregunta",
        "versions": "Versiones",
        "status": "estado",
        "closed": "termina",
        "sources": "Fuentes",
        "checked": "revisado el {date}",
        "used_by": "Lo usan",
        "nothing": "ningún artículo",
        "file": "Archivo",
        "correct": "Correcto",
        "approved": "Aprobado por {by} el {date}",
        "unapproved": "Sin aprobar",
        "void": "Aprobado por {by} el {date}, pero editado después",
        "due": "Revisar a más tardar el {date}",
        "late": "Debía revisarse el {date}",
    },
}


def sheet(library: Library, lang: str, today: date) -> str:
    """Markdown: the uncertain values, every article as told on ``today``, then the other values."""
    words = _WORDS[lang]
    users: dict[str, list[str]] = {}
    for intent in sorted(library.topics):
        for name in library.parameters_of(intent):
            users.setdefault(name, []).append(intent)
    lines = [
        "# " + words["title"].format(firm=library.firm.name, date=format_date(today, lang)),
        "",
        words["how"],
        "",
        f"## {words['values']}",
        "",
    ]
    by_id = sorted(library.parameters, key=lambda parameter: parameter.id)
    for parameter in by_id:
        if parameter.uncertain:
            lines += _parameter(library, parameter, users.get(parameter.id, []), lang, today)
    lines += [f"## {words['articles']}", ""]
    for intent in sorted(library.topics):
        lines += _article(library, intent, lang, today)
    lines += [f"## {words['other']}", ""]
    for parameter in by_id:
        if not parameter.uncertain:
            lines += _parameter(library, parameter, users.get(parameter.id, []), lang, today)
    return "\n".join(lines).rstrip() + "\n"


def _source(authority: Authority, lang: str) -> str:
    checked = _WORDS[lang]["checked"].format(date=format_date(authority.checked, lang))
    return " ".join(part for part in (authority.cite, authority.url, f"({checked})") if part)


def _parameter(
    library: Library, parameter: Parameter, users: list[str], lang: str, today: date
) -> Iterator[str]:
    words = _WORDS[lang]
    found = library.parameters.at(parameter.id, today)
    yield f"### {parameter.title[lang]} (`{parameter.id}`)"
    yield ""
    if isinstance(found, NotInForce):
        yield f"- {words['now']}: {words['not_now']}"
    else:
        since = words["from"].format(date=format_date(found.effective, lang))
        yield f"- {words['now']}: **{format_value(found, lang)}**, {since}"
    yield f"- {words['confidence']}: {words[parameter.confidence]}"
    if parameter.changing is not None:
        told = library.filled(parameter.changing[lang], lang, today) or parameter.changing[lang]
        yield f"- {words['told_with']}: {told}"
    if parameter.question:
        yield f"- **{words['question']}: {parameter.question}**"
    yield f"- {words['used_by']}: {', '.join(users) or words['nothing']}"
    yield f"- {words['versions']}:"
    for version in parameter.versions:
        raw = version.raw[lang] if isinstance(version.raw, dict) else version.raw
        value = words["closed"] if raw is None else str(raw)
        yield f"  - {version.effective}: {value}, {words['status']} {version.status}"
        for authority in version.authority:
            yield f"    - {_source(authority, lang)}"
        if version.note:
            yield f"    - {version.note}"
    yield f"- {words['file']}: {parameter.path}"
    yield f"- [ ] {words['correct']}"
    yield ""


def _article(library: Library, intent: str, lang: str, today: date) -> Iterator[str]:
    words = _WORDS[lang]
    article = library.topics[intent].articles[lang]
    yield f"### {article.title} (`{intent}`)"
    yield ""
    recorded = library.recorded_approval(intent)
    if recorded is None:
        yield f"- {words['unapproved']}"
    else:
        state = words["approved" if library.is_approved(intent) else "void"]
        yield "- " + state.format(by=recorded.by, date=format_date(recorded.on, lang))
    due = words["due" if today <= article.review_due else "late"]
    yield "- " + due.format(date=format_date(article.review_due, lang))
    yield f"- {words['sources']}:"
    for source in article.sources:
        yield f"  - {_source(source, lang)}"
    yield f"- {words['file']}: {article.path}"
    yield f"- [ ] {words['correct']}"
    yield ""
    for section in article.sections:
        yield f"#### {library.filled(section.question, lang, today) or section.question}"
        yield ""
        for part in section.parts.values():
            yield library.filled(part.text, lang, today) or part.text
            yield ""
        used = sorted({p.name for p in section.placeholders() if p.is_parameter})
        questions = [library.parameters.get(name) for name in used]
        for parameter in questions:
            if parameter.question and parameter.uncertain:
                yield f"> {words['question']} (`{parameter.id}`): {parameter.question}"
                yield ""
