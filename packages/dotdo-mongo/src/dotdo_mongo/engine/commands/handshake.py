"""Commands by which a driver learns whom it speaks to: hello, ping, buildInfo, connectionStatus and the like."""

import os
import platform
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Binary, Int64, Timestamp

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.awaiting import Awaiting
from dotdo_mongo.engine.commands.declaration import Declared, command, required
from dotdo_mongo.engine.deployment import MAX_WIRE_VERSION, VERSION, VERSION_ARRAY
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.sessions import TIMEOUT_MINUTES
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FREE: dict[str, Any] = {"is_lenient": True, "needs_authentication": False}
_MAX_MESSAGE_BYTES = 48_000_000
_TOPOLOGY_VERSION: Declared = {
    "processId": required(kinds.OBJECT_ID),
    "counter": required(kinds.LONG),
}


def moment(time_us: int) -> datetime:
    """Return a time as BSON holds it."""
    return _EPOCH + timedelta(milliseconds=time_us // 1000)


def _await_change(request: Request) -> None:
    """Have a hello wait that knows what this deployment is: nothing of it changes while it runs.

    Raises:
        CommandFailure: One of the two fields is missing or wrong (codes 14, 31368, 31372, 31373, 31382).
    """
    known, wait_ms = request.body.get("topologyVersion"), request.body.get("maxAwaitTimeMS")
    if (known is None) != (wait_ms is None):
        raise failure(
            31368,
            "A request with a 'topologyVersion' must include 'maxAwaitTimeMS'"
            if wait_ms is None
            else "A request with 'maxAwaitTimeMS' must include a 'topologyVersion'",
        )
    if known is None or wait_ms is None:
        return
    if not isinstance(known, dict):
        raise kinds.wrong_type("hello.topologyVersion", known, "object")
    parsed = kinds.parse_part(_TOPOLOGY_VERSION, known, "topologyVersion")
    if not kinds.is_number(wait_ms):
        raise kinds.wrong_type("hello.maxAwaitTimeMS", wait_ms, "long, int, decimal, double")
    if kinds.as_long(wait_ms) < 0:
        raise failure(31373, "maxAwaitTimeMS must be a non-negative integer")
    if parsed["processId"] != request.deployment.process_id:
        return
    if parsed["counter"] > 0:
        text = f"Received a topology version with counter: {parsed['counter']} which is greater than the server topology version counter: 0"
        raise failure(31382, text)
    progress = request.progress
    if progress.until_us is None:
        progress.until_us = request.now_us + kinds.as_long(wait_ms) * 1000
    if request.now_us < progress.until_us:
        request.client.awaiting = Awaiting(progress.until_us)


def _hello(request: Request, primary: str) -> Document:
    client, deployment = request.client, request.deployment
    _await_change(request)
    metadata = request.body.get("client")
    if isinstance(metadata, dict) and not client.metadata:
        client.metadata = metadata
    host = client.presented_host or deployment.host
    reply: Document = {
        primary: True,
        "topologyVersion": {"processId": deployment.process_id, "counter": Int64(0)},
        "maxBsonObjectSize": 16 * 1024 * 1024,
        "maxMessageSizeBytes": _MAX_MESSAGE_BYTES,
        "maxWriteBatchSize": 100_000,
        "localTime": moment(request.now_us),
        "logicalSessionTimeoutMinutes": TIMEOUT_MINUTES,
        "connectionId": client.number,
        "minWireVersion": 0,
        "maxWireVersion": MAX_WIRE_VERSION,
        "readOnly": False,
        "setName": client.presented_set or deployment.set_name,
        "setVersion": 1,
        "secondary": False,
        "hosts": [host],
        "me": host,
        "primary": host,
        "lastWrite": {
            "opTime": {"ts": Timestamp(request.now_us // 1_000_000, 1), "t": Int64(1)},
            "lastWriteDate": moment(request.now_us),
        },
    }
    if client.compressors:
        reply["compression"] = list(client.compressors)
    return reply


@command("hello", None, **_FREE, in_transaction=True, is_in_api=True)
def hello(request: Request) -> Document:
    """Say what this deployment is and can."""
    return _hello(request, "isWritablePrimary")


@command("isMaster", None, aliases=("ismaster",), **_FREE)
def is_master(request: Request) -> Document:
    """Say what this deployment is and can, in the words of old."""
    return {"helloOk": True, **_hello(request, "ismaster")}


@command("ping", None, **_FREE, is_in_api=True)
def ping(request: Request) -> Document:  # noqa: ARG001
    """Answer."""
    return {}


@command("buildInfo", None, aliases=("buildinfo",), **_FREE)
def build_info(request: Request) -> Document:  # noqa: ARG001
    """Tell the version whose behaviour this is."""
    return {
        "version": VERSION,
        "gitVersion": "0" * 40,
        "modules": [],
        "allocator": "system",
        "javascriptEngine": "none",
        "sysInfo": "deprecated",
        "versionArray": list(VERSION_ARRAY),
        "openssl": {"running": "unknown", "compiled": "unknown"},
        "buildEnvironment": {"distarch": platform.machine(), "target_os": sys.platform},
        "bits": 64,
        "debug": False,
        "maxBsonObjectSize": 16 * 1024 * 1024,
        "storageEngines": ["dotdo"],
    }


@command("whatsmyuri", is_lenient=True)
def whatsmyuri(request: Request) -> Document:
    """Tell a client its own address."""
    return {"you": request.client.address}


_CONNECTION_STATUS: Declared = {"showPrivileges": kinds.SAFE_BOOL}


@command("connectionStatus", _CONNECTION_STATUS, needs_authentication=False, is_in_api=True)
def connection_status(request: Request) -> Document:
    """Tell who has proved itself on this connection."""
    client = request.client
    users, roles = [], []
    if client.user is not None:
        users = [{"user": client.user, "db": client.auth_db}]
        roles = [{"role": "root", "db": "admin"}]
    found: Document = {"authenticatedUsers": users, "authenticatedUserRoles": roles}
    if request.arguments["showPrivileges"]:
        found["authenticatedUserPrivileges"] = []
    return {"authInfo": found}


@command("hostInfo", is_admin_only=False, is_lenient=True)
def host_info(request: Request) -> Document:
    """Tell about the machine."""
    pages = (
        os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    )
    cores = os.cpu_count() or 1
    return {
        "system": {
            "currentTime": moment(request.now_us),
            "hostname": platform.node(),
            "cpuAddrSize": 64,
            "memSizeMB": Int64(pages >> 20),
            "memLimitMB": Int64(pages >> 20),
            "numCores": cores,
            "numCoresAvailableToProcess": cores,
            "numPhysicalCores": cores,
            "numCpuSockets": 1,
            "cpuArch": platform.machine(),
            "numaEnabled": False,
            "numNumaNodes": 1,
        },
        "os": {"type": platform.system(), "name": platform.system(), "version": platform.release()},
        "extra": {
            "versionString": platform.version(),
            "pageSize": Int64(4096),
            "cpuString": platform.processor(),
        },
    }


def uuid(data: bytes) -> Binary:
    """Return 16 bytes as a UUID."""
    return Binary(data, 4)


@command("getCmdLineOpts", is_admin_only=True, is_lenient=True)
def get_command_line(request: Request) -> Document:  # noqa: ARG001
    """Tell how the server was started."""
    return {"argv": ["dotdo"], "parsed": {}}


def _operation(value: Any, where: str) -> int:
    if not kinds.is_number(value):
        raise kinds.wrong_type(where, value, "long, int, decimal, double")
    if isinstance(value, float) and not value.is_integer():
        raise failure(2, f"expected an integer: {value}")
    number = kinds.exact_long(value, "op")
    if not -(1 << 31) <= number < 1 << 31:
        raise failure(26823, f"invalid op : {number}. Op ID cannot be represented with 32 bits")
    return number


_KILL_OP: Declared = {"op": kinds.Kind(_operation, refuses_null=True)}


@command("killOp", _KILL_OP, is_admin_only=True, is_lenient=True)
def kill_op(request: Request) -> Document:
    """End an operation; none here outlives its request."""
    if request.arguments["op"] is None:
        raise failure(14, 'Missing expected field "op"')
    return {"info": "attempting to kill op"}


COMMANDS = (
    hello, is_master, ping, build_info, whatsmyuri, connection_status, host_info, get_command_line, kill_op,
)  # fmt: skip
