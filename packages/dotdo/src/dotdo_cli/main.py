"""The `dotdo` command: its verbs put together, and every outcome turned into an exit code and at most one line."""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dotdo_cli import __version__
from dotdo_cli.errors import ExitCode, ReaderGone, exit_code_of
from dotdo_cli.settings import AsJson, InHome, Settings
from dotdo_cli.verbs import branch, compact, diff, doctor, fork, log, ls, merge, serve, show, user

_SIGINT = 130


class Command(TyperGroup):
    """The group of all verbs; whoever runs it gets exit codes, and errors in one line."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> Any:
        """Run, and leave the process with the outcome."""
        given = sys.argv[1:] if args is None else list(args)
        settings = Settings()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # text may hold what the terminal cannot show
                stream.reconfigure(errors="backslashreplace")
        extra |= {"prog_name": "dotdo", "standalone_mode": False, "obj": settings}
        try:
            code = super().main(given, **extra)
            sys.stdout.flush()
        except Exception as error:  # noqa: BLE001  (the last place where an error can be told)
            code = _tell(error, settings, is_json="--json" in given)
        sys.exit(int(code or 0))


def _tell(error: Exception, settings: Settings, *, is_json: bool) -> int:
    """Tell an error in one line, and as JSON where that was asked for; return the exit code."""
    if isinstance(error, ReaderGone | BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    if os.environ.get("DOTDO_DEBUG"):
        raise error
    kind, message, code = _described(error)
    if settings.output.is_json or is_json:
        found = {"kind": kind, "message": message, "exit_code": code}
        settings.output.document({"error": found})
    typer.echo(f"dotdo: {message}", err=True)
    return code


def _described(error: Exception) -> tuple[str, str, int]:
    """Return the kind, the message and the exit code of an error."""
    if isinstance(error, typer.TyperException):  # the command line cannot be read
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "dotdo"
        return "UsageError", f"{_line(error.format_message())} Try '{path} --help'.", ExitCode.USAGE
    if isinstance(error, typer.Abort):
        return "Aborted", "aborted", _SIGINT
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return type(error).__name__, f"{error.strerror or error}{where}", ExitCode.REFUSED
    if type(error).__module__.startswith(("dotdo.", "dotdo_")):
        return type(error).__name__, _line(str(error)), exit_code_of(error)
    message = f"internal error: {type(error).__name__}: {error} (DOTDO_DEBUG=1 shows where)"
    return "InternalError", _line(message), ExitCode.REFUSED


def _line(text: str) -> str:
    return " ".join(text.split())


app = typer.Typer(
    name="dotdo",
    cls=Command,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 the answer is no (conflicts, problems), 2 usage, 3 not found, 4 refused or failed.",
)
for _verb in (ls, show, log, branch, diff, merge, fork, compact, doctor, serve):
    _verb.add_to(app)
app.add_typer(user.app)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"dotdo {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def dotdo(
    ctx: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """Serve, show, branch, merge and examine tenants: one graph each, behind every API."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit(ExitCode.USAGE)


def main() -> None:
    """Run the command."""
    app()
