"""Commands of an administrator on the whole deployment: fsync, profile, compact, versions."""

from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import (
    COLLECTION,
    Declared,
    command,
    optional,
    parse_part,
    required,
)
from dotdo_mongo.engine.compaction import compact_store, keep_compacting, recoverable_bytes
from dotdo_mongo.engine.definitions import create
from dotdo_mongo.engine.deployment import Deployment
from dotdo_mongo.engine.describing import collections
from dotdo_mongo.engine.profiling import NAME, SIZE_BYTES
from dotdo_mongo.engine.request import Request, check_database, checked_collection
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_FORBIDDEN = frozenset('/\\. "$*<>:|?')
_FSYNC: Declared = {
    "lock": kinds.SAFE_BOOL,
    "async": kinds.ANY,
    "fsyncLockAcquisitionTimeoutMillis": kinds.INT,
}


@command("fsync", _FSYNC, is_admin_only=True)
def fsync(request: Request) -> Document:
    """See that all writes are on disk, as they are after each commit; with `lock`, count that nobody shall write."""
    if "afterClusterTime" in request.read_concern:
        raise failure(20, "fsync does not wait for a cluster time")
    if request.arguments["lock"]:
        raise failure(
            20, "fsync with lock is not supported: a tenant can be copied while it is written to"
        )
    return {"numFiles": 1}


@command("fsyncUnlock", is_admin_only=True, is_lenient=True)
def fsync_unlock(request: Request) -> Document:  # noqa: ARG001
    """Undo `fsync` with `lock`, which is not supported, so that nothing is ever locked."""
    raise failure(20, "fsyncUnlock called when not locked")


def _level(value: Any, where: str) -> int:
    number = int(kinds.safe_long().check(value, where))
    if number not in {-1, 0, 1, 2}:
        raise failure(2, f"Invalid profiling level {number}")
    return number


def _filter(value: Any, _where: str) -> Any:
    if isinstance(value, dict) or value == "unset":
        return value
    raise failure(2, "Expected filter to be an object or the string 'unset'.")


def _rate(value: Any, where: str) -> float:
    if not kinds.is_number(value):
        raise kinds.wrong_type(where, value, "double, int, decimal, long")
    number = float(str(value))
    if not 0 <= number <= 1:
        raise failure(2, "'sampleRate' must be between 0.0 and 1.0 inclusive")
    return number


_PROFILE: Declared = {
    "slowms": kinds.safe_long(),
    "sampleRate": kinds.Kind(_rate),
    "filter": kinds.Kind(_filter, takes_null=True),
}


@command("profile", _PROFILE, target=kinds.Kind(_level))
def profile(request: Request) -> Document:
    """Set what the profiler of a database records, in its `system.profile`."""
    settings = request.deployment.settings.setdefault(("profile", request.db), {"was": 0})
    arguments = request.arguments
    shared = request.deployment.settings.setdefault("profile", {"slowms": 100, "sampleRate": 1.0})
    reply: Document = {
        "was": settings["was"],
        "slowms": shared["slowms"],
        "sampleRate": shared["sampleRate"],
    }
    if "filter" in shared:
        reply |= {
            "filter": shared["filter"],
            "note": "When a filter expression is set, slowms and sampleRate are not used for profiling and slow-query log lines.",
        }
    if arguments["target"] > 0:
        store = request.store(create=True)
        assert store is not None
        create(request, store, NAME, options={"capped": True, "size": SIZE_BYTES})
    if arguments["target"] >= 0:
        settings["was"] = arguments["target"]
        request.deployment.look_who_watches()
    for name in ("slowms", "sampleRate"):
        if arguments[name] is not None:
            shared[name] = arguments[name]
    if arguments["filter"] == "unset":
        shared.pop("filter", None)
    elif arguments["filter"] is not None:
        shared["filter"] = arguments["filter"]
    return reply


_API: Declared = {
    "version": required(kinds.STRING),
    "strict": kinds.BOOL,
    "deprecationErrors": kinds.BOOL,
}
_METADATA: Declared = {
    "apiParameters": required(kinds.OBJECT),
    "db": kinds.STRING,
    "collection": kinds.STRING,
    "maxTimeMS": kinds.MAX_TIME,
}


@command("validateDBMetadata", _METADATA)
def validate_db_metadata(request: Request) -> Document:
    """List what would not be allowed in the Stable API."""
    arguments = request.arguments
    parsed = parse_part(_API, arguments["apiParameters"], "validateDBMetadata.apiParameters")
    if "afterClusterTime" in request.read_concern:
        raise failure(20, "validateDBMetadata does not wait for a cluster time")
    if parsed["version"] != "1":
        raise failure(322, 'API version must be "1"')
    db, name = arguments["db"], arguments["collection"]
    if db is not None:
        if not _FORBIDDEN.isdisjoint(db):
            raise failure(13280, f"invalid db name: {db}")
        check_database(db)
    if name is not None:
        checked_collection(db or "", name)
    errors: list[Document] = []
    names = request.deployment.databases.names() if db is None else [db]
    for each in names:
        store = request.store(each)
        for collection in [] if store is None else collections(request, store):
            if name not in {None, collection.name}:
                continue
            errors += [
                {
                    "ns": f"{each}.{collection.name}", "code": 323, "codeName": "APIStrictError",
                    "errmsg": f"The index with name {index['name']} is not allowed in API version 1.",
                }
                for index in collection.indexes
                if parsed["strict"] and ("_fts" in index["key"] or index.get("sparse"))
            ]  # fmt: skip
    return {"apiVersionErrors": errors}


