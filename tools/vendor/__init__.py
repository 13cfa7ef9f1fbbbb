"""The parts of the vendor suite runner: what suites there are, where they lie, their floors, how they run."""
