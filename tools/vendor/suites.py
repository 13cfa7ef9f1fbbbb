"""The vendors' own test suites, as data: where each lies, what it needs, how it finds its service."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dotdo_testing.case import Target

EVERYWHERE = (Target.INPROC, Target.WIRE, Target.REAL)
WIRE_ONLY = (Target.WIRE, Target.REAL)


@dataclass(frozen=True, slots=True)
class Corpus:
    """A suite that lies in the corpora, under `folder`."""

    folder: str


@dataclass(frozen=True, slots=True)
class Sdist:
    """A suite that the vendor ships in the source distribution `requirement` (`name==version`)."""

    requirement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pytest:
    """A suite that pytest runs, in an environment of its own.

    Args:
        requirements: what that environment gets.
        arguments: pytest's arguments.
        address: further arguments naming the real service; `{url}`, `{host}`, `{port}`, `{user}`,
            `{database}` are filled in.
        environment: variables naming the real service, filled in likewise.
    """

    requirements: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """A suite in the vendor's own form; conformance-tests/vendor/NAME.py knows how to run it.

    Args:
        beside_real: whether it compares with the real service, whatever its target.
    """

    beside_real: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorSuite:
    """One suite: what is tested is `package`, what it expects is `service`."""

    package: str
    service: str
    source: Corpus | Sdist
    runner: Pytest | Script
    targets: tuple[Target, ...] = EVERYWHERE


_PYMONGO_MODULES = (  # those that ask a server, but for authentication, encryption, TLS and sharding
    "bulk", "causal_consistency", "change_stream", "client", "client_backpressure", "client_bulk_write", "collation",
    "collection", "collection_management", "command_logging", "command_monitoring", "comment", "crud_unified", "csot",
    "cursor", "custom_types", "database", "discovery_and_monitoring", "examples", "grid_file", "gridfs",
    "gridfs_bucket", "gridfs_spec", "heartbeat_monitoring", "index_management", "logger", "monitoring",
    "operation_id_retry", "raw_bson", "read_concern", "read_write_concern_spec", "retryable_reads",
    "retryable_reads_unified", "retryable_writes", "retryable_writes_unified", "run_command", "session",
    "sessions_unified", "streaming_protocol", "transactions", "transactions_unified", "unified_format",
    "versioned_api_integration",
)  # fmt: skip
_PYMONGO = (
    *(f"test/test_{name}.py" for name in _PYMONGO_MODULES),
    *(f"test/asynchronous/test_{name}.py" for name in _PYMONGO_MODULES),
    *(f"test/test_{name}.py" for name in ("bson", "bson_corpus", "dbref", "decimal128")),
    "test/test_create_entities.py",
)


SUITES: Mapping[str, VendorSuite] = {
    "psycopg": VendorSuite(
        package="dotdo-postgres",
        service="postgres",
        source=Corpus("vendor/psycopg-3.3.4"),
        runner=Pytest(
            requirements=(
                "psycopg[binary]==3.3.4",
                "psycopg-pool",
                "pytest>=8,<10",
                "pytest-timeout",
                "anyio",
                "pproxy",
                "dnspython",
                "shapely",
                "numpy",
            ),
            arguments=("tests", "--timeout=60"),
            address=("--test-dsn={url}",),
        ),
    ),
    "asyncpg": VendorSuite(
        package="dotdo-postgres",
        service="postgres",
        source=Corpus("vendor/asyncpg-0.31.0"),
        runner=Pytest(
            requirements=("asyncpg==0.31.0", "pytest>=8,<10", "pytest-timeout", "distro", "uvloop"),
            arguments=("tests", "--timeout=60", "--tb=native"),  # pytest's own fails on deep stacks
            environment={
                "PGHOST": "{host}",
                "PGPORT": "{port}",
                "PGUSER": "{user}",
                "PGDATABASE": "{database}",
            },
        ),
    ),
    "pg-regress": VendorSuite(
        package="dotdo-postgres",
        service="postgres",
        source=Corpus("vendor/postgresql-15.18"),
        runner=Script(),
    ),
    "pg-isolation": VendorSuite(
        package="dotdo-postgres",
        service="postgres",
        source=Corpus("vendor/postgresql-15.18/isolation"),
        runner=Script(),
        targets=WIRE_ONLY,
    ),
    "redis-py": VendorSuite(
        package="dotdo-redis",
        service="redis",
        source=Sdist("redis==8.1.0"),
        runner=Pytest(
            requirements=(
                "redis[hiredis]==8.1.0",
                "pytest>=8,<10",
                "pytest-asyncio",
                "pytest-timeout",
                "packaging",
                "cryptography",
                "PyJWT",
                "requests",
                "numpy",
                "pybreaker",  # this and the next for conftests of folders that are left out
                "aiohttp",
                "opentelemetry-sdk",
            ),
            arguments=(
                "tests",
                "--timeout=60",  # a reply that never comes is one failure, not the end of the run
                "--continue-on-collection-errors",
                "--ignore=tests/test_scenario",  # a vendor's cloud, with programs of its own
                "--ignore=tests/test_asyncio/test_scenario",
                "--ignore=tests/test_multidb",
                "--ignore=tests/test_asyncio/test_multidb",
                "--ignore=tests/test_credentials.py",
                "--ignore=tests/test_asyncio/test_credentials.py",
            ),
            address=("--redis-url={url}",),
        ),
    ),
    "redis-py-modules": VendorSuite(
        package="dotdo-redis",
        service="redis",
        source=Sdist("redis==8.1.0"),
        runner=Pytest(
            requirements=(
                "redis[hiredis]==8.1.0",
                "pytest>=8,<10",
                "pytest-asyncio",
                "packaging",
                "cryptography",
                "PyJWT",
                "requests",
                "numpy",
                "ujson",
            ),
            arguments=(
                "tests/test_json.py",
                "tests/test_bloom.py",
                "tests/test_timeseries.py",
                "tests/test_vsets.py",
                "tests/test_search.py",
                "tests/test_asyncio/test_json.py",
                "tests/test_asyncio/test_bloom.py",
                "tests/test_asyncio/test_timeseries.py",
                "tests/test_asyncio/test_vsets.py",
                "tests/test_asyncio/test_search.py",
            ),
            address=("--redis-url={url}", "--redis-mod-url={url}"),
        ),
    ),
    "redis-tcl": VendorSuite(
        package="dotdo-redis",
        service="redis",
        source=Corpus("vendor/redis-7.0.15"),
        runner=Script(),
        targets=WIRE_ONLY,
    ),
    "pymongo": VendorSuite(
        package="dotdo-mongo",
        service="mongo",
        source=Sdist("pymongo==4.20.0"),
        runner=Pytest(
            requirements=(
                "pymongo==4.20.0",
                "pytest>=8,<10",
                "pytest-asyncio",
                "pytest-timeout",
                "quickjs",
                "python-snappy",
                "zstandard",
            ),
            arguments=(
                *_PYMONGO,
                "--timeout=120",
                "--override-ini=timeout_func_only=true",  # while the run itself reports, an alarm would end it
                "--tb=native",  # pytest's own fails on deep stacks
            ),
            environment={"DB_IP": "{host}", "DB_PORT": "{port}"},
        ),
    ),
    "mongo-recorded": VendorSuite(
        package="dotdo-mongo",
        service="mongo",
        source=Corpus("mongo"),
        runner=Script(beside_real=False),
        targets=(Target.INPROC, Target.WIRE),
    ),
    "tck": VendorSuite(
        package="dotdo-neo4j", service="neo4j", source=Corpus("opencypher-tck"), runner=Script()
    ),
    "stripe": VendorSuite(
        package="dotdo-stripe",
        service="stripe",
        source=Sdist("stripe==16.1.0"),
        runner=Pytest(requirements=("stripe==16.1.0", "pytest>=8,<10"), arguments=("tests",)),
    ),
    "openai": VendorSuite(
        package="dotdo-openai",
        service="openai",
        source=Sdist("openai==3.54.0"),
        runner=Pytest(
            requirements=("openai==3.54.0", "pytest>=8,<10", "pytest-asyncio", "respx"),
            arguments=("tests",),
            environment={"TEST_API_BASE_URL": "{url}"},
        ),
    ),
}
