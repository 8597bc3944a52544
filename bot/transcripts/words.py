"""The full-text index: which words a text has, and the tables that hold them.

Words are folded here and not by the database, so that both find "aplicación" by "aplicacion" and SQLite and PostgreSQL
agree. A row holds the words of one message once each, in no order. Its number is made from the conversation's number
and the message's ``seq``: whose it is can be told without a second table, and a message saved again stays one row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    TableClause,
    Text,
    TextClause,
    any_,
    column,
    delete,
    func,
    literal,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

TABLE = "message_words"
#: Bits of the number of a row that are the message's ``seq``.
SEQ_BITS = 20
#: Longer words are cut: PostgreSQL takes no word above 2,046 bytes, and nobody looks for one.
_LONGEST = 64
#: The last word of a search may be unfinished from this length on.
_PREFIX = 3
#: Pages of the index that are merged in one step.
_MERGED = 1_000
_WORD = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff]+")


def words_of(text: str) -> list[str]:
    """The words of a text, each once, lower case and without accents, in the order of the alphabet."""
    return sorted(set(_words(text)))


def _words(text: str) -> list[str]:
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return [word[:_LONGEST] for word in _WORD.findall(text.lower())]


class Spoken(Protocol):
    """What the index needs of a message."""

    @property
    def seq(self) -> int: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Search:
    """The words looked for; ``begins`` is the beginning of another one, or empty."""

    words: tuple[str, ...]
    begins: str = ""


def search_of(text: str) -> Search | None:
    """What a member of staff looks for; None when the text has no word."""
    found = _words(text)
    if not found:
        return None
    last = found[-1]
    whole = tuple(dict.fromkeys(found[:-1]))
    # The cut word is the beginning of what was cut, too.
    if len(last) >= _PREFIX:
        return Search(tuple(word for word in whole if not word.startswith(last)), last)
    return Search(tuple(dict.fromkeys([*whole, last])))


def row_number(number: int, seq: int) -> int:
    """The number of the row of a message."""
    return (number << SEQ_BITS) | seq


def last_row_number(number: int) -> int:
    """The highest number that a row of this conversation can have."""
    return row_number(number + 1, 0) - 1


def create(connection: Connection) -> None:
    """Makes the table, empty."""
    if connection.dialect.name == "sqlite":
        # The words come folded and parted by blanks, which is what this tokenizer parts at.
        connection.execute(
            text(
                f"CREATE VIRTUAL TABLE {TABLE} USING fts5(words, tokenize='ascii', detail=none, columnsize=0)"
            )
        )
        return
    connection.execute(
        text(f"CREATE TABLE {TABLE} (id BIGINT CONSTRAINT pk_{TABLE} PRIMARY KEY, words TSVECTOR NOT NULL)")
    )
    # Without fastupdate: a search need not go through what was written last, one by one.
    connection.execute(
        text(f"CREATE INDEX ix_{TABLE}_words ON {TABLE} USING gin (words) WITH (fastupdate = off)")
    )


def is_described(name: str | None, type_: str, _parents: object) -> bool:
    """Whether the metadata describes a table: it does not know those of the index, some of which SQLite makes."""
    return not (type_ == "table" and (name or "").startswith(TABLE))


_KEEP = {
    "sqlite": text(
        "INSERT OR REPLACE INTO message_words (rowid, words) "
        "VALUES ((SELECT number << 20 FROM conversations WHERE id = :conversation) | :seq, :words)"
    ),
    "postgresql": text(
        "INSERT INTO message_words (id, words) "
        "VALUES ((SELECT number << 20 FROM conversations WHERE id = :conversation) | :seq, "
        "array_to_tsvector(string_to_array(:words, ' '))) "
        "ON CONFLICT (id) DO UPDATE SET words = excluded.words"
    ),
}
_MERGE = text("INSERT INTO message_words (message_words, rank) VALUES ('merge', :pages)")
#: The table as each database names the number of a row.
_WORDS = {
    "sqlite": table(TABLE, column("rowid", BigInteger), column("words", Text)),
    "postgresql": table(TABLE, column("id", BigInteger), column("words")),
}


async def keep(connection: AsyncConnection, conversation_id: str, messages: Iterable[Spoken]) -> None:
    """Writes the words of messages of one conversation, whose row is there."""
    rows = [_row(connection, conversation_id, message.seq, message.text) for message in messages]
    await connection.execute(_KEEP[connection.dialect.name], rows)


def keep_all(connection: Connection, texts: Iterable[tuple[str, int, str]]) -> None:
    """Writes the words of many messages, each given by its conversation's id, its ``seq`` and its text."""
    rows = [_row(connection, *text) for text in texts]
    if rows:
        connection.execute(_KEEP[connection.dialect.name], rows)


