"""PostgreSQL's regression suite, statement by statement on the real server and on ours."""
