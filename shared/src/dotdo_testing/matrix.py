"""The compatibility pages, rendered from results and from what packages declare; it invents no line of them."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points

from dotdo_testing.case import Target
from dotdo_testing.results import Results

GROUP = "dotdo.compatibility"
HEADING = "<!-- Rendered by `hatch run matrix`; not edited by hand. -->"
NOTHING = "No conformance results and no declarations yet."

# title ("SQL functions") -> state ("supported", "not supported") -> names
Declared = Mapping[str, Mapping[str, Sequence[str]]]


def declarations() -> dict[str, Declared]:
    """Ask every installed package what it declares: distribution name -> declared list.

    A package offers a function without arguments under the entry point group `dotdo.compatibility`.
    """
    found = entry_points(group=GROUP)
    return {entry.name: entry.load()() for entry in sorted(found, key=lambda entry: entry.name)}


def package_page(package: str, results: Results | None, declared: Declared) -> str:
    """Render the COMPATIBILITY.md of one package."""
    lines = [HEADING, f"# {package}: compatibility", ""]
    if results is None and not declared:
        lines += [NOTHING, ""]
    if results is not None:
        lines += [*counts([results]), "", *gaps(results)]
    for title, states in declared.items():
        total = sum(len(names) for names in states.values())
        lines += [f"## {title}", ""]
        for state, names in states.items():
            told = ", ".join(f"`{name}`" for name in sorted(names)) or "none"
            lines += [f"**{state}** ({len(names)} of {total}): {told}", ""]
    return "\n".join(lines).rstrip() + "\n"


def overall_page(results: Sequence[Results], declared: Mapping[str, Declared]) -> str:
    """Render docs/compatibility.md: one line per package and target."""
    lines = [HEADING, "# Compatibility", ""]
    lines += [*counts(results), ""] if results else []
    for package, titles in declared.items():
        for title, states in titles.items():
            told = ", ".join(f"{len(names)} {state}" for state, names in states.items())
            lines.append(f"- {package}, {title}: {told}")
    return "\n".join(lines if results or declared else [*lines, NOTHING]).rstrip() + "\n"


def counts(results: Sequence[Results]) -> Iterator[str]:
    """Yield the table of outcomes. A pass counts only where the real service passes too."""
    yield "| package | target | cases | passed | known gaps | failed | unproven | real service |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in results:
        service = one.services.get("real") or one.services.get("recorded", "")
        for target in Target:
            if tally := one.tally(target):
                numbers = [tally[outcome] for outcome in ("passed", "gap", "failed", "unproven")]
                cells = [one.package, target, sum(tally.values()), *numbers, service]
                yield f"| {' | '.join(str(cell) for cell in cells)} |"


def gaps(results: Results) -> Iterator[str]:
    """Yield the list of known gaps with their reasons."""
    if results.reasons:
        yield from ("## Known gaps", "")
        for case, reasons in sorted(results.reasons.items()):
            for target, reason in sorted(reasons.items()):
                yield f"- `{case}` {target}: {reason}"
        yield ""
