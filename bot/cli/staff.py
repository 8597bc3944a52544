"""``faro staff`` and ``faro audit``: the accounts of staff, and whether the log of what they did is whole."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.core.errors import BotError
from bot.settings import Settings, load_settings, with_demo_secrets

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.console.accounts import Account, Accounts

app = typer.Typer(help="Accounts of staff for the console.", no_args_is_help=True)
audit_app = typer.Typer(help="The log of what staff did.", no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

#: What is wrong with the log, by the codes of ``bot.console.audit.Verified``.
PROBLEMS = {
    "changed": "Line {seq} was changed after it was written.",
    "missing": "Line {seq} is missing.",
    "forged": "Line {seq} does not follow from the line before it: somebody wrote it past the program.",
    "unknown_key": "Line {seq} was written with another FARO_SECRET_KEY. If you changed it, write the earlier ones "
    "into a file, one a line, and give it with --old-secrets.",
    "cut_off": "The log ends too early: line {seq} and perhaps more were taken away.",
    "head_forged": "The row that says where the log ends was changed or taken away.",
    "other_log": "Line {seq} has another hash than you noted: this is not the log that it was.",
}
_NOTED = re.compile(r"([1-9][0-9]{0,9}):([0-9a-f]{64})")

Login = Annotated[str, typer.Argument(help="The login of the account, such as m.perez.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class LogBroken(BotError):
    """The log of what staff did is not what was written."""


class _Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def _settings() -> Settings:
    return with_demo_secrets(load_settings(os.environ))


def _with_database[T](settings: Settings, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """Runs ``work`` on the database, its tables brought up to date first."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.transcripts.schema import open_database, upgrade

    async def run() -> T:
        database = open_database(settings.database_url)
        try:
            await upgrade(database)
            return await work(database)
        except SQLAlchemyError as exc:
            raise BotError(
                f"The database does not answer as it should ({type(exc).__name__}). Is it running, and is "
                "FARO_DATABASE_URL right?"
            ) from exc
        finally:
            await database.dispose()

    return asyncio.run(run())


def _with_accounts[T](work: Callable[[Accounts], Awaitable[T]]) -> T:
    from bot.console.accounts import Accounts
    from bot.console.audit import Audit, AuditKeys
    from bot.console.passwords import Passwords

    settings, clock = _settings(), _Clock()

    async def run(database: AsyncEngine) -> T:
        audit = Audit(database, AuditKeys([settings.secret_key]), clock)
        return await work(Accounts(database, Passwords(), audit, clock))

    return _with_database(settings, run)


@app.command()
def add(
    login: Login,
    name: Annotated[
        str, typer.Option("--name", help="The person's name, as colleagues and visitors see it.")
    ],
    role: Annotated[str, typer.Option("--role", help="reader, reviewer, attorney or admin.")],
    language: Annotated[str, typer.Option("--language", help="en or es: what the console speaks.")] = "en",
) -> None:
    """Make an account, and print a password with which its owner sets it up."""
    password = _with_accounts(lambda accounts: accounts.add(login, name, role, language=language))
    _tell_password(login, password)


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """Show every account."""
    found = _with_accounts(lambda accounts: accounts.all())
    if as_json:
        rows = [
            {
                "login": account.login,
                "name": account.name,
                "role": account.role,
                "state": _state(account),
                "last_seen_at": account.last_seen_at.isoformat() if account.last_seen_at else None,
            }
            for account in found
        ]
        console.file.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
        return
    if not found:
        console.print("Nobody has an account yet. Make one: faro staff add LOGIN --name NAME --role admin")
        return
    table = Table("login", "name", "role", "state", "last seen (UTC)")
    for account in found:
        seen = f"{account.last_seen_at:%Y-%m-%d %H:%M}" if account.last_seen_at else "never"
        table.add_row(account.login, account.name, account.role, _state(account), seen)
    console.print(table)


@app.command()
def disable(login: Login) -> None:
    """Shut an account and end its sessions at once."""

    async def work(accounts: Accounts) -> None:
        await accounts.disable(await accounts.id_of(login))

    _with_accounts(work)
    console.print(f"{login} can no longer sign in, and is signed out.", markup=False)


