"""``faro booking``: how the delivery of requests stands, sending again, and a receiver to try it with."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.core.errors import BotError
from bot.settings import Settings, load_settings, with_demo_secrets

if TYPE_CHECKING:
    from bot.booking.records import Booking, Overview
    from bot.booking.store import BookingStore

app = typer.Typer(help="Requests for a consultation on their way to the firm.", no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

#: What the receiver checks with when no secret is given: good for trying, and printed so that both sides have it.
EXAMPLE_SECRET = "whsec_RmFybywgb25seSBmb3IgdHJ5aW5nIHRoaW5ncw=="  # noqa: S105
DESTINATIONS = {
    "webhook": "your system (FARO_BOOKING_URL)",
    "calcom": "Cal.com",
    "": "nowhere: they wait here for staff",
}


def _settings() -> Settings:
    return with_demo_secrets(load_settings(os.environ))


def open_store(settings: Settings) -> BookingStore:
    """The store of these settings, for looking and for sending again; it writes no events."""
    from bot.booking.store import BookingStore
    from bot.transcripts.sealing import Keys

    return BookingStore(
        settings.database_url,
        Keys(settings.data_keys),
        site="",
        environment=settings.mode,
        sends=bool(settings.booking),
    )


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show what is delivered, on its way, or refused. No names, no numbers."""
    settings = _settings()
    overview = asyncio.run(_overview(settings))
    if as_json:
        events = [
            {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in asdict(event).items()
            }
            for event in overview.open
        ]
        data = {"destination": settings.booking or None, "states": overview.states, "open": events}
        console.file.write(json.dumps(data, indent=2) + "\n")
        return
    console.print(f"Requests go to {DESTINATIONS[settings.booking]}.")
    counts = ", ".join(f"{count} {state}" for state, count in overview.states.items())
    console.print(f"Events: {counts or 'none yet'}.")
    if not overview.open:
        return
    table = Table(title="Not delivered", title_justify="left")
    for heading in (
        "reference",
        "event",
        "level",
        "state",
        "tried",
        "last error",
        "since (UTC)",
        "next (UTC)",
    ):
        table.add_column(heading)
    for event in overview.open:
        resting = event.state in ("dead", "waiting")
        table.add_row(
            event.reference,
            event.type.rpartition(".")[2],
            event.level,
            event.state,
            str(event.attempts),
            event.last_error or "",
            f"{event.created_at:%Y-%m-%d %H:%M}",
            "" if resting else f"{event.next_at:%Y-%m-%d %H:%M}",
        )
    console.print(table)
    if any(event.state == "dead" for event in overview.open):
        console.print("Dead ones are sent again with: faro booking resend REFERENCE")


@app.command()
def resend(
    id: Annotated[str, typer.Argument(help="A reference, a request's id, or an event's id (msg_...).")],
) -> None:
    """Send again what was not delivered; with an event's id also what was."""
    settings = _settings()
    if not settings.booking:
        raise BotError("No system is configured to send to. Set FARO_BOOKING_URL or FARO_CALCOM_KEY.")
    count = asyncio.run(_resend(settings, id, datetime.now(UTC)))
    if count == 0:
        raise BotError(
            f"Nothing of {id!r} can be sent again: there is no such request, it is being sent right now, or all of "
            "it is delivered (then name the event, as faro booking status --json shows it)."
        )
    console.print(f"{count} to send; the gateway does it within seconds.")


@app.command("show")
def show_request(
    reference: Annotated[str, typer.Argument(help="The reference that the person was given.")],
) -> None:
    """Show one request with names and numbers, for whoever calls the person back."""
    booking, held = asyncio.run(_contents(_settings(), reference))
    console.print(
        f"{booking.reference}  {booking.level}  {booking.state}  delivery: {booking.delivery}  "
        f"since {booking.created_at:%Y-%m-%d %H:%M} UTC",
        style="bold",
        markup=False,
    )
    if held is None:
        console.print("Erased: only this line is left.")
        return
    console.print(json.dumps(held, indent=2, ensure_ascii=False), markup=False)


@app.command()
def erase(
    reference: Annotated[str, typer.Argument(help="The reference that the person was given.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a request here, at the wish of the person; what was sent must be erased at the firm's system too."""
    if not yes:
        typer.confirm(f"Erase the request {reference} for good?", abort=True)
    sent = asyncio.run(_erase(_settings(), reference))
    console.print(
        "Erased." if not sent else "Erased here. The firm's system had received it: erase it there too."
    )


@app.command("serve-example")
def serve_example(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on this machine.")] = 8090,
    secret: Annotated[
        str | None, typer.Option("--secret", help="whsec_...; else FARO_BOOKING_SECRET, else one for trying.")
    ] = None,
) -> None:
    """Run a receiver that verifies signatures and prints what came, with names and numbers; Ctrl-C stops it."""
    from aiohttp import web

    from bot.booking.example import receiver

    secrets = _secrets(secret)
    app = receiver(secrets, lambda event, again: show(event, again, console), lambda: datetime.now(UTC))
    url = f"http://127.0.0.1:{port}/"
    console.print(f"Listening. In the gateway's environment:\n  FARO_BOOKING_URL={url}", markup=False)
    console.print(f"  FARO_BOOKING_SECRET={','.join(secrets)}", markup=False)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def show(event: Mapping[str, Any], again: bool, to: Console) -> None:
    """Prints one event in a few lines; one that came before is only mentioned."""
    data = event["data"]
    to.print(f"{event['type']}  {data['reference']}{'  (came before)' if again else ''}", style="bold")
    if again or "contact" not in data:
        return
    contact, triage = data["contact"], data["triage"]
    ways = [contact[name] for name in ("phone_e164", "email", "whatsapp_user_id") if name in contact]
    to.print(f"  {contact['name_as_given']}: {', '.join(ways)}", markup=False)
    to.print(f"  safe to leave a message: {contact['safe_to_leave_message']}", markup=False)
    to.print(f"  {triage['level']}: {', '.join(triage['reasons']) or 'no reasons given'}", markup=False)
    for name, value in data["facts"].items():
        to.print(f"  {name}: {json.dumps(value)}", markup=False, style="dim")


def _secrets(given: str | None) -> tuple[str, ...]:
    if given is None:
        return load_settings(os.environ).booking_secrets or (EXAMPLE_SECRET,)
    # Checked as the gateway checks its own.
    return load_settings({"FARO_BOOKING_SECRET": given}).booking_secrets


async def _overview(settings: Settings) -> Overview:
    store = open_store(settings)
    try:
        await store.start()
        return await store.overview()
    finally:
        await store.close()


async def _resend(settings: Settings, id: str, now: datetime) -> int:
    store = open_store(settings)
    try:
        await store.start()
        return await store.resend(id, now)
    finally:
        await store.close()


async def _contents(settings: Settings, reference: str) -> tuple[Booking, dict[str, Any] | None]:
    store = open_store(settings)
    try:
        booking = await _known(store, reference)
        return booking, await store.contents(booking.request_id)
    finally:
        await store.close()


async def _erase(settings: Settings, reference: str) -> bool:
    """Whether the firm's system had received it."""
    store = open_store(settings)
    try:
        booking = await _known(store, reference)
        if booking.conversation_id is None:
            raise BotError(f"The request {booking.reference} was erased before.")
        return bool((await store.erase(booking.conversation_id)).beyond)
    finally:
        await store.close()


async def _known(store: BookingStore, reference: str) -> Booking:
    await store.start()
    booking = await store.by_reference(reference)
    if booking is None:
        raise BotError(f"There is no request {reference!r} here. References have six letters.")
    return booking
