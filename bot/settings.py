"""What the environment asks for: the only place that reads ``FARO_*``, checked all at once.

``VARIABLES`` is the documented table; the page of operations is generated from it and tested against it.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from bot.core.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent

PREFIX = "FARO_"
SECRET_LENGTH = 32
MODES = ("demo", "production")
LOG_LEVELS = ("info", "warning", "error")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the environment as the documentation shows it; ``default`` is for people to read."""

    name: str
    default: str
    meaning: str


VARIABLES: tuple[Variable, ...] = (
    Variable(
        "FARO_MODE",
        "demo",
        "demo or production. Production refuses made-up secrets, a fixed date and the example firm.",
    ),
    Variable("FARO_HOST", "127.0.0.1", "Address on which the gateway listens."),
    Variable("FARO_PORT", "8080", "Port of the gateway: page, chat API, health and metrics."),
    Variable("FARO_ACTIONS_PORT", "5055", "Port of the action server, on loopback."),
    Variable("FARO_ENGINE_PORT", "5005", "Port of the dialogue engine, on loopback."),
    Variable("FARO_ENGINE_URL", "http://127.0.0.1:<FARO_ENGINE_PORT>", "Where the gateway finds the engine."),
    Variable(
        "FARO_ENGINE_SECRET",
        "demo: made once and kept in FARO_VAR",
        "Shared by gateway and engine; at least 32 characters. Required in production.",
    ),
    Variable(
        "FARO_SECRET_KEY",
        "demo: made once and kept in FARO_VAR",
        "Signs the tokens of conversations; at least 32 characters. Required in production; "
        "changing it ends every conversation that is open.",
    ),
    Variable(
        "FARO_DATABASE_URL",
        "sqlite:///<FARO_VAR>/faro.db",
        "Transcripts: sqlite:///file or postgresql://user:password@host/database.",
    ),
    Variable("FARO_VAR", "var", "Directory for what the program writes: database, secrets of a demo."),
    Variable(
        "FARO_FIRM",
        "bot/content/firm.yml",
        "File with the firm's name, phone, hours and notices. Production refuses the fictional example.",
    ),
    Variable(
        "FARO_ALLOWED_ORIGINS",
        "",
        "Other websites that may call the chat API from a browser, separated by commas "
        "(https://firm.example). Empty: only the gateway's own page.",
    ),
    Variable(
        "FARO_TRUSTED_PROXIES",
        "",
        "Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas.",
    ),
    Variable(
        "FARO_METRICS_ALLOWED",
        "127.0.0.1, ::1",
        "Addresses or networks that may read /metrics, separated by commas.",
    ),
    Variable(
        "FARO_RATE_FACTOR",
        "1",
        "How many times more than usual a conversation or an address may send, 1 to 1000: for many people "
        "behind one address, and for load tests.",
    ),
    Variable(
        "FARO_DATA_KEY",
        "demo: made once and kept in FARO_VAR",
        "Encrypts what names a person in requests for a consultation: 64 hexadecimal digits. Several separated by "
        "commas: the first encrypts, all open. Required in production; whoever loses it loses those requests.",
    ),
    Variable(
        "FARO_KEEP_UNMASKED_DAYS",
        "0",
        "For how many days staff may also see what a person wrote without masking, encrypted apart, 0 to 30. 0: it is "
        "never kept. Stories, and what was written before consent, never are.",
    ),
    Variable(
        "FARO_BOOKING_URL",
        "",
        "Where requests for a consultation are sent, signed (Standard Webhooks); https in production. Empty: they "
        "wait in the database, unless Cal.com is configured.",
    ),
    Variable(
        "FARO_BOOKING_SECRET",
        "",
        "Signs them: whsec_ and base64; two separated by a comma while it is being changed. Required with "
        "FARO_BOOKING_URL.",
    ),
    Variable(
        "FARO_BOOKING_CALLBACK_SECRET",
        "",
        "Proves that a message about an appointment comes from the firm's system: whsec_ and base64, one or two. "
        "Empty: such messages are refused.",
    ),
    Variable("FARO_CALCOM_KEY", "", "API key of Cal.com, in place of FARO_BOOKING_URL. Empty: not used."),
    Variable(
        "FARO_CALCOM_EVENT_TYPE",
        "",
        "Number of the event type that is booked at Cal.com. Required with FARO_CALCOM_KEY.",
    ),
    Variable("FARO_CALCOM_URL", "https://api.cal.com/v2", "Address of Cal.com's API; https in production."),
    Variable(
        "FARO_CALCOM_EMAIL",
        "",
        "E-mail address of the firm that Cal.com gets for people who have none. Required with FARO_CALCOM_KEY.",
    ),
    Variable(
        "FARO_PUBLIC_URL",
        "",
        "Address at which the world reaches the gateway, such as https://chat.firm.example; https in production. "
        "Required with Twilio, which signs it.",
    ),
    Variable(
        "FARO_WHATSAPP",
        "",
        "How WhatsApp messages come and go: cloud (Meta's Cloud API), twilio, or cloud,twilio. Empty: not at all.",
    ),
    Variable(
        "FARO_WHATSAPP_NUMBER",
        "",
        "The firm's WhatsApp number with its country code (+12025550100), for links from the page. Empty: no links.",
    ),
    Variable(
        "FARO_WHATSAPP_APP_SECRET",
        "",
        "Proves that a message comes from Meta: the app secret; two separated by a comma while it is being changed. "
        "Required with cloud.",
    ),
    Variable(
        "FARO_WHATSAPP_VERIFY_TOKEN",
        "",
        "The token that Meta repeats when the webhook is set up; at least 16 characters, of your own. Required with "
        "cloud.",
    ),
    Variable("FARO_WHATSAPP_TOKEN", "", "Access token of the Cloud API. Required with cloud."),
    Variable("FARO_WHATSAPP_PHONE_ID", "", "Meta's id of the number (not the number). Required with cloud."),
    Variable(
        "FARO_WHATSAPP_API_URL",
        "https://graph.facebook.com",
        "Address of the Cloud API; https in production. For trying out: the simulator's.",
    ),
    Variable(
        "FARO_WHATSAPP_TEMPLATES",
        "",
        "Names of Meta's approved templates by use and language: window_en=..., window_es=..., reminder_en=..., "
        "reminder_es=... With :es_MX behind a name where the template's language is not plain en or es. Without one, "
        "staff are told instead.",
    ),
    Variable("FARO_TWILIO_ACCOUNT", "", "Account SID at Twilio: AC and 32 digits. Required with twilio."),
    Variable(
        "FARO_TWILIO_AUTH_TOKEN",
        "",
        "Auth token of that account; it signs what comes and opens the API. Two separated by a comma while it is "
        "being changed: the first opens, both prove. Required with twilio.",
    ),
    Variable(
        "FARO_TWILIO_FROM",
        "",
        "The number at Twilio with its country code (+12025550100). Required with twilio.",
    ),
    Variable(
        "FARO_TWILIO_API_URL",
        "",
        "One address for all of Twilio's APIs, in place of its own three: for trying out; https in production.",
    ),
    Variable(
        "FARO_TWILIO_TEMPLATES",
        "",
        "Content SIDs (HX...) of approved templates, written as in FARO_WHATSAPP_TEMPLATES.",
    ),
    Variable("FARO_ALARM_URL", "", "Where alarms are posted, signed (Standard Webhooks). Empty: nowhere."),
    Variable("FARO_ALARM_SECRET", "", "Signs the alarms: whsec_ and base64. Required with FARO_ALARM_URL."),
    Variable("FARO_LOG_LEVEL", "info", "info, warning or error. Logs never hold what a person wrote."),
    Variable("FARO_TODAY", "", "Tests only: the date that everything takes for today, as YYYY-MM-DD."),
)

