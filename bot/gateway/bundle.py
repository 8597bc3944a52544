"""Joins the widget's modules into one classic script, so that a site needs one tag and no build step is run.

The modules stay ordinary ECMAScript modules of a plain kind, which a few rules guard:

- ``import { a, b } from "./file.js";`` on one line, without ``as``; ``export`` in front of a declaration;
- no default export, no dynamic import, no ``import.meta``;
- no name at the top of two modules, because they share one function once they are joined.

Whatever breaks a rule ends the start with the file, the line and the remedy. Comments and white space are then left
out; names stay as they are written, so that the script can still be read in a browser.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import brotli
import rcssmin
import rjsmin

from bot.core.errors import DataFileError

#: The widget's own version; the digest after it tells builds apart.
RELEASE = "1.0.0"
ENTRY = "element.js"
STYLE = "style.css"
#: Stands once in the modules, where the style is wanted as a text.
STYLE_MARK = "__STYLE__"

_IMPORT = re.compile(r'import \{ ([A-Za-z_$][\w$]*(?:, [A-Za-z_$][\w$]*)*) \} from "\./([a-z_-]+\.js)";')
_EXPORT = re.compile(r"export (?=(?:const|let|class|function|async function)\b)")
_DECLARED = re.compile(
    r"(?:const|let|var|class|function|async function)\b\*?\s*([A-Za-z_$][\w$]*|[{\[])", re.ASCII
)
_MODULE_WORD = re.compile(r"\s*(?:import|export)\b")
_DYNAMIC = re.compile(r"\bimport\s*(?:\(|\.\s*meta\b)")
_COMMENT = re.compile(r"\s*//")


@dataclass(frozen=True, slots=True)
class Build:
    """One build of the widget: the script, the script compressed in two ways, and what names it.

    ``integrity`` is the value of the attribute of the same name (Subresource Integrity, SHA-384).
    """

    version: str
    script: bytes
    gzip: bytes
    brotli: bytes
    integrity: str


@dataclass(frozen=True, slots=True)
class _Module:
    name: str
    needs: tuple[str, ...]
    exports: frozenset[str]
    code: str


def build(source: Path) -> Build:
    """The build of the modules in ``source``. Raises DataFileError for the first thing that is wrong."""
    return named(rjsmin.jsmin(join(source)).encode())


# Some tenths of a second each, and a process that begins anew in tests asks again for the same.
@lru_cache(maxsize=4)
def named(script: bytes, version: str = "") -> Build:
    """A build with its names; ``script`` is its text as UTF-8. An earlier build keeps the ``version`` it had."""
    return Build(
        version=version or f"{RELEASE}-{hashlib.sha256(script).hexdigest()[:12]}",
        script=script,
        gzip=gzip.compress(script, compresslevel=9, mtime=0),
        brotli=brotli.compress(script, mode=brotli.MODE_TEXT, quality=11),
        integrity=integrity(script),
    )


def integrity(script: bytes) -> str:
    """``sha384-...`` as the attribute ``integrity`` wants it."""
    return f"sha384-{base64.b64encode(hashlib.sha384(script).digest()).decode()}"


def join(source: Path) -> str:
    """One classic script of all modules that the entry needs, the needed ones first. Raises DataFileError."""
    modules: dict[str, _Module] = {}
    declared: dict[str, str] = {}
    _collect(source, ENTRY, modules, declared, ())
    code = "\n".join(module.code for module in modules.values())
    if code.count(STYLE_MARK) != 1:
        raise DataFileError(
            str(source / ENTRY),
            None,
            f"{STYLE_MARK} stands {code.count(STYLE_MARK)} times in the modules",
            "Write it once, without quotation marks: it becomes the text of the style.",
        )
    style = json.dumps(rcssmin.cssmin((source / STYLE).read_text(encoding="utf-8")), ensure_ascii=False)
    return f'(() => {{"use strict";\n{code.replace(STYLE_MARK, style)}\n}})();\n'


def _collect(
    source: Path,
    name: str,
    modules: dict[str, _Module],
    declared: dict[str, str],
    above: tuple[str, ...],
) -> None:
    """Adds a module after those that it needs; ``above`` are the modules that led here."""
    if name in modules:
        return
    module = _read(source / name, declared)
    for needed in module.needs:
        if needed in (*above, name):
            ring = " → ".join((*above, name, needed))
            raise DataFileError(
                str(source / name),
                None,
                f"modules need each other: {ring}",
                "Move what both need to a third.",
            )
        _collect(source, needed, modules, declared, (*above, name))
    _check_imports(source / name, modules)
    modules[name] = module


def _read(path: Path, declared: dict[str, str]) -> _Module:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise DataFileError(
            str(path), None, "the module is missing", "Write it, or correct the import."
        ) from None
    needs: list[str] = []
    exports: set[str] = set()
    code: list[str] = []
    for number, line in enumerate(lines, 1):
        if _COMMENT.match(line):
            continue
        found = _IMPORT.fullmatch(line)
        if found:
            needs.append(found.group(2))
            continue
        kept = _EXPORT.sub("", line, count=1) if line.startswith("export ") else line
        if _MODULE_WORD.match(kept) or _DYNAMIC.search(kept):
            raise DataFileError(
                str(path),
                number,
                "a form of import or export that is not joined",
                'Write import { a, b } from "./file.js"; on one line, and export in front of a declaration.',
            )
        for own in _names(path, number, kept):
            if own in declared:
                raise DataFileError(
                    str(path),
                    number,
                    f"{own} is declared at the top of {declared[own]} too",
                    "Rename one of them.",
                )
            declared[own] = path.name
            if kept is not line:
                exports.add(own)
        code.append(kept)
    return _Module(path.name, tuple(needs), frozenset(exports), "\n".join(code))


def _names(path: Path, number: int, line: str) -> Iterator[str]:
    """What a line declares at the top of its module, which is where it is not indented."""
    found = _DECLARED.match(line)
    if not found:
        return
    if found.group(1) in "{[":
        raise DataFileError(
            str(path), number, "a pattern declares names at the top", "Declare each name by itself there."
        )
    yield found.group(1)


def _check_imports(path: Path, modules: Mapping[str, _Module]) -> None:
    """That what a module imports is exported where it is looked for."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = _IMPORT.fullmatch(line)
        if not found:
            continue
        for name in found.group(1).split(", "):
            if name not in modules[found.group(2)].exports:
                raise DataFileError(
                    str(path),
                    number,
                    f"{found.group(2)} does not export {name}",
                    "Export it there, or correct the name.",
                )
