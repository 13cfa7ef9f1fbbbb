"""Shows that the installed wheels work alone: every package imports, tells its version, and lies outside a checkout.

It imports nothing of the repository, so that it can be copied beside an environment that holds only wheels.
"""

import sys
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path

REQUIRED = {"dotdo", "dotdo_postgres", "dotdo_mongo", "dotdo_redis", "dotdo_cli"}


def installed() -> dict[str, str]:
    """Return the import names of the installed dotdo packages and their versions."""
    found = {}
    for distribution in distributions():
        if distribution.metadata["Name"].split("-")[0] == "dotdo":
            names = {
                Path(file).parts[0] for file in distribution.files or [] if file.name == "py.typed"
            }
            found.update(dict.fromkeys(names, distribution.version))
    return found


def main() -> None:
    """Import every installed package and compare the versions that it and its wheel tell."""
    packages = installed()
    if missing := REQUIRED - packages.keys():
        sys.exit(f"smoke: not installed or without py.typed: {', '.join(sorted(missing))}")
    for name, version in sorted(packages.items()):
        module = import_module(name)
        if module.__version__ != version:
            sys.exit(f"smoke: {name} says {module.__version__}, its wheel {version}")
        if "site-packages" not in str(module.__file__):
            sys.exit(f"smoke: {name} came from {module.__file__}, not from its wheel")
        print(f"{name} {version}")
    use()


def use() -> None:
    """Write through one door and read through the others, in the home that DOTDO_HOME names."""
    dotdo, psycopg = import_module("dotdo"), import_module("dotdo_postgres")
    pymongo, redis = import_module("dotdo_mongo"), import_module("dotdo_redis")
    with psycopg.connect("dbname=smoke") as connection:
        connection.execute("create table track (id int primary key, name text not null)")
        connection.execute("insert into track values (%s, %s)", (1, "Rock"))
    name = dotdo.open("smoke").things.get("track", 1).name
    print(f"a row written by SQL is the thing {name!r}")
    if name != "Rock":
        sys.exit("smoke: the thing is not the row that was written")
    document = pymongo.MongoClient()["smoke"]["track"].find_one({"name": "Rock"})
    print(f"and the document {document}")
    if document != {"_id": 1, "name": "Rock"}:
        sys.exit("smoke: the document is not the row that was written")
    client = redis.Redis()
    client.set("plays", 41)
    if client.incr("plays") != 42:
        sys.exit("smoke: Redis does not count")


if __name__ == "__main__":
    main()
