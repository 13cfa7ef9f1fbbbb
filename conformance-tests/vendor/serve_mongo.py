"""Serves MongoDB's protocol on a spare port, which it prints, until its input ends; databases are created as they are written to."""

import sys
import tempfile

from dotdo.serving import Host, Services, TcpListener, serve_in_thread
from dotdo.tenancy import Home, open_tenant
from dotdo_mongo.server import mongo_protocol


def main() -> None:
    """Serve a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder)
        services = Services(lambda name: open_tenant(name, create=False, home=home))
        host = Host(
            [TcpListener(mongo_protocol(home, may_create=True, has_test_commands=True), port=0)],
            services,
        )
        with serve_in_thread(host):
            print(host.addresses[0][1], flush=True)  # type: ignore[index]  # of TCP
            sys.stdin.read()


if __name__ == "__main__":
    main()
