"""Running prepared statements: sums that leave 64 bits."""

from dotdo_postgres.engine.session import Session


def rows(
    session: Session, sql: str, params: tuple[object, ...] = (), oids: tuple[int, ...] = ()
) -> list[tuple[object, ...]]:
    return list(session.run(session.prepare(sql, oids), params).rows)  # type: ignore[arg-type]


def test_sum_beyond_64_bits_is_exact(session: Session) -> None:
    (total,) = rows(
        session,
        "select sum(x) from (values (9223372036854775807::bigint), (9223372036854775807)) v(x)",
    )
    result = session.run(
        session.prepare(
            "select sum(x)::text from (values (9223372036854775807::bigint), (9223372036854775807)) v(x)"
        )
    )
    assert total is not None
    assert result.rows == [("18446744073709551614",)]
