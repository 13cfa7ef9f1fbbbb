"""The pytest plugin: chooses targets, runs each case on each, marks known gaps, collects what came of them.

Random tests draw the same examples at each run, so that a red run is a change's doing; `DOTDO_EXAMPLES` explores afresh.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dotdo_testing.case import Case, Target
from dotdo_testing.reporter import CONFORM, Reporter
from dotdo_testing.suite import Conform, Suite

TARGETS = pytest.StashKey[tuple[Target, ...]]()
ABSENT = pytest.StashKey[dict[str, dict[str, str]]]()
DEFAULT_TARGETS = "inproc,wire"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the conformance cases."""
    group = parser.getgroup("conformance")
    group.addoption(
        "--targets",
        default=DEFAULT_TARGETS,
        help=f"where cases run: {', '.join(Target)} ({DEFAULT_TARGETS})",
    )
    group.addoption(
        "--record", action="store_true", help="run on the real service only and record its answers"
    )
    group.addoption(
        "--results", type=Path, metavar="FOLDER", help="write results as JSON for the matrix"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the options; an unknown target is a usage error."""
    config.addinivalue_line("markers", "conformance(suite, cases): runs per case and target")
    make_random_tests_repeatable()
    chosen = "real" if config.getoption("--record") else config.getoption("--targets")
    try:
        config.stash[TARGETS] = tuple(
            dict.fromkeys(Target(name.strip()) for name in chosen.split(","))
        )
    except ValueError as error:
        raise pytest.UsageError(f"--targets: {error}; known are {', '.join(Target)}") from error
    config.stash[ABSENT] = {}
    config.pluginmanager.register(Reporter(config.stash[ABSENT], config.getoption("--results")))


def make_random_tests_repeatable() -> None:
    """Let random tests draw the same examples at each run, unless `DOTDO_EXAMPLES` is set."""
    with suppress(ImportError):  # a package without random tests does not install it
        from hypothesis import settings

        settings.register_profile("repeatable", derandomize="DOTDO_EXAMPLES" not in os.environ)
        settings.load_profile("repeatable")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a marked function for each case on each chosen target that is there."""
    mark = metafunc.definition.get_closest_marker("conformance")
    if mark is None:
        return
    suite: Suite = mark.args[0]
    targets = []
    for target in metafunc.config.stash[TARGETS]:
        if why := suite.obstacle(target):
            metafunc.config.stash[ABSENT].setdefault(suite.package, {})[target.value] = why
        else:
            targets.append(target)
    metafunc.parametrize(
        ("case", "target"),
        [parameters(case, target) for target in targets for case in mark.args[1]],
    )


def parameters(case: Case, target: Target) -> Any:
    """Return the parameter set of one case on one target; a known gap must fail there."""
    reason = case.gaps.get(target)
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(case, target, id=f"{case.id}-{target}", marks=marks)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drop the placeholder of a function none of whose targets is there; the summary says so."""
    empty = [item for item in items if is_placeholder(item)]
    if empty:
        items[:] = [item for item in items if not is_placeholder(item)]
        config.hook.pytest_deselected(items=empty)


def is_placeholder(item: pytest.Item) -> bool:
    """Whether an item stands for a conformance function without any target."""
    if item.get_closest_marker("conformance") is None or not isinstance(item, pytest.Function):
        return False
    return not isinstance(item.callspec.params["case"], Case)


@pytest.fixture
def conform(request: pytest.FixtureRequest) -> Conform:
    """The comparison of this case's answer on this target with the real service's."""
    mark = request.node.get_closest_marker("conformance")
    check = Conform(
        suite=mark.args[0],
        function=request.node.originalname,
        case=request.node.callspec.params["case"],
        target=request.node.callspec.params["target"],
        is_recording=request.config.getoption("--record"),
    )
    request.node.stash[CONFORM] = check
    return check
