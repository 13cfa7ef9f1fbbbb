"""celery: broker and result backend on the wire, with the real client."""

import subprocess
import sys

PROGRAM = """
import sys
from celery import Celery, chord, group
from celery.contrib.testing.worker import start_worker

app = Celery("work", broker=sys.argv[1] + "/0", backend=sys.argv[1] + "/1")

@app.task
def add(one, other):
    return one + other

@app.task
def total(numbers):
    return sum(numbers)

@app.task(bind=True, max_retries=1)
def again(self):
    if not self.request.retries:
        raise self.retry(countdown=0.1)
    return self.request.retries

with start_worker(app, pool="solo", perform_ping_check=False, loglevel="critical"):
    assert add.delay(1, 2).get(timeout=60) == 3
    assert group(add.s(n, n) for n in range(4))().get(timeout=60) == [0, 2, 4, 6]
    assert chord([add.s(n, 1) for n in range(3)])(total.s()).get(timeout=60) == 6
    assert again.delay().get(timeout=60) == 1
    assert add.apply_async((1, 1), countdown=0.2).get(timeout=60) == 2
"""


def test_tasks_groups_chords_and_retries(url) -> None:
    command = [sys.executable, "-c", PROGRAM, url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr
