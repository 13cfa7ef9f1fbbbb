import os
import signal
import subprocess
import sys
import threading

import pytest

from dotdo.serving import Host, Services, Session, TcpListener, WireProtocol, serve_in_thread
from dotdo.serving.errors import UnprotectedListener

PROGRAM = """
from dotdo.serving import *
host = Host([TcpListener(WireProtocol("silent", 0, lambda context: Session()), port=0)], Services(str))
start = host.start
async def tell():
    await start()
    print(host.addresses[0][1], flush=True)
host.start = tell
run(host)
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_gracefully(number):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True
    ) as process:
        assert int(process.stdout.readline()) > 0
        os.kill(process.pid, number)
        assert process.communicate(timeout=20)[0] == "stopped\n"
        assert process.returncode == 0


def test_a_host_that_cannot_start_leaves_no_thread():
    protocol = WireProtocol("silent", 0, lambda _context: Session())
    host = Host([TcpListener(protocol, "0.0.0.0", 0)], Services(str))
    before = set(threading.enumerate())
    with pytest.raises(UnprotectedListener), serve_in_thread(host):
        pass
    made = set(threading.enumerate()) - before
    assert "dotdo-host" not in [thread.name for thread in made]
