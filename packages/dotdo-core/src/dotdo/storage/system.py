"""The system tables of a tenant's file and the version of its format."""

APPLICATION_ID = 0x646F646F  # "dodo", in the file's header
FORMAT = 1

# Operations of `_log`. A rewrite keeps a row's image before its noun changes shape; a commit is the last entry of its transaction: `id` is the first seq of the range, `before` [time_us, actor, action, api].
COMMIT, INSERT, UPDATE, DELETE, REWRITE, SCHEMA, EVENT = range(7)

RELATIONSHIP = 1  # number of the noun whose rows are the relationships
VERB = 2  # and of the one whose rows are the verbs
FIRST_NOUN = 16  # numbers below are the kernel's own

TABLES = f"""
create table _meta(k text primary key, v any) strict, without rowid;
create table _noun(id integer primary key, name text not null unique, def text not null) strict;
create table _schema(seq integer primary key, noun integer not null, def text, filled text) strict;
create table _log(seq integer primary key, noun integer not null, op integer not null, id integer not null, before any) strict;
create table _log_by_id(noun integer, id integer, seq integer, primary key(noun, id, seq)) strict, without rowid;
create table _counter(name text primary key, high integer not null) strict, without rowid;
create table _consumer(name text primary key, seq integer not null) strict, without rowid;
create table _field(noun integer, name text, primary key(noun, name)) strict, without rowid;
create view _tx(seq0, seq1, ts_us, actor, action, api) as
 select id, seq, before ->> 0, before ->> 1, before ->> 2, before ->> 3 from _log where noun = 0 and op = {COMMIT};
insert into _meta values ('format', {FORMAT}), ('catalog', 1), ('next_noun', {FIRST_NOUN}), ('indexed', 0), ('horizon', 0);
pragma application_id = {APPLICATION_ID};
pragma user_version = {FORMAT};
"""
