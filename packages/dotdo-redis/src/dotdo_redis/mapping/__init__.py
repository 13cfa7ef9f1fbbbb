"""The vendor's values to canonical values and Things, and back; it refuses to look anything up."""
