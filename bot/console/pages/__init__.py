"""The pages of the console on which staff read conversations and follow up."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.pages import actions, bookings, conversations, queues, transcript
from bot.console.parts import Handler

_ONE = "/conversations/{conversation}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/", "queues", "reader", changes=False),
    Route("GET", "/queues/{queue}", "queue", "reader", changes=False),
    Route("GET", "/counts", "counts", "reader", changes=False, passive=True),
    Route("POST", "/messages/{message}/looked", "looked", "reviewer", changes=True, audit="message.looked"),
    Route("POST", "/alarms/{alarm}/settled", "settled", "reviewer", changes=True, audit="alarm.settled"),
    Route("GET", "/conversations", "conversations", "reader", changes=False),
    Route("POST", "/conversations", "search", "reader", changes=False),
    Route("GET", "/views/{view}", "view", "reader", changes=False),
    Route("POST", "/views", "save_view", "reader", changes=True, audit="view.saved"),
    Route("POST", "/views/{view}/delete", "delete_view", "reader", changes=True, audit="view.deleted"),
    Route("GET", _ONE, "transcript", "reader", changes=False, audit="conversation.opened"),
    Route("POST", f"{_ONE}/contact", "contact", "reviewer", changes=False, audit="contact.shown"),
    Route("POST", f"{_ONE}/reviewed", "reviewed", "reviewer", changes=True, audit="conversation.reviewed"),
    Route("POST", f"{_ONE}/touched", "touched", "reviewer", changes=True, audit="conversation.touched"),
    Route("POST", f"{_ONE}/label", "label", "reviewer", changes=True, audit="conversation.labelled"),
    Route("POST", f"{_ONE}/claim", "claim", "reviewer", changes=True, audit="conversation.claimed"),
    Route("POST", f"{_ONE}/release", "release", "reviewer", changes=True, audit="conversation.released"),
    Route("POST", f"{_ONE}/write", "write", "reviewer", changes=True, audit="conversation.written"),
    Route(
        "POST",
        f"{_ONE}/reveal",
        "reveal",
        "attorney",
        changes=False,
        audit="message.revealed",
        own_audit=True,
    ),
    Route("POST", f"{_ONE}/hold", "hold", "attorney", changes=True, audit="conversation.held"),
    Route("POST", f"{_ONE}/lift", "lift", "attorney", changes=True, audit="conversation.hold_lifted"),
    Route(
        "POST",
        f"{_ONE}/erase",
        "erase",
        "attorney",
        changes=True,
        audit="conversation.erased",
        own_audit=True,
    ),
    Route(
        "POST",
        f"{_ONE}/export",
        "export",
        "attorney",
        changes=False,
        audit="conversation.exported",
        own_audit=True,
    ),
    Route("GET", "/bookings", "bookings", "reader", changes=False),
    Route("GET", "/bookings/{booking}", "booking", "reader", changes=False, audit="booking.opened"),
    Route(
        "POST",
        "/bookings/{booking}/contact",
        "booking_contact",
        "reviewer",
        changes=False,
        audit="contact.shown",
    ),
    Route("POST", "/bookings/{booking}/resend", "resend", "reviewer", changes=True, audit="booking.resent"),
    Route(
        "POST", "/bookings/{booking}/handled", "handled", "reviewer", changes=True, audit="booking.handled"
    ),
    Route(
        "POST", "/bookings/{booking}/reopened", "reopened", "reviewer", changes=True, audit="booking.reopened"
    ),
)

HANDLERS: Mapping[str, Handler] = {
    handler.__name__: handler
    for handler in (
        queues.queues,
        queues.queue,
        queues.counts,
        queues.looked,
        queues.settled,
        conversations.conversations,
        conversations.search,
        conversations.view,
        conversations.save_view,
        conversations.delete_view,
        transcript.transcript,
        transcript.contact,
        actions.reviewed,
        actions.touched,
        actions.label,
        actions.claim,
        actions.release,
        actions.write,
        actions.reveal,
        actions.hold,
        actions.lift,
        actions.erase,
        actions.export,
        bookings.bookings,
        bookings.booking,
        bookings.booking_contact,
        bookings.resend,
        bookings.handled,
        bookings.reopened,
    )
}
