"""Functions and operators: strings, patterns, numbers, dates, conditionals, casts, JSON, arrays."""

from postgres_cases.sql_case import case

CASES = [
    # --- strings ---
    case(
        "string-concat", "select first_name || ' ' || last_name from employee where employee_id = 1"
    ),
    case(
        "string-concat-null",
        "select 'a' || null, concat('a', null, 1, true), concat_ws('-', 'a', null, 'b')",
    ),
    case(
        "string-case",
        "select upper(name), lower(name), initcap(lower(name)) from artist where artist_id = 1",
    ),
    case(
        "string-length",
        "select length('héllo'), char_length('abc'), octet_length('héllo'), bit_length('a')",
    ),
    case(
        "string-substring",
        "select substring('Chinook' from 2 for 3), substr('Chinook', 5), substring('Chinook', -1, 4), left('Chinook', 3), right('Chinook', -3)",
    ),
    case("string-position", "select position('noo' in 'Chinook'), strpos('Chinook', 'x')"),
    case(
        "string-trim",
        "select trim('  a '), ltrim('xxa', 'x'), rtrim('axx', 'x'), trim(both 'xy' from 'xyaxy'), btrim('  b ')",
    ),
    case(
        "string-pad-repeat",
        "select lpad('7', 3, '0'), rpad('ab', 5, 'xy'), lpad('abcdef', 3), repeat('ab', 3), reverse('abc')",
    ),
    case(
        "string-replace",
        "select replace('banana', 'an', 'AN'), translate('12345', '143', 'ax'), overlay('Txxxxas' placing 'hom' from 2 for 4)",
    ),
    case(
        "string-split",
        "select split_part('a,b,c', ',', 2), split_part('a,b,c', ',', -1), split_part('abc', ',', 2)",
    ),
    case("string-ascii-chr", "select ascii('x'), chr(65), chr(233), md5('abc')"),
    case(
        "string-quote",
        "select quote_ident('Foo bar'), quote_literal('O''Reilly'), quote_nullable(null)",
    ),
    case("string-format", "select format('%s has %s albums, %I %L', 'AC/DC', 2, 'a b', 'x')"),
    case("string-starts-with", "select starts_with('alphabet', 'alph'), 'abc' ^@ 'ab'"),
    case("string-compare", "select 'a' < 'B', 'abc' < 'abd', 'Z' < 'a', 'a ' = 'a'"),
    case("string-escape", r"select 'it''s', E'tab\there', $$dollar 'quoted'$$"),
    # --- patterns ---
    case("like", "select name from artist where name like 'A%' order by name limit 5"),
    case("like-case-sensitive", "select count(*) from artist where name like 'ac%'"),
    case("like-underscore", "select name from genre where name like 'R_ck'"),
    case(
        "like-escape", r"select '10%' like '10\%', '10x' like '10\%', 'a_b' like 'a!_b' escape '!'"
    ),
    case("like-parameter", ("select count(*) from track where name like %s", ("%Love%",))),
    case("ilike", "select name from artist where name ilike '%black%' order by name"),
    case("not-like", "select count(*) from genre where name not like '%o%'"),
    case("similar-to", "select 'abc' similar to '%(b|d)%', 'abc' similar to '(b|c)%'"),
    case("regex", "select name from artist where name ~ '^[A-C].*[0-9]$' order by name"),
    case("regex-insensitive", "select count(*) from track where name ~* '^the '"),
    case("regex-not", "select count(*) from genre where name !~ '[aeiou]$'"),
    case(
        "regexp-replace",
        r"select regexp_replace('foobarbaz', 'b..', 'X'), regexp_replace('foobarbaz', 'b(..)', 'X\1Y', 'g')",
    ),
    # --- numbers ---
    case("arithmetic-integer", "select 7 / 2, -7 / 2, 7 % 3, -7 % 3, 2 * 3 - 1"),
    case("arithmetic-numeric", "select 7.0 / 2, 1 / 3.0, 10.50 * 2, 0.1 + 0.2, 5.5 % 2"),
    case(
        "arithmetic-float",
        "select 7::float8 / 2, 0.1::float8 + 0.2::float8, 1e10::float8, 1.0::float8",
    ),
    case(
        "arithmetic-column-numeric",
        "select unit_price * 3, unit_price / 3, unit_price + 1, -unit_price from track where track_id = 1",
    ),
    case(
        "arithmetic-power",
        "select 2 ^ 10, power(2, 0.5), sqrt(2), |/ 16.0, cbrt(27), exp(1), ln(10), log(100)",
    ),
    case(
        "round",
        "select round(2.5), round(-2.5), round(2.567, 2), round(1234, -2), round(2.5::float8)",
    ),
    case(
        "ceil-floor-trunc",
        "select ceil(2.1), floor(-2.1), trunc(2.99), trunc(-2.567, 1), ceiling(5)",
    ),
    case(
        "abs-sign-mod",
        "select abs(-5), abs(-1.50), sign(-3.2), mod(10, 3), mod(-10.5, 3), div(7, 2)",
    ),
    case("greatest-least", "select greatest(1, 3, 2), least(1, null, -1), greatest('a', 'b')"),
    case("bitwise", "select 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 16 >> 2"),
    case("integer-cast-rounds", "select 3.7::int, 2.5::int, 3.5::int, '42'::int, true::int"),
    case(
        "numeric-cast",
        "select 1.005::numeric(10, 2), '12.3'::numeric, 5::numeric(5, 2), 1e3::numeric",
    ),
    case(
        "float-text",
        "select 1e15::float8::text, 0.1::float4, 100000::float8::text, 1e-5::float8::text",
    ),
    case(
        "special-floats",
        "select 'NaN'::float8, 'Infinity'::float8, '-Infinity'::float8, 'NaN'::numeric",
    ),
    case(
        "bigint-literals", "select 2147483647, 2147483648, 9223372036854775807, 9223372036854775808"
    ),
    case("width-bucket", "select width_bucket(5.35, 0.024, 10.06, 5), width_bucket(3, 1, 10, 3)"),
    case(
        "to-char-number",
        "select to_char(1234.5, '9,999.99'), to_char(7, '000'), to_char(-0.5, '0.0')",
    ),
    # --- dates ---
    case(
        "date-literal",
        "select date '2024-02-29', timestamp '2024-02-29 12:34:56.789', time '01:02:03'",
    ),
    case(
        "date-extract",
        "select extract(year from invoice_date), extract(month from invoice_date), extract(dow from invoice_date), extract(epoch from invoice_date) from invoice where invoice_id = 1",
    ),
    case(
        "date-part",
        "select date_part('year', invoice_date), date_part('doy', invoice_date) from invoice where invoice_id = 5",
    ),
    case(
        "date-trunc",
        "select date_trunc('month', invoice_date), date_trunc('year', invoice_date), date_trunc('day', invoice_date) from invoice where invoice_id = 100",
    ),
    case(
        "date-trunc-group",
        "select date_trunc('year', invoice_date) as year, count(*), sum(total) from invoice group by 1 order by 1",
    ),
    case(
        "date-cast",
        "select invoice_date::date, '2021-03-04'::date + 30, date '2021-03-04' - date '2021-02-04' from invoice where invoice_id = 9",
    ),
    case(
        "date-interval",
        "select date '2024-01-31' + interval '1 month', timestamp '2024-03-31 10:00' - interval '1 day 2 hours', interval '90 minutes'",
    ),
    case(
        "date-interval-compare",
        "select count(*) from invoice where invoice_date >= date '2025-01-01' - interval '1 year' and invoice_date < '2025-01-01'",
    ),
    case(
        "date-age",
        "select age(timestamp '2024-03-01', timestamp '2023-01-15'), age(hire_date, birth_date) from employee where employee_id = 1",
    ),
    case(
        "date-difference",
        "select timestamp '2024-01-02 03:00' - timestamp '2024-01-01', hire_date - birth_date from employee where employee_id = 2",
    ),
    case(
        "to-char-date",
        "select to_char(invoice_date, 'YYYY-MM-DD HH24:MI:SS'), to_char(invoice_date, 'Mon DD, YYYY'), to_char(invoice_date, 'FMDay') from invoice where invoice_id = 3",
    ),
    case(
        "to-date",
        "select to_date('05 Dec 2000', 'DD Mon YYYY'), to_timestamp(1700000000), make_date(2024, 2, 29)",
    ),
    case(
        "date-parameter-filter",
        (
            "select invoice_id from invoice where invoice_date = %s::timestamp order by 1",
            ("2021-01-03",),
        ),
    ),
    case(
        "timestamptz",
        "select timestamptz '2024-06-01 12:00+02', timestamptz '2024-06-01 12:00+02' at time zone 'UTC'",
    ),
    case(
        "timestamp-infinity-compare",
        "select timestamp 'infinity' > now()::timestamp, date '-infinity' < current_date",
    ),
    case(
        "now-types",
        "select pg_typeof(now())::text, pg_typeof(current_date)::text, pg_typeof(localtimestamp)::text, pg_typeof(age(now()))::text",
    ),
    # --- conditionals and casts ---
    case(
        "case-simple",
        "select case genre_id when 1 then 'rock' when 2 then 'jazz' else 'other' end from genre where genre_id < 4 order by genre_id",
    ),
    case(
        "case-searched",
        "select name, case when milliseconds < 180000 then 'short' when milliseconds < 300000 then 'medium' else 'long' end as size from track where album_id = 1 order by track_id",
    ),
    case(
        "case-mixed-types", "select case when true then 1 else 2.5 end, case when false then 1 end"
    ),
    case(
        "coalesce-nullif",
        "select coalesce(company, 'private'), nullif(country, 'Brazil') from customer where customer_id < 4 order by customer_id",
    ),
    case(
        "cast-syntaxes",
        "select cast('12' as integer), '12'::smallint, int8 '7', float8 '1.5', bool 't'",
    ),
    case(
        "cast-varchar",
        "select 'abcdef'::varchar(3), 'ab'::char(4), 'ab'::char(4) = 'ab', 'x'::text",
    ),
    case("cast-bool", "select 'yes'::bool, 'off'::bool, 1::bool, true::text"),
    case(
        "cast-bytea-uuid", r"select '\x00ff'::bytea, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid"
    ),
    case(
        "pg-typeof",
        "select pg_typeof(1)::text, pg_typeof(1.0)::text, pg_typeof('a')::text, pg_typeof(unit_price)::text, pg_typeof(name)::text from track where track_id = 1",
    ),
    # --- JSON and arrays ---
    case(
        "json-operators",
        """select '{"a": {"b": [1, 2]}}'::json -> 'a', '{"a": 1}'::json ->> 'a', '{"a": {"b": [1, 2]}}'::jsonb #> '{a,b}', '[1, 2]'::jsonb -> 1""",
    ),
    case(
        "jsonb-contains",
        """select '{"a": 1, "b": 2}'::jsonb @> '{"a": 1}', '{"a": 1}'::jsonb ? 'a', '{"b": 1, "a": 2}'::jsonb""",
    ),
    case(
        "json-build",
        "select json_build_object('name', name, 'id', genre_id), to_jsonb(genre_id) from genre where genre_id = 1",
    ),
    case(
        "json-array-length",
        "select jsonb_array_length('[1, 2, 3]'), jsonb_typeof('{}'), json_array_length('[]')",
    ),
    case(
        "array-literal", "select array[1, 2, 3], array['a', 'b'], '{1,2}'::int[], (array[1, 2])[2]"
    ),
    case(
        "array-functions",
        "select array_length(array[1, 2, 3], 1), cardinality(array[1, 2]), array_append(array[1], 2), array[1, 2] || 3, 2 = any(array[1, 2])",
    ),
    case(
        "string-to-array",
        "select string_to_array('a,b,c', ','), array_to_string(array[1, 2, 3], '-')",
    ),
    case(
        "array-compare",
        "select array[1, 2] < array[1, 3], array[1, 2] = array[1, 2], array[1, null] > array[1, 5], array[1.0] = array[1.00], '{}'::int[] < array[1], array[-1.5::float8] < array[2.5::float8]",
    ),
    case(
        "array-order",
        "select * from (values (array[2, 1]), (array[1]), (array[1, 5]), (null)) t(x) order by x",
    ),
    case(
        "array-group",
        "select x, count(*) from (values (array[1]), (array[1]), (array[2])) t(x) group by x order by x desc",
    ),
    case(
        "array-casts",
        "select array[1, 2]::text[], array['1', '2']::int[], array[1]::bigint[], array[1::bigint]::int[], array[1]::numeric[]",
    ),
    case(
        "array-cast-parameter",
        ("select * from unnest(%s::int[]) with ordinality", ([5, 6],)),
        ("select name from genre where genre_id = any(%s::bigint[])", ([1],)),
    ),
    case(
        "json-array-element-names",
        "select * from jsonb_array_elements('[1, \"a\"]') as x",
        "select x->>'a' from jsonb_array_elements('[{\"a\": 1}]') as x",
    ),
    case(
        "json-each",
        'select * from jsonb_each(\'{"b": 1, "a": {"x": null}}\')',
        'select key, value from json_each_text(\'{"b": 1, "a": null, "c": [1, 2]}\')',
    ),
    case(
        "json-of-row",
        "select row_to_json(g) from genre g where genre_id < 3 order by genre_id",
        "select row_to_json(t)::text from (select genre_id, name, 1.50 as x from genre where genre_id = 1) t",
    ),
    case(
        "json-of-rows",
        "select json_agg(t) from (select genre_id, name from genre order by genre_id limit 2) t",
        "select a.name, (select json_agg(b) from (select title from album where artist_id = a.artist_id order by title) b) from artist a where artist_id < 4 order by artist_id",
    ),
    case(
        "json-of-missing-row",
        "select json_agg(a) from artist b left join album a using (artist_id) where b.artist_id = 25",
    ),
    case("row-value", "select row(1, 'a', null)"),
    case("multi-series", "select generate_series(1, 3), generate_series(1, 10, 4)"),
    case(
        "age-of-instant",
        "select age(timestamptz '2024-01-01') = age(current_date::timestamptz, timestamptz '2024-01-01')",
    ),
    case("multi-dimensional-array", "select array[[1, 2], [3, 4]]"),
    case(
        "interval-total",
        "select sum(x), avg(x) from (values (interval '1 day'), (interval '2 hours')) t(x)",
    ),
    case(
        "array-search",
        "select array_remove(array['a', null, 'b'], 'a'), array_remove(array[1, 2, 1], 1), array_position(array['a', 'b'], 'b'), array_position(array[1], 9), array_replace(array[1, null], null, 3)",
    ),
    case(
        "json-as-typed",
        """select '{"a": {"b" : [1,  2]}}'::json #>> '{a,b}', '[1, [2,  3]]'::json ->> 1, '{"a": 1}'::json #>> '{}'""",
    ),
]
