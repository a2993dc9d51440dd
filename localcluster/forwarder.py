"""Lead ports of the machine's loopback to the same ports of a network namespace's loopback, or to an address in it.

`python -m localcluster.forwarder NAMESPACE_FILE (PORT | PORT:ADDRESS:PORT)...`
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import sys

_CLONE_NEWNET = 0x40000000
_CHUNK = 1 << 16


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def _serve(listener: socket.socket, address: str, port: int) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            try:
                there_reader, there_writer = await asyncio.open_connection(address, port)
            except OSError:
                return
            with contextlib.closing(there_writer):
                await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))

    server = await asyncio.start_server(connected, sock=listener)
    await server.serve_forever()


async def _serve_all(listeners: list[tuple[socket.socket, str, int]]) -> None:
    await asyncio.gather(*(_serve(listener, address, port) for listener, address, port in listeners))


def destination(way: str) -> tuple[int, str, int]:
    """Return the port to listen on, and the address and port that it leads to."""
    port, _, there = way.partition(":")
    address, _, other = there.rpartition(":")
    return int(port), address or "127.0.0.1", int(other or port)


def enter_network(namespace_file: str) -> None:
    """Put this thread into a network namespace (setns(2)); sockets made before stay where they were."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(namespace_file, os.O_RDONLY)
    try:
        if libc.setns(descriptor, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace_file}")
    finally:
        os.close(descriptor)


def main() -> None:
    """Listen here, then move over, so that every later connection starts there."""
    namespace_file, *ways = sys.argv[1:]
    destinations = [destination(way) for way in ways]
    listeners = [(socket.create_server(("127.0.0.1", here), backlog=512), address, port) for here, address, port in destinations]
    enter_network(namespace_file)
    asyncio.run(_serve_all(listeners))


if __name__ == "__main__":
    main()
