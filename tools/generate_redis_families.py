"""Write dotdo_redis/spec/families.py from what a running redis-server 8 with its modules says of their commands.

Usage: python -m tools.generate_redis_families redis://127.0.0.1:6379 packages/dotdo-redis/src/dotdo_redis/spec
"""

import sys
from pathlib import Path
from typing import Any

from redis import Connection, Redis

from tools.generate_redis_spec import flatten, text, write

FAMILIES = ("JSON.", "BF.", "CF.", "CMS.", "TOPK.", "TDIGEST.", "TS.", "FT.")
VECTORS = "vectorset"


def main(url: str, folder: Path) -> None:
    """Ask the server and write the module."""
    client = Redis.from_url(url)
    version = client.info("server")["redis_version"]
    place = client.connection_pool.connection_kwargs
    wire: Any = Connection(host=place["host"], port=place["port"], protocol=3)  # type: ignore[no-untyped-call]  # redis-py does not say
    wire.send_command("COMMAND", "LIST", "FILTERBY", "MODULE", VECTORS)
    vectors = {name.upper() for name in text(wire.read_response())}
    wire.send_command("COMMAND")
    found: dict[str, Any] = {}
    for entry in sorted(text(wire.read_response()), key=lambda entry: str(entry[0])):
        name = entry[0].upper()
        if name.startswith(FAMILIES) or name in vectors:
            flatten(entry, found)
    wire.disconnect()
    title = "Flags and keys of the commands of JSON, sketches, time series, vector sets and search"
    write(folder / "families.py", title, version, "COMMANDS", found)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
