"""The PostgreSQL engine: parse, bind, plan and run statements on a kernel session."""
