"""Names of a statement resolved by the search path: relations, sequences, types; unknown ones are PostgreSQL's errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from dotdo_postgres.engine.naming import PUBLIC, noun_name
from dotdo_postgres.engine.objects.actor import Actor
from dotdo_postgres.engine.objects.collected import Key, Objects, Sequence, objects_of
from dotdo_postgres.engine.objects.kept import derived_oid, kind_of
from dotdo_postgres.engine.objects.temporary import ALIAS
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Catalog, Noun
    from dotdo_postgres.engine.documents.present import Documents
    from dotdo_postgres.engine.relations import Relation

Node = dict[str, Any]
SYSTEM_SCHEMAS = ("pg_catalog", "information_schema")
DEFAULT_PATH = ('"$user"', "public")


class Regs(Protocol):
    """Reads and writes values of regclass, regtype and their kin."""

    def read(self, names: Names, kind: int, text: str) -> int:
        """Return the OID that a name means; raises the type's own error."""

    def write(self, names: Names, kind: int, oid: int) -> str:
        """Return the name of an object."""


class Routines(Protocol):
    """Binds calls of what users made: functions, aggregates, operators."""

    def bind_call(  # noqa: PLR0917 -- what a call is made of
        self,
        binder: Any,
        node: Node,
        parts: list[str],
        args: list[Any],
        labels: tuple[str, ...],
        scope: Any,
    ) -> Any:
        """Bind a call; gives PostgreSQL's own candidate where that is meant, None where nothing fits."""

    def bind_operator(self, binder: Any, name: str, operands: list[Any], location: int) -> Any:
        """Bind an operator; None when PostgreSQL's own is meant, or none fits."""

    def with_columns(self, binder: Any, call: Any, columns: list[tuple[str, int, int]]) -> Any:
        """Give a call that returns records its columns; None when it is none of a user's."""


class _NoRegs:
    """Where no session is, objects have numbers only."""

    def read(self, names: Names, kind: int, text: str) -> int:  # noqa: ARG002 -- as every reader
        """Read a number."""
        return int(text)

    def write(self, names: Names, kind: int, oid: int) -> str:  # noqa: ARG002 -- as every writer
        """Write a number."""
        return str(oid)


