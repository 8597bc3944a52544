"""Who answers in a conversation that a member of staff has taken over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.messages import Reply
from bot.gateway.conversations import Conversation
from bot.gateway.staffing import GONE_AFTER, JOINED, PATIENCE, WAITING, Attendance, attendance

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def taken_over() -> Conversation:
    conversation = Conversation("c_1", "web", "es", NOON, NOON, staff_id="s_1")
    conversation.say(Reply("notice", JOINED, "es", "hola"), None, NOON)
    return conversation


def test_the_program_answers_where_nobody_took_over():
    assert attendance(Conversation("c_1", "web", "es", NOON, NOON), NOON) is Attendance.PROGRAM


def test_who_joined_or_wrote_is_given_time():
    conversation = taken_over()
    assert attendance(conversation, NOON + PATIENCE - timedelta(seconds=1)) is Attendance.PERSON
    conversation.say_for("s_1", "m_1", Reply("staff", "staff_message", "es", "buenas"), NOON + PATIENCE)
    assert attendance(conversation, NOON + 2 * PATIENCE - timedelta(seconds=1)) is Attendance.PERSON


def test_a_person_hears_once_that_nobody_has_answered():
    conversation = taken_over()
    late = NOON + PATIENCE
    assert attendance(conversation, late) is Attendance.PERSON_LATE
    conversation.say(Reply("notice", WAITING, "es", "espere"), None, late)
    assert attendance(conversation, late) is Attendance.PERSON


def test_after_staff_wrote_again_a_person_can_hear_it_again():
    conversation = taken_over()
    conversation.say(Reply("notice", WAITING, "es", "espere"), None, NOON + PATIENCE)
    wrote = NOON + PATIENCE + timedelta(minutes=1)
    conversation.say_for("s_1", "m_1", Reply("staff", "staff_message", "es", "buenas"), wrote)
    assert attendance(conversation, wrote + PATIENCE) is Attendance.PERSON_LATE


def test_who_forgot_to_release_a_conversation_has_left_it():
    assert attendance(taken_over(), NOON + GONE_AFTER) is Attendance.LEFT


def test_a_takeover_without_a_trace_leaves_nobody_in_silence():
    assert attendance(Conversation("c_1", "web", "es", NOON, NOON, staff_id="s_1"), NOON) is Attendance.LEFT
