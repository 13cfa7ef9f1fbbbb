"""The vendor's modules and names, thin over the engine; it refuses behaviour of its own."""