#: The ways by which WhatsApp messages can come and go.
WHATSAPP_PROVIDERS = ("cloud", "twilio")
_NUMBER = r"\+[1-9][0-9]{6,14}"
_NUMBER_REMEDY = "Write the number with its country code, such as +12025550100."
#: What approved templates are for, in each language.
_TEMPLATE = r"[A-Za-z0-9_]{1,512}(:[a-z]{2,3}(_[A-Z]{2})?)?"
TEMPLATE_USES = ("window_en", "window_es", "reminder_en", "reminder_es")
_TOKEN_LENGTH = 16


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """Meta's Cloud API; ``templates`` holds names by use and language, such as ``window_es``."""

    app_secrets: tuple[str, ...]
    verify_token: str
    token: str
    phone_id: str
    api_url: str
    templates: Mapping[str, str]

    def __repr__(self) -> str:
        return f"CloudSettings(api_url={self.api_url!r})"


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """WhatsApp by Twilio; ``templates`` holds Content SIDs by use and language. No ``api_url``: Twilio's own."""

    account: str
    auth_tokens: tuple[str, ...]
    sender: str
    api_url: str
    templates: Mapping[str, str]

    def __repr__(self) -> str:
        return f"TwilioSettings(api_url={self.api_url!r})"


@dataclass(frozen=True, slots=True)
class Settings:
    """The checked settings. Secrets are empty in a demo until ``with_demo_secrets`` has filled them."""

    mode: str
    host: str
    port: int
    actions_port: int
    engine_port: int
    engine_url: str
    engine_secret: str
    secret_key: str
    database_url: str
    var: Path
    firm: Path
    allowed_origins: tuple[str, ...]
    trusted_proxies: tuple[Network, ...]
    metrics_allowed: tuple[Network, ...]
    rate_factor: int
    data_keys: tuple[str, ...]
    keep_unmasked_days: int
    booking_url: str
    booking_secrets: tuple[str, ...]
    booking_callback_secrets: tuple[str, ...]
    calcom_key: str
    calcom_event_type: int | None
    calcom_url: str
    calcom_email: str
    public_url: str
    #: None where that provider is not used.
    cloud: CloudSettings | None
    twilio: TwilioSettings | None
    whatsapp_number: str
    alarm_url: str
    alarm_secret: str
    log_level: str
    today: date | None

    @property
    def production(self) -> bool:
        """Whether real people are served."""
        return self.mode == "production"

    @property
    def booking(self) -> str:
        """Where requests for a consultation go: ``webhook``, ``calcom``, or nowhere (an empty text)."""
        return "webhook" if self.booking_url else "calcom" if self.calcom_key else ""

    @property
    def status_file(self) -> Path:
        """Where ``faro up`` writes how far the start has come."""
        return self.var / "status.json"

    def __repr__(self) -> str:
        """Mode and address only: secrets and passwords must not reach a log through a repr."""
        return f"Settings(mode={self.mode!r}, host={self.host!r}, port={self.port})"


