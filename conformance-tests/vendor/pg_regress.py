"""Runs PostgreSQL's regression suite on the real server and on ours: `pg_regress.py TARGET URL [FILE ...]`."""

import json
import os
import sys
from pathlib import Path

from tools.vendor.regress.run import Suite, Tally

SHOWN = 80


def main(target: str, url: str, *names: str) -> None:
    """Run the files in the current folder and write the counts."""
    if target != "inproc":
        sys.exit(f"the suite has no target {target} yet")
    folder = Path.cwd()
    folder.parent.chmod(0o755)  # the server, another user, reads the data of COPY
    plan = json.loads(Path(os.environ["DOTDO_VENDOR_PLAN"]).read_text())
    listed = (folder / "application_files.txt").read_text().split()
    suite = Suite(folder, url, frozenset(plan["tests"]))
    tally = suite.run(list(names) or listed, lambda line: print(line, flush=True))
    report(tally)
    counts = {
        "collected": tally.passed + len(tally.differences) + tally.deselected,
        "passed": tally.passed,
        "failed": len(tally.differences),
        "deselected": tally.deselected,
        "stale": sorted({*plan["tests"]} - tally.met),
    }
    Path(plan["counts"]).write_text(json.dumps(counts))


def report(tally: Tally) -> None:
    """Print the causes, the largest first; keep every difference where DOTDO_REGRESS_REPORT says."""
    for why, count in tally.causes.most_common(SHOWN):
        print(f"{count:6d}  {why}")
    if path := os.environ.get("DOTDO_REGRESS_REPORT"):
        with Path(path).open("w") as file:
            for one in tally.differences:
                wanted, given = (
                    {
                        "error": answer.sqlstate,
                        "message": answer.message,
                        "columns": answer.columns,
                        "rows": answer.rows[:20],
                        "tag": answer.tag,
                    }
                    for answer in (one.wanted, one.given)
                )
                line = {
                    "place": one.place,
                    "cause": one.cause,
                    "sql": one.sql,
                    "real": wanted,
                    "ours": given,
                }
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
