"""What a subset covers and what it misses; distances are of the embedding, never of the map."""

from lab.coverage.clusters import clusters, names
from lab.coverage.measures import overlap, radius, recall
from lab.coverage.neighbours import Neighbours, neighbours
from lab.coverage.project import project

__all__ = [
    "Neighbours",
    "clusters",
    "names",
    "neighbours",
    "overlap",
    "project",
    "radius",
    "recall",
]
