"""A day at the library: three programs on one dataset, a trial of a new rule on a branch, and the merge. `python -m examples.library`."""

import os
import tempfile

import dotdo
import dotdo_postgres as psycopg
import dotdo_redis as redis
from dotdo_mongo import MongoClient
from examples.library import catalogue, desk, members

NAME = "library"


def main() -> None:
    """Run the whole day on a tenant of its own, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DOTDO_HOME"], os.environ["DOTDO_NS"] = folder, NAME
        with (
            dotdo.open(NAME) as tenant,
            MongoClient() as mongo,
            psycopg.connect(f"dbname={NAME}", autocommit=True) as sql,
        ):
            catalogue.set_up(mongo, NAME)
            members.set_up(sql)
            desk.set_up(NAME)
            work(mongo, sql)
            try_a_rule(tenant, sql)


def work(mongo: MongoClient, sql: psycopg.Connection) -> None:
    """Lend by SQL, look by MongoDB, count by Redis: each sees what the others did."""
    client = redis.Redis(decode_responses=True)
    print("before 1950:", ", ".join(catalogue.older_than(mongo, NAME, 1950)))
    print("lent:", members.lend(sql, 1, "dune"), members.lend(sql, 2, "dune"))
    print("copies of Dune at the desk:", client.hget("book:dune", "copies"))
    print("open loans:", members.open_loans(sql))
    print("fined:", desk.fine(client, 1, 2.5), desk.fine(client, 1, 100))
    print("fines:", sql.execute("select name, fines from member order by id").fetchall())
    client.hset("book:ulysses", "isbn", "978-1")
    print("number taken:", catalogue.is_taken(mongo, NAME, "978-1"))
    print("served:", desk.queue(client, "Cy", "Di", "Eve"))


def try_a_rule(tenant: dotdo.Tenant, sql: psycopg.Connection) -> None:
    """Forgive fines on a branch, look at the difference there, and merge; the past keeps how it was."""
    before = tenant.version
    tenant.branch("amnesty")
    with psycopg.connect(f"dbname={NAME}@amnesty", autocommit=True) as trial:
        trial.execute("update member set fines = 0")
    with MongoClient() as mongo:
        mongo[f"{NAME}@amnesty"].book.update_one({"_id": "dune"}, {"$inc": {"copies": 3}})
    print("on main:", sql.execute("select fines from member where id = 1").fetchone())
    print("differences:", len(tenant.diff("amnesty")))
    print("merged:", tenant.merge("amnesty").updated, "things")
    client = redis.Redis(decode_responses=True)
    print("at the desk:", client.hget("member:1", "fines"), client.hget("book:dune", "copies"))
    with psycopg.connect(f"dbname={NAME}@v{before}") as then:
        print("before:", then.execute("select fines from member where id = 1").fetchone())


if __name__ == "__main__":
    main()
