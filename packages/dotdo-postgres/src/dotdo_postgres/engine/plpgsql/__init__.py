"""PL/pgSQL: bodies of functions, procedures, triggers and DO blocks, parsed and run."""
