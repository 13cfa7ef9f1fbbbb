"""PostgreSQL's own programs on the server: psql describes, pgbench fills and runs its scripts; where one is not installed its tests say so."""

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

Run = Callable[..., str]
SCHEMA = """
create schema app;
create type app.mood as enum ('ok', 'bad');
create type app.pair as (a int, b text);
create domain app.positive as int check (value > 0);
create table app.item (
    id serial primary key, mood app.mood default 'ok', price numeric(8,2), n app.positive, name text unique, host inet,
    unique (mood, n), check (price >= 0)
);
create table app.part (item int references app.item on delete cascade, at timestamptz default now());
create index on app.item (lower(name)) where n > 3;
create view app.named as select id, name from app.item where name is not null;
create materialized view app.counted as select count(*) as n from app.item;
create sequence app.numbers increment 5;
comment on table app.item is 'what is sold';
alter table app.item enable row level security;
create policy cheap on app.item using (price < 10);
"""
DESCRIBING = r"""
\d
\d app.item
\d+ app.item
\d app.part
\d app.named
\d+ app.named
\d app.counted
\d app.numbers
\d app.item_pkey
\d app.pair
\da
\dA
\dA+
\dAc
\dAf
\dAo
\dAp
\db
\dc
\dc+
\dC
\dd
\dD app.*
\dD+ app.*
\ddp
\dE
\di app.*
\di+ app.*
\dm app.*
\ds app.*
\dt app.*
\dt+ app.*
\dv app.*
\dv+ app.*
\des
\det
\deu
\dew
\df app.*
\df lower
\df+ lower
\dF
\dFd
\dFp
\dFt
\dg
\dg+
\dl
\dL
\dL+
\dn
\dn+
\do +
\dO
\dp app.*
\dP
\drds
\dRp
\dRs
\dT app.*
\dT+ app.*
\du
\dx
\dX
\dy
\l
\l+
\z app.*
\sv app.named
\conninfo
\encoding
\dconfig work*
"""


@pytest.fixture
def run(address: tuple[str, int]) -> Run:
    """Run a program of PostgreSQL's on the server; return what it printed."""
    host, port = address
    environment = {
        **os.environ,
        "PGHOST": host,
        "PGPORT": str(port),
        "PGUSER": "ann",
        "PGDATABASE": "shop",
    }

    def run(program: str, *arguments: str, script: str | None = None) -> str:
        path = shutil.which(program)
        if path is None:
            pytest.skip(f"{program} is not installed")
        done = subprocess.run(
            [path, *arguments],
            input=script,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


def psql(run: Run, script: str) -> str:
    return run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", script=script)


def test_psql_describes_all_that_there_is(run: Run) -> None:
    psql(run, SCHEMA)
    told = psql(run, DESCRIBING)
    for expected in (
        'Table "app.item"',
        'View "app.named"',
        'Sequence "app.numbers"',
        'Composite type "app.pair"',
        '"item_mood_n_key" UNIQUE CONSTRAINT, btree (mood, n)',
        '"item_price_check" CHECK (price >= 0::numeric)',
        'POLICY "cheap"',
        'TABLE "app.part" CONSTRAINT "part_item_fkey" FOREIGN KEY (item) REFERENCES app.item(id) ON DELETE CASCADE',
        "btree (lower(name)) WHERE n",
        "what is sold",
        "ok  ",
    ):
        assert expected in told


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench_fills_its_tables_and_runs_its_scripts(run: Run, mode: str) -> None:
    run("pgbench", "-i", "-s", "1", "--quiet")
    for script in ("tpcb-like", "simple-update", "select-only"):
        told = run("pgbench", "-n", "-b", script, "-M", mode, "-c", "2", "-t", "20")
        assert "number of transactions actually processed: 40/40" in told
        assert "number of failed transactions: 0 (0.000%)" in told
    counted = psql(
        run,
        "select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history)",
    )
    assert "t\n" in counted
