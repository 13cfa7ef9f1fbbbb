"""Functions, procedures, triggers and DO: programs as applications have them. Every case leaves the data as it was."""

from decimal import Decimal

from postgres_cases.sql_case import case

AUDIT = """
create function audit_row() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    insert into audit_log(op, tab, before) values (tg_op, tg_table_name, to_jsonb(old));
    return old;
  elsif tg_op = 'UPDATE' then
    insert into audit_log(op, tab, before, after) values (tg_op, tg_table_name, to_jsonb(old), to_jsonb(new));
    return new;
  end if;
  insert into audit_log(op, tab, after) values (tg_op, tg_table_name, to_jsonb(new));
  return new;
end $$"""
QUEUE = """
create function take_job(worker text, out job_id int, out payload text) language plpgsql as $$
begin
  update jobs set taken_by = worker where id = (
    select id from jobs where taken_by is null order by id for update skip locked limit 1
  ) returning id, body into job_id, payload;
end $$"""
UPSERT = """
create function put_word(w text, n int) returns text language plpgsql as $$
begin
  loop
    update words set hits = hits + n where word = w;
    if found then return 'updated'; end if;
    begin
      insert into words values (w, n);
      return 'inserted';
    exception when unique_violation then
      null;
    end;
  end loop;
end $$"""

