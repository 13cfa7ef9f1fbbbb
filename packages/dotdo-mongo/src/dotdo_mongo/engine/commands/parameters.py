"""Settings of the deployment: getParameter, setParameter and the cluster parameters."""

from typing import Any

from bson import Int64

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.administration import feature_version
from dotdo_mongo.engine.commands.declaration import GENERIC, Declared, command, parse_part
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_COMPONENTS = (
    "accessControl", "command", "control", "executor", "geo", "globalIndex", "index", "network", "processHealth", "query",
    "queryStats", "replication", "sharding", "storage", "test", "transaction", "write", "ftdc", "assert", "tenantMigration",
    "bridge", "default", "mozjs", "resharding", "shardMigrateVerbosity",
)  # fmt: skip
_NESTED = {
    "network": ("asio", "bridge", "connectionPool"),
    "replication": ("election", "heartbeats", "initialSync", "rollback"),
    "storage": ("journal", "recovery", "wt"),
}
_AT_START = frozenset({"KeysRotationIntervalSec"})
_MAX_NAME = 64


def _settings(request: Request) -> Document:
    kept = request.deployment.settings
    verbosity: Document = {"verbosity": kept.get("logLevel", 0)}
    given = kept.get("logComponentVerbosity", {})
    for name in _COMPONENTS:
        verbosity[name] = _component(given.get(name, {}), _NESTED.get(name, ()))
    return {
        "logLevel": kept.get("logLevel", 0),
        "quiet": kept.get("quiet", False),
        "logComponentVerbosity": verbosity,
        "automationServiceDescriptor": kept.get("automationServiceDescriptor", ""),
        "featureCompatibilityVersion": {"version": feature_version(request.deployment)},
        "KeysRotationIntervalSec": 7776000,
        "transactionLifetimeLimitSeconds": 60,
        "internalQueryMaxBlockingSortMemoryUsageBytes": 104857600,
        "authenticationMechanisms": ["SCRAM-SHA-1", "SCRAM-SHA-256"],
        "enableTestCommands": request.deployment.has_test_commands,
        "requireApiVersion": False,
    }


def _component(given: Any, nested: tuple[str, ...]) -> Document:
    level = given.get("verbosity", -1) if isinstance(given, dict) else -1
    inner = given if isinstance(given, dict) else {}
    return {"verbosity": level, **{name: _component(inner.get(name, {}), ()) for name in nested}}


_OPTIONS: Declared = {
    "showDetails": kinds.SAFE_BOOL,
    "allParameters": kinds.SAFE_BOOL,
    "setAt": kinds.one_of("runtime", "startup"),
}


@command("getParameter", is_admin_only=True, is_lenient=True)
def get_parameter(request: Request) -> Document:
    """Return settings by name."""
    target = request.arguments["target"]
    options = parse_part(_OPTIONS, target, "getParameter") if isinstance(target, dict) else {}
    known = _settings(request)
    is_all = target == "*" or bool(options.get("allParameters"))
    asked = [name for name in request.body if name not in GENERIC and name != "getParameter"]
    names = list(known) if is_all else [name for name in asked if name in known]
    if not names:
        raise failure(72, "no option found to get")
    if options.get("showDetails"):
        return {
            name: {
                "value": known[name],
                "settableAtRuntime": name not in _AT_START,
                "settableAtStartup": True,
            }
            for name in names
        }
    return {name: known[name] for name in names}


@command("setParameter", is_admin_only=True, is_lenient=True)
def set_parameter(request: Request) -> Document:
    """Change settings by name."""
    known, kept = _settings(request), request.deployment.settings
    asked = {n: v for n, v in request.body.items() if n not in GENERIC and n != "setParameter"}
    if not asked:
        raise failure(72, "no option found to set, use help:true to see options ")
    changes: Document = {}
    for name, value in asked.items():
        if name not in known or name in {
            "authenticationMechanisms",
            "enableTestCommands",
            "transactionLifetimeLimitSeconds",
            "internalQueryMaxBlockingSortMemoryUsageBytes",
            "requireApiVersion",
        }:
            raise failure(
                72,
                f"attempted to set unrecognized parameter [{name}], use help:true to see options ",
            )
        changes[name] = _new_value(name, value)
    was = known[next(iter(asked))]
    kept.update(changes)
    return {"was": was}


