"""What every verb is given: the home, the output; and the options that every verb takes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dotdo_cli.output import Output

if TYPE_CHECKING:
    from dotdo import Home, Tenant
    from dotdo.tenancy import Reference


@dataclass(slots=True)
class Settings:
    """The surroundings of one run of the command.

    Args:
        folder: The home that was named, or None.
        output: Where results go.
    """

    folder: Path | None = None
    output: Output = field(default_factory=Output)
    _home: "Home | None" = None

    @property
    def home(self) -> "Home":
        """The home: `--home`, else `$DOTDO_HOME`, else the nearest `.dotdo` upward, else `~/.dotdo`."""
        if self._home is None:
            from dotdo.tenancy.home import Home, default_path

            self._home = Home(self.folder or default_path())
        return self._home

    def reference(self, text: str) -> "Reference":
        """Read a reference to a branch that exists.

        Raises:
            InvalidReference: It cannot be read.
            UnknownTenant: There is no such branch in this home.
        """
        from dotdo.errors import UnknownTenant
        from dotdo.tenancy import Reference, parse_reference

        parsed = parse_reference(text)
        if not self.home.exists(Reference(parsed.tenant, parsed.branch)):
            msg = f"tenant {parsed} does not exist in {self.home.path}"
            raise UnknownTenant(msg)
        return parsed

    def tenant(self, text: str) -> "Tenant":
        """Open what a reference names; never creates it.

        Raises:
            InvalidReference: It cannot be read.
            UnknownTenant: There is no such tenant, branch or moment.
        """
        from dotdo.tenancy import open_tenant

        self.reference(text)
        return open_tenant(text, create=False, home=self.home)

    def free(self, text: str) -> None:
        """See that a name for a new branch or tenant is not taken.

        Raises:
            InvalidName: The name is not allowed.
            AlreadyExists: It is taken.
        """
        from dotdo.errors import AlreadyExists
        from dotdo.tenancy import parse_reference

        reference = parse_reference(text)
        if reference.moment is None and self.home.exists(reference):
            msg = f"{reference} exists"
            raise AlreadyExists(msg)

    def head(self, text: str) -> "Tenant":
        """Open the head of the branch that a reference names, whatever its moment."""
        return self.tenant(str(self.reference(text)))


def settings_of(ctx: typer.Context) -> Settings:
    """Return the settings of this run."""
    found = ctx.find_object(Settings)
    assert found is not None
    return found


def _use_json(ctx: typer.Context, value: bool) -> bool:
    if value:
        settings_of(ctx).output.is_json = True
    return value


def _use_home(ctx: typer.Context, value: Path | None) -> Path | None:
    if value is not None:
        settings_of(ctx).folder = value
    return value


AsJson = Annotated[
    bool, typer.Option("--json", help="Write one JSON document.", callback=_use_json)
]
InHome = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="Folder of the tenants; by default $DOTDO_HOME, else the nearest .dotdo upward, else ~/.dotdo.",
        callback=_use_home,
        file_okay=False,
        show_default=False,
    ),
]
Ref = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="Tenant, with a branch or a moment: acme, acme@trial, acme@v12, acme@~1, acme@2026-01-08.",
        show_default=False,
    ),
]
Limit = Annotated[int, typer.Option("--limit", "-n", help="How many at most; 0 for all.", min=0)]
