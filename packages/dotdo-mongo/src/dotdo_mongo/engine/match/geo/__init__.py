"""Geometry on the plane and on the sphere, and the query operators over it."""
