from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.core.content import PRODUCTION, Library, check_library, load_library
from bot.core.content.check import reading_levels
from bot.core.content.notices import PARTS, part_id
from bot.core.content.sheet import sheet
from bot.core.errors import ContentFileError, DataFileError
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.messages import Reply
from bot.core.problems import Problem

GOOD = Path(__file__).resolve().parents[1] / "broken/good"
TODAY = date(2026, 7, 10)
ARTICLE = "content/topics/work_permit.en.md"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(GOOD, tmp_path / "bot")
    return tmp_path / "bot"


def problems_of(tree: Path) -> list[Problem]:
    parameters, firm = load_parameters(tree / "law/parameters"), load_firm(tree / "content/firm.yml")
    return check_library(tree / "content", parameters, firm, TODAY)


def add_asks(tree: Path, lines: str) -> None:
    """Other ways to ask for the section ``fee``, in English."""
    edit(tree / ARTICLE, "label: What it costs", f"label: What it costs\n{lines}")


def open_library(tree: Path, mode: str = "demo", problems: list[DataFileError] | None = None) -> Library:
    return load_library(
        tree / "content",
        load_parameters(tree / "law/parameters"),
        load_firm(tree / "content/firm.yml"),
        mode=mode,
        on_problem=None if problems is None else problems.append,
    )


