"""Replays MongoDB's recorded answers on ours: `mongo_recorded.py TARGET URL [TOPIC ...]`, a topic may end in `*`.

The corpus holds what MongoDB answered, so nothing here needs the real service.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatch
from pathlib import Path

from tools.vendor.counting import is_within
from tools.vendor.recorded.play import Inproc, Outcome, Player, shown
from tools.vendor.recorded.wire import Wire

SHOWN = 40
WORKERS = 2
CHUNK = 100


def main(target: str, url: str, *names: str) -> None:
    """Replay the topics in the current folder and write the counts; the URL is of no use."""
    del url
    folder = Path.cwd()
    plan = json.loads(Path(os.environ["DOTDO_VENDOR_PLAN"]).read_text())
    tests: list[str] = plan["tests"]
    tasks = [(target, *one) for one in chunks(topics(folder, names))]
    with ProcessPoolExecutor(WORKERS) as pool:
        outcomes = [one for played in pool.map(play, tasks) for one in played]
    met = {one.id: [test for test in tests if is_within(one.id, test)] for one in outcomes}
    kept = [one for one in outcomes if not met[one.id]]
    failures = [one for one in kept if one.cause]
    report(kept)
    counts = {
        "collected": len(outcomes),
        "passed": len(kept) - len(failures),
        "failed": len(failures),
        "deselected": len(outcomes) - len(kept),
        "stale": [] if names else sorted(set(tests).difference(*met.values())),
    }
    Path(plan["counts"]).write_text(json.dumps(counts))


def topics(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """Return the files of the topics that `names` select, all of them when it is empty."""
    found = sorted([*folder.glob("verified/*.jsonl"), *folder.glob("consensus/*.jsonl")])
    return [one for one in found if not names or any(fnmatch(topic(one), name) for name in names)]


def topic(file: Path) -> str:
    """Return the name of a file's topic."""
    return f"consensus-{file.stem}" if file.parent.name == "consensus" else file.stem


def chunks(files: Iterable[Path]) -> Iterator[tuple[Path, int, int]]:
    """Yield the parts that a worker plays at a time: a file, its first line and the one after the last."""
    for file in files:
        with file.open("rb") as lines:
            count = sum(1 for _ in lines)
        for start in range(0, count, CHUNK):
            yield file, start, min(start + CHUNK, count)


def play(task: tuple[str, Path, int, int]) -> list[Outcome]:
    """Play a part of a file, on a deployment of its own."""
    name, file, start, stop = task
    target = Inproc() if name == "inproc" else Wire()
    player = Player(target)
    kind = player.consensus if file.parent.name == "consensus" else player.verified
    try:
        return list(kind(file, start, stop))
    finally:
        target.close()


def report(outcomes: Iterable[Outcome]) -> None:
    """Print topics and causes; keep every failure where DOTDO_RECORDED_REPORT says."""
    tally: dict[str, list[int]] = {}
    causes: Counter[str] = Counter()
    for one in outcomes:
        counts = tally.setdefault(one.topic, [0, 0])
        counts[0] += not one.cause
        counts[1] += 1
        causes[one.cause[:75]] += bool(one.cause)
    for name, (passed, count) in tally.items():
        print(f"{name:40} {passed:5} of {count:5}  {passed / count:7.2%}")
    for cause, count in causes.most_common(SHOWN):
        if cause:
            print(f"{count:6}  {cause}")
    if path := os.environ.get("DOTDO_RECORDED_REPORT"):
        lines = [f"{shown(one)}\n" for one in outcomes if one.cause]
        Path(path).write_text("".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
