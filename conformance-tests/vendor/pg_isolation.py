"""Runs PostgreSQL's isolation suite on the real server and on ours: `pg_isolation.py TARGET URL [SPEC ...]`."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from tools.vendor.isolation.run import DATABASE, SAME, VERDICTS, Finding, run

SERVER = Path(__file__).with_name("serve_postgres.py")


def main(target: str, url: str, *names: str) -> None:
    """Run the specifications in the current folder and write the counts; one passes when every order gives what the real server gives."""
    plan = json.loads(Path(os.environ["DOTDO_VENDOR_PLAN"]).read_text())
    parts = urlsplit(url)
    real = f"host={parts.hostname} port={parts.port} user={parts.username}"
    command = [sys.executable, str(SERVER), DATABASE]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        port = server.stdout.readline().strip()
        ours = real if target == "real" else f"host=127.0.0.1 port={port} user=postgres"
        listed = sorted(path.stem for path in Path("specs").glob("*.spec"))
        wanted = [name for name in names or listed if name not in plan["tests"]]
        findings = run(Path.cwd(), real, ours, wanted, lambda line: print(line, flush=True))
        server.communicate()
    report(findings)
    passed = sum(one.verdict == SAME for one in findings)
    counts = {
        "collected": len(listed),
        "passed": passed,
        "failed": len(findings) - passed,
        "deselected": len(listed) - len(findings),
        "stale": sorted({*plan["tests"]} - {*listed}),
    }
    Path(plan["counts"]).write_text(json.dumps(counts))


def report(findings: list[Finding]) -> None:
    """Print how many specifications and orders compare how; each difference where DOTDO_ISOLATION_REPORT says."""
    orders: Counter[str] = sum((one.orders for one in findings), Counter())
    for verdict in VERDICTS:
        count = sum(one.verdict == verdict for one in findings)
        print(f"{verdict}: {count} specifications, {orders[verdict]} orders")
    if path := os.environ.get("DOTDO_ISOLATION_REPORT"):
        with Path(path).open("w") as file:
            for one in findings:
                file.writelines(f"{one.name}\t{example}\n" for example in one.examples)


if __name__ == "__main__":
    main(*sys.argv[1:])
