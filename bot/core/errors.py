"""Every error that Faro raises on purpose.

    BotError
     +- DataFileError            a file that a person edits is wrong
     |   +- LawFileError         under bot/law
     |   +- ContentFileError     under bot/content
     +- SettingsError            the environment asks for something impossible
     +- EngineError              the dialogue engine did not give a usable turn
     |   +- EngineUnreachable    nothing answered, or not in time
     +- RequestError             a visitor's request cannot be taken as it is

"We have no answer" is never an exception: it is a value that the caller must handle.
"""

from __future__ import annotations


class BotError(Exception):
    """Root of the tree; catch it only at the border of a process."""


class DataFileError(BotError):
    """A data file cannot be used.

    ``line`` counts from 1, or is None when the problem is about the whole file; ``fix`` says what to do.
    """

    def __init__(self, path: str, line: int | None, problem: str, fix: str) -> None:
        self.path = path
        self.line = line
        self.problem = problem
        self.fix = fix
        place = path if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {problem}. {fix}")


class LawFileError(DataFileError):
    """A file under ``bot/law`` cannot be used."""


class ContentFileError(DataFileError):
    """A file under ``bot/content`` cannot be used."""


class SettingsError(BotError):
    """The environment is wrong; ``problems`` holds one sentence for each thing to change."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  - {p}" for p in problems))


class EngineError(BotError):
    """The engine answered, but not with a turn."""


class EngineUnreachable(EngineError):
    """The engine did not answer in time, or not at all."""


class RequestError(BotError):
    """A request that is refused; ``code`` names the problem document that explains it."""

    def __init__(self, code: str, status: int, detail: dict[str, str | int] | None = None) -> None:
        self.code = code
        self.status = status
        self.detail = detail or {}
        super().__init__(code)
