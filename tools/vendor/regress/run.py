"""The run: each file of the suite on both servers, answers compared, causes of differences counted."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tools.vendor.regress.answers import Answer, cause
from tools.vendor.regress.script import Script, Statement
from tools.vendor.regress.targets import Inproc, InprocDatabases, Libpq, RealDatabases

SETUP = "test_setup"
_SKIPPED = re.compile(r"\s*explain\b", re.IGNORECASE)
_COPY = re.compile(r"(\s*copy\s.*\sfrom)\s+'([^']*)'(.*)$", re.IGNORECASE | re.DOTALL)
_NO_FILES = "42501"


@dataclass(slots=True)
class Difference:
    """A statement answered differently."""

    place: str
    sql: str
    cause: str
    wanted: Answer
    given: Answer


@dataclass(slots=True)
class Tally:
    """What came of the statements."""

    passed: int = 0
    deselected: int = 0
    met: set[str] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)

    @property
    def causes(self) -> Counter[str]:
        """How often each cause came up."""
        return Counter(one.cause for one in self.differences)


@dataclass(slots=True)
class Suite:
    """The suite in a folder with `regress/` and the list of its files."""

    folder: Path
    url: str
    deselected: frozenset[str] = frozenset()
    tally: Tally = field(default_factory=Tally)

    def run(self, names: Iterable[str], told: Callable[[str], None]) -> Tally:
        """Run files, each in a fresh database made by the setup."""
        real, ours = RealDatabases(self.url), InprocDatabases()
        try:
            self._run_file(SETUP, real.fresh("regress_setup"), ours.fresh(SETUP), SETUP in names)
            for name in names:
                if name == SETUP:
                    continue
                before = self.tally.passed, len(self.tally.differences)
                database = f"regress_{name}"
                self._run_file(
                    name, real.fresh(database, "regress_setup"), ours.fresh(name, SETUP), True
                )
                real.drop(database)
                passed, failed = (
                    self.tally.passed - before[0],
                    len(self.tally.differences) - before[1],
                )
                told(f"{name}: {passed} of {passed + failed}")
        finally:
            real.drop("regress_setup")
            ours.close()
        return self.tally

    def _run_file(self, name: str, real: Libpq, ours: Inproc, is_counted: bool) -> None:
        text = (self.folder / "regress" / "sql" / f"{name}.sql").read_text()
        regress = str((self.folder / "regress").resolve())
        script = Script(text, {"abs_srcdir": regress, "abs_builddir": regress, "libdir": regress})
        try:
            for item in script.items():
                if isinstance(item, Statement):
                    self._compare(script, name, item, real, ours, is_counted)
                elif item.command in {"c", "connect"}:
                    user = [*item.argument.split(), "-", "-"][1]
                    real.reconnect("" if user == "-" else user)
                    ours.reconnect("" if user == "-" else user)
        finally:
            real.close()
            ours.close()

    def _compare(
        self,
        script: Script,
        name: str,
        item: Statement,
        real: Libpq,
        ours: Inproc,
        is_counted: bool,
    ) -> None:
        place = f"{name}.sql:{item.line}"
        wanted = real.run(item)
        given = ours.run(item)
        if item.ending == "gset" and wanted and wanted[-1].columns and wanted[-1].rows:
            for (label, _), value in zip(wanted[-1].columns, wanted[-1].rows[0], strict=True):
                script.variables[item.argument.strip() + label] = value or ""
        if item.ending == "gexec" and wanted:
            for row in wanted[-1].rows:
                for sql in row:
                    if sql:
                        inner = Statement(sql, item.line)
                        self._note(place, sql, real.run(inner), ours.run(inner), is_counted)
        if _COPY.match(item.sql) and given and given[-1].sqlstate == _NO_FILES:
            _load(item, ours)
        self._note(place, item.sql, wanted, given, is_counted)

    def _note(
        self, place: str, sql: str, wanted: list[Answer], given: list[Answer], is_counted: bool
    ) -> None:
        if not is_counted or _SKIPPED.match(sql):
            return
        entry = next(
            (one for one in self.deselected if place == one or place.startswith(f"{one}:")), None
        )
        if entry is not None:
            self.tally.met.add(entry)
            self.tally.deselected += 1
            return
        if len(wanted) == len(given):
            causes = [cause(sql, *pair) for pair in zip(wanted, given, strict=True)]
            at = next((at for at, why in enumerate(causes) if why), 0)
            why = causes[at] if causes else ""
        else:
            at = min(len(wanted), len(given)) - 1
            why = cause(sql, wanted[at], given[at]) or "wrong: number of results"
        if not why:
            self.tally.passed += 1
        else:
            self.tally.differences.append(Difference(place, sql, why, wanted[at], given[at]))


def _load(item: Statement, ours: Inproc) -> None:
    """Send the data of a COPY from a file, which ours refuses, as clients do, so that what follows finds it."""
    match = _COPY.match(item.sql)
    assert match is not None
    path = Path(match[2])
    if path.exists():
        lines = path.read_text(errors="replace").splitlines()
        ours.run(Statement(f"{match[1]} stdin{match[3]}", item.line, data=tuple(lines)))
