"""`dotdo doctor`: examines the home, its files and what is installed; exit code 1 when something is wrong."""

import platform
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dotdo_cli.errors import ExitCode
from dotdo_cli.examples import examples
from dotdo_cli.output import Output, plural
from dotdo_cli.settings import AsJson, InHome, Settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo.tenancy import Reference
    from dotdo.tenancy.checkup import Finding

Document = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples(
        "dotdo doctor",
        "dotdo doctor acme",
        """dotdo doctor --json | jq '.findings[] | select(.level != "ok")'""",
    )
    app.command("doctor", epilog=epilog)(doctor)


def doctor(
    ctx: typer.Context,
    ref: Annotated[
        str | None,
        typer.Argument(metavar="REF", help="Only this tenant, or this branch of it (acme@trial)."),
    ] = None,
    _json: AsJson = False,
    _home: InHome = None,
) -> ExitCode:
    """Examine files, logs and the installation; repairs nothing."""
    settings = settings_of(ctx)
    out = settings.output
    with out.waiting("examining") as say:
        findings = []
        for finding in _examine(settings, ref):
            findings.append(finding)
            say(f"examining {finding.subject}")
        protocols, failure = _protocols()
    if failure is not None:
        findings.append(failure)
    answer: Document = {
        "healthy": all(f.level != "problem" for f in findings),
        "home": str(settings.home.path),
        "python": platform.python_version(),
        "sqlite": _sqlite(),
        "packages": _packages(),
        "protocols": protocols,
        "findings": [
            {"level": f.level, "check": f.check, "subject": f.subject, "message": f.message}
            for f in findings
        ],
    }
    out.answer(answer, lambda: _show(out, answer))
    return ExitCode.OK if answer["healthy"] else ExitCode.NO


def _examine(settings: Settings, ref: str | None) -> "Iterator[Finding]":
    from dotdo.tenancy.checkup import examine_branch, examine_home

    chosen = None if ref is None else list(_chosen(settings, ref))
    yield from examine_home(settings.home)
    for reference in chosen if chosen is not None else _all(settings):
        yield from examine_branch(settings.home, reference)


def _all(settings: Settings) -> "Iterator[Reference]":
    from dotdo.tenancy.checkup import references

    yield from references(settings.home)


def _chosen(settings: Settings, ref: str) -> "Iterator[Reference]":
    """Yield the branch that was named, or every branch of the tenant that was."""
    wanted = settings.reference(ref)
    for reference in _all(settings):
        is_named = "@" not in ref or reference.branch == wanted.branch
        if reference.tenant == wanted.tenant and is_named:
            yield reference


def _protocols() -> "tuple[list[Document], Finding | None]":
    from dotdo.serving import installed_protocols
    from dotdo.serving.errors import ProtocolLoadError
    from dotdo.tenancy.checkup import Finding

    try:
        found = installed_protocols().values()
    except ProtocolLoadError as error:
        return [], Finding("problem", "protocols", "installation", str(error))
    return [{"protocol": p.name, "default_port": p.default_port} for p in found], None


def _packages() -> dict[str, str]:
    from importlib.metadata import distributions

    found = {str(d.metadata["Name"]): d.version for d in distributions()}
    return {name: found[name] for name in sorted(found) if name.startswith("dotdo")}


def _sqlite() -> str:
    from dotdo.tenancy.checkup import sqlite_version

    return sqlite_version()


def _show(out: Output, answer: Document) -> None:
    packages = ", ".join(f"{name} {version}" for name, version in answer["packages"].items())
    protocols = ", ".join(f"{p['protocol']} ({p['default_port']})" for p in answer["protocols"])
    out.write(f"home       {answer['home']}")
    out.write(f"python     {answer['python']}, SQLite {answer['sqlite']}")
    out.write(f"packages   {packages}")
    out.write(f"protocols  {protocols or 'none'}")
    bad = [f for f in answer["findings"] if f["level"] != "ok"]
    rows = [(f["level"], f["check"], f["subject"], f["message"]) for f in bad]
    if rows:
        out.write("")
    out.table(("level", "check", "subject", "found"), rows)
    good = len(answer["findings"]) - len(bad)
    problems = sum(f["level"] == "problem" for f in bad)
    warnings = len(bad) - problems
    out.write("")
    out.write(
        f"{plural(good, 'check')} passed, {plural(warnings, 'warning')}, {plural(problems, 'problem')}"
    )