def _new_value(name: str, value: Any) -> Any:
    if name in {"featureCompatibilityVersion", *_AT_START}:
        raise failure(20, f"not allowed to change [{name}] at runtime")
    if name == "logLevel":
        if not kinds.is_number(value) or not 0 <= kinds.as_long(value) <= kinds.INT32_MAX:
            raise failure(2, f"Invalid value for parameter logLevel: {value}")
        return kinds.as_long(value)
    if name == "automationServiceDescriptor":
        if type(value) is not str:
            raise failure(
                14, "Value for parameter automationServiceDescriptor must be of type 'string'"
            )
        if len(value) > _MAX_NAME:
            raise failure(
                15,
                f"Value for parameter automationServiceDescriptor must be no more than {_MAX_NAME} bytes",
            )
        return value
    if name == "logComponentVerbosity":
        if not isinstance(value, dict):
            raise failure(14, "log component verbosity is not a BSON object")
        _check_verbosity(value, _COMPONENTS)
        return value
    return bool(value) if not isinstance(value, float) or value == value else True


def _check_verbosity(given: Document, names: tuple[str, ...]) -> None:
    for name, value in given.items():
        if name == "verbosity":
            is_whole = kinds.is_number(value) and value == value
            if not is_whole or not -1 <= kinds.as_long(value) <= kinds.INT32_MAX:
                raise failure(2, f"Invalid verbosity {value}")
        elif name not in names:
            raise failure(2, f"Invalid component name {name}")
        elif isinstance(value, dict):
            _check_verbosity(value, _NESTED.get(name, ()))
        elif not kinds.is_number(value):
            raise failure(2, f"Invalid log level for component {name}")


# --- cluster parameters --------------------------------------------------------------------------

_CLUSTER: Document = {
    "changeStreamOptions": {"preAndPostImages": {"expireAfterSeconds": "off"}},
    "changeStreams": {"expireAfterSeconds": Int64(3600)},
    "pauseMigrationsDuringMultiUpdates": {"enabled": False},
}


def _names(value: Any, where: str) -> Any:
    if isinstance(value, (str, list)):
        return value
    raise kinds.wrong_type(where, value, "array, string")


@command(
    "getClusterParameter",
    target=kinds.Kind(_names, takes_null=True),
    is_admin_only=True,
    is_lenient=True,
)
def get_cluster_parameter(request: Request) -> Document:
    """Return cluster parameters by name."""
    target = request.arguments["target"]
    kept = request.deployment.settings.get("cluster", {})
    names = list(_CLUSTER) if target == "*" else [target] if type(target) is str else target
    if not names:
        raise failure(
            2, "Must supply at least one cluster server parameter name to getClusterParameter"
        )
    for i, name in enumerate(names):
        if type(name) is not str:
            raise kinds.wrong_type(f"getClusterParameter.getClusterParameter.{i}", name, "string")
        if name not in _CLUSTER:
            raise failure(4, f"Unknown server parameter: {name}")
    return {
        "clusterParameters": [
            {"_id": name, **(_CLUSTER[name] | kept.get(name, {}))} for name in names
        ]
    }


@command("setClusterParameter", target=kinds.OBJECT, is_admin_only=True, is_lenient=True)
def set_cluster_parameter(request: Request) -> Document:
    """Change one cluster parameter."""
    given = request.arguments["target"]
    if not given:
        raise failure(4, "Unknown server parameter: ")
    if len(given) > 1:
        raise failure(72, "setClusterParameter only supports setting exactly one parameter")
    ((name, value),) = given.items()
    if name not in _CLUSTER:
        raise failure(4, f"Unknown server parameter: {name}")
    if not isinstance(value, dict):
        raise failure(14, f"Cluster parameter value must be an object: {name}")
    for inner in value:
        if inner.startswith("$"):
            raise failure(52, f"Field names in cluster parameters may not begin with '$': {inner}")
    request.deployment.settings.setdefault("cluster", {})[name] = _cluster_value(name, value)
    return {}


def _cluster_value(name: str, value: Document) -> Document:
    if name == "pauseMigrationsDuringMultiUpdates":
        return {"enabled": bool(kinds.SAFE_BOOL.check(value.get("enabled"), "enabled"))}
    holder = value.get("preAndPostImages") if name == "changeStreamOptions" else value
    if not isinstance(holder, dict):
        raise failure(2, "preAndPostImages must be an object")
    if not holder:
        return {}
    seconds: Any = holder.get("expireAfterSeconds")
    if name == "changeStreamOptions" and seconds == "off":
        return value
    if not kinds.is_number(seconds):
        if name == "changeStreams":
            raise kinds.wrong_type("changeStreams.expireAfterSeconds", seconds, "long")
        raise failure(2, "expireAfterSeconds must be 'off' or a number")
    number = kinds.as_long(seconds)
    if number <= 0:
        raise failure(
            2, f"Expected a positive integer for 'expireAfterSeconds' field but found: {number}"
        )
    inner = {"expireAfterSeconds": Int64(number)}
    return {"preAndPostImages": inner} if name == "changeStreamOptions" else inner


COMMANDS = (get_parameter, set_parameter, get_cluster_parameter, set_cluster_parameter)
