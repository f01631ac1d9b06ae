"""Winnow: a workbench for instruction-tuning data.

The parts, in the order of the work: load, synth, filters, score, embed, select, coverage, tune,
judge, ablate, report; beside them llm, widgets, testbed and runs. Importing this package does
nothing, and is fast.
"""

__version__ = "0.2.0"
