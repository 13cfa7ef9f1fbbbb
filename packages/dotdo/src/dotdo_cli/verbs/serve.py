"""`dotdo serve`: serves the installed protocols until SIGINT or SIGTERM; beyond loopback only with credentials."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dotdo_cli.errors import NotInstalled, Refused, UsageError
from dotdo_cli.examples import examples
from dotdo_cli.output import Output
from dotdo_cli.settings import AsJson, InHome, Settings, settings_of
from dotdo_cli.verbs.user import CredentialsFile, credentials_path

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from dotdo.serving import Credentials, Listener, Services, WireProtocol
    from dotdo_cli.listening import Wishes

Document = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples(
        "dotdo serve",
        "dotdo serve postgres --port postgres=15432 --create",
        "dotdo serve --unix postgres=/run/dotdo/postgres.sock",
        "dotdo user add alice && dotdo serve --host 0.0.0.0 --tls-cert server.crt --tls-key server.key",
    )
    app.command("serve", epilog=epilog)(serve)


def serve(
    ctx: typer.Context,
    *,
    protocols: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PROTOCOL...", help="Which protocols; every installed one by default."
        ),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[PROTOCOL=]HOST",
            help="Name or address to listen on, for all or for one protocol; 127.0.0.1 by default.",
        ),
    ] = None,
    port: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[PROTOCOL=]PORT",
            help="Port of a protocol, the vendor's own by default; 0 takes any free one.",
        ),
    ] = None,
    unix: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[PROTOCOL=]PATH",
            help="Listen on a socket file, and on TCP only if --host or --port names the protocol.",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate chain, PEM.", dir_okay=False, exists=True)
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="Its private key, PEM.", dir_okay=False, exists=True)
    ] = None,
    tls_first: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROTOCOL", help="TLS from the first byte, not only when a client asks."
        ),
    ] = None,
    credentials: CredentialsFile = None,
    create: Annotated[
        bool,
        typer.Option("--create", help="Create tenants that clients name and that are missing."),
    ] = False,
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """Serve tenants over the protocols that are installed, until SIGINT or SIGTERM."""
    from dotdo_cli.listening import Wishes

    settings = settings_of(ctx)
    chosen = _chosen(protocols or [])
    wishes = Wishes.parse(tuple(chosen), host or [], port or [], unix or [], tls_first or [])
    users = _credentials(settings, credentials)
    services = _services(settings, users, _tls(tls_cert, tls_key), create=create)
    facts: Document = {
        "home": str(settings.home.path),
        "credentials": None if users is None else str(credentials_path(settings, credentials)),
        "create": create,
    }
    _run(wishes, chosen, services, settings.output, facts)


def _chosen(names: list[str]) -> "Mapping[str, WireProtocol]":
    """Return the protocols of those names, or all; others that are installed are not loaded."""
    from dotdo.serving import installed_protocols, protocol_names

    known = protocol_names()
    if not known:
        raise NotInstalled("no protocol is installed; try: pip install 'dotdo[postgres]'")
    for name in names:
        if name not in known:
            message = f"protocol {name!r} is not installed; there is: {', '.join(known)}"
            raise NotInstalled(message)
    return installed_protocols(*names)


def _credentials(settings: Settings, given: Path | None) -> "Credentials | None":
    from dotdo.serving import Credentials

    path = credentials_path(settings, given)
    return Credentials.load(path) if given is not None or path.exists() else None


def _tls(certificate: Path | None, key: Path | None) -> "ssl.SSLContext | None":
    from dotdo.serving import server_context

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("--tls-cert and --tls-key go together")
    return server_context(certificate, key)


def _services(
    settings: Settings, users: "Credentials | None", tls: "ssl.SSLContext | None", *, create: bool
) -> "Services":
    from dotdo.serving import Services
    from dotdo.tenancy import open_tenant

    home = settings.home
    return Services(
        resolve_tenant=lambda name: open_tenant(name, create=create, home=home),
        credentials=users,
        tls=tls,
    )


def _run(
    wishes: "Wishes",
    chosen: "Mapping[str, WireProtocol]",
    services: "Services",
    out: Output,
    facts: Document,
) -> None:
    import logging

    from dotdo.serving import run
    from dotdo.serving.errors import UnprotectedListener
    from dotdo_cli.listening import AnnouncedHost

    logging.basicConfig(format="dotdo: %(levelname)s: %(message)s")
    listeners = wishes.listeners(chosen)
    has_tls = services.tls is not None

    def announce(addresses: "Sequence[tuple[str, int] | Path]") -> None:
        pairs = zip(listeners, addresses, strict=True)
        listening = [_listening(each, address, has_tls=has_tls) for each, address in pairs]
        _announce(out, {**facts, "listening": listening})

    try:
        run(AnnouncedHost(listeners, services, announce))
    except UnprotectedListener as error:
        message = f"{error} (dotdo user add NAME)"
        raise Refused(message) from error
    out.note("stopped")


def _listening(
    listener: "Listener", address: "tuple[str, int] | Path", *, has_tls: bool
) -> Document:
    from dotdo.serving import TcpListener

    is_first = isinstance(listener, TcpListener) and listener.is_tls_first
    host, port = (None, None) if isinstance(address, Path) else address
    return {
        "protocol": listener.protocol.name,
        "host": host,
        "port": port,
        "path": str(address) if isinstance(address, Path) else None,
        "tls": "first" if is_first else "offered" if has_tls else None,
    }


def _announce(out: Output, answer: Document) -> None:
    import sys

    out.answer(answer, lambda: _show(out, answer))
    sys.stdout.flush()


def _show(out: Output, answer: Document) -> None:
    rows = [
        (
            one["protocol"],
            one["path"] or f"{one['host']} port {one['port']}",
            {None: "no TLS", "offered": "TLS offered", "first": "TLS only"}[one["tls"]],
        )
        for one in answer["listening"]
    ]
    out.table(("protocol", "listening on", "encryption"), rows)
    who = (
        f"users of {answer['credentials']}" if answer["credentials"] else "anybody on this machine"
    )
    out.note(f"serving {answer['home']} to {who}; Ctrl-C stops")