def edit(path: Path, old: str, new: str) -> None:
    """Change a file and make sure that its time changes too, however coarse the clock of the disk."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


# answers


def test_an_answer_tells_the_law_of_the_day_in_both_languages(tree: Path) -> None:
    library = open_library(tree)
    english = library.answer("work_permit", "en", None, TODAY)
    spanish = library.answer("work_permit", "es", None, TODAY)
    assert english.text.startswith("You can ask for a work permit after 150 days. Form I-765 is the form,")
    assert spanish.text.startswith("Puede pedir el permiso de trabajo después de 150 días.")
    assert "day 150 of the wait" in english.full
    assert (english.kind, english.id, english.section) == ("answer", "work_permit", "general")
    assert english.title == "Working while you wait"


def test_wrapped_lines_become_one_and_list_items_stay(tree: Path) -> None:
    text = open_library(tree).answer("work_permit", "en", None, TODAY).text
    assert text.endswith("category (c)(8).\n\n- First item of the list.\n- Second item.")


def test_the_section_that_a_choice_named_is_told(tree: Path) -> None:
    reply = open_library(tree).answer("work_permit", "es", "fee", TODAY)
    assert reply.section == "fee"
    assert "$1,010 desde el 1 de enero de 2026" in reply.text
    assert reply.full == ""
    assert reply.parameters == {"fee.i589": "$1,010"}


def test_an_unknown_section_gives_the_general_answer(tree: Path) -> None:
    assert open_library(tree).answer("work_permit", "en", "nothing", TODAY).section == "general"


def test_an_earlier_day_is_told_the_earlier_value(tree: Path) -> None:
    reply = open_library(tree).answer("work_permit", "en", "fee", date(2025, 12, 31))
    assert "The fee is $100 since July 22, 2025." in reply.text


def test_before_a_value_is_in_force_the_answer_is_withheld_and_a_person_offered(tree: Path) -> None:
    reply = open_library(tree).answer("work_permit", "en", "fee", date(2025, 7, 21))
    assert (reply.kind, reply.id) == ("notice", "answer_withheld")
    assert [choice.payload for choice in reply.choices] == ["/talk_to_human"]


def test_a_topic_without_article_is_withheld(tree: Path) -> None:
    assert open_library(tree).answer("travel", "es", None, TODAY).id == "answer_withheld"


def test_choices_are_other_sections_related_topics_and_a_person(tree: Path) -> None:
    reply = open_library(tree).answer("work_permit", "en", "validity", TODAY)
    assert [choice.payload for choice in reply.choices] == [
        '/work_permit{"section": "without"}',
        '/work_permit{"section": "where"}',
        '/work_permit{"section": "late"}',
        '/work_permit{"section": "general"}',
        "/filing_fee",
        "/talk_to_human",
    ]
    assert [choice.title for choice in reply.choices][-2:] == ["The fee", "Talk to a person"]


def test_facts_are_as_old_as_the_oldest_check_behind_them(tree: Path) -> None:
    library = open_library(tree)
    # fee: the article's own source 2026-06-22, the fee's notice 2026-06-20
    assert library.answer("work_permit", "en", "fee", TODAY).facts_checked == "2026-06-20"
    assert library.answer("work_permit", "en", "where", TODAY).facts_checked == "2026-06-22"


def test_sources_are_the_articles_and_those_of_the_values_told(tree: Path) -> None:
    cites = [source.cite for source in open_library(tree).answer("work_permit", "en", "fee", TODAY).sources]
    assert cites == ["8 CFR 208.7(a)", "Example Notice 2"]


def test_a_changing_value_is_told_with_its_sentence(tree: Path) -> None:
    notes = open_library(tree).answer("work_permit", "es", None, TODAY).notes
    assert notes == (
        "Parte de esto está cambiando. Un abogado debe confirmarlo.",
        "Se propuso una espera más larga. La tarifa de $1,010 también puede cambiar.",
        "Datos revisados hasta el 20 de junio de 2026. "
        "Todavía sin la aprobación de un abogado de este despacho.",
    )


def test_past_its_review_date_an_answer_says_so(tree: Path) -> None:
    library = open_library(tree)
    assert len(library.answer("filing_fee", "en", None, date(2026, 10, 1)).notes) == 1
    assert (
        library.answer("filing_fee", "en", None, date(2026, 10, 2))
        .notes[-1]
        .startswith("This answer was due for review on October 1, 2026.")
    )


def test_an_answer_survives_the_way_through_json(tree: Path) -> None:
    reply = open_library(tree).answer("work_permit", "es", None, TODAY)
    assert Reply.from_dict(reply.as_dict()) == reply


def test_questions_are_told_with_their_figures(tree: Path) -> None:
    questions = open_library(tree).questions("work_permit", "en", TODAY)
    assert list(questions) == ["general", "fee", "validity", "without", "where", "late"]
    assert questions["fee"] == ("What does it cost?",)


def test_other_ways_to_ask_follow_the_heading_in_the_order_of_the_file(tree: Path) -> None:
    add_asks(tree, "asks: is the card  free?\nasks: how much for the ead")
    section = open_library(tree).topics["work_permit"].articles["en"].section("fee")
    assert section.asks == ("is the card  free?", "how much for the ead")
    assert section.label == "What it costs"
    questions = open_library(tree).questions("work_permit", "en", TODAY)
    assert questions["fee"] == ("What does it cost?", "is the card  free?", "how much for the ead")
    assert questions["validity"] == ("How long does the card last?",)
    assert open_library(tree).questions("work_permit", "es", TODAY)["fee"] == ("¿Cuánto cuesta?",)


def test_other_ways_to_ask_may_stand_before_the_label(tree: Path) -> None:
    edit(tree / ARTICLE, "label: What it costs", "asks: is it free?\nlabel: What it costs")
    assert open_library(tree).questions("work_permit", "en", TODAY)["fee"] == (
        "What does it cost?",
        "is it free?",
    )


def test_other_ways_to_ask_are_never_told(tree: Path) -> None:
    def told() -> list[Reply]:
        library = open_library(tree)
        sections = ("general", "fee", "late")
        # Its version is another one: an approval holds the files, and they changed.
        return [replace(library.answer("work_permit", "en", s, TODAY), version="") for s in sections]

    before = told()
    add_asks(tree, "asks: is the card free?")
    assert told() == before


def test_a_question_whose_value_is_not_in_force_is_not_among_them(tree: Path) -> None:
    edit(tree / ARTICLE, "What does it cost?", "Why is it {{fee.i589}}?")
    edit(tree / "content/topics/work_permit.es.md", "¿Cuánto cuesta?", "¿Por qué {{fee.i589}}?")
    add_asks(tree, "asks: is the card free?")
    library = open_library(tree)
    assert library.questions("work_permit", "en", TODAY)["fee"] == ("Why is it $1,010?", "is the card free?")
    assert "fee" not in library.questions("work_permit", "en", date(2025, 7, 21))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("## When can I start", "asks: can I work?\n\n## When can I start"),
        ("label: What it costs", "label: What it costs\nasks:"),
    ],
    ids=["above the first section", "without words"],
)
def test_another_way_to_ask_that_cannot_be_read_is_told_with_its_line(old: str, new: str, tree: Path) -> None:
    edit(tree / ARTICLE, old, new)
    lines = (tree / ARTICLE).read_text(encoding="utf-8").split("\n")
    line = next(number for number, line in enumerate(lines, 1) if line.startswith("asks:"))
    assert [(p.code, p.line) for p in problems_of(tree)] == [("text_outside", line)]


# topics that were taken out of others


def test_a_topic_names_the_older_one_that_answered_before_it(tree: Path) -> None:
    assert open_library(tree).parents == {}
    for lang in ("en", "es"):
        edit(tree / f"content/topics/work_permit.{lang}.md", "related:", "parent: filing_fee\nrelated:")
    library = open_library(tree)
    assert library.parents == {"work_permit": "filing_fee"}
    assert {a.parent for a in library.topics["work_permit"].articles.values()} == {"filing_fee"}
    assert {a.parent for a in library.topics["filing_fee"].articles.values()} == {None}
    assert problems_of(tree) == []


@pytest.mark.parametrize("parent", ["filing_fees", "work_permit"], ids=["unknown", "itself"])
def test_a_parent_that_is_no_other_topic_is_told_with_its_line(parent: str, tree: Path) -> None:
    for lang in ("en", "es"):
        edit(tree / f"content/topics/work_permit.{lang}.md", "related:", f"parent: {parent}\nrelated:")
    assert [(p.code, Path(p.path).name, p.line) for p in problems_of(tree)] == [
        ("unknown_topic", "work_permit.en.md", 10),
        ("unknown_topic", "work_permit.es.md", 11),
    ]


def test_a_parent_that_is_missing_in_spanish_is_told(tree: Path) -> None:
    edit(tree / ARTICLE, "related:", "parent: filing_fee\nrelated:")
    assert [(p.code, Path(p.path).name) for p in problems_of(tree)] == [
        ("parents_differ", "work_permit.es.md")
    ]


# notices


def test_a_notice_is_filled_by_program_law_and_firm(tree: Path) -> None:
    reply = open_library(tree).notice("hello", "es", name="[NOMBRE]")
    assert (
        reply.text
        == "Hola, [NOMBRE]. En peligro, llame al 911. La oficina es Example Immigration Law Office."
    )
    assert [(choice.title, choice.payload) for choice in reply.choices] == [
        ("Sí, guardar", "gateway:consent_yes"),
        ("Permiso de trabajo", '/work_permit{"section": "fee"}'),
    ]
    assert reply.kind == "notice"


def test_a_third_language_notice_comes_in_its_language(tree: Path) -> None:
    reply = open_library(tree).notice("third_language_pt", "en")
    assert reply.lang == "pt"
    assert reply.text == "Falo só inglês e espanhol. Ligue para 555-0100."


@pytest.mark.parametrize(
    ("part", "id"),
    [
        ("open", "deadline_open_bia_appeal"),
        ("confirm_range", "deadline_confirm_range_bia_appeal"),
        ("next.urgent", "deadline_next_bia_appeal_urgent"),
        ("ask.birth", "deadline_ask_bia_appeal_birth"),
    ],
)
def test_what_follows_a_point_goes_last_in_the_id_of_a_part(part: str, id: str) -> None:
    assert part in PARTS
    assert part_id(part, "bia_appeal") == id


def test_no_two_parts_have_one_id() -> None:
    assert len({part_id(part, "bia_appeal") for part in PARTS}) == len(PARTS)


def test_each_part_of_a_file_is_a_notice_with_its_own_lines(tree: Path) -> None:
    library = open_library(tree)
    asked = library.notices["deadline_ask_bia_appeal"]
    told = library.notices["deadline_next_bia_appeal_urgent"]
    assert (asked.kind, asked.lines) == ("question", {"en": 5, "es": 6})
    assert asked.choices[0].titles == {"en": "Talk to a person", "es": "Hablar con alguien"}
    assert (told.kind, told.choices, told.lines) == ("notice", (), {"en": 15, "es": 18})
    assert told.texts["es"] == "Llame a {{firm.name}} esta semana."
    assert Path(told.path) == tree / "content/notices/deadlines/bia_appeal.yml"
    reply = library.notice("deadline_open_bia_appeal", "es", date="lunes")
    assert (reply.id, reply.text) == ("deadline_open_bia_appeal", "El último día es el lunes.")
    assert "bia_appeal" not in library.notices


def test_a_file_of_shared_notices_names_each_by_its_id(tree: Path) -> None:
    library = open_library(tree)
    reply = library.notice("deadline_range", "en", first="Monday", last="Friday")
    assert (reply.title, reply.text) == ("About the day", "The day lies between Monday and Friday.")
    assert "telling" not in library.notices


@pytest.mark.parametrize("held", ["parts: open", "parts: [open]", "parts: {open: Hello}", "notices: {}"])
def test_parts_that_cannot_be_read_are_told_with_their_line(held: str, tree: Path) -> None:
    path = tree / "content/notices/deadlines/bia_appeal.yml"
    path.write_text(f"id: bia_appeal\n{held}\n", encoding="utf-8")
    assert [(p.code, Path(p.path).name, p.line) for p in problems_of(tree)] == [
        ("want_mapping", "bia_appeal.yml", 2)
    ]


def test_a_shared_notice_may_be_in_a_third_language(tree: Path) -> None:
    path = tree / "content/notices/deadlines/telling.yml"
    path.write_text("id: telling\nnotices:\n  third_language_fr: {fr: Bonjour}\n", encoding="utf-8")
    assert open_library(tree).notice("third_language_fr", "en").lang == "fr"
    path.write_text("id: telling\nnotices:\n  third_language_fr: {kind: notice}\n", encoding="utf-8")
    assert [(p.code, p.line) for p in problems_of(tree)] == [("notice_no_language", 3)]


def test_a_notice_without_its_value_is_refused(tree: Path) -> None:
    with pytest.raises(ContentFileError, match="name"):
        open_library(tree).notice("hello", "en")


def test_an_unknown_notice_is_refused_with_its_place(tree: Path) -> None:
    with pytest.raises(ContentFileError, match="notices/no_such"):
        open_library(tree).notice("no_such", "en")


# change


def test_one_edit_of_a_fee_changes_every_answer_without_restart(tree: Path) -> None:
    library = open_library(tree)
    edit(tree / "law/parameters/fee/i589.yml", "value: 1010", "value: 1234")
    assert library.reload_if_changed(now=0.0)
    for intent, section in (("work_permit", "fee"), ("filing_fee", "general"), ("filing_fee", "late")):
        for lang in ("en", "es"):
            assert "$1,234" in library.answer(intent, lang, section, TODAY).text


def test_an_edited_article_is_told_without_restart(tree: Path) -> None:
    library = open_library(tree)
    edit(tree / "content/topics/work_permit.en.md", "The date is on the card.", "Look at the card.")
    assert library.reload_if_changed(now=0.0)
    assert library.answer("work_permit", "en", "validity", TODAY).text == "Look at the card."


def test_an_edited_part_is_told_without_restart_and_a_broken_one_is_not(tree: Path) -> None:
    problems: list[DataFileError] = []
    library = open_library(tree, problems=problems)
    path = tree / "content/notices/deadlines/bia_appeal.yml"
    edit(path, "this week", "today")
    assert library.reload_if_changed(now=0.0)
    text = "Call Example Immigration Law Office today."
    assert library.notice("deadline_next_bia_appeal_urgent", "en").text == text
    edit(path, "Call {{firm.name}}", "Call {{firm.nam}}")
    assert not library.reload_if_changed(now=2.0)
    assert library.notice("deadline_next_bia_appeal_urgent", "en").text == text
    assert [(Path(p.path).name, p.line) for p in problems] == [("bia_appeal.yml", 15)]


def test_files_are_looked_at_no_more_than_once_a_second(tree: Path) -> None:
    library = open_library(tree)
    assert not library.reload_if_changed(now=100.0)
    edit(tree / "content/topics/work_permit.en.md", "The date is on the card.", "Look at the card.")
    assert not library.reload_if_changed(now=100.5)
    assert library.reload_if_changed(now=101.0)


def test_a_broken_edit_keeps_the_last_good_library_and_is_told_once(tree: Path) -> None:
    problems: list[DataFileError] = []
    library = open_library(tree, problems=problems)
    edit(tree / "content/topics/work_permit.en.md", "The date is on the card.", "It lasts 18 months.")
    assert not library.reload_if_changed(now=0.0)
    assert not library.reload_if_changed(now=2.0)
    assert library.answer("work_permit", "en", "validity", TODAY).text == "The date is on the card."
    assert [(Path(p.path).name, p.line) for p in problems] == [("work_permit.en.md", 38)]
    edit(tree / "content/topics/work_permit.en.md", "It lasts 18 months.", "It is on the card.")
    assert library.reload_if_changed(now=4.0)
    assert library.answer("work_permit", "en", "validity", TODAY).text == "It is on the card."


def test_a_firm_that_changes_its_number_needs_no_restart(tree: Path) -> None:
    library = open_library(tree)
    edit(tree / "content/firm.yml", "555-0100", "555-0199")
    assert library.reload_if_changed(now=0.0)
    assert "555-0199" in library.answer("work_permit", "en", "fee", TODAY).text


# approvals


def test_as_shipped_nothing_is_approved(tree: Path) -> None:
    reply = open_library(tree).answer("work_permit", "en", None, TODAY)
    assert (reply.approved_by, reply.approved_on) == (None, None)
    assert reply.notes[-1] == "Facts checked to June 20, 2026. Not yet approved by a lawyer of this firm."


def test_an_approved_answer_names_the_lawyer_and_the_day(tree: Path) -> None:
    library = open_library(tree)
    library.approve("work_permit", 'Example "Attorney" Ñ: #1', date(2026, 7, 8))
    for reader in (library, open_library(tree)):
        reply = reader.answer("work_permit", "en", "where", TODAY)
        assert (reply.approved_by, reply.approved_on) == ('Example "Attorney" Ñ: #1', "2026-07-08")
        assert reply.notes[-1].endswith('Approved by Example "Attorney" Ñ: #1 on July 8, 2026.')
    assert not library.is_approved("filing_fee")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("content/topics/work_permit.en.md", "The date is on the card.", "The date is on the card now."),
        (ARTICLE, "label: What it costs", "label: What it costs\nasks: is it free?"),
        ("content/topics/work_permit.es.md", "La fecha está en la tarjeta.", "La fecha está ahí."),
        ("law/parameters/fee/i589.yml", "value: 1010", "value: 1011"),
        ("law/parameters/ead/file_wait.yml", "A longer wait", "A much longer wait"),
    ],
)
def test_any_edit_voids_an_approval(tree: Path, file: str, old: str, new: str) -> None:
    library = open_library(tree)
    library.approve("work_permit", "Example Attorney", date(2026, 7, 8))
    edit(tree / file, old, new)
    library.reload_if_changed(now=0.0)
    assert not library.is_approved("work_permit")
    assert library.answer("work_permit", "en", None, TODAY).approved_by is None


def test_an_edit_of_what_a_topic_does_not_use_leaves_its_approval(tree: Path) -> None:
    library = open_library(tree)
    library.approve("filing_fee", "Example Attorney", date(2026, 7, 8))
    edit(tree / "law/parameters/ead/file_wait.yml", "value: 150", "value: 151")
    library.reload_if_changed(now=0.0)
    assert library.is_approved("filing_fee")


def test_a_later_approval_replaces_the_earlier_one_and_keeps_the_others(tree: Path) -> None:
    library = open_library(tree)
    library.approve("work_permit", "First Example", date(2026, 7, 1))
    library.approve("filing_fee", "First Example", date(2026, 7, 1))
    library.approve("work_permit", "Second Example", date(2026, 7, 2))
    fresh = open_library(tree)
    assert [a.by for t in ("work_permit", "filing_fee") if (a := fresh.approval(t))] == [
        "Second Example",
        "First Example",
    ]


def test_an_approval_recorded_elsewhere_meanwhile_is_kept(tree: Path) -> None:
    one, other = open_library(tree), open_library(tree)
    one.approve("work_permit", "First Example", date(2026, 7, 1))
    other.approve("filing_fee", "Second Example", date(2026, 7, 1))
    assert other.is_approved("work_permit")
    assert open_library(tree).is_approved("work_permit")


def test_many_at_once_lose_no_approval(tree: Path) -> None:
    topics = sorted(open_library(tree).topics)
    libraries = [(topic, open_library(tree)) for topic in topics for _ in range(4)]
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda each: each[1].approve(each[0], "Example", TODAY), libraries))
    fresh = open_library(tree)
    assert all(fresh.is_approved(topic) for topic in topics)


def test_an_approval_can_be_taken_back(tree: Path) -> None:
    library = open_library(tree)
    library.approve("work_permit", "Example Attorney", date(2026, 7, 1))
    library.approve("filing_fee", "Example Attorney", date(2026, 7, 1))
    assert library.withdraw("work_permit")
    assert not library.withdraw("work_permit")
    fresh = open_library(tree)
    assert (fresh.recorded_approval("work_permit"), fresh.is_approved("filing_fee")) == (None, True)


def test_an_edit_made_just_before_an_approval_is_still_taken_over(tree: Path) -> None:
    library = open_library(tree)
    library.reload_if_changed(now=0.0)
    edit(tree / "content/topics/work_permit.en.md", "The date is on the card.", "The date is on the back.")
    library.approve("work_permit", "Example Attorney", TODAY)
    assert library.reload()
    assert not library.is_approved("work_permit")


def test_a_damaged_record_of_approvals_is_not_written_over(tree: Path) -> None:
    library = open_library(tree)
    file = tree / "content/approvals.yml"
    file.write_text("approvals:\n  - topic: work_permit\n", encoding="utf-8")
    with pytest.raises(ContentFileError):
        library.approve("filing_fee", "Example Attorney", TODAY)
    assert file.read_text(encoding="utf-8").endswith("- topic: work_permit\n")


def test_who_has_to_approve_reads_what_is_withheld_from_others(tree: Path) -> None:
    library = open_library(tree, mode="production")
    assert library.answer("work_permit", "en", "fee", TODAY).id == "answer_withheld"
    told = library.as_told("work_permit", "en", "fee", TODAY)
    assert told is not None
    assert "$1,010" in told.text
    assert library.as_told("work_permit", "en", "fee", date(2025, 7, 21)) is None


def test_a_library_says_why_it_tells_an_older_state(tree: Path) -> None:
    library = open_library(tree)
    edit(tree / ARTICLE, "label: What it costs", "label:")
    library.reload()
    assert library.problem is not None
    assert library.problem.path.endswith("work_permit.en.md")
    edit(tree / ARTICLE, "label:\n", "label: What it costs\n")
    library.reload()
    assert library.problem is None


def test_an_unknown_topic_cannot_be_approved(tree: Path) -> None:
    with pytest.raises(ContentFileError, match="work_permits") as caught:
        open_library(tree).approve("work_permits", "Example Attorney", TODAY)
    assert "work_permit?" in caught.value.fix


def test_in_production_only_approved_answers_are_told_or_offered(tree: Path) -> None:
    library = open_library(tree, mode=PRODUCTION)
    assert library.answer("work_permit", "es", None, TODAY).id == "answer_withheld"
    library.approve("work_permit", "Example Attorney", date(2026, 7, 8))
    reply = library.answer("work_permit", "es", None, TODAY)
    assert reply.kind == "answer"
    assert "/filing_fee" not in [choice.payload for choice in reply.choices]


# reports


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_sheet_holds_every_article_value_source_and_question(tree: Path, lang: str) -> None:
    library = open_library(tree)
    told = sheet(library, lang, TODAY)
    for topic in library.topics.values():
        assert topic.articles[lang].title in told
        for section in topic.articles[lang].sections:
            assert section.question in told
    for parameter in library.parameters:
        assert f"`{parameter.id}`" in told
    assert "Has the longer wait become final?" in told
    assert "Example Notice 2 https://law.example/2" in told
    assert told.index("ead.file_wait") < told.index("work_permit`)") < told.index("fee.i589`)")
    assert "{{" not in told


def test_reading_levels_cover_every_article(tree: Path) -> None:
    levels = reading_levels(open_library(tree), TODAY)
    assert [(level.intent, level.lang) for level in levels] == [
        ("filing_fee", "en"),
        ("filing_fee", "es"),
        ("work_permit", "en"),
        ("work_permit", "es"),
    ]


def test_the_check_reads_everything_as_on_the_day_it_is_given(tree: Path) -> None:
    parameters, firm = load_parameters(tree / "law/parameters"), load_firm(tree / "content/firm.yml")

    def codes(today: date) -> set[str]:
        return {problem.code for problem in check_library(tree / "content", parameters, firm, today)}

    assert codes(TODAY) == set()
    assert codes(date(2026, 10, 2)) == {"review_due"}
    assert "not_in_force" in codes(date(2025, 7, 21))
