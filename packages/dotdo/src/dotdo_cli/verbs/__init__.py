"""The verbs, one module each: what is asked of the kernel, as a document, and how people see it."""
