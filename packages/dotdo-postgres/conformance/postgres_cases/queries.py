"""Reading: projections, filters, joins, subqueries, common table expressions, set operations, paging."""

from postgres_cases.sql_case import case

CASES = [
    # --- projection and filter ---
    case("select-all-columns", "select * from artist where artist_id <= 3 order by artist_id"),
    case("select-star-wide", "select * from employee order by employee_id"),
    case(
        "select-star-invoice",
        "select * from invoice where invoice_id in (1, 2) order by invoice_id",
    ),
    case("select-qualified-star", "select t.*, 1 as one from track t where track_id = 1"),
    case(
        "select-alias", "select name as artist_name, artist_id id from artist where artist_id = 1"
    ),
    case("select-quoted-alias", 'select name as "Artist Name" from artist where artist_id = 1'),
    case("select-unnamed-expression", "select 1, 'a', 1 + 1, count(*), max(name) from genre"),
    case(
        "select-unnamed-function-cast-case",
        "select upper('a'), 5::text, case when true then 1 end, coalesce(null, 2)",
    ),
    case("select-no-rows", "select name, artist_id from artist where artist_id = -1"),
    case(
        "select-point-parameter",
        ("select name, album_id, unit_price from track where track_id = %s", (7,)),
    ),
    case("select-text-parameter", ("select artist_id from artist where name = %s", ("AC/DC",))),
    case(
        "select-parameter-types",
        ("select %s + 1, %s || 'x', %s::date, %s::numeric", (1, "a", "2020-02-29", "1.50")),
    ),
    case("select-in-list", "select name from genre where genre_id in (1, 3, 5) order by name"),
    case(
        "select-any-array-parameter",
        ("select name from genre where genre_id = any(%s) order by 1", ([1, 3, 5],)),
    ),
    case("select-not-in", "select count(*) from track where genre_id not in (1, 2, 3)"),
    case(
        "select-between", "select count(*) from track where milliseconds between 200000 and 210000"
    ),
    case("select-is-null", "select count(*) from track where composer is null"),
    case("select-is-not-null", "select count(*) from customer where company is not null"),
    case(
        "select-is-distinct-from",
        "select count(*) from customer where company is distinct from 'Google Inc.'",
    ),
    case(
        "select-and-or-not",
        "select count(*) from track where not (genre_id = 1 or genre_id = 2) and unit_price > 0.99",
    ),
    case(
        "select-three-valued-logic",
        "select null and true, null or true, not null::bool, null = null, 1 in (2, null)",
    ),
    case(
        "select-boolean-column",
        "select track_id, unit_price > 1 as expensive from track where track_id in (1, 2819) order by 1",
    ),
    case(
        "select-row-comparison",
        "select track_id from track where (album_id, track_id) > (346, 3500) order by track_id limit 5",
    ),
    case("select-without-from", "select 1 as a, 'x' as b, null as c, 1.5 as d, true as e"),
    case("select-distinct", "select distinct country from customer order by country"),
    case(
        "select-distinct-two",
        "select distinct billing_country, billing_city from invoice order by 1, 2 limit 10",
    ),
    case(
        "select-distinct-on",
        "select distinct on (billing_country) billing_country, invoice_id, total from invoice order by billing_country, total desc, invoice_id limit 8",
    ),
    # --- order, limit ---
    case("order-desc", "select name from artist order by name desc limit 5"),
    case(
        "order-by-two",
        "select composer, name from track where genre_id = 4 order by composer desc nulls last, name limit 10",
    ),
    case(
        "order-nulls-default",
        "select composer from track where album_id in (1, 2, 3, 100) order by composer, track_id",
    ),
    case(
        "order-nulls-desc-default",
        "select composer from track where album_id in (1, 2, 3, 100) order by composer desc, track_id",
    ),
    case(
        "order-nulls-first",
        "select company from customer order by company nulls first, customer_id limit 3",
    ),
    case("order-by-ordinal", "select name, milliseconds from track order by 2 desc, 1 limit 3"),
    case(
        "order-by-alias",
        "select name, milliseconds / 1000 as seconds from track order by seconds desc, name limit 3",
    ),
    case(
        "order-by-expression",
        "select name from track where album_id = 1 order by length(name), name",
    ),
    case("limit-offset", "select track_id from track order by track_id limit 3 offset 10"),
    case(
        "limit-parameter",
        ("select track_id from track order by track_id limit %s offset %s", (2, 5)),
    ),
    case("fetch-first", "select track_id from track order by track_id fetch first 2 rows only"),
    case("limit-zero", "select track_id from track limit 0"),
    case("limit-all", "select genre_id from genre order by 1 limit all offset 20"),
    # --- joins ---
    case(
        "join-inner",
        "select a.title, r.name from album a join artist r on r.artist_id = a.artist_id where a.album_id < 6 order by a.album_id",
    ),
    case(
        "join-using",
        "select title, name from album join artist using (artist_id) where album_id < 4 order by album_id",
    ),
    case("join-using-star", "select * from album join artist using (artist_id) where album_id = 1"),
    case("join-natural", "select * from album natural join artist where album_id = 2"),
    case(
        "join-left",
        "select r.name, a.title from artist r left join album a on a.artist_id = r.artist_id where r.artist_id in (25, 26, 27) order by r.artist_id, a.album_id",
    ),
    case(
        "join-left-count",
        "select r.name, count(a.album_id) from artist r left join album a using (artist_id) group by r.artist_id, r.name order by 2 desc, 1 limit 5",
    ),
    case(
        "join-right",
        "select a.album_id, r.artist_id from album a right join artist r on r.artist_id = a.artist_id where r.artist_id between 24 and 27 order by r.artist_id, a.album_id",
    ),
    case(
        "join-full",
        "select g.name, m.name from genre g full join media_type m on g.genre_id = m.media_type_id + 22 order by g.genre_id, m.media_type_id",
    ),
    case(
        "join-cross",
        "select g.name, m.name from genre g cross join media_type m where g.genre_id < 3 and m.media_type_id < 3 order by 1, 2",
    ),
    case(
        "join-comma",
        "select c.last_name, e.last_name from customer c, employee e where c.support_rep_id = e.employee_id and c.customer_id < 4 order by c.customer_id",
    ),
    case(
        "join-self",
        "select e.last_name, m.last_name as manager from employee e left join employee m on m.employee_id = e.reports_to order by e.employee_id",
    ),
    case(
        "join-five-tables",
        "select c.last_name, t.name, il.quantity, g.name as genre from customer c join invoice i using (customer_id) join invoice_line il using (invoice_id) join track t using (track_id) join genre g using (genre_id) where c.customer_id = 5 order by il.invoice_line_id limit 10",
    ),
    case(
        "join-non-equi",
        "select a.genre_id, b.genre_id from genre a join genre b on a.genre_id < b.genre_id where b.genre_id <= 3 order by 1, 2",
    ),
    case(
        "join-many-to-many",
        "select p.name, count(*) from playlist p join playlist_track using (playlist_id) group by p.playlist_id, p.name order by p.playlist_id",
    ),
    case(
        "join-lateral",
        "select r.name, l.title from artist r cross join lateral (select title from album a where a.artist_id = r.artist_id order by album_id limit 1) l where r.artist_id < 4 order by r.artist_id",
    ),
    # --- subqueries ---
    case(
        "subquery-scalar",
        "select name, (select count(*) from album a where a.artist_id = r.artist_id) as albums from artist r order by albums desc, name limit 5",
    ),
    case(
        "subquery-in",
        "select name from artist where artist_id in (select artist_id from album group by artist_id having count(*) > 10) order by name",
    ),
    case(
        "subquery-exists",
        "select count(*) from artist r where exists (select 1 from album a where a.artist_id = r.artist_id)",
    ),
    case(
        "subquery-not-exists",
        "select count(*) from artist r where not exists (select from album a where a.artist_id = r.artist_id)",
    ),
    case(
        "subquery-from", "select avg(n) from (select count(*) as n from track group by album_id) s"
    ),
    case(
        "subquery-any",
        "select count(*) from track where milliseconds > all (select milliseconds from track where genre_id = 1)",
    ),
    case(
        "subquery-some",
        "select count(*) from genre where genre_id = some (select genre_id from track where unit_price > 1)",
    ),
    case("subquery-empty-is-null", "select (select name from artist where artist_id = -1)"),
    case(
        "subquery-array", "select array(select genre_id from genre where genre_id < 4 order by 1)"
    ),
    # --- CTE and set operations ---
    case(
        "cte",
        "with big as (select customer_id, sum(total) as spent from invoice group by customer_id) select last_name, spent from big join customer using (customer_id) order by spent desc, last_name limit 5",
    ),
    case(
        "cte-two", "with a as (select 1 as x), b as (select x + 1 as y from a) select * from a, b"
    ),
    case(
        "cte-recursive-numbers",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select i, i * i from n order by i",
    ),
    case(
        "cte-recursive-tree",
        "with recursive chain as (select employee_id, last_name, 0 as depth from employee where reports_to is null union all select e.employee_id, e.last_name, depth + 1 from employee e join chain c on e.reports_to = c.employee_id) select * from chain order by depth, employee_id",
    ),
    case(
        "cte-column-names",
        "with g(id, label) as (select genre_id, name from genre) select label from g where id = 2",
    ),
    case(
        "union",
        "select billing_city as city from invoice where billing_country = 'France' union select city from customer where country = 'France' order by city",
    ),
    case("union-all", "select 1 as n union all select 1 union all select 2 order by n"),
    case("union-types", "select 1 as n union select 2.5 order by n"),
    case("union-null-type", "select null as a union all select 5 order by a"),
    case(
        "intersect",
        "select artist_id from album intersect select artist_id from artist where artist_id < 5 order by 1",
    ),
    case(
        "except",
        "select artist_id from artist where artist_id < 30 except select artist_id from album order by 1",
    ),
    case("union-precedence", "select 1 union select 2 intersect select 3 order by 1"),
    case("values", "values (1, 'a'), (2, 'b') order by 1"),
    case(
        "values-from",
        "select v.n, g.name from (values (1), (3)) as v(n) join genre g on g.genre_id = v.n order by 1",
    ),
    case("generate-series", "select n from generate_series(2, 8, 3) as n"),
    case("unnest", "select x from unnest(array['a', 'b', null]) as x"),
    case(
        "union-cast-literals",
        "select 'a'::text union select 'b'::varchar(3) order by 1",
        "select 'a' union all select 'b'::text",
        "select null as a union all select null union all select 1",
    ),
    case(
        "with-insert",
        "with d as (delete from genre where genre_id = 300 returning *) select count(*) from d",
    ),
    case(
        "information-schema",
        "select table_name from information_schema.tables where table_schema = 'public' order by 1 limit 3",
    ),
    case(
        "fetch-with-ties",
        "select total from invoice order by total desc fetch first 2 rows with ties",
    ),
    case(
        "range-interval-frame",
        "select invoice_id, count(*) over (order by invoice_date range between interval '10 days' preceding and current row) from invoice order by 1 limit 5",
    ),
]