@app.command()
def enable(login: Login) -> None:
    """Open a shut account again, with the password and codes that it had."""

    async def work(accounts: Accounts) -> None:
        await accounts.enable(await accounts.id_of(login))

    _with_accounts(work)
    console.print(f"{login} can sign in again.", markup=False)


@app.command()
def reset(login: Login) -> None:
    """Take password, app and sessions away, and print a password with which the owner sets the account up again."""

    async def work(accounts: Accounts) -> str:
        return await accounts.reset(await accounts.id_of(login))

    _tell_password(login, _with_accounts(work))


@app.command()
def role(
    login: Login, role: Annotated[str, typer.Argument(help="reader, reviewer, attorney or admin.")]
) -> None:
    """Give an account another role."""

    async def work(accounts: Accounts) -> None:
        await accounts.set_role(await accounts.id_of(login), role)

    _with_accounts(work)
    console.print(f"{login} is {role} from now on.", markup=False)


@app.command()
def demo() -> None:
    """Print a link that opens the console of the demo that runs now, once."""
    settings = _settings()
    link = asyncio.run(console_link(settings))
    console.print(f"Open {link}", markup=False)
    console.print("It works once, and ends with the demo.")


async def console_link(settings: Settings) -> str:
    """A demo's one-time address of the console; call it after the gateway has started.

    Raises SettingsError in production.
    """
    from bot.console.demo import demo_link
    from bot.transcripts.schema import open_database

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    # An address to listen on everywhere is none to go to.
    here = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else host  # noqa: S104
    base = settings.public_url or f"http://{here}:{settings.port}"
    database = open_database(settings.database_url)
    try:
        return await demo_link(settings, database, base, datetime.now(UTC))
    finally:
        await database.dispose()


@audit_app.command()
def verify(
    noted: Annotated[
        str | None,
        typer.Option(
            "--noted", help="What an earlier check told you to note (NUMBER:HASH): finds a log put back."
        ),
    ] = None,
    old_secrets: Annotated[
        Path | None,
        typer.Option("--old-secrets", help="A file with earlier values of FARO_SECRET_KEY, one a line."),
    ] = None,
) -> None:
    """Walk the log of what staff did and name the first line that does not fit."""
    from bot.console.audit import Audit, AuditKeys

    settings = _settings()
    secrets = [settings.secret_key, *_old_secrets(old_secrets)]
    mark = _read_noted(noted)
    found = _with_database(
        settings, lambda database: Audit(database, AuditKeys(secrets), _Clock()).verify(mark)
    )
    if found.problem:
        raise LogBroken(
            f"{PROBLEMS[found.problem].format(seq=found.seq)} The {found.lines} lines before it are as they were "
            "written. Keep a copy of the database now, and find out who could write to it."
        )
    console.print(f"The log is whole: {found.lines} {'line' if found.lines == 1 else 'lines'}.")
    if found.lines:
        console.print(f"Note this outside the database, for --noted next time: {found.lines}:{found.hash}")


def _read_noted(noted: str | None) -> tuple[int, str] | None:
    if noted is None:
        return None
    read = _NOTED.fullmatch(noted.strip())
    if read is None:
        raise BotError(
            "--noted is not a number and a hash. Copy the whole of what the earlier check printed."
        )
    return int(read[1]), read[2]


def _old_secrets(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise BotError(f"{path} cannot be read. Give a text file with one secret a line.") from exc
    return [line.strip() for line in lines if line.strip()]


def _tell_password(login: str, password: str) -> None:
    console.print(f"Login:    {login.strip().lower()}", markup=False)
    console.print(f"Password: {password}", markup=False)
    console.print(
        "It works once, within 24 hours, at /staff/login; leave the code empty. Tell it to the person by phone or "
        "face to face: it is not shown again."
    )


def _state(account: Account) -> str:
    now = datetime.now(UTC)
    if account.disabled_at is not None:
        return "disabled"
    if not account.has_totp:
        waits = account.given_out_until is not None and account.given_out_until > now
        return "waits to be set up" if waits else "not set up in time: reset it"
    if account.locked_until is not None and account.locked_until > now:
        return "rests after failures"
    return "ready"
