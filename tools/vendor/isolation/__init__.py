"""PostgreSQL's isolation suite: the steps of concurrent sessions in given orders, on the real server and on ours."""
