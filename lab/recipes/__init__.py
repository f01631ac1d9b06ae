"""Published data sets rebuilt from your own files: load, filter and select in one call."""

from lab.recipes.lima import LIMA, Mixture, lima, lima_rules

__all__ = ["LIMA", "Mixture", "lima", "lima_rules"]