class _Reader:
    """Reads one variable at a time and collects what is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "").strip() or default

    def port(self, name: str, default: int) -> int:
        raw = self.text(name, str(default))
        if raw.isascii() and raw.isdigit() and 1 <= int(raw) <= 65535:
            return int(raw)
        self.problems.append(f"{name} is not a port. Give a number from 1 to 65535.")
        return default

    def factor(self, name: str) -> int:
        raw = self.text(name, "1")
        if raw.isascii() and raw.isdigit() and 1 <= int(raw) <= 1000:
            return int(raw)
        self.problems.append(f"{name} is {raw!r}. Give a whole number from 1 to 1000.")
        return 1

    def days(self, name: str, most: int) -> int:
        raw = self.text(name, "0")
        if raw.isascii() and raw.isdigit() and int(raw) <= most:
            return int(raw)
        self.problems.append(f"{name} is {raw!r}. Give a whole number of days from 0 to {most}.")
        return 0

    def whole(self, name: str) -> int | None:
        raw = self.text(name)
        if not raw:
            return None
        if raw.isascii() and raw.isdigit() and 1 <= int(raw) < 2**63:
            return int(raw)
        self.problems.append(f"{name} is {raw!r}. Give the number of the event type, such as 123456.")
        return None

    def email(self, name: str) -> str:
        raw = self.text(name)
        if raw and not re.fullmatch(r"[^@\s,]{1,64}@[^@\s,]+\.[^@\s,]+", raw):
            self.problems.append(f"{name} is not an e-mail address. Write it as office@firm.example.")
        return raw

    def data_keys(self, name: str, required: bool) -> tuple[str, ...]:
        found = tuple(_parts(self.text(name)))
        if not found and required:
            self.problems.append(
                f"{name} is missing, and production needs it. Make one with: openssl rand -hex 32"
            )
        # The keys themselves stay out of the message.
        if any(not re.fullmatch(r"[0-9a-fA-F]{64}", key) for key in found):
            self.problems.append(
                f"{name} holds something that is not 64 hexadecimal digits. Make a key with: openssl rand -hex 32"
            )
        return found

    def signing(self, name: str) -> tuple[str, ...]:
        found = tuple(_parts(self.text(name)))
        if len(found) > 2 or not all(_is_signing_secret(secret) for secret in found):
            self.problems.append(
                f"{name} is not one signing secret, or two separated by a comma. Make one with: "
                'echo "whsec_$(openssl rand -base64 32)"'
            )
        return found

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        raw = self.text(name, default).lower()
        if raw in allowed:
            return raw
        self.problems.append(f"{name} is {raw!r}. Give one of: {', '.join(allowed)}.")
        return default

    def some_of(self, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(part.lower() for part in _parts(self.text(name))))
        if set(found) <= set(allowed):
            return found
        self.problems.append(f"{name} is {self.text(name)!r}. Give one or several of: {', '.join(allowed)}.")
        return ()

    def needed(self, name: str, by: str, form: str = ".+", remedy: str = "") -> str:
        """A value that ``by`` cannot do without; the value itself stays out of messages."""
        raw = self.text(name)
        if not raw:
            self.problems.append(f"{name} is missing, and {by} needs it. {remedy}".rstrip())
        elif not re.fullmatch(form, raw):
            self.problems.append(f"{name} has another form. {remedy}".rstrip())
        return raw

    def one_or_two(self, name: str, by: str, remedy: str) -> tuple[str, ...]:
        """Secrets of a provider, each of at least 16 characters: shorter ones are placeholders."""
        found = tuple(_parts(self.text(name)))
        if not found:
            self.problems.append(f"{name} is missing, and {by} needs it. {remedy}")
        elif len(found) > 2 or any(len(secret) < _TOKEN_LENGTH for secret in found):
            self.problems.append(f"{name} is not one secret, or two separated by a comma. {remedy}")
        return found

    def number(self, name: str) -> str:
        raw = self.text(name)
        if raw and not re.fullmatch(_NUMBER, raw):
            self.problems.append(f"{name} is {raw!r}. {_NUMBER_REMEDY}")
        return raw

    def templates(self, name: str) -> Mapping[str, str]:
        found = {}
        for part in _parts(self.text(name)):
            use, equals, template = (piece.strip() for piece in part.partition("="))
            if not equals or use not in TEMPLATE_USES or not re.fullmatch(_TEMPLATE, template):
                self.problems.append(
                    f"{name} holds {part!r}. Write it as use=name, with a use of: {', '.join(TEMPLATE_USES)}."
                )
                continue
            found[use] = template
        return found

    def day(self, name: str) -> date | None:
        raw = self.text(name)
        if not raw:
            return None
        try:
            return date.fromisoformat(raw)
        except ValueError:
            self.problems.append(f"{name} is {raw!r}, not a date. Write it as YYYY-MM-DD.")
            return None

    def networks(self, name: str, default: str) -> tuple[Network, ...]:
        found: list[Network] = []
        for part in _parts(self.text(name, default)):
            try:
                found.append(ipaddress.ip_network(part, strict=False))
            except ValueError:
                self.problems.append(
                    f"{name} holds {part!r}. Give addresses or networks such as 10.0.0.5 or 10.0.0.0/8."
                )
        return tuple(found)

    def origins(self, name: str) -> tuple[str, ...]:
        found: list[str] = []
        for part in _parts(self.text(name)):
            origin = part.rstrip("/")
            if _is_origin(origin):
                found.append(origin.lower())
            else:
                self.problems.append(
                    f"{name} holds {part!r}. Give origins such as https://firm.example, without a path."
                )
        return tuple(found)

    def address(self, name: str, default: str, *, exact: bool = False) -> str:
        raw = self.text(name, default)
        if raw and not _is_http(raw):
            self.problems.append(f"{name} is not an address. Write it as http://host:port or https://host.")
        # Paths are added to an address, unless it is one to post to: there a last slash may matter.
        return raw if exact else raw.rstrip("/")

    def secret(self, name: str, required: bool) -> str:
        raw = self.text(name)
        if not raw and required:
            self.problems.append(
                f"{name} is missing, and production needs it. Make one with: openssl rand -hex 32"
            )
        elif raw and len(raw) < SECRET_LENGTH:
            self.problems.append(f"{name} is shorter than {SECRET_LENGTH} characters. Make a longer one.")
        return raw


def load_settings(environ: Mapping[str, str], root: Path = ROOT) -> Settings:
    """The settings that ``environ`` asks for; relative paths start at ``root``.

    Raises SettingsError with every problem at once: bad values, missing secrets, misspelt names.
    """
    reader = _Reader(environ)
    reader.problems.extend(_unknown_names(environ))
    mode = reader.one_of("FARO_MODE", MODES, "demo")
    production = mode == "production"
    var = root / reader.text("FARO_VAR", "var")
    engine_port = reader.port("FARO_ENGINE_PORT", 5005)
    whatsapp = reader.some_of("FARO_WHATSAPP", WHATSAPP_PROVIDERS)
    settings = Settings(
        mode=mode,
        host=reader.text("FARO_HOST", "127.0.0.1"),
        port=reader.port("FARO_PORT", 8080),
        actions_port=reader.port("FARO_ACTIONS_PORT", 5055),
        engine_port=engine_port,
        engine_url=reader.address("FARO_ENGINE_URL", f"http://127.0.0.1:{engine_port}"),
        engine_secret=reader.secret("FARO_ENGINE_SECRET", production),
        secret_key=reader.secret("FARO_SECRET_KEY", production),
        database_url=_database_url(reader, var),
        var=var,
        firm=root / reader.text("FARO_FIRM", "bot/content/firm.yml"),
        allowed_origins=reader.origins("FARO_ALLOWED_ORIGINS"),
        trusted_proxies=reader.networks("FARO_TRUSTED_PROXIES", ""),
        metrics_allowed=reader.networks("FARO_METRICS_ALLOWED", "127.0.0.1, ::1"),
        rate_factor=reader.factor("FARO_RATE_FACTOR"),
        data_keys=reader.data_keys("FARO_DATA_KEY", production),
        keep_unmasked_days=reader.days("FARO_KEEP_UNMASKED_DAYS", 30),
        booking_url=reader.address("FARO_BOOKING_URL", "", exact=True),
        booking_secrets=reader.signing("FARO_BOOKING_SECRET"),
        booking_callback_secrets=reader.signing("FARO_BOOKING_CALLBACK_SECRET"),
        calcom_key=reader.text("FARO_CALCOM_KEY"),
        calcom_event_type=reader.whole("FARO_CALCOM_EVENT_TYPE"),
        calcom_url=reader.address("FARO_CALCOM_URL", "https://api.cal.com/v2"),
        calcom_email=reader.email("FARO_CALCOM_EMAIL"),
        public_url=reader.address("FARO_PUBLIC_URL", ""),
        cloud=_cloud(reader) if "cloud" in whatsapp else None,
        twilio=_twilio(reader) if "twilio" in whatsapp else None,
        whatsapp_number=reader.number("FARO_WHATSAPP_NUMBER"),
        alarm_url=reader.address("FARO_ALARM_URL", ""),
        alarm_secret=reader.text("FARO_ALARM_SECRET"),
        log_level=reader.one_of("FARO_LOG_LEVEL", LOG_LEVELS, "info"),
        today=reader.day("FARO_TODAY"),
    )
    reader.problems.extend(_contradictions(settings, bool(reader.text("FARO_FIRM"))))
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def normalise_database_url(url: str) -> str:
    """The address as SQLAlchemy's asynchronous drivers want it. Raises ValueError for other databases."""
    scheme, separator, rest = url.partition("://")
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "sqlite+aiosqlite": "sqlite+aiosqlite",
        "postgres": "postgresql+psycopg",
        "postgresql": "postgresql+psycopg",
        "postgresql+psycopg": "postgresql+psycopg",
    }
    if not separator or scheme not in drivers or not rest:
        raise ValueError("neither SQLite nor PostgreSQL")
    return f"{drivers[scheme]}://{rest}"


