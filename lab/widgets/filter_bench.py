"""The filter bench: sliders, toggles and search over a pool, with what they keep and drop.

The bench holds `Criteria` and shows what they do. `bench.mask` and `bench.pool` are the result,
`bench.code()` the cell that gives the same without a screen. Every text of the pool is shown as
text, never as markup.
"""

import html
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import pandas as pd
import traitlets

from lab import records, runs
from lab.records import TEXTS
from lab.widgets import front
from lab.widgets.bench_state import BenchState
from lab.widgets.criteria import Criteria
from lab.widgets.scale import Bits

if TYPE_CHECKING:
    from lab.widgets.coverage_map import CoverageMap

PAGE = 20  # rows of the table
MOST_VALUES = 24  # of a category that get a box to tick; the rarer ones cannot be chosen
CUT = 160  # characters of a text in the table


class Panel(anywidget.AnyWidget):
    """The part of the bench that lives in the browser; `FilterBench` speaks to it."""

    _esm = front.script("filter_bench")
    _css = front.STYLE
    spec = traitlets.Dict().tag(sync=True)  # what can be set
    state = traitlets.Dict().tag(sync=True)  # what is set
    count = traitlets.Dict().tag(sync=True)  # sent first
    view = traitlets.Dict().tag(sync=True)  # reasons, histograms, rows
    text = traitlets.Dict().tag(sync=True)  # one row in full


