"""Runs Redis' own Tcl suite unit by unit against a server that is there already, and counts its checks.

Called as `redis_tcl.py wire|real URL [UNIT ...]` in a copy of the suite, with the plan in `DOTDO_VENDOR_PLAN`.
Each unit gets a server of ours in a process of its own, so that a unit which stops one harms no other.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from dotdo_testing.services.process import spare_port

UNITS = (
    "printver", "dump", "auth", "protocol", "keyspace", "scan", "info", "info-command", "type/string", "type/incr",
    "type/list", "type/list-2", "type/list-3", "type/set", "type/zset", "type/hash", "type/stream",
    "type/stream-cgroups", "sort", "expire", "other", "multi", "quit", "aofrw", "acl", "acl-v2", "latency-monitor",
    "pubsub", "pubsubshard", "slowlog", "scripting", "functions", "maxmemory", "introspection", "introspection-2",
    "limits", "obuf-limits", "bitops", "bitfield", "geo", "memefficiency", "hyperloglog", "lazyfree", "wait", "pause",
    "querybuf", "pendingquerybuf", "tracking", "networking", "client-eviction", "violations", "replybufsize",
)  # fmt: skip
OPTIONS = ["--clients", "1", "--ignore-encoding", "--ignore-digest", "--durable"]
TAGS = "-slow -needs:debug -needs:repl"
UNIT_TIMEOUT_S = 300
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_OUTCOME = re.compile(r"^\[(ok|err|skip|ignore|exception|TIMEOUT)\]: (.*)$")
_PLACE = re.compile(r" in tests/unit/.*$| \(\d+ ms\)$")


class Tally:
    """Outcomes of checks by name, `unit::check`."""

    def __init__(self, left_out: dict[str, bool]) -> None:
        self.left_out = left_out
        self.outcomes: dict[str, list[str]] = {"ok": [], "err": [], "skip": []}

    def read(self, unit: str, output: str) -> None:
        """Count the lines of a unit's run; a run that did not end is a failed check of its own."""
        for line in output.splitlines():
            found = _OUTCOME.match(_COLOUR.sub("", line))
            if found and found[1] != "ignore":
                kind = found[1] if found[1] in self.outcomes else "err"
                self.outcomes[kind].append(f"{unit}::{_PLACE.sub('', found[2])}")
        if "\\o/" not in output and "The following tests failed" not in output:
            self.outcomes["err"].append(f"{unit}::(the unit did not end)")

    def counts(self) -> dict[str, object]:
        """The counts as the suite's caller wants them."""
        passed, failed = len(self.outcomes["ok"]), len(self.outcomes["err"])
        return {
            "collected": passed + failed + len(self.outcomes["skip"]),
            "passed": passed,
            "failed": failed,
            "deselected": len(self.outcomes["skip"]),
            "stale": sorted(name for name, is_met in self.left_out.items() if not is_met),
            "failures": self.outcomes["err"],
        }


@contextmanager
def our_server() -> Iterator[int]:
    """Serve in a new process; give its port."""
    port = spare_port()
    script = Path(__file__).with_name("redis_server.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(port)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def real_server(url: str) -> Iterator[int]:
    """Give the port of the service that runs."""
    yield urlsplit(url).port or 6379


def run_unit(unit: str, port: int, left_out: list[str]) -> str:
    """Run one unit; return all it said."""
    command = [
        shutil.which("tclsh") or "tclsh",
        "tests/test_helper.tcl",
        "--single",
        f"unit/{unit}",
    ]
    command += ["--host", "127.0.0.1", "--port", str(port), "--tags", TAGS, *OPTIONS]
    base_port = (
        21_000 + os.getpid() % 700 * 40
    )  # of the suite's own sockets; it wants 10,000 more to be free
    command += ["--baseport", str(base_port), "--portcount", "40"]
    for check in left_out:
        command += ["--skiptest", check]
    ended = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        output, _ = ended.communicate(timeout=UNIT_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(ended.pid, 9)
        output, _ = ended.communicate()
    return output.decode("utf-8", "replace")


def main(target: str, url: str, selection: list[str]) -> None:
    plan = json.loads(Path(os.environ["DOTDO_VENDOR_PLAN"]).read_text())
    tally = Tally(dict.fromkeys(plan["tests"], False))
    for unit in selection or UNITS:
        named = [name for name in tally.left_out if name.startswith(f"{unit}::")]
        tally.left_out.update(dict.fromkeys(named, True))
        with real_server(url) if target == "real" else our_server() as port:
            output = run_unit(unit, port, [name.partition("::")[2] for name in named])
        print(output, flush=True)
        tally.read(unit, output)
    Path(plan["counts"]).write_text(json.dumps(tally.counts()))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
