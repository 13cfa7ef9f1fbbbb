"""The four doors behind one manner: write, read, find, change and delete things, and hear of changes."""

import json
from typing import Any

import dotdo_mongo as pymongo
import dotdo_postgres as psycopg
import dotdo_redis as redis
from dotdo import Tenant
from dotdo_redis.durability import map_keys

WRITERS = READERS = ("things", "sql", "mongo", "redis")
HOMES = ("documents", "collection", "table", "keys")
FIELD = "the field"  # a name that needs quoting
NAMES = {"documents": "Doc", "collection": "docs", "table": "rows", "keys": "Kept"}


class Things:
    """`tenant.things`."""

    name = "things"

    def __init__(self, tenant: Tenant) -> None:
        self.tenant, self.heard = tenant, []

    def write(self, home, identity, **fields):
        self.tenant.things.create(NAMES[home], identity, **fields)

    def read(self, home, identity):
        found = self.tenant.things.find(NAMES[home], {"id": identity} if home == "table" else None)
        thing = next((thing for thing in found if thing.id == identity), None)
        return None if thing is None else thing.fields

    def find(self, home, field, value):
        return sorted(thing.id for thing in self.tenant.things.find(NAMES[home], {field: value}))

    def change(self, home, identity, field, value):
        self.tenant.things.update((NAMES[home], identity), **{field: value})

    def delete(self, home, identity):
        self.tenant.things.delete((NAMES[home], identity))

    def listen(self, home):
        self.tenant.on[NAMES[home]]["*"](
            lambda event: self.heard.append((event.verb, event.thing.id))
        )

    def events(self):
        return self.heard


class Sql:
    """psycopg."""

    name = "sql"

    def __init__(self, tenant: Tenant, database: str = "") -> None:
        self.connection = psycopg.connect(f"dbname={database or tenant.name}", autocommit=True)
        self.connection.execute("set timezone = 'UTC'")

    def _key(self, home):
        return "id" if home == "table" else "_id"

    @staticmethod
    def _given(value):
        return psycopg.types.json.Jsonb(value) if isinstance(value, dict | list) else value

    def write(self, home, identity, **fields):
        names = ", ".join(f'"{name}"' for name in (self._key(home), *fields))
        marks = ", ".join(["%s"] * (1 + len(fields)))
        sql = f'insert into "{NAMES[home]}" ({names}) values ({marks})'
        self.connection.execute(sql, [identity, *map(self._given, fields.values())])

    def read(self, home, identity):
        sql = f'select * from "{NAMES[home]}" where {self._key(home)} = %s'
        cursor = self.connection.execute(sql, [identity])
        row = cursor.fetchone()
        if row is None:
            return None
        fields = dict(zip([c.name for c in cursor.description], row, strict=True))
        return {
            name: value for name, value in fields.items() if name not in {self._key(home), "_doc"}
        }

    def find(self, home, field, value):
        where = f'"{field}" is null' if value is None else f'"{field}" = %s'
        params = [] if value is None else [self._given(value)]
        sql = f'select {self._key(home)} from "{NAMES[home]}" where {where} order by 1'
        return [row[0] for row in self.connection.execute(sql, params)]

    def change(self, home, identity, field, value):
        sql = f'update "{NAMES[home]}" set "{field}" = %s where {self._key(home)} = %s'
        assert self.connection.execute(sql, [self._given(value), identity]).rowcount == 1

    def delete(self, home, identity):
        sql = f'delete from "{NAMES[home]}" where {self._key(home)} = %s'
        assert self.connection.execute(sql, [identity]).rowcount == 1

    def close(self):
        self.connection.close()

    def listen(self, home):
        self.connection.execute(f'listen "things.{NAMES[home]}"')

    def events(self):
        found = [json.loads(n.payload) for n in self.connection.notifies(timeout=0.05)]
        return [(event["verb"], event["id"]) for event in found]