class FilterBench:
    """A filter bench over a pool.

    Parameters
    ----------
    pool : DataFrame
        The pool; nothing in it is changed.
    scores : DataFrame or mapping of Series, optional
        Numbers per row; each gets a histogram and a range.
    masks : mapping of Series, optional
        Filters, True = keep; each gets a box to tick, off at first.
    categories : sequence of str
        Columns of `pool` with few values, each value with a box to tick.

    Raises
    ------
    ValueError
        If a score or a mask misses rows of the pool, or a category is no column of it.

    Examples
    --------
    >>> from lab import filters, testbed
    >>> pool = testbed.pool(20)
    >>> bench = FilterBench(pool, masks={"short": filters.length(pool, max_words=12)})
    >>> bench.set(Criteria(filters=("short",)))
    >>> bench.mask.equals(filters.length(pool, max_words=12))
    True
    """

    def __init__(
        self,
        pool: pd.DataFrame,
        *,
        scores: pd.DataFrame | Mapping[str, "pd.Series[float]"] | None = None,
        masks: Mapping[str, "pd.Series[bool]"] | None = None,
        categories: tuple[str, ...] | list[str] = (),
    ) -> None:
        self._bench = BenchState(
            pool, {} if scores is None else scores, {} if masks is None else masks, categories
        )
        self._error, self._answer = "", 0  # the number of the request that is being answered
        self._tab, self._page, self._last = "kept", 0, next(iter(self._bench.scales), "")
        self._map: CoverageMap | None = None
        self.panel = Panel(spec=self._spec())
        self.panel.on_msg(lambda _widget, message, _buffers: self._hear(message))
        self._show()

    @property
    def criteria(self) -> Criteria:
        """Return what is set."""
        return self._bench.criteria

    @property
    def scores(self) -> pd.DataFrame:
        """Return the scores, on the pool's index."""
        return self._bench.scores

    @property
    def masks(self) -> dict[str, "pd.Series[bool]"]:
        """Return the filters, on the pool's index."""
        return self._bench.masks

    @property
    def mask(self) -> "pd.Series[bool]":
        """Return which rows are kept."""
        return pd.Series(self._bench.kept, index=self._bench.pool.index, name="keep")

    @property
    def pool(self) -> pd.DataFrame:
        """Return the rows that are kept."""
        kept: pd.DataFrame = self._bench.pool.loc[self._bench.kept]
        return kept

    def code(self) -> str:
        """Return the cell that does the same; it needs `pd`, `pool`, `scores` and `masks`."""
        return self.criteria.code()

    def set(self, criteria: Criteria) -> None:
        """Put `criteria` in place of the present ones; `undo` takes them back."""
        self._bench.set(criteria)
        self._page = 0
        self._show()

    def undo(self) -> None:
        """Take the last change back, if there is one."""
        self._step(self._bench.undo)

    def redo(self) -> None:
        """Make the change again that was last taken back."""
        self._step(self._bench.redo)

    def _step(self, step: Callable[[], bool]) -> None:
        if step():
            self._page = 0
            self._show()

    def save(self, name: str = "bench") -> str:
        """Record mask and criteria as a run of the step `filters`; return its id."""
        inputs = [records.fingerprint(self._bench.pool)]
        with runs.start("filters", name, self.criteria.plain(), inputs) as run:
            run.save("keep", self.mask)
            run.save("subset", self.pool.index)
            run.save("code", self.code())
            run.log(rows=len(self._bench.pool), kept=int(self.mask.sum()))
        return run.id

    def link(self, coverage_map: "CoverageMap") -> None:
        """Show on a map what is kept, and take its lasso as a criterion."""
        self._map = coverage_map
        coverage_map.show(self.mask)
        coverage_map.on_select(self._lasso)

    def _lasso(self, chosen: pd.Index | None) -> None:
        ids = None if chosen is None else tuple(map(str, chosen))
        if ids != self.criteria.within:
            self.set(replace(self.criteria, within=ids))

    def _repr_mimebundle_(self, **words: Any) -> Any:
        if os.environ.get("WINNOW_REPORT"):
            return {"text/html": self._static(), "text/plain": repr(self)}
        return self.panel._repr_mimebundle_(**words)

    def __repr__(self) -> str:
        return (
            f"FilterBench({int(self._bench.kept.sum()):,} of {len(self._bench.pool):,} rows kept)"
        )

    def _static(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{drops:,}</td><td>{alone:,}</td></tr>"
            for name, drops, alone in self._bench.reasons()
        )
        head = "<tr><th>criterion</th><th>drops</th><th>it alone</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<p>{html.escape(repr(self))}</p>{table}<pre>{html.escape(self.code())}</pre>"

    def _show(self) -> None:
        """Send the count, then the rest, then what the map shows."""
        answer = self._answer
        kept = self._bench.kept
        total = int(np.count_nonzero(kept))
        self.panel.count = {"kept": total, "total": len(kept), "answer": answer}
        rows, shown = self._rows(kept)
        self.panel.view = {
            "reasons": self._bench.reasons(),
            "kept_bins": {name: scale.kept(kept) for name, scale in self._bench.scales.items()},
            "rows": rows,
            "tab": self._tab,
            "page": self._page,
            "of": shown,
            "error": self._error,
            "undo": bool(self._bench.done),
            "redo": bool(self._bench.undone),
            "answer": answer,
        }
        self.panel.state = self._state()
        if self._map is not None:
            self._map.show(kept)
            if self.criteria.within is None and len(self._map.selected):
                self._map.select(None)

    def _rows(self, kept: Bits) -> tuple[list[dict[str, Any]], int]:
        if self._tab == "borderline":
            places = self._bench.borderline(self._last, PAGE)
        else:
            places = np.flatnonzero(kept if self._tab == "kept" else ~kept)
        here = places[self._page * PAGE : (self._page + 1) * PAGE]
        ids = self._bench.pool.index[here]
        texts = {name: self._bench.pool[name].iloc[here] for name in ("instruction", "output")}
        numbers = self.scores.iloc[here]
        rows = [
            {
                "place": int(place),
                "id": str(ids[number]),
                "kept": bool(kept[place]),
                "texts": [_cut(texts[name].iloc[number]) for name in texts],
                "numbers": [_number(value) for value in numbers.iloc[number]],
            }
            for number, place in enumerate(here)
        ]
        return rows, len(places)

    def _hear(self, message: Mapping[str, Any]) -> None:
        """Do what was asked for in the browser."""
        kind = message.get("kind")
        self._answer = int(message.get("answer", self._answer))
        if kind == "save":
            self.panel.text = {"saved": self.save()}
        elif kind == "code":
            self.panel.text = {"code": self.code()}
        elif kind == "open":
            self.panel.text = self._full(int(message["place"]))
            return
        elif kind == "undo":
            self.undo()
        elif kind == "redo":
            self.redo()
        elif kind == "reset":
            self.set(Criteria())
        elif kind == "table":
            self._tab, self._page = str(message["tab"]), max(0, int(message["page"]))
        elif kind == "change":
            self._change(message)
        self._show()

    def _change(self, message: Mapping[str, Any]) -> None:
        """Change one criterion; a drag is one step of `undo`."""
        before, criteria = self.criteria, self._changed(message)
        self._error = ""
        try:
            self._bench.put(criteria)
        except ValueError as error:
            self._error = str(error)
            self._bench.put(before)
            return
        finally:
            self._page = 0
        if message.get("first", True) and before != criteria:
            self._bench.remember(before)

    def _changed(self, message: Mapping[str, Any]) -> Criteria:
        what, name, now = message["what"], str(message.get("name", "")), self.criteria
        if what == "range":
            self._last = name
            bounds = self._bench.scales[name].range(int(message["low"]), int(message["high"]))
            rest = {key: value for key, value in now.ranges.items() if key != name}
            return replace(now, ranges=rest if bounds == (None, None) else {**rest, name: bounds})
        if what == "filter":
            others = [key for key in now.filters if key != name]
            on = [*others, name] if message["on"] else others
            return replace(now, filters=tuple(key for key in self.masks if key in on))
        if what == "category":
            rest2 = {key: value for key, value in now.categories.items() if key != name}
            values = tuple(map(str, message["values"]))
            return replace(now, categories={**rest2, name: values} if values else rest2)
        if what == "search":
            return replace(now, search=str(message["text"]), regex=bool(message["regex"]))
        return replace(now, within=None)

    def _full(self, place: int) -> dict[str, Any]:
        row = {str(name): value for name, value in self._bench.pool.iloc[place].items()}
        spoken = {*TEXTS, *records.STRUCTURE, "history"}
        fields = [
            [name, str(value)]
            for name, value in row.items()
            if name not in spoken and str(value) not in ("", "None", "nan")
        ]
        return {
            "id": str(self._bench.pool.index[place]),
            "turns": records.turns(row),
            "fields": fields,
            "misses": self._bench.misses(place),
        }

    def _spec(self) -> dict[str, Any]:
        values = {
            name: self._bench.pool[name].astype("str").value_counts()
            for name in self._bench.categories
        }
        return {
            "scores": [scale.spec(name) for name, scale in self._bench.scales.items()],
            "filters": [[name, int((~mask).sum())] for name, mask in self.masks.items()],
            "categories": [
                {
                    "name": name,
                    "values": [
                        [str(value), int(count)] for value, count in counts[:MOST_VALUES].items()
                    ],
                    "left_out": max(0, len(counts) - MOST_VALUES),
                }
                for name, counts in values.items()
            ],
            "columns": ["instruction", "output", *map(str, self.scores.columns)],
            "page": PAGE,
        }

    def _state(self) -> dict[str, Any]:
        ranges = self.criteria.ranges
        return {
            "ranges": {
                name: scale.steps(ranges.get(name, (None, None)))
                for name, scale in self._bench.scales.items()
            },
            "filters": list(self.criteria.filters),
            "categories": {k: list(v) for k, v in self.criteria.categories.items()},
            "search": self.criteria.search,
            "regex": self.criteria.regex,
            "within": None if self.criteria.within is None else len(self.criteria.within),
        }


def _cut(text: str) -> str:
    return text if len(text) <= CUT else text[: CUT - 1] + "…"


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.4g}"