def _flag(value: Any, where: str) -> Any:
    return kinds.STRICT_BOOL.check(value, where)


def _target_mb(value: Any, where: str) -> int:
    number = int(kinds.safe_long().check(value, where))
    if not 1 <= number < 1 << 43:
        raise failure(2, f"BSON field '{where}' value must be >= 1, actual value '{number}'")
    return number


@command(
    "autoCompact",
    {"freeSpaceTargetMB": kinds.Kind(_target_mb), "runOnce": kinds.BOOL},
    target=kinds.Kind(_flag),
    is_admin_only=True,
)
def auto_compact(request: Request) -> Document:
    """Compact every database now, and again from time to time unless that is to be done once; or stop doing so."""
    arguments = request.arguments
    keep_compacting(
        request.deployment,
        is_on=bool(arguments["target"]),
        target_mb=arguments["freeSpaceTargetMB"],
        is_once=bool(arguments["runOnce"]),
    )
    return {}


_COMPACT: Declared = {
    "force": kinds.SAFE_BOOL,
    "freeSpaceTargetMB": kinds.safe_long(1),
    "dryRun": optional(kinds.SAFE_BOOL, False),
}


@command("compact", _COMPACT, target=COLLECTION)
def compact(request: Request) -> Document:
    """Give back what deleted documents have left: of the whole database, whose collections lie in one file."""
    found = request.find()
    if found is None:
        raise failure(26, f"collection does not exist: {request.namespace}")
    store, collection = found
    if collection.is_view:
        raise failure(166, f"Namespace {request.namespace} is a view, not a collection")
    if store.is_read_only:
        raise failure(20, "the past cannot be compacted")
    target = request.arguments["freeSpaceTargetMB"]
    if request.arguments["dryRun"]:
        return {"estimatedBytesFreed": recoverable_bytes(store, target)}
    return {"bytesFreed": compact_store(store, target)}


_VERSIONS = ("8.0", "8.2")


@command(
    "setFeatureCompatibilityVersion",
    {"confirm": kinds.SAFE_BOOL, "fromConfigServer": kinds.BOOL, "maxTimeMS": kinds.MAX_TIME},
    target=kinds.STRING,
    is_admin_only=True,
    takes_write_concern=True,
)
def set_feature_compatibility_version(request: Request) -> Document:
    """Keep which version's features are wanted."""
    version = request.arguments["target"]
    if version not in _VERSIONS:
        raise failure(
            4926900,
            f"Invalid feature compatibility version value '{version}'; expected '8.0' or '8.2'.",
        )
    if not request.arguments["confirm"]:
        raise failure(
            7369100,
            "Once you have upgraded, you will not be able to downgrade FCV without support assistance. Please re-run this command with 'confirm: true' to acknowledge this.",
        )
    request.deployment.settings["featureCompatibilityVersion"] = version
    return {}


def feature_version(deployment: Deployment) -> str:
    """Return which version's features are wanted."""
    return str(deployment.settings.get("featureCompatibilityVersion", "8.2"))


@command("dropConnections", {"hostAndPort": required(kinds.ARRAY)}, is_admin_only=True)
def drop_connections(request: Request) -> Document:
    """Close outgoing connections: there are none."""
    for i, item in enumerate(request.arguments["hostAndPort"]):
        if type(item) is not str:
            raise kinds.wrong_type(f"dropConnections.hostAndPort.{i}", item, "string")
        _check_address(item)
    return {}


def _check_address(text: str) -> None:
    host, separator, port = text.rpartition(":")
    if (
        not text
        or (separator and not host)
        or (separator and "]" not in port and not (port.isdigit() and 0 < int(port) < 65536))
    ):
        raise failure(9, f"Bad digit or port in host and port: {text!r}")


def _log_kind(value: Any, where: str) -> Any:
    if type(value) is str:
        if value not in {"server", "audit"}:
            raise failure(4, f"Unknown log type '{value}'")
        return value
    if isinstance(value, bool) or kinds.is_number(value):
        return value
    raise kinds.wrong_type(where, value, "bool, decimal, double, int, long, string")


@command("logRotate", target=kinds.Kind(_log_kind, takes_null=False), is_admin_only=True)
def log_rotate(request: Request) -> Document:  # noqa: ARG001
    """Begin a new log file: none is written."""
    return {}


@command(
    "compactStructuredEncryptionData",
    {
        "compactionTokens": required(kinds.OBJECT),
        "encryptionInformation": kinds.OBJECT,
        "anchorPaddingFactor": kinds.NUMBER,
    },
    target=COLLECTION,
)
def compact_structured_encryption_data(request: Request) -> Document:
    """Refuse: no collection is encrypted."""
    found = request.find()
    if found is None:
        raise failure(26, f"Collection '{request.namespace}' not found")
    if found[1].is_view:
        raise failure(166, f"Namespace {request.namespace} is a view, not a collection")
    raise failure(6346807, "Target namespace is not an encrypted collection")


@command("rotateCertificates", is_admin_only=True, is_lenient=True)
def rotate_certificates(request: Request) -> Document:  # noqa: ARG001
    """Refuse: the serving host reads its certificate when it starts."""
    raise failure(20, "rotateCertificates is not supported: start the server again")


COMMANDS = (
    fsync, fsync_unlock, profile, validate_db_metadata, auto_compact, compact, set_feature_compatibility_version,
    drop_connections, log_rotate, compact_structured_encryption_data, rotate_certificates,
)  # fmt: skip
