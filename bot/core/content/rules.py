"""What articles and notices must keep to whatever the day; the rules that need a day are in the library."""

from __future__ import annotations

from bot.core import template
from bot.core.content.article import Article
from bot.core.content.glossary import Glossary
from bot.core.content.notices import THIRD_LANGUAGE, Notice
from bot.core.content.prose import check_prose
from bot.core.datafile import near
from bot.core.firm import FIRM_VALUES
from bot.core.law import styles
from bot.core.messages import LANGUAGES
from bot.core.problems import Report


def check_notice(notice: Notice, units: dict[str, str], glossary: Glossary, report: Report) -> None:
    """What is wrong with one notice. It may give orders ("call 911"), unlike an article."""
    for lang, text in notice.texts.items():
        line = notice.lines[lang]
        for problem in template.problems(text, units, styles, FIRM_VALUES, free=True):
            report.add(problem.code, notice.path, line, **problem.details)
        if lang in LANGUAGES and not notice.id.startswith(THIRD_LANGUAGE):
            for found in check_prose(text, lang, glossary):
                if found.code != "imperative":
                    report.add(found.code, notice.path, line, **found.details)


def check_article(
    article: Article, intents: set[str], units: dict[str, str], glossary: Glossary, report: Report
) -> None:
    """What is wrong with one article by itself, whatever the day."""
    for related in article.related:
        line = article.lines[f"related.{related}"]
        if related == article.intent:
            report.add("related_to_itself", article.path, line)
        elif related not in intents:
            report.add("unknown_topic", article.path, line, topic=related, near=near(related, intents))
    if article.parent is not None and article.parent not in intents - {article.intent}:
        near_names = near(article.parent, intents)
        report.add(
            "unknown_topic", article.path, article.lines["parent"], topic=article.parent, near=near_names
        )
    headings = [(article.title, article.lines["title"]), (article.label, article.lines["label"])]
    for section in article.sections:
        headings += [(section.question, section.line), (section.label, section.line)]
        for problem in template.problems(section.question, units, styles, FIRM_VALUES):
            report.add(problem.code, article.path, section.line, **problem.details)
        for asks in section.asks:
            if "{{" in asks:
                report.add("placeholder_here", article.path, section.line, key="asks")
        for part in section.parts.values():
            for problem in template.problems(part.source, units, styles, FIRM_VALUES):
                report.add(problem.code, article.path, part.line_at(problem.position), **problem.details)
            for found in check_prose(part.source, article.lang, glossary):
                report.add(found.code, article.path, part.line_at(found.position), **found.details)
    for text, line in headings:
        for found in check_prose(text, article.lang, glossary):
            report.add(found.code, article.path, line, **found.details)


def check_pair(source: Article, translation: Article, report: Report) -> None:
    """What differs between the languages of one topic."""
    if translation.translates != source.version:
        report.add(
            "stale_translation",
            translation.path,
            translation.lines["translates"],
            translates=translation.translates,
            version=source.version,
        )
    if translation.parent != source.parent:
        report.add("parents_differ", translation.path, translation.lines.get("parent"), language=source.lang)
    here, there = ([s.id for s in article.sections] for article in (translation, source))
    if here != there:
        report.add(
            "sections_differ",
            translation.path,
            translation.sections[0].line,
            here=", ".join(here),
            there=", ".join(there),
            language=source.lang,
        )
        return
    for first, second in zip(source.sections, translation.sections, strict=True):
        for article, mine, other, language in (
            (source, first, second, translation.lang),
            (translation, second, first, source.lang),
        ):
            if mine.full is None and other.full is not None:
                report.add("parts_differ", article.path, mine.line, section=mine.id, language=language)
            theirs = {placeholder.name for placeholder in other.placeholders()}
            only = sorted({placeholder.name for placeholder in mine.placeholders()} - theirs)
            if only:
                report.add(
                    "placeholders_differ",
                    article.path,
                    mine.line,
                    section=mine.id,
                    names=", ".join(f"{{{{{name}}}}}" for name in only),
                    language=language,
                )
