"""Reports: notebooks executed in the background, each kept as one HTML page.

`render` executes notebooks and writes the pages and their index; `export` copies them for a web
host. `lab.report.figures` and `lab.report.tables` hold what notebooks show;
they are imported by name, so that a kernel that only starts to trace its files (see
`lab.report.trace`) does not wait for them.
"""

from lab.report.reports import Outcome, export, render

__all__ = ["Outcome", "export", "render"]