def _row(
    connection: Connection | AsyncConnection, conversation_id: str, seq: int, text: str
) -> dict[str, object]:
    # On SQLite each word has a blank on both sides, to be found without the index.
    edge = " " if connection.dialect.name == "sqlite" else ""
    return {
        "conversation": conversation_id,
        "seq": seq,
        "words": f"{edge}{' '.join(words_of(text))}{edge}",
    }


async def drop(connection: AsyncConnection, number: int) -> None:
    """Deletes the words of a conversation."""
    words, id = _table(connection)
    await connection.execute(delete(words).where(id.between(row_number(number, 0), last_row_number(number))))


async def are_few(connection: AsyncConnection, search: Search, most: int) -> bool:
    """Whether no more than ``most`` messages have these words."""
    if search.begins:
        # The beginnings of words are dear to look up when they are common, and then they mostly are words themselves.
        whole = Search((*search.words, search.begins))
        return await _are_few(connection, whole, most) and await _are_few(connection, search, most)
    return await _are_few(connection, search, most)


async def _are_few(connection: AsyncConnection, search: Search, most: int) -> bool:
    words, _ = _table(connection)
    some: Select[Any] = (
        select(literal_column("1")).select_from(words).where(_matches(search, connection)).limit(most + 1)
    )
    count = await connection.scalar(select(func.count()).select_from(some.subquery()))
    return int(count or 0) <= most


async def found(
    connection: AsyncConnection, search: Search, number: ColumnElement[int]
) -> ColumnElement[bool]:
    """Whether the conversation of that number is one of those that have the words, by the index; few have."""
    words, id = _table(connection)
    theirs = id.op(">>", return_type=BigInteger())(literal_column(str(SEQ_BITS))).label("number")
    numbers = select(theirs).distinct().select_from(words).where(_matches(search, connection))
    if connection.dialect.name == "sqlite":
        return number.in_(numbers)
    # Looked up first: PostgreSQL expects far more of them, and would go through all conversations.
    known = (await connection.execute(numbers)).scalars().all()
    return number == any_(literal(known, ARRAY(BigInteger)))


def has_words(search: Search, number: ColumnElement[int], connection: AsyncConnection) -> ColumnElement[bool]:
    """Whether the conversation of that number has the words; looks at its messages and not at the index."""
    words, id = _table(connection)
    first = number.op("<<", return_type=BigInteger())(literal_column(str(SEQ_BITS)))
    mine = id.between(first, first.op("|")(literal_column(str((1 << SEQ_BITS) - 1))))
    if connection.dialect.name != "sqlite":
        # Not the column itself, so that PostgreSQL does not look the words up in its index for each conversation.
        matches = _matches(search, connection, "coalesce(words, '')")
        return select(literal_column("1")).select_from(words).where(mine, matches).exists()
    wanted = [f" {word} " for word in search.words] + ([f" {search.begins}"] if search.begins else [])
    there = [func.instr(words.c.words, word) > 0 for word in wanted]
    return select(literal_column("1")).select_from(words).where(mine, *there).exists()


def _table(connection: AsyncConnection) -> tuple[TableClause, ColumnElement[int]]:
    words = _WORDS[connection.dialect.name]
    return words, words.c[0]


def _matches(search: Search, connection: AsyncConnection, words: str = "words") -> TextClause:
    # Letters and digits only: nothing in a word can mean something to either query language.
    if connection.dialect.name == "sqlite":
        parts = [f'"{word}"' for word in search.words] + ([f'"{search.begins}"*'] if search.begins else [])
        return text("message_words MATCH :query").bindparams(query=" AND ".join(parts))
    parts = [f"'{word}'" for word in search.words] + ([f"'{search.begins}':*"] if search.begins else [])
    return text(f"{words} @@ CAST(:query AS tsquery)").bindparams(query=" & ".join(parts))


async def clean(database: AsyncEngine, most: int | None = None) -> bool:
    """Whether SQLite's index is rid of what was deleted: until its parts are merged, deleted words stay in them.

    In steps, at ``most`` so many, so that turns can be written in between; called again it goes on. PostgreSQL's
    autovacuum does it there.
    """
    done = 0
    while most is None or done < most:
        async with database.begin() as connection:
            before = await _changes(connection)
            # A negative number begins to merge all parts, a positive one goes on with what was begun.
            await connection.execute(_MERGE, {"pages": _MERGED if done else -_MERGED})
            # SQLite's page on FTS5: fewer than two changes mean that there was nothing to do.
            if await _changes(connection) - before < 2:
                return True
        done += 1
    return False


async def _changes(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT total_changes()"))).scalar_one())
