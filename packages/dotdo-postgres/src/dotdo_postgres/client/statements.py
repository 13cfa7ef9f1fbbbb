"""Makes libpq's results of what the engine gives."""

from psycopg.pq import ExecStatus, Format, TransactionStatus

from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.engine.plan import Result

COMMAND_OK, TUPLES_OK = int(ExecStatus.COMMAND_OK), int(ExecStatus.TUPLES_OK)
EMPTY_QUERY = int(ExecStatus.EMPTY_QUERY)
IDLE = int(TransactionStatus.IDLE)
TEXT = Format.TEXT


def result_of(result: Result, result_format: int = 0) -> PGresult:
    """Wrap what the engine gave."""
    columns = result.columns
    if columns is None:
        status = COMMAND_OK if result.tag else EMPTY_QUERY
        return PGresult(status, (), (), result.tag, result.row_count)
    return PGresult(
        TUPLES_OK, columns, result.rows, result.tag, result.row_count, format=result_format
    )