CASES = [
    case(
        "audit-trigger",
        "begin",
        "create table account (id int primary key, owner text, balance numeric(10,2))",
        "create table audit_log (id serial, op text, tab text, before jsonb, after jsonb)",
        AUDIT,
        "create trigger account_audit after insert or update or delete on account for each row execute function audit_row()",
        "insert into account values (1, 'Ann', 10.50), (2, 'Bob', 0)",
        "update account set balance = balance + 1 where id = 1 returning *",
        "delete from account where id = 2",
        "select op, tab, before, after from audit_log order by id",
        "rollback",
    ),
    case(
        "updated-at-trigger",
        "begin",
        "create table note (id int, body text, version int default 0, updated_at timestamptz)",
        """create function touch() returns trigger language plpgsql as $$
        begin new.updated_at := now(); new.version := old.version + 1; return new; end $$""",
        "create trigger touch before update on note for each row when (old.* is distinct from new.*) execute function touch()",
        "insert into note values (1, 'a')",
        "update note set body = 'a'",
        "update note set body = 'b'",
        "select id, body, version, updated_at = now() from note",
        "rollback",
    ),
    case(
        "queue-function",
        "begin",
        "create table jobs (id int primary key, body text, taken_by text)",
        "insert into jobs values (1, 'one'), (2, 'two')",
        QUEUE,
        "select * from take_job('w1')",
        "select * from take_job('w2')",
        "select * from take_job('w3')",
        "select * from jobs order by id",
        "rollback",
    ),
    case(
        "upsert-loop",
        "begin",
        "create table words (word text primary key, hits int)",
        UPSERT,
        "select put_word('a', 1)",
        "select put_word('a', 2), put_word('b', 5)",
        "select * from words order by word",
        "rollback",
    ),
    case(
        "recursive-functions",
        "begin",
        """create function fact(n int) returns numeric language plpgsql as $$
        begin if n <= 1 then return 1; end if; return n * fact(n - 1); end $$""",
        "select fact(0), fact(5), fact(20)",
        """create function fib(n int) returns int language sql as
        'select case when n < 2 then n else fib(n - 1) + fib(n - 2) end'""",
        "select fib(10)",
        "rollback",
    ),
    case(
        "sql-functions",
        "begin",
        "create function add(a int, b int default 10) returns int language sql immutable as 'select a + b'",
        "select add(1), add(1, 2), add(b => 5, a => 1), add(null)",
        "create function by_artist(who int) returns setof album language sql stable as 'select * from album where artist_id = who'",
        "select title from by_artist(1) order by title",
        "select count(*) from artist a, by_artist(a.artist_id) b where a.artist_id < 5",
        "create function stats(out lowest int, out highest int) language sql as 'select min(track_id), max(track_id) from track'",
        "select * from stats()",
        "create function pick(variadic nums numeric[]) returns numeric language sql as 'select max(n) from unnest(nums) n'",
        ("select pick(1, 2.5, 2), pick(variadic %s)", [[Decimal("1.5"), Decimal(3)]]),
        "create function poly(anyelement, anyelement) returns anyarray language sql as 'select array[$1, $2]'",
        "select poly(1, 2), poly('a'::text, 'b')",
        "create function strict_len(text) returns int language sql strict as 'select length($1)'",
        "select strict_len(null), strict_len('abc')",
        "select add('x')",
        "rollback",
    ),
    case(
        "function-errors",
        "begin",
        "savepoint s",
        "create function bad() returns int language sql as 'select ''x''::text'",
        "rollback to s",
        "create function bad() returns int language plpgsql as $$ begin retrun 1; end $$",
        "rollback to s",
        "create function bad(a nosuch) returns int language sql as 'select 1'",
        "rollback to s",
        "select nosuch(1)",
        "rollback to s",
        "create function f() returns int language sql as 'select 1'",
        "create function f() returns int language sql as 'select 2'",
        "rollback to s",
        "drop function nosuch(int)",
        "rollback",
    ),
    case(
        "plpgsql-loops",
        "begin",
        """create function loops() returns text language plpgsql as $$
        declare r record; out_ text := ''; arr int[] := array[3, 4]; i int;
        begin
          for i in 1..3 loop out_ := out_ || i; end loop;
          for i in reverse 6..2 by 2 loop out_ := out_ || i; end loop;
          for r in select genre_id, name from genre where genre_id < 3 order by 1 loop out_ := out_ || r.name; end loop;
          foreach i in array arr loop continue when i = 3; out_ := out_ || i; end loop;
          <<outer>> loop loop exit outer; end loop; end loop;
          i := 0;
          while i < 2 loop i := i + 1; end loop;
          case i when 1, 2 then out_ := out_ || 'low'; else out_ := out_ || 'high'; end case;
          return out_;
        end $$""",
        "select loops()",
        "rollback",
    ),
    case(
        "plpgsql-errors",
        "begin",
        """create function guarded(a int, b int) returns text language plpgsql as $$
        declare state text; message text; detail text;
        begin
          perform a / b;
          return 'fine';
        exception
          when division_by_zero then return 'div ' || sqlstate;
          when others then
            get stacked diagnostics state = returned_sqlstate, message = message_text, detail = pg_exception_detail;
            return state || message || detail;
        end $$""",
        "select guarded(1, 1), guarded(1, 0)",
        """create function refuse(x int) returns void language plpgsql as $$
        begin
          if x > 1 then
            raise exception 'no % here', x using errcode = 'check_violation', detail = 'the detail', hint = 'the hint';
          end if;
        end $$""",
        "savepoint s",
        "select refuse(1)",
        "select refuse(2)",
        "rollback to s",
        "do $$ begin perform refuse(3); end $$",
        "rollback to s",
        "do $$ declare x int; begin select 1 into strict x where false; end $$",
        "rollback to s",
        "do $$ begin assert 1 = 2, 'unequal'; end $$",
        "rollback to s",
        "do $$ declare x int := 'abc'; begin null; end $$",
        "rollback",
    ),
    case(
        "plpgsql-dynamic",
        "begin",
        """create function count_of(tab text, lim int) returns bigint language plpgsql as $$
        declare n bigint;
        begin
          execute format('select count(*) from %I where genre_id < $1', tab) into n using lim;
          return n;
        end $$""",
        "select count_of('genre', 5), count_of('track', 3)",
        """create function rows_of() returns table(k int, label text) language plpgsql as $$
        begin
          return query select genre_id, name::text from genre where genre_id <= 2 order by 1;
          k := 99; label := 'last';
          return next;
        end $$""",
        "select * from rows_of()",
        "select (rows_of()).label",
        "rollback",
    ),
    case(
        "plpgsql-cursors",
        "begin",
        """create function walk() returns text language plpgsql as $$
        declare c cursor (lim int) for select name from genre where genre_id <= lim order by genre_id; n text; out_ text := '';
        begin
          open c(3);
          loop fetch c into n; exit when not found; out_ := out_ || n || ';'; end loop;
          close c;
          for r in c(2) loop out_ := out_ || r.name; end loop;
          return out_;
        end $$""",
        "select walk()",
        """create function give(ref refcursor) returns refcursor language plpgsql as $$
        begin open ref for select genre_id from genre where genre_id < 4 order by 1; return ref; end $$""",
        "select give('mine')",
        "fetch 2 from mine",
        "fetch all from mine",
        "rollback",
    ),
    case(
        "procedures",
        "create table ledger (n int)",
        "create procedure add_all(n int) language plpgsql as $$ begin for i in 1..n loop insert into ledger values (i); commit; end loop; end $$",
        "call add_all(3)",
        "select count(*) from ledger",
        "create procedure twice(inout x int, out y text) language plpgsql as $$ begin x := x * 2; y := 'done'; end $$",
        "call twice(21, null)",
        "begin",
        "call add_all(1)",
        "rollback",
        "select twice(1)",
        "call nosuch(1)",
        "drop procedure add_all(int)",
        "drop procedure twice",
        "drop table ledger",
    ),
    case(
        "statement-triggers",
        "begin",
        "create table item (id int, qty int)",
        "create table totals (op text, n bigint, qty bigint)",
        """create function tally() returns trigger language plpgsql as $$
        begin insert into totals select tg_op, count(*), sum(qty) from changed; return null; end $$""",
        "create trigger ins after insert on item referencing new table as changed for each statement execute function tally()",
        "create trigger del after delete on item referencing old table as changed for each statement execute function tally()",
        "insert into item values (1, 5), (2, 7), (3, 9)",
        "delete from item where id > 1",
        "select * from totals",
        "rollback",
    ),
    case(
        "instead-of-trigger",
        "begin",
        "create view rock_names as select genre_id, name from genre",
        """create function write_through() returns trigger language plpgsql as $$
        begin
          if tg_op = 'INSERT' then insert into genre values (new.genre_id, upper(new.name)); return new; end if;
          update genre set name = new.name where genre_id = old.genre_id;
          return new;
        end $$""",
        "create trigger w instead of insert or update on rock_names for each row execute function write_through()",
        "insert into rock_names values (900, 'polka') returning *",
        "update rock_names set name = 'Ska' where genre_id = 900",
        "select * from genre where genre_id = 900",
        "rollback",
    ),
    case(
        "deferred-constraint-trigger",
        "create table pair (id int, other int)",
        """create function has_other() returns trigger language plpgsql as $$
        begin
          if not exists (select 1 from pair where id = new.other) then raise exception 'no % there', new.other; end if;
          return null;
        end $$""",
        "create constraint trigger other after insert on pair deferrable initially deferred for each row execute function has_other()",
        "begin",
        "insert into pair values (1, 2)",
        "insert into pair values (2, 1)",
        "commit",
        "select * from pair order by id",
        "insert into pair values (3, 9)",
        "select count(*) from pair",
        "drop table pair",
        "drop function has_other",
    ),
    case(
        "trigger-order-and-switch",
        "begin",
        "create table log_of (t text)",
        "create table w (x int)",
        "create function note_it() returns trigger language plpgsql as $$ begin insert into log_of values (tg_name || tg_argv[0]); return new; end $$",
        "create trigger b before insert on w for each row execute function note_it('1')",
        "create trigger a before insert on w for each row execute function note_it('2')",
        "create trigger c after insert on w for each statement execute function note_it('3')",
        "insert into w values (1)",
        "alter table w disable trigger a",
        "insert into w values (2), (3)",
        "select * from log_of",
        "drop trigger b on w",
        "drop trigger b on w",
        "rollback",
    ),
    case(
        "aggregates-and-operators-of-ones-own",
        "begin",
        "create function longer(text, text) returns text language sql as 'select case when length($2) > length(coalesce($1, '''')) then $2 else $1 end'",
        "create aggregate longest(text) (sfunc = longer, stype = text)",
        "select longest(name) from genre where genre_id < 9",
        "select longest(name) over (order by genre_id) from genre where genre_id < 4 order by genre_id",
        "create function dist(int, int) returns int language sql as 'select abs($1 - $2)'",
        "create operator <-> (leftarg = int, rightarg = int, function = dist)",
        "select 3 <-> 10",
        "rollback",
    ),
    case(
        "rows-as-values",
        "begin",
        "create type money_of as (amount numeric, unit text)",
        "select row(1.5, 'EUR')::money_of::text, (row(1.5, 'EUR')::money_of).unit",
        "create function price(t track) returns money_of language sql as $$ select row(t.unit_price, 'USD')::money_of $$",
        "select price(t)::text, (price(t)).amount from track t where track_id = 1",
        "select g::text from genre g where genre_id = 1",
        "select (g).name, g is not null from genre g where genre_id = 1",
        "select row(1, 2) = row(1, 2), row(1, null) is null",
        "rollback",
    ),
    case(
        "function-catalog",
        "begin",
        "create function shown(a int, b text default 'x') returns text language sql stable strict as 'select b || a'",
        "select pg_get_functiondef('shown'::regproc)",
        "select proname, provolatile, proisstrict, pronargs, prokind from pg_proc where proname = 'shown'",
        "select pg_get_function_arguments('shown'::regproc), pg_get_function_result('shown'::regproc)",
        "select routine_name, routine_type, data_type from information_schema.routines where routine_name = 'shown'",
        "alter function shown(int, text) rename to told",
        "select told(1)",
        "drop function told",
        "select told(1)",
        "rollback",
    ),
]
