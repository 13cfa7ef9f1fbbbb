"""Programs of the repository: generators, the vendor suites, the matrix, the scaffold."""
