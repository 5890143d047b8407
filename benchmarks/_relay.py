"""``python -m benchmarks._relay PORT DELAY RATE LOG``: a far and slow host, made of a near and quick one.

Every connection to the relay, whose port is printed, leads to PORT. What passes is held for half of DELAY
seconds in each direction; answers come at RATE bytes a second a connection. A new connection waits for one
DELAY more, as its handshake would. LOG gets a line four times a second: the time, and all bytes of answers.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PIECE = 16 << 10  # bytes that are passed on at once
_HELD = 4 << 20  # bytes that may be on the way
_EVERY = 0.25


class Relay:
    """The far host.

    Args:
        port: Where the near one is.
        delay: Seconds there and back.
        rate: Bytes a second a connection.
    """

    def __init__(self, port: int, delay: float, rate: float) -> None:
        self._port = port
        self._delay = delay
        self._rate = rate
        self._passed = 0

    async def serve(self, log: Path) -> None:
        """Print the port; pass on until the process ends."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        with log.open("w") as lines:
            while True:
                lines.write(f"{time.monotonic()} {self._passed}\n")
                lines.flush()
                await asyncio.sleep(_EVERY)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._delay)
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(
            self._pass_on(reader, back.write, back, seconds=0),
            self._pass_on(there, self._answer(writer), writer, seconds=1 / self._rate),
            return_exceptions=True,
        )

    def _answer(self, writer: asyncio.StreamWriter) -> Callable[[bytes], None]:
        def write(data: bytes) -> None:
            self._passed += len(data)
            writer.write(data)

        return write

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        write: Callable[[bytes], None],
        writer: asyncio.StreamWriter,
        *,
        seconds: float,
    ) -> None:
        """Pass bytes on, each half the delay after it came, and no faster than in so many seconds a byte."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_HELD // _PIECE)

        async def take() -> None:
            while data := await reader.read(_PIECE):
                await on_the_way.put((time.monotonic() + self._delay / 2, data))
            await on_the_way.put((time.monotonic() + self._delay / 2, b""))

        taking = asyncio.create_task(take())
        free = 0.0  # when the line will have passed on what it was given
        try:
            while True:
                due, data = await on_the_way.get()
                free = max(free, due) + len(data) * seconds
                if (wait := free - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                if not data:
                    break
                write(data)
                await writer.drain()
        except OSError:
            pass  # one end is gone
        finally:
            taking.cancel()
            writer.close()


if __name__ == "__main__":
    asyncio.run(Relay(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])).serve(Path(sys.argv[4])))
