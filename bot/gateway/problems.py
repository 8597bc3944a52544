"""RFC 9457 problem documents in the person's language; their words stand in ``bot/content/problems.yml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.core import yaml12
from bot.core.errors import ContentFileError, RequestError
from bot.core.messages import LANGUAGES
from bot.gateway.deadline_page import POLICY, problem_page
from bot.gateway.ports import Firm

MEDIA_TYPE = "application/problem+json"
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z._]+)\s*\}\}")
_KNOWN = frozenset({"firm.name", "firm.phone", "limit", "seconds", "field", "problem", "remedy"})


@dataclass(frozen=True, slots=True)
class Problem:
    """Title and detail by language, placeholders still open."""

    title: Mapping[str, str]
    detail: Mapping[str, str]


class Problems:
    """Every problem document of the gateway."""

    def __init__(self, texts: Mapping[str, Problem], firm: Firm) -> None:
        self._texts = texts
        self._firm = {"firm.name": firm.name, "firm.phone": firm.phone}

    @property
    def codes(self) -> frozenset[str]:
        """The codes that have a text."""
        return frozenset(self._texts)

    def document(self, error: RequestError, language: str) -> dict[str, Any]:
        """The document for an error."""
        code = error.code if error.code in self._texts else "internal"
        problem = self._texts[code]
        lang = language if language in LANGUAGES else LANGUAGES[0]
        values = {**self._firm, **{key: str(value) for key, value in error.detail.items()}}
        return {
            "type": f"/problems/{code}",
            "title": _fill(problem.title[lang], values),
            "detail": _fill(problem.detail[lang], values),
            "status": error.status,
            "code": code,
        }

    def response(self, error: RequestError, language: str) -> web.Response:
        """The document as a response; a problem with ``seconds`` also says so in Retry-After."""
        response = web.json_response(
            self.document(error, language), status=error.status, content_type=MEDIA_TYPE
        )
        return self._with_headers(response, error, language)

    def page(self, error: RequestError, language: str) -> web.Response:
        """The same words as a page, for a browser that posted a form and shows whatever comes back."""
        document = self.document(error, language)
        text = problem_page(document["title"], document["detail"], language)
        response = web.Response(text=text, status=error.status, content_type="text/html", charset="utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        return self._with_headers(response, error, language)

    def _with_headers(self, response: web.Response, error: RequestError, language: str) -> web.Response:
        response.headers["Content-Language"] = language
        if "seconds" in error.detail:
            response.headers["Retry-After"] = str(error.detail["seconds"])
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response


def load_problems(path: Path, firm: Firm) -> Problems:
    """The problems of a file. Raises ContentFileError for the first thing that is wrong in it."""
    data = yaml12.load_file(path, ContentFileError)
    if not isinstance(data, dict):
        raise ContentFileError(str(path), None, "not problems by code", "Give each problem its code as key.")
    texts: dict[str, Problem] = {}
    for code, problem in data.items():
        if not isinstance(problem, dict) or set(problem) != {"title", "detail"}:
            raise ContentFileError(
                str(path), None, f"{code} needs exactly title and detail", "Compare it with its neighbours."
            )
        for part, by_language in problem.items():
            _check_texts(path, f"{code}.{part}", by_language)
        texts[str(code)] = Problem(problem["title"], problem["detail"])
    return Problems(texts, firm)


def _check_texts(path: Path, where: str, by_language: Any) -> None:
    if not isinstance(by_language, dict) or set(by_language) != set(LANGUAGES):
        raise ContentFileError(str(path), None, f"{where} needs en and es", "Write the missing language.")
    for text in by_language.values():
        unknown = set(_PLACEHOLDER.findall(str(text))) - _KNOWN
        if unknown:
            raise ContentFileError(
                str(path),
                None,
                f"{where} uses the unknown placeholder {sorted(unknown)[0]}",
                f"Known are: {', '.join(sorted(_KNOWN))}.",
            )


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), text)
