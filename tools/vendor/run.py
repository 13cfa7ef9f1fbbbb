"""Runs a suite in a copy of its source and an environment of its own, and brings back its counts."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dotdo_testing.case import Target
from dotdo_testing.corpora import ROOT, corpora
from dotdo_testing.services import STARTERS
from tools.vendor.floor import Counts, Floor
from tools.vendor.suites import Corpus, Pytest, Sdist, VendorSuite

DOORS = ROOT / "conformance-tests" / "vendor"
TIMEOUT_S = 3600
KEPT = frozenset({"HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TERM", "TMPDIR", "TZ", "USER"})
"""What a suite that pytest runs sees of the environment, beside the variables of `KEPT_PREFIXES`: drivers tell of the rest."""
KEPT_PREFIXES = ("DOTDO_", "LC_", "PIP_", "PYTEST_", "PYTHON", "SSL_", "UV_", "XDG_")


class NotThereError(Exception):
    """The suite cannot be run here: its package, target, source or service is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a suite on a target.

    Args:
        name: the suite's name.
        suite: its declaration.
        target: what it runs against.
        floor: what it leaves out.
        url: the real service, on that target.
    """

    name: str
    suite: VendorSuite
    target: Target
    floor: Floor
    url: str = ""

    @property
    def door(self) -> str:
        """The module in conformance-tests/vendor that leads the suite to our package."""
        return f"{self.name}_{self.target}".replace("-", "_")

    def counts(self, selection: list[str]) -> Counts:
        """Run the suite, its output on ours.

        Args:
            selection: tests to run instead of all.

        Raises:
            NotThereError: the source is missing, or the run ended without counts.
        """
        with tempfile.TemporaryDirectory(prefix="dotdo-vendor-") as folder:
            work, counts = Path(folder) / "suite", Path(folder) / "counts.json"
            fetch(self.suite.source, work)
            plan = {
                "tests": list(self.floor.deselected),
                "markers": list(self.floor.markers),
                "counts": str(counts),
            }
            Path(folder, "plan.json").write_text(json.dumps(plan))
            variables = {"DOTDO_VENDOR_PLAN": f"{folder}/plan.json", "PYTHONDONTWRITEBYTECODE": "1"}
            if isinstance(self.suite.runner, Pytest):
                self._run_pytest(self.suite.runner, work, variables, selection)
            else:
                script = DOORS / f"{self.name.replace('-', '_')}.py"
                variables["PYTHONPATH"] = str(ROOT)
                command = [sys.executable, str(script), self.target, self.url, *selection]
                run(command, work, variables)
            if not counts.exists():
                raise NotThereError("the run ended before anything was counted")
            return Counts(**json.loads(counts.read_text()))

    def _run_pytest(
        self, runner: Pytest, work: Path, variables: Mapping[str, str], selection: list[str]
    ) -> None:
        python = environment(self.name, self.target, self.suite, runner)
        path = os.pathsep.join([str(DOORS), str(ROOT / "tools" / "vendor")])
        options = ["-q", "-p", "counting"]
        if self.target is Target.REAL:
            parts = address(self.url)
            options += [argument.format_map(parts) for argument in runner.address]
            named = {name: value.format_map(parts) for name, value in runner.environment.items()}
            variables = {**variables, **named}
        else:
            options += ["-p", self.door]
        command = [str(python), "-m", "pytest", *(selection or runner.arguments), *options]
        run(command, work, {**variables, "PYTHONPATH": path}, surroundings())


def obstacle(name: str, suite: VendorSuite, target: Target) -> str:
    """Return what is missing for a run, empty when nothing is."""
    if target not in suite.targets:
        return f"has no target {target}: {', '.join(suite.targets)}"
    if target is Target.REAL:
        if suite.service not in STARTERS and not os.environ.get(
            f"DOTDO_REAL_{suite.service.upper()}"
        ):
            return f"DOTDO_REAL_{suite.service.upper()} is not set"
    elif not (ROOT / "packages" / suite.package).exists():
        return f"the package {suite.package} is not there yet"
    is_pytest = isinstance(suite.runner, Pytest)
    module = f"{name}_{target}".replace("-", "_") if is_pytest else name.replace("-", "_")
    if (target is not Target.REAL or not is_pytest) and not (DOORS / f"{module}.py").exists():
        return f"conformance-tests/vendor/{module}.py is not there yet"
    return ""


def fetch(source: Corpus | Sdist, work: Path) -> None:
    """Copy a suite's source to `work`.

    Raises:
        NotThereError: the corpus is absent, or the sdist cannot be downloaded.
    """
    if isinstance(source, Corpus):
        folder = corpora() / source.folder
        if not folder.exists():
            raise NotThereError(f"{source.folder} is not in the corpora; set DOTDO_CORPORA")
        shutil.copytree(folder, work)
        return
    with tempfile.TemporaryDirectory() as downloads:
        name = source.requirement.partition("==")[0]  # what builds it may come as wheels
        command = ["download", "--no-binary", name, "--no-deps", "--dest", downloads]
        run([sys.executable, "-m", "pip", *command, source.requirement], Path(downloads), {})
        archive = next(Path(downloads).glob("*.tar.gz"), None)
        if archive is None:
            raise NotThereError(f"{source.requirement} could not be downloaded")
        with tarfile.open(archive) as tar:
            tar.extractall(downloads, filter="data")
        [unpacked] = [path for path in Path(downloads).iterdir() if path.is_dir()]
        shutil.copytree(unpacked, work)


def environment(name: str, target: Target, suite: VendorSuite, runner: Pytest) -> Path:
    """Return the Python of the suite's own environment, kept under the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "dotdo" / "vendor" / f"{name}-{target}"
    python = folder / "bin" / "python"
    ours = [ROOT / "packages" / package for package in ("dotdo-core", suite.package)]
    editable = (
        []
        if target is Target.REAL
        else [word for path in ours for word in ("--editable", str(path))]
    )
    if not python.exists():
        subprocess.run(
            ["uv", "venv", "--quiet", "--python", sys.executable, str(folder)], check=True
        )
    install = ["uv", "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*install, *runner.requirements, *editable], check=True)
    return python


def address(url: str) -> dict[str, str]:
    """Return the parts of a service's URL that declarations may name."""
    parts = urlsplit(url)
    return {
        "url": url,
        "host": parts.hostname or "",
        "port": str(parts.port or ""),
        "user": parts.username or "",
        "database": parts.path.lstrip("/"),
    }


def surroundings() -> dict[str, str]:
    """Return the part of the environment that does not change what a suite sees."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith(KEPT_PREFIXES)
    }


def run(
    command: list[str],
    cwd: Path,
    variables: Mapping[str, str],
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Run a program to its end; its exit code says nothing the counts do not."""
    subprocess.run(
        command, cwd=cwd, env={**environment, **variables}, check=False, timeout=TIMEOUT_S
    )