def new_secret() -> str:
    """A fresh random secret of 64 hexadecimal digits."""
    return secrets.token_hex(32)


def with_demo_secrets(settings: Settings, keep: Callable[[Path], str] | None = None) -> Settings:
    """The settings with every secret filled; a demo keeps them in ``var`` so that a restart ends nothing.

    Production settings come back as they are: there the secrets were required.
    """
    read = keep or kept_secret
    return replace(
        settings,
        secret_key=settings.secret_key or read(settings.var / "secret_key"),
        engine_secret=settings.engine_secret or read(settings.var / "engine_secret"),
        data_keys=settings.data_keys or (read(settings.var / "data_key"),),
    )


def kept_secret(path: Path) -> str:
    """The secret in ``path``, written there first (readable by its owner only) when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        # Written aside and then linked: two processes that start together end up with one secret, whole.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(new_secret())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    path.chmod(0o600)
    return path.read_text(encoding="ascii").strip()


def _parts(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]


def _is_http(raw: str) -> bool:
    try:
        parts = urlsplit(raw)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_origin(raw: str) -> bool:
    if not _is_http(raw):
        return False
    parts = urlsplit(raw)
    return not (parts.path or parts.query or parts.fragment or parts.username)


def _cloud(reader: _Reader) -> CloudSettings:
    by = "FARO_WHATSAPP=cloud"
    secrets = reader.one_or_two(
        "FARO_WHATSAPP_APP_SECRET", by, "Copy it from the app's basic settings at Meta."
    )
    return CloudSettings(
        app_secrets=secrets,
        verify_token=reader.needed(
            "FARO_WHATSAPP_VERIFY_TOKEN",
            by,
            f"\\S{{{_TOKEN_LENGTH},}}",
            f"Make one of at least {_TOKEN_LENGTH} characters with: openssl rand -hex 32",
        ),
        token=reader.needed(
            "FARO_WHATSAPP_TOKEN", by, r"\S+", "Make a permanent one for a system user at Meta."
        ),
        phone_id=reader.needed(
            "FARO_WHATSAPP_PHONE_ID",
            by,
            "[0-9]{5,20}",
            "It is the phone number ID, digits only, not the number.",
        ),
        api_url=reader.address("FARO_WHATSAPP_API_URL", "https://graph.facebook.com"),
        templates=reader.templates("FARO_WHATSAPP_TEMPLATES"),
    )


def _twilio(reader: _Reader) -> TwilioSettings:
    by = "FARO_WHATSAPP=twilio"
    return TwilioSettings(
        account=reader.needed(
            "FARO_TWILIO_ACCOUNT", by, "AC[0-9a-fA-F]{32}", "It is the account SID: AC and 32 digits."
        ),
        auth_tokens=reader.one_or_two(
            "FARO_TWILIO_AUTH_TOKEN", by, "Copy it from the account's page at Twilio."
        ),
        sender=reader.needed("FARO_TWILIO_FROM", by, _NUMBER, _NUMBER_REMEDY),
        api_url=reader.address("FARO_TWILIO_API_URL", ""),
        templates=reader.templates("FARO_TWILIO_TEMPLATES"),
    )


def _unknown_names(environ: Mapping[str, str]) -> list[str]:
    known = [variable.name for variable in VARIABLES]
    problems = []
    for name in sorted(environ):
        # Names that only tests read, such as the address of their own PostgreSQL.
        if not name.startswith(PREFIX) or name.startswith("FARO_TEST_") or name in known:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        remedy = f"Did you mean {near[0]}?" if near else "Remove it, or look the name up in the table."
        problems.append(f"{name} is not a setting. {remedy}")
    return problems


def _database_url(reader: _Reader, var: Path) -> str:
    raw = reader.text("FARO_DATABASE_URL", f"sqlite:///{var / 'faro.db'}")
    try:
        return normalise_database_url(raw)
    except ValueError:
        # The address itself stays out of the message: it may hold a password.
        reader.problems.append(
            "FARO_DATABASE_URL is not understood. Write sqlite:///file or postgresql://user:password@host/name."
        )
        return ""


def _contradictions(settings: Settings, firm_named: bool) -> list[str]:
    problems = []
    ports = [settings.port, settings.actions_port, settings.engine_port]
    if len(set(ports)) < len(ports):
        problems.append("FARO_PORT, FARO_ACTIONS_PORT and FARO_ENGINE_PORT must differ from each other.")
    problems.extend(_booking_contradictions(settings))
    problems.extend(_whatsapp_contradictions(settings))
    if settings.alarm_url and not _is_signing_secret(settings.alarm_secret):
        problems.append(
            "FARO_ALARM_SECRET is missing or not a signing secret. Make one with: "
            'echo "whsec_$(openssl rand -base64 32)"'
        )
    if settings.production and settings.today is not None:
        problems.append("FARO_TODAY is for tests. Remove it in production: every date would be wrong.")
    if settings.production and not firm_named:
        problems.append("FARO_FIRM is missing. Production needs the firm's own file, not the example.")
    same = settings.secret_key and settings.secret_key == settings.engine_secret
    if settings.production and same:
        problems.append("FARO_SECRET_KEY and FARO_ENGINE_SECRET are the same. Make one for each.")
    return problems


def _booking_contradictions(settings: Settings) -> list[str]:
    problems = []
    if settings.booking_url and settings.calcom_key:
        problems.append(
            "FARO_BOOKING_URL and FARO_CALCOM_KEY are both set. Choose one: requests go to one system."
        )
    if settings.booking_url and not settings.booking_secrets:
        problems.append(
            "FARO_BOOKING_SECRET is missing: what is sent to FARO_BOOKING_URL must be signed. Make one with: "
            'echo "whsec_$(openssl rand -base64 32)"'
        )
    if settings.booking_url and urlsplit(settings.booking_url).username is not None:
        problems.append("FARO_BOOKING_URL holds a user name or password. The signature proves who sends.")
    if settings.calcom_key and settings.calcom_event_type is None:
        problems.append("FARO_CALCOM_EVENT_TYPE is missing: FARO_CALCOM_KEY needs the event type to book.")
    if settings.calcom_key and not settings.calcom_email:
        problems.append(
            "FARO_CALCOM_EMAIL is missing: Cal.com asks for an address also of people without one."
        )
    for name, address in (
        ("FARO_BOOKING_URL", settings.booking_url),
        ("FARO_CALCOM_URL", settings.calcom_url if settings.calcom_key else ""),
    ):
        if settings.production and address and urlsplit(address).scheme != "https":
            problems.append(f"{name} must start with https:// in production: it carries names and numbers.")
    return problems


def _whatsapp_contradictions(settings: Settings) -> list[str]:
    problems = []
    # In a demo a trusted proxy may tell the address instead.
    told = settings.public_url or (not settings.production and settings.trusted_proxies)
    if settings.twilio is not None and not told:
        problems.append(
            "FARO_PUBLIC_URL is missing: Twilio signs the address to which it posts, such as https://chat.firm.example."
        )
    addresses = {"FARO_PUBLIC_URL": settings.public_url}
    if settings.cloud is not None:
        addresses["FARO_WHATSAPP_API_URL"] = settings.cloud.api_url
    if settings.twilio is not None:
        addresses["FARO_TWILIO_API_URL"] = settings.twilio.api_url
    for name, address in addresses.items():
        if settings.production and address and urlsplit(address).scheme != "https":
            problems.append(f"{name} must start with https:// in production: it carries what people write.")
    return problems


def _is_signing_secret(raw: str) -> bool:
    try:
        key = base64.b64decode(raw.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(key) >= 24
