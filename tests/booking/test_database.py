"""How writers of one process wait for each other."""

from __future__ import annotations

import asyncio

from bot.booking.database import Line


async def test_writers_go_one_at_a_time_those_in_a_hurry_first() -> None:
    line, done, inside = Line(), [], 0

    async def write(name: str, first: bool = False) -> None:
        nonlocal inside
        async with line.turn(first):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            done.append(name)
            inside -= 1

    tasks = [asyncio.create_task(write(name, name.startswith("h"))) for name in ("a", "b", "c", "h1", "h2")]
    await asyncio.gather(*tasks)
    assert done == ["a", "h1", "h2", "b", "c"]


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    line = Line()
    async with line.turn():
        waiting = [asyncio.create_task(_write(line)) for _ in range(4)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        waiting[1].cancel()
    # The next one has its turn from this moment on, and gives up before it can take it.
    waiting[2].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, True, True, False]
    await asyncio.wait_for(_write(line), 1)


async def test_a_writer_that_fails_passes_its_turn_on() -> None:
    line = Line()
    try:
        async with line.turn():
            raise RuntimeError
    except RuntimeError:
        pass
    await asyncio.wait_for(_write(line), 1)


async def _write(line: Line) -> bool:
    async with line.turn():
        return True
