"""Aggregates, grouping, windows."""

from postgres_cases.sql_case import case

CASES = [
    case("count-star", "select count(*) from track"),
    case("count-column", "select count(composer), count(distinct composer) from track"),
    case(
        "sum-integer",
        "select sum(milliseconds), sum(quantity) from track left join invoice_line using (track_id)",
    ),
    case("sum-bigint", "select sum(bytes::bigint) from track"),
    case("sum-numeric", "select sum(total) from invoice"),
    case("sum-empty", "select sum(total), count(*), max(total) from invoice where invoice_id < 0"),
    case("sum-float", "select sum(total::float8) from invoice where invoice_id <= 4"),
    case("avg-integer", "select avg(milliseconds) from track"),
    case("avg-numeric", "select avg(total) from invoice"),
    case("avg-float", "select avg(unit_price::float8) from track where album_id = 1"),
    case(
        "min-max",
        "select min(name), max(name), min(unit_price), max(unit_price), min(milliseconds) from track",
    ),
    case("min-max-timestamp", "select min(invoice_date), max(invoice_date) from invoice"),
    case(
        "bool-aggregates",
        "select bool_and(unit_price > 0.5), bool_or(unit_price > 1), every(unit_price > 1) from track",
    ),
    case("string-agg", "select string_agg(name, ', ' order by name) from genre where genre_id < 5"),
    case(
        "string-agg-distinct",
        "select string_agg(distinct country, '/' order by country) from customer where country like 'A%'",
    ),
    case(
        "array-agg",
        "select array_agg(genre_id order by genre_id desc) from genre where genre_id <= 3",
    ),
    case("array-agg-text", "select array_agg(name order by name) from media_type"),
    case(
        "json-agg",
        "select json_agg(name order by genre_id) from genre where genre_id <= 2",
    ),
    case(
        "jsonb-object-agg",
        "select jsonb_object_agg(name, genre_id) from genre where genre_id <= 3",
    ),
    case(
        "stddev-variance",
        "select stddev(total), variance(total), stddev_pop(total), var_pop(total) from invoice",
    ),
    case(
        "percentile",
        "select percentile_cont(0.5) within group (order by milliseconds), percentile_disc(0.5) within group (order by milliseconds) from track",
    ),
    case("mode", "select mode() within group (order by country) from customer"),
    case("filter", "select count(*) filter (where unit_price > 1), count(*) from track"),
    case(
        "group-by",
        "select billing_country, count(*), sum(total) from invoice group by billing_country order by 2 desc, 1 limit 8",
    ),
    case(
        "group-by-ordinal",
        "select genre_id, avg(milliseconds)::int from track group by 1 order by 1",
    ),
    case(
        "group-by-alias",
        "select upper(country) as c, count(*) from customer group by c order by c limit 5",
    ),
    case(
        "group-by-expression",
        "select length(country), count(*) from customer group by length(country) order by 1",
    ),
    case(
        "group-by-null",
        "select company is null, count(*) from customer group by company is null order by 1",
    ),
    case(
        "group-by-primary-key",
        "select r.artist_id, r.name, count(*) from artist r join album using (artist_id) group by r.artist_id order by 3 desc, 1 limit 4",
    ),
    case(
        "having",
        "select album_id, count(*) from track group by album_id having count(*) > 24 order by 2 desc, 1",
    ),
    case("having-without-group", "select count(*) from track having count(*) > 10"),
    case(
        "grouping-sets",
        "select billing_country, billing_city, sum(total) from invoice where billing_country in ('Canada', 'France') group by grouping sets ((billing_country, billing_city), (billing_country), ()) order by 1, 2, 3",
    ),
    case(
        "rollup",
        "select media_type_id, genre_id, count(*) from track where genre_id in (1, 2) group by rollup (media_type_id, genre_id) order by 1, 2",
    ),
    # --- windows ---
    case(
        "window-row-number",
        "select name, row_number() over (order by name) from genre order by name limit 5",
    ),
    case(
        "window-partition",
        "select album_id, track_id, row_number() over (partition by album_id order by track_id desc) from track where album_id < 4 order by album_id, track_id",
    ),
    case(
        "window-rank",
        "select invoice_id, total, rank() over (order by total desc), dense_rank() over (order by total desc) from invoice order by total desc, invoice_id limit 12",
    ),
    case(
        "window-lag-lead",
        "select invoice_id, lag(total) over w, lead(total, 2, 0.00) over w from invoice where customer_id = 1 window w as (order by invoice_id) order by invoice_id",
    ),
    case(
        "window-running-sum",
        "select invoice_id, sum(total) over (order by invoice_id) from invoice where customer_id = 2 order by invoice_id",
    ),
    case(
        "window-frame",
        "select invoice_id, avg(total) over (order by invoice_id rows between 1 preceding and 1 following) from invoice where customer_id = 3 order by invoice_id",
    ),
    case(
        "window-first-last",
        "select track_id, first_value(name) over w, last_value(name) over w from track where album_id = 1 window w as (order by track_id rows between unbounded preceding and unbounded following) order by track_id",
    ),
    case(
        "window-ntile", "select genre_id, ntile(4) over (order by genre_id) from genre order by 1"
    ),
    case(
        "window-percent",
        "select genre_id, percent_rank() over (order by genre_id), cume_dist() over (order by genre_id) from genre where genre_id <= 4 order by 1",
    ),
    case(
        "window-over-aggregate",
        "select billing_country, sum(total), rank() over (order by sum(total) desc) from invoice group by billing_country order by 3, 1 limit 5",
    ),
    case(
        "window-top-per-group",
        "select * from (select customer_id, invoice_id, total, row_number() over (partition by customer_id order by total desc, invoice_id) as n from invoice) s where n = 1 and customer_id < 6 order by customer_id",
    ),
    case(
        "percentile-of-groups",
        "select billing_country, percentile_cont(0.9) within group (order by total), mode() within group (order by billing_city) from invoice group by 1 order by 1 limit 6",
    ),
    case(
        "percentile-edges",
        "select percentile_disc(0) within group (order by x), percentile_disc(1) within group (order by x), percentile_cont(0.333) within group (order by x) filter (where x > 1) from (values (1), (2), (5), (null)) t(x)",
        "select percentile_cont(1.5) within group (order by x) from (values (1)) t(x)",
    ),
    case("bitwise", "select bit_and(genre_id), bit_or(genre_id) from genre"),
    case("regression", "select regr_count(milliseconds, bytes) from track"),
]
