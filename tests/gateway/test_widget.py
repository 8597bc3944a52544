"""The widget's script: how it is joined, served and kept, who may show it, and the page to copy it from."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import brotli
import pytest

from bot.core import yaml12
from bot.core.errors import ContentFileError, DataFileError
from bot.core.messages import LANGUAGES
from bot.gateway import bundle, embed, plain_chat
from bot.gateway.page_words import load_page_words
from bot.gateway.widget import MOST_KEPT, KeptBuilds
from tests.gateway.conftest import Gateway, Start, checked

SOURCE = Path("bot/widget/src")
CURRENT = "/widget/faro-chat.js"
HOST = {"Origin": "https://firm.example"}
node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Small modules that follow the rules."""
    folder = tmp_path / "src"
    folder.mkdir()
    files = {
        "element.js": 'import { b, twice } from "./middle.js";\nimport { a } from "./last.js";\n'
        "// A comment.\nconst STYLE = __STYLE__;\nconsole.log(JSON.stringify([a, b, twice(a), STYLE]));\n",
        "middle.js": 'import { a } from "./last.js";\nexport const b = `x  ${a}\n   y // no comment`;\n'
        "export function twice(n) {\n  const a = 2; // of its own\n  return n * a;\n}\n",
        "last.js": "export let a = 1;\nclass Unused {}\n",
        "style.css": '/* c */ :host { content: "é  </style>" }\n',
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


# -- joining


@node
def test_modules_become_one_classic_script_that_does_the_same(source: Path, tmp_path: Path) -> None:
    script = tmp_path / "joined.cjs"
    script.write_bytes(bundle.build(source).script)
    done = subprocess.run(["node", str(script)], capture_output=True, text=True, check=True)
    assert done.stdout == '[1,"x  1\\n   y // no comment",2,":host{content:\\"é  </style>\\"}"]\n'


@node
def test_the_widgets_own_modules_are_a_script_without_a_mistake(tmp_path: Path) -> None:
    script = tmp_path / "widget.cjs"
    script.write_bytes(bundle.build(SOURCE).script)
    subprocess.run(["node", "--check", str(script)], check=True)


def test_every_module_of_the_widget_is_in_it() -> None:
    joined = bundle.join(SOURCE)
    for file in SOURCE.glob("*.js"):
        first = re.search(r"^export (?:async )?\w+ (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert first is None or re.search(rf"\b{first.group(1)}\b", joined), f"{file.name} is not needed"
    assert not re.search(r"^\s*(import|export)\b", joined, re.MULTILINE)


def test_the_needed_modules_come_first_and_the_names_of_a_build_follow_its_bytes(source: Path) -> None:
    build = bundle.build(source)
    text = build.script.decode()
    assert text.index("let a=") < text.index("const b=") < text.index("STYLE=")
    assert text.startswith('(()=>{"use strict";')
    assert build.version == f"1.0.0-{hashlib.sha256(build.script).hexdigest()[:12]}"
    digest = base64.b64encode(hashlib.sha384(build.script).digest()).decode()
    assert build.integrity == f"sha384-{digest}"
    assert gzip.decompress(build.gzip) == brotli.decompress(build.brotli) == build.script
    (source / "style.css").write_text(":host { color: red }")
    assert bundle.build(source).version != build.version


@pytest.mark.parametrize(
    ("file", "text", "line", "problem"),
    [
        ("last.js", "export default 1;", 1, "a form of import or export"),
        ("last.js", "const a = 1;\nexport { a };", 2, "a form of import or export"),
        ("last.js", "export * from './x.js';", 1, "a form of import or export"),
        ("last.js", "export const a = 1;\nimport('./x.js');", 2, "a form of import or export"),
        ("last.js", "export const a = import.meta.url;", 1, "a form of import or export"),
        ("last.js", "export const a = 1;\n  import x from 'y';", 2, "a form of import or export"),
        ("middle.js", 'import { a as c } from "./last.js";', 1, "a form of import or export"),
        ("middle.js", 'import { a } from "https://elsewhere.example/x.js";', 1, "a form of import or export"),
        ("middle.js", 'import { a } from "../last.js";', 1, "a form of import or export"),
        ("middle.js", 'import { gone } from "./last.js";\nexport const b = 1;', 1, "does not export gone"),
        ("middle.js", 'import { a } from "./none.js";', None, "the module is missing"),
        ("middle.js", "export const a = 1;", 1, "a is declared at the top of"),
        ("middle.js", "async function a() {}", 1, "a is declared at the top of"),
        ("middle.js", "class a {}", 1, "a is declared at the top of"),
        ("middle.js", "const { b } = {};", 1, "a pattern declares names"),
        ("last.js", 'import { b } from "./middle.js";\nexport let a = 1;', None, "modules need each other"),
        ("element.js", "const STYLE = 1;", None, "__STYLE__ stands 0 times"),
        ("last.js", "export let a = __STYLE__;", None, "__STYLE__ stands 2 times"),
    ],
)
def test_a_form_that_cannot_be_joined_is_refused_with_its_place(
    source: Path, file: str, text: str, line: int | None, problem: str
) -> None:
    (source / file).write_text(f"{text}\n")
    with pytest.raises(DataFileError, match=re.escape(problem)) as caught:
        bundle.build(source)
    assert caught.value.line == line
    assert caught.value.fix


# -- serving


async def test_the_current_script_is_for_every_site_and_is_asked_for_again_soon(gateway: Gateway) -> None:
    response = await gateway.client.get(CURRENT, headers=HOST)
    build = bundle.build(SOURCE)
    assert (response.status, await response.read()) == (200, build.script)
    headers = response.headers
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "public, max-age=300"
    assert headers["ETag"] == f'W/"{build.version}"'
    for told, status in ((headers["ETag"], 304), (f'"{build.version}"', 304), ("*", 304), ('W/"other"', 200)):
        again = await gateway.client.get(CURRENT, headers={"If-None-Match": told})
        assert (again.status, len(await again.read()) > 0) == (status, status == 200)
        assert again.headers["ETag"] == headers["ETag"]


async def test_a_version_never_changes(gateway: Gateway) -> None:
    build = bundle.build(SOURCE)
    response = await gateway.client.get(f"/widget/{build.version}/faro-chat.js", headers=HOST)
    assert await response.read() == build.script
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0.0, br;q=0", None),
        ("identity", None),
        ("", None),
        (", ;;, x" * 500, None),
    ],
)
async def test_it_is_compressed_as_the_browser_wants_it(
    gateway: Gateway, accepted: str, encoding: str | None
) -> None:
    response = await gateway.client.get(CURRENT, headers={"Accept-Encoding": accepted}, auto_decompress=False)
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["Vary"] == "Accept-Encoding"
    unpack: Any = {"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding or "", bytes)
    assert unpack(await response.read()) == bundle.build(SOURCE).script


@pytest.mark.parametrize(
    "version",
    [
        "1.0.0-000000000000",
        "1.0.0-xyz",
        "..",
        "%2e%2e%2f",
        "1.0.0-000000000000%2f..%2f..",
        "1.0.0-" + "0" * 999,
    ],
)
async def test_a_version_that_never_was_is_not_found(gateway: Gateway, version: str) -> None:
    response = await gateway.client.get(f"/widget/{version}/faro-chat.js")
    assert response.status == 404
    assert response.headers["Cache-Control"] == "no-store"


# -- earlier builds


async def test_an_upgrade_leaves_the_scripts_that_sites_name(start: Start, tmp_path: Path) -> None:
    old = bundle.named(
        b"console.log('as it was')", "0.9.0-" + hashlib.sha256(b"console.log('as it was')").hexdigest()[:12]
    )
    KeptBuilds(tmp_path / "widget").keep(old)
    gateway = await start()
    response = await gateway.client.get(f"/widget/{old.version}/faro-chat.js")
    assert await response.read() == old.script
    kept = {file.stem for file in (tmp_path / "widget").glob("*.js")}
    assert kept == {old.version, bundle.build(SOURCE).version}


async def test_a_build_of_a_gateway_beside_it_is_found_without_a_restart(
    start: Start, tmp_path: Path
) -> None:
    gateway = await start()
    newer = bundle.named(b"console.log('newer')")
    assert (await gateway.client.get(f"/widget/{newer.version}/faro-chat.js")).status == 404
    KeptBuilds(tmp_path / "widget").keep(newer)
    assert (await gateway.client.get(f"/widget/{newer.version}/faro-chat.js")).status == 200


async def test_a_file_that_was_changed_is_not_served(start: Start, tmp_path: Path) -> None:
    build = bundle.named(b"console.log(1)")
    KeptBuilds(tmp_path / "widget").keep(build)
    (tmp_path / "widget" / f"{build.version}.js").write_bytes(b"steal()")
    gateway = await start()
    assert (await gateway.client.get(f"/widget/{build.version}/faro-chat.js")).status == 404
    assert '"event": "widget_damaged"' in gateway.log.getvalue()


def test_the_oldest_go_and_a_build_started_again_is_new(tmp_path: Path) -> None:
    builds = [bundle.named(f"console.log({number})".encode()) for number in range(MOST_KEPT + 5)]
    kept = KeptBuilds(tmp_path)
    for age, build in enumerate(builds[:MOST_KEPT]):
        kept.keep(build)
        os.utime(tmp_path / f"{build.version}.js", (1_000 + age, 1_000 + age))
    KeptBuilds(tmp_path).keep(builds[0])
    KeptBuilds(tmp_path).keep(builds[-1])
    left = {file.stem for file in tmp_path.glob("*.js")}
    assert len(left) == MOST_KEPT
    assert {builds[0].version, builds[-1].version} <= left
    assert builds[1].version not in left
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


async def test_gateways_that_start_together_keep_whole_files(tmp_path: Path) -> None:
    build = bundle.build(SOURCE)
    await asyncio.gather(*(asyncio.to_thread(KeptBuilds(tmp_path).keep, build) for _ in range(8)))
    assert [(file.stem, file.read_bytes()) for file in tmp_path.iterdir()] == [(build.version, build.script)]


async def test_a_disk_that_takes_nothing_stops_nothing(start: Start, tmp_path: Path) -> None:
    (tmp_path / "widget").write_text("a file in the place of the folder")
    gateway = await start()
    assert '"event": "widget_not_kept"' in gateway.log.getvalue()
    assert (await gateway.client.get(CURRENT)).status == 200
    assert (await gateway.client.get(f"/widget/{bundle.build(SOURCE).version}/faro-chat.js")).status == 200


# -- who may show it


async def test_the_site_is_told_whether_it_may_and_a_stranger_nothing_else(start: Start) -> None:
    gateway = await start({"FARO_ALLOWED_ORIGINS": "https://firm.example"})
    own = f"http://127.0.0.1:{gateway.client.port}"
    known = {"allowed": True, "firm": "Example Firm", "phone": "555-0100", "whatsapp": False}
    for origin, told in (
        ("https://firm.example", known),
        ("HTTPS://Firm.Example", known),
        (own, known),
        (None, known),
        ("https://evil.example", {"allowed": False}),
        ("http://firm.example", {"allowed": False}),
        ("https://firm.example.evil.example", {"allowed": False}),
        ("null", {"allowed": False}),
        ("", {"allowed": False}),
    ):
        response = await gateway.client.get(
            "/widget/site.json", headers={} if origin is None else {"Origin": origin}
        )
        assert await checked(response) == told, origin
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Vary"] == "Origin"
        assert response.headers["Cache-Control"] == "private, max-age=300"


# -- the page to copy from


async def test_the_page_shows_snippets_version_and_hash_and_runs_none_of_them(gateway: Gateway) -> None:
    build = bundle.build(SOURCE)
    for language, title in (("en", "Put the chat on your website"), ("es", "Ponga el chat en su sitio web")):
        response = await gateway.client.get(f"/embed?language={language}")
        html = await response.text()
        assert title in html
        assert build.version in html
        assert build.integrity in html
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert "<faro-chat" not in html
        assert re.findall(r'<script src="([^"]+)"', html) == ["/static/embed.js"]
        server = f"http://127.0.0.1:{gateway.client.port}"
        tag = (
            f'<script async src="{server}/widget/{build.version}/faro-chat.js" '
            f'integrity="{build.integrity}" crossorigin="anonymous"></script>'
        )
        assert unescape(html).count(tag) == 2
        assert f'<a href="{server}/chat">' in unescape(html)
        assert f"connect-src {server}" in html


async def test_behind_a_proxy_the_snippet_names_https(gateway: Gateway) -> None:
    html = await (await gateway.client.get("/embed", headers={"Host": "chat.firm.example"})).text()
    assert "https://chat.firm.example/widget/" in html
    evil = await (await gateway.client.get("/embed", headers={"Host": 'a"><script>x'})).text()
    assert "<script>x" not in evil


async def test_the_preview_takes_settings_only_in_the_frame_of_the_page(gateway: Gateway) -> None:
    address = "/embed/preview?page=es&colour=%237a1f6b&consent-text-en=%22%3E%3Cscript%3Ealert(1)&evil=1&tour=1&server=https://x"
    framed = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"}
    response = await gateway.client.get(address, headers=framed)
    html = await response.text()
    assert 'colour="#7a1f6b" consent-text-en="&#34;&gt;&lt;script&gt;alert(1)"' in html
    assert "evil" not in html
    assert "tour" not in html
    assert "https://x" not in html
    assert '<html lang="es">' in html
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]
    for headers in (
        {},
        {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"},
    ):
        assert "<faro-chat>" in await (await gateway.client.get(address, headers=headers)).text()


def test_the_page_the_manual_and_the_widget_know_the_same_settings() -> None:
    reader = (SOURCE / "settings.js").read_text(encoding="utf-8").partition("export function readSettings")[2]
    reader = reader.partition("\n}\n")[0]
    names = set(re.findall(r'(?:\(element, |link\(|[gs]etAttribute\(|hasAttribute\()"([a-z-]+)"', reader))
    names |= {f"{name}-{lang}" for name in re.findall(r'both\("([a-z-]+)"\)', reader) for lang in LANGUAGES}
    assert names - {"server", "tour"} == set(embed.ATTRIBUTES)
    manual = Path("docs/widget.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", manual, re.MULTILINE)) == set(embed.ATTRIBUTES)
    form = Path("bot/gateway/templates/embed.html").read_text(encoding="utf-8")
    for name in embed.ATTRIBUTES:
        assert f'"{name}"' in form, name
    for line in embed.POLICY_LINES:
        assert line.replace("{}", "https://chat.example.com") in manual, line


