"""rq: a worker that forks for each job, on the keys of this process."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import jobs
from rq import Queue, Worker
import dotdo_redis as redis

client = redis.Redis()
queue = Queue("work", connection=client)
good = [queue.enqueue(jobs.add, number, 1) for number in range(3)]
bad = queue.enqueue(jobs.fail)
Worker([queue], connection=client).work(burst=True, logging_level="CRITICAL")
assert [job.return_value() for job in good] == [1, 2, 3]
assert bad.get_status().value == "failed"
assert queue.count == 0
"""


def test_jobs_are_done_in_forked_children(tenant) -> None:
    folder = str(Path(__file__).parent)
    command = [sys.executable, "-c", PROGRAM, folder]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
