"""The MLLP floor: bare asyncio, one durable insert of the raw message, then AA.

`python -m bench.floors.mllp PORT DATABASE_URL`
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import sys
from typing import TYPE_CHECKING

import uvloop

from bench.floors.durable import open_durable

if TYPE_CHECKING:
    from bench.floors.durable import Durable

_END = b"\x1c\r"
_NUMBERS = itertools.count()


async def _converse(
    durable: Durable, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            message = (await reader.readuntil(_END))[1:-2]
            durable.insert(f"{next(_NUMBERS)}", message)
            control_id = message.split(b"|", 10)[9]
            writer.write(
                b"\x0bMSH|^~\\&|F|F|||20260101||ACK|1|P|2.5\rMSA|AA|" + control_id + b"\r" + _END
            )
    writer.close()


async def _serve(port: int, url: str) -> None:
    converse = functools.partial(_converse, open_durable(url))
    server = await asyncio.start_server(converse, "127.0.0.1", port, limit=1 << 26)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), sys.argv[2]))
