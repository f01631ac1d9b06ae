"""What writes the README, RESULTS.md, docs/ and pictures of this checkout; not in the wheel.

Each is a `make` target: `make docs`, `make results`, `make pictures`.
"""
