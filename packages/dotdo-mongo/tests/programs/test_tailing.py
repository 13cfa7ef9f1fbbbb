"""A job that follows a change stream, is killed at any moment and started again, and misses nothing and counts nothing twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from dotdo.tenancy import Home
from dotdo_mongo import MongoClient

JOB = """
import sys
from dotdo_mongo import MongoClient

with MongoClient() as client:
    work, state = client.jobs.work, client.jobs.state
    kept = state.find_one({"_id": "job"})
    token = kept and kept["token"]
    start = {"start_after": token} if token else {"start_at_operation_time": client.jobs.command("ping")["operationTime"]}
    with work.watch([{"$match": {"operationType": "insert"}}], max_await_time_ms=200, **start) as stream:
        if not token:
            state.insert_one({"_id": "job", "token": stream.resume_token, "seen": 0, "sum": 0})
        print("ready", flush=True)
        for change in stream:
            number = change["fullDocument"]["n"]
            state.update_one(
                {"_id": "job"}, {"$set": {"token": change["_id"]}, "$inc": {"seen": 1, "sum": number}}
            )
"""
WRITES = 120


def started(home: Path) -> subprocess.Popen[str]:
    """The job, when it listens."""
    job = subprocess.Popen(
        [sys.executable, "-c", JOB],
        env={**os.environ, "DOTDO_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert job.stdout is not None
    assert job.stdout.readline() == "ready\n"
    return job


def killed(job: subprocess.Popen[str]) -> None:
    """The job is no more."""
    job.send_signal(signal.SIGKILL)
    job.wait(10)
    assert job.stdout is not None
    job.stdout.close()


def test_a_job_that_is_killed_goes_on_where_it_was(home: Home) -> None:
    with MongoClient(home=home) as client:
        work, state = client.jobs.work, client.jobs.state
        work.insert_one({"n": 1000})  # before anybody listens
        job = started(home.path)
        try:
            for number in range(WRITES):
                work.insert_one({"n": number})
                if number % 40 == 20:
                    killed(job)
                    work.insert_one({"n": 0})  # while nobody listens
                    job = started(home.path)
            expected = WRITES + len(range(20, WRITES, 40))
            for _ in range(300):
                if state.find_one({"_id": "job"})["seen"] >= expected:
                    break
                time.sleep(0.05)
            time.sleep(0.3)
            found = state.find_one({"_id": "job"})
        finally:
            killed(job)
    assert (found["seen"], found["sum"]) == (expected, sum(range(WRITES)))