_OPERATIONS = {"insert": "created", "update": "updated", "replace": "updated", "delete": "deleted"}


class Mongo:
    """pymongo."""

    name = "mongo"

    def __init__(self, tenant: Tenant, database: str = "") -> None:
        self.client = pymongo.MongoClient(tz_aware=True)
        self.database = self.client[database or tenant.name]
        self.stream = None

    def write(self, home, identity, **fields):
        self.database[NAMES[home]].insert_one({"_id": identity, **fields})

    def read(self, home, identity):
        found = self.database[NAMES[home]].find_one({"_id": identity})
        return None if found is None else {n: v for n, v in found.items() if n != "_id"}

    def find(self, home, field, value):
        return sorted(d["_id"] for d in self.database[NAMES[home]].find({field: value}))

    def change(self, home, identity, field, value):
        done = self.database[NAMES[home]].update_one({"_id": identity}, {"$set": {field: value}})
        assert done.matched_count == 1

    def delete(self, home, identity):
        assert self.database[NAMES[home]].delete_one({"_id": identity}).deleted_count == 1

    def close(self):
        if self.stream is not None:
            self.stream.close()
        self.client.close()

    def listen(self, home):
        self.stream = self.database[NAMES[home]].watch()

    def events(self):
        found = []
        while (event := self.stream.try_next()) is not None:
            found.append((_OPERATIONS[event["operationType"]], event["documentKey"]["_id"]))
        return found


class Redis:
    """redis-py."""

    name = "redis"

    def __init__(self, tenant: Tenant) -> None:
        self.client = redis.Redis()
        self.listener = None

    def _key(self, home, identity):
        return f"{NAMES[home].lower()}:{identity}"

    def write(self, home, identity, **fields):
        self.client.hset(self._key(home, identity), mapping=fields)

    def read(self, home, identity):
        found = self.client.hgetall(self._key(home, identity))
        return {name.decode(): value for name, value in found.items()} or None

    def find(self, home, field, value):
        keys = self.client.scan_iter(f"{NAMES[home].lower()}:*")
        return sorted(
            identity if not identity.isdigit() else int(identity)
            for key in keys
            for identity in [key.decode().partition(":")[2]]
            if self.client.hget(key, field) == value
        )

    def change(self, home, identity, field, value):
        self.client.hset(self._key(home, identity), field, value)

    def delete(self, home, identity):
        assert self.client.delete(self._key(home, identity)) == 1

    def listen(self, home):
        self.client.config_set("notify-keyspace-events", "KEA")
        self.listener = self.client.pubsub(ignore_subscribe_messages=True)
        self.listener.psubscribe(f"__keyspace@0__:{NAMES[home].lower()}:*")
        self.listener.get_message(timeout=1)

    def events(self):
        found = []
        while (message := self.listener.get_message(timeout=0.05)) is not None:
            identity = message["channel"].decode().partition(":")[2].partition(":")[2]
            found.append(("deleted" if message["data"] == b"del" else "written", int(identity)))
        return found


class Doors:
    """Every door to one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        made = (Things(tenant), Sql(tenant), Mongo(tenant), Redis(tenant))
        self._doors = {door.name: door for door in made}

    def __getitem__(self, name: str) -> Any:
        return self._doors[name]

    def make(self, home: str, columns: dict[str, str]) -> None:
        """Make a noun in the way of its home; the hashes `name:*` are its things.

        Args:
            home: Which.
            columns: Names and the kernel's types, for a table.
        """
        name = NAMES[home]
        if home == "table":
            self.tenant.nouns.define(name, {"id": "bigint"} | columns)
        elif home == "documents":
            self.tenant.nouns.define(name)
        elif home == "collection":
            self["mongo"].database.create_collection(name)
        map_keys(f"{name.lower()}:*", name)

    def close(self) -> None:
        """Close the clients."""
        self["sql"].close()
        self["mongo"].close()
