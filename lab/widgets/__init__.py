"""What a person drives: they hold state and show it, and call what a cell would call.

`Sieve` filters, `Atlas` maps, `Rater` and `Duel` ask people, `watch` and `board` show what runs,
`Work` runs a function beside the cell. Every text of a pool is shown as text, never as markup.
"""

from lab.widgets.atlas import Atlas
from lab.widgets.board import board
from lab.widgets.criteria import Criteria, contains
from lab.widgets.duel import Duel
from lab.widgets.job import watch
from lab.widgets.rater import Rater
from lab.widgets.sieve import Sieve
from lab.widgets.work import Monitor, Work

__all__ = [
    "Atlas",
    "Criteria",
    "Duel",
    "Monitor",
    "Rater",
    "Sieve",
    "Work",
    "board",
    "contains",
    "watch",
]
