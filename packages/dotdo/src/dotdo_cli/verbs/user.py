"""`dotdo user`: who may connect to `dotdo serve`; passwords are asked for or read from standard input, never arguments."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dotdo_cli.errors import Refused, UnknownUser, UsageError
from dotdo_cli.examples import examples
from dotdo_cli.output import Output
from dotdo_cli.settings import AsJson, InHome, Settings, settings_of

if TYPE_CHECKING:
    from dotdo.serving import Credentials

CredentialsFile = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        help="File of the users; by default credentials.json in the home.",
        dir_okay=False,
        show_default=False,
    ),
]
UserName = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the user.", show_default=False)
]

app = typer.Typer(name="user", help="Manage who may connect to dotdo serve.", no_args_is_help=True)


def credentials_path(settings: Settings, given: Path | None) -> Path:
    """Return the file of the users: the one given, else the home's."""
    return given or settings.home.path / "credentials.json"


@app.command(
    "add",
    epilog=examples(
        "dotdo user add alice",
        "dotdo user add reports --tenant acme --tenant globex < password.txt",
    ),
)
def add(
    ctx: typer.Context,
    *,
    name: UserName,
    tenant: Annotated[
        list[str] | None,
        typer.Option(help="A tenant the user may open, repeatable; all when none is named."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace password and tenants of a user.")
    ] = False,
    sha1: Annotated[
        bool,
        typer.Option("--sha1", help="Also for MongoDB clients that only know SCRAM-SHA-1."),
    ] = False,
    credentials: CredentialsFile = None,
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """Add a user; the password is asked for, or read from standard input when that is no terminal."""
    from dotdo.serving import Credentials, Mechanism
    from dotdo.tenancy.references import check_name

    settings = settings_of(ctx)
    path = credentials_path(settings, credentials)
    users = Credentials.load(path) if path.exists() else Credentials()
    if not name:
        raise UsageError("the name of the user is empty")
    if name in users.users and not replace:
        message = f"user {name!r} exists; --replace gives a new password and new tenants"
        raise Refused(message)
    granted = [check_name(each, "tenant") for each in tenant or ()]
    mechanisms = (Mechanism.SHA_1,) if sha1 else ()
    users.set_password(name, _password(), tenants=granted or "*", mechanisms=mechanisms)
    if credentials is None:
        settings.home.prepare()
    users.save(path)
    document = {"user": name, "tenants": granted or "*", "credentials": str(path)}
    out = settings.output
    out.answer(
        document, lambda: out.write(f"user {name} may open {', '.join(granted) or 'every tenant'}")
    )


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise UsageError("no password on standard input")
    return given


@app.command("rm", epilog=examples("dotdo user rm alice"))
def rm(
    ctx: typer.Context,
    *,
    name: UserName,
    credentials: CredentialsFile = None,
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """Remove a user; a server that runs learns of it when it is started again."""
    settings = settings_of(ctx)
    path = credentials_path(settings, credentials)
    users = _load(path)
    if name not in users.users:
        message = f"there is no user {name!r} in {path}"
        raise UnknownUser(message)
    users.remove(name)
    users.save(path)
    out = settings.output
    out.answer({"user": name, "removed": True}, lambda: out.write(f"user {name} removed"))


@app.command("ls", epilog=examples("dotdo user ls", "dotdo user ls --json"))
def ls(
    ctx: typer.Context,
    credentials: CredentialsFile = None,
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """List the users and which tenants of this home they may open."""
    settings = settings_of(ctx)
    path = credentials_path(settings, credentials)
    users = _load(path)
    tenants = list(settings.home.tenants())
    found: list[dict[str, object]] = [
        {
            "user": name,
            "tenants": "*" if users.allows(name, "*") else _open_to(users, name, tenants),
        }
        for name in users.users
    ]
    settings.output.answer(found, lambda: _show(settings.output, found, path))


def _load(path: Path) -> "Credentials":
    from dotdo.serving import Credentials

    return Credentials.load(path) if path.exists() else Credentials()


def _open_to(users: "Credentials", name: str, tenants: list[str]) -> list[str]:
    return [tenant for tenant in tenants if users.allows(name, tenant)]


def _show(out: Output, found: list[dict[str, object]], path: Path) -> None:
    if not found:
        out.note(f"no users in {path}")
    rows = []
    for one in found:
        granted = one["tenants"]
        rows.append((one["user"], ", ".join(granted) if isinstance(granted, list) else granted))
    out.table(("user", "tenants"), rows)