# -- the words of the pages


@pytest.mark.parametrize(
    ("file", "wanted"), [(plain_chat.WORDS_FILE, plain_chat.WORDS), (embed.WORDS_FILE, embed.WORDS)]
)
def test_every_word_of_a_page_stands_in_both_languages(file: str, wanted: Any) -> None:
    words = load_page_words(Path("bot/content") / file, wanted)
    for name, texts in words.texts.items():
        for lang, text in texts.items():
            assert "!" not in text, (name, lang)
        assert name in {"bot", "helped_no"} or texts["en"] != texts["es"], name


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda words: words.pop("send"), "send is missing"),
        (lambda words: words.update(more={"en": "x", "es": "y"}), "more is not used"),
        (lambda words: words["send"].pop("es"), "send needs en and es"),
        (lambda words: words.update(send={"en": "Send", "es": " "}), "send has no text in es"),
        (
            lambda words: words.update(checked={"en": "checked", "es": "{{date}}"}),
            "checked in en must use {{date}}",
        ),
        (
            lambda words: words.update(send={"en": "Send {{x}}", "es": "Enviar"}),
            "send in en must use no name",
        ),
    ],
)
def test_words_with_a_fault_end_the_start(tmp_path: Path, change: Any, problem: str) -> None:
    words = yaml12.load_file(Path("bot/content") / plain_chat.WORDS_FILE)
    change(words)
    path = tmp_path / "words.yml"
    path.write_text(json.dumps(words), encoding="utf-8")
    with pytest.raises(ContentFileError, match=re.escape(problem)):
        load_page_words(path, plain_chat.WORDS)
