"""Serves PostgreSQL's protocol on a spare port, which it prints, until its input ends: a process of its own, for libpq connects without giving way."""

import sys
import tempfile

from dotdo.serving import Host, Services, TcpListener, serve_in_thread
from dotdo.tenancy import Home, open_tenant
from dotdo_postgres.server import protocol


def main(database: str) -> None:
    """Serve a home of its own with that tenant."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder)
        for name in {database, "postgres"}:  # the second is everybody's maintenance database
            home.create(name)
        services = Services(lambda name: open_tenant(name, create=False, home=home))
        host = Host([TcpListener(protocol, port=0)], services)
        with serve_in_thread(host):
            print(host.addresses[0][1], flush=True)  # type: ignore[index]  # of TCP
            sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