class Names:
    """How the names of one statement resolve.

    Args:
        catalog: The definitions.
        path: Schemas of the search path that are there, `pg_catalog` where it is searched.
        temporary: Schema of the session's temporary relations.
        computed: Relations of pg_catalog and information_schema that are kept here.
        regs: Reads and writes values of regclass and its kin.
        actor: Who acts; by default one to whom nothing is refused.
        routines: Binds calls of what users made; without, there are none.
        documents: Describes nouns of documents by what is in them.
    """

    def __init__(  # noqa: PLR0917 -- what names depend on
        self,
        catalog: Catalog,
        path: tuple[str, ...] = ("pg_catalog", PUBLIC),
        temporary: str = "",
        computed: frozenset[str] = frozenset(),
        regs: Regs | None = None,
        actor: Actor | None = None,
        routines: Routines | None = None,
        documents: Documents | None = None,
    ) -> None:
        self.catalog = catalog
        self.path = path
        self.temporary = temporary
        self.objects: Objects = objects_of(catalog)
        self.virtual: dict[str, Relation] = {}
        self.computed = computed
        self.regs = regs or _NoRegs()
        self.actor = actor or Actor("")
        self.invoker: Actor | None = None
        self.routines = routines
        self.documents = documents

    # --- schemas -----------------------------------------------------------------------------

    @property
    def creation_schema(self) -> str:
        """Return the schema that unqualified new objects go to; raises 3F000."""
        return self._place(None)

    def _place(self, location: int | None) -> str:
        """Return the schema that unqualified new objects go to.

        Raises:
            PostgresError: the search path names none that is there (3F000).
        """
        for schema in self.path:
            if schema not in SYSTEM_SCHEMAS and schema != self.temporary:
                return schema
        raise error("3F000", "no schema has been selected to create in", position=location)

    def has_schema(self, name: str) -> bool:
        """Tell whether a schema is there."""
        return (
            name in self.objects.schemas
            or name in SYSTEM_SCHEMAS
            or name in {ALIAS, self.temporary}
        )

    def require_schema(self, name: str, location: int | None = None) -> str:
        """Return the name of a schema that is there.

        Raises:
            PostgresError: it is not (3F000).
        """
        if not self.has_schema(name):
            raise error("3F000", f'schema "{name}" does not exist', position=location)
        return self.temporary if name == ALIAS else name

    # --- relations ---------------------------------------------------------------------------

    def key_to_create(self, node: Node) -> Key:
        """Return schema and name for a new relation that a RangeVar names."""
        is_temporary = node.get("relpersistence") == "t"
        if "schemaname" in node:
            schema = self.require_schema(node["schemaname"], node.get("location"))
            if schema in SYSTEM_SCHEMAS:
                shown = f'permission denied to create "{schema}.{node["relname"]}"'
                detail = "System catalog modifications are currently disallowed."
                raise error("42501", shown, detail=detail)
            if is_temporary and schema != self.temporary:
                message = "cannot create temporary relation in non-temporary schema"
                raise error("42P16", message)
            return schema, node["relname"]
        if is_temporary:
            return self.temporary, node["relname"]
        return self._place(node.get("location")), node["relname"]

    def find(self, schema: str | None, name: str) -> Key | None:
        """Return schema and name of the relation (of any kind) that a name means, None without."""
        for key in self._keys(schema, name):
            if self.objects.relation_kind(key) is not None:
                return key
        return None

    def _keys(self, schema: str | None, name: str) -> list[Key]:
        if schema == ALIAS:
            return [(self.temporary, name)]
        return [(schema, name)] if schema is not None else [(place, name) for place in self.path]

    def noun(self, schema: str | None, name: str) -> Noun | None:
        """Return the noun of a table or view, None when there is none of that name."""
        for key in self._keys(schema, name):
            noun = self.objects.relations.get(key)
            if noun is not None:
                return noun
            if self.objects.relation_kind(key) is not None:
                return None
        return None

    def table(self, node: Node) -> Noun | None:
        """Return the noun of the table or view that a RangeVar names, None when there is none."""
        return self.noun(node.get("schemaname"), node["relname"])

    def noun_name(self, key: Key) -> str:
        """Return the kernel's name of a table."""
        return noun_name(*key)

    def index(self, schema: str | None, name: str) -> Noun | None:
        """Return the table of an index."""
        for key in self._keys(schema, name):
            if key in self.objects.indexes:
                return self.objects.indexes[key]
        return None

    def sequence(self, schema: str | None, name: str) -> Sequence | None:
        """Return the sequence of that name."""
        for key in self._keys(schema, name):
            found = self.objects.sequences.get(key)
            if found is not None:
                return found
            if self.objects.relation_kind(key) is not None:
                return None
        return None

    def taken(self, schema: str) -> set[str]:
        """Return the names of all relations of a schema."""
        objects = self.objects
        found = {name for place, name in objects.relations if place == schema}
        found |= {name for place, name in objects.sequences if place == schema}
        return found | {name for place, name in objects.indexes if place == schema}

    def is_visible(self, key: Key) -> bool:
        """Tell whether the bare name of a relation means just it."""
        return self.find(None, key[1]) == key

    def shown(self, key: Key) -> str:
        """Return the name of a relation, with its schema where the bare name would mean another."""
        return key[1] if self.is_visible(key) else f"{key[0]}.{key[1]}"

    # --- routines ----------------------------------------------------------------------------

    def has_routine(self, schema: str | None, name: str) -> bool:
        """Tell whether users made a routine of that name where it is looked for."""
        made = self.objects.functions
        if not made or self.routines is None:
            return False
        return any((place, name) in made for place in (self.path if schema is None else (schema,)))

    # --- reg types ---------------------------------------------------------------------------

    def read_reg(self, kind: int, text: str) -> int:
        """Return the OID that a name means.

        Raises:
            PostgresError: there is no such object (42P01, 42704, 3F000, 42883).
        """
        return self.regs.read(self, kind, text)

    def write_reg(self, kind: int, oid: int) -> str:
        """Return the name of an object, its number when there is none."""
        return self.regs.write(self, kind, oid)

    # --- types -------------------------------------------------------------------------------

    def type(self, schema: str | None, name: str) -> int | None:
        """Return the OID of a type that a user made."""
        for key in self._keys(schema, name):
            if key in self.objects.types:
                return self.objects.types[key]
            if key in self.objects.row_types:
                return derived_oid(self.objects.row_types[key], "t", "")
        return None


def kind_word(kind: str) -> str:
    """Return what DROP calls a kind of relation."""
    return {"r": "table", "v": "view", "m": "materialized view", "S": "sequence", "i": "index"}[
        kind
    ]


__all__ = ["Names", "kind_of", "kind_word"]
