"""The run: each specification on both servers, order by order; what differs is named by how."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import psycopg
from psycopg import sql

from tools.vendor.isolation.play import Hung, Outcome, Play
from tools.vendor.isolation.spec import Entry, Spec, parse
from tools.vendor.regress.answers import Answer, rows

DATABASE = "isolation"
SAME = "same"
WAITS = "same answers, other waits"
STRICTER = "stricter"
REFUSED = "refused"
WRONG = "wrong"
#: From the best to the worst; a specification is what the worst of its orders is.
VERDICTS = (SAME, WAITS, STRICTER, REFUSED, WRONG)
_STRICT = {"40001", "40P01", "55P03", "57014"}
_MOST_ORDERS = 400


@dataclass(slots=True)
class Finding:
    """What came of one specification."""

    name: str
    verdict: str = SAME
    orders: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, verdict: str, example: str) -> None:
        """Count an order."""
        self.orders[verdict] += 1
        if VERDICTS.index(verdict) > VERDICTS.index(self.verdict):
            self.verdict = verdict
        if verdict != SAME:
            self.examples.append(f"{verdict}: {example}")


def run(
    folder: Path, real: str, ours: str, names: Iterable[str], told: Callable[[str], None]
) -> list[Finding]:
    """Run the named specifications of a folder; addresses are without a database."""
    findings = []
    for name in names:
        spec = parse((folder / "specs" / f"{name}.spec").read_text())
        finding = Finding(name)
        try:
            _run_one(spec, finding, fresh(real), fresh(ours))
        except Hung as error:
            finding.add(WRONG, f"a step does not end: {error}")
        findings.append(finding)
        told(f"{name}: {finding.verdict} {dict(finding.orders)}")
    return findings


def _run_one(spec: Spec, finding: Finding, real: str, ours: str) -> None:
    plays = Play(spec, real), Play(spec, ours)
    try:
        for order in islice(spec.all_orders(), _MOST_ORDERS):
            wanted, given = (play.run(order) for play in plays)
            finding.add(*verdict(spec, order, wanted, given))
            if given.refused:
                return  # so is every other order
    finally:
        for play in plays:
            play.close()


def fresh(address: str) -> str:
    """Make the database anew; return the address with it."""
    name = sql.Identifier(DATABASE)
    with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {}").format(name))
        admin.execute(sql.SQL("create database {}").format(name))
    return f"{address} dbname={DATABASE}"


def verdict(spec: Spec, order: list[Entry], wanted: Outcome, given: Outcome) -> tuple[str, str]:
    """Return how one order's outcome compares with the real server's, and where it differs."""
    if given.refused and not wanted.refused:
        return REFUSED, given.refused
    place = " ".join(entry.step for entry in order)
    differing = _difference(spec, wanted, given)
    if not differing and wanted.state == given.state:
        is_same = [(e.step, e.waits) for e in wanted.events] == [
            (e.step, e.waits) for e in given.events
        ]
        return (SAME if is_same else WAITS), place
    extra = given.errors - wanted.errors
    detail = f"{place} | {differing or _state_difference(wanted, given)}"
    states = {sqlstate for _, sqlstate in extra}
    if "0A000" in states:
        return REFUSED, detail
    if states & _STRICT:
        return STRICTER, detail
    return WRONG, detail


def _difference(spec: Spec, wanted: Outcome, given: Outcome) -> str:
    for (step, ones), (_, others) in zip(wanted.answers, given.answers, strict=True):
        mine, theirs = ([_compared(spec, step, one) for one in told] for told in (ones, others))
        if mine != theirs:
            return f"{step}: {_shown(ones)} / ours {_shown(others)}"
    return ""


def _compared(spec: Spec, step: str, one: Answer) -> tuple[object, ...]:
    return one.sqlstate, one.tag, one.columns, rows(spec.sql(step), one)


def _shown(answers: tuple[Answer, ...]) -> str:
    return "; ".join(
        f"{one.sqlstate} {one.message}" if one.sqlstate else f"{one.tag} {list(one.rows[:6])}"
        for one in answers
    )


def _state_difference(wanted: Outcome, given: Outcome) -> str:
    names = sorted({*wanted.state, *given.state})
    return "; ".join(
        f"{name}: {wanted.state.get(name)} / ours {given.state.get(name)}"
        for name in names
        if wanted.state.get(name) != given.state.get(name)
    )
