"""Serves an empty keyspace on a loopback port as the release whose suite is run: `redis_server.py PORT [RELEASE]`."""

import sys

from dotdo.serving import Host, Services, TcpListener
from dotdo.serving.running import run
from dotdo_redis.engine.config import Config
from dotdo_redis.server import Keyspaces, redis_protocol


class TellingHost(Host):
    """Prints a line once it listens."""

    async def start(self) -> None:
        await super().start()
        print("ready", flush=True)


def main(port: int, release: str = "7.0.15") -> None:
    parts = tuple(int(part) for part in release.split("."))
    keyspaces = Keyspaces(config=lambda: Config(parts))
    run(TellingHost([TcpListener(redis_protocol(keyspaces), port=port)], Services(str)))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
