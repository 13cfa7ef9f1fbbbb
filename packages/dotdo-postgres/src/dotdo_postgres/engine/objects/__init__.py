"""Objects of SQL in the kernel's definitions: collected, named, looked up by the search path."""
