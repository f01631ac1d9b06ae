"""The card of a data set: what it holds and how it came about, written from its pool and its runs.

Source: the Hub's form of dataset cards (a YAML head, then Markdown); the questions are those of
Gebru et al. 2021, arXiv:1803.09010 (datasheets for datasets) that can be answered from records.
"""

import html
import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import yaml

from lab import __version__, filters, origins, records, runs
from lab.errors import RunError
from lab.report import tables

SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"))
LARGER = "n>1M"
LEAST_SHARE = 0.01  # of the examples in a language that the head names
TABLES = "data"  # the folder that the Hub reads by default
CONFIGS = (
    {"config_name": "default", "data_files": f"{TABLES}/*.parquet"},
    {"config_name": "messages", "data_files": "messages/*.jsonl.gz"},
)


@dataclass(frozen=True, kw_only=True)
class About:
    """What only you know of a data set."""

    title: str
    licence: str  # of the whole, by the Hub's name of it, such as `cc-by-4.0`
    summary: str = ""
    licences: Mapping[str, str] = field(default_factory=dict)  # source -> its licence
    languages: Sequence[str] = ()  # codes; found out if empty
    tasks: Sequence[str] = ("text-generation",)
    tags: Sequence[str] = ()
    limits: Sequence[str] = ()  # in sentences, beside those that the records show
    citations: Sequence[str] = ()


def card(
    pool: pd.DataFrame,
    about: About,
    *,
    tally: pd.DataFrame | None = None,
    run_ids: Iterable[str] = (),
) -> str:
    """Return the card of a pool as Markdown with a YAML head.

    Parameters
    ----------
    pool : DataFrame
        What the set holds.
    about : About
        Title, licences, limits and citations.
    tally : DataFrame, optional
        What each filter removed, from `filters.tally`.
    run_ids : iterable of str
        The runs that led to it, such as that of a selection; those that made single examples are
        known from the pool's column `recipe`.

    Raises
    ------
    ValueError
        If the title or the licence is empty.
    """
    if not about.title.strip() or not about.licence.strip():
        raise ValueError("about must name a title and a licence")
    languages = filters.language_of(pool) if len(pool) else pd.Series([], dtype="str")
    known = [*dict.fromkeys([*run_ids, *pool["recipe"].dropna().astype(str)])]
    found = {run_id: _run(run_id) for run_id in known}
    parts = [
        _head(pool, about, languages),
        f"# {_plain(about.title)}\n",
        *([_plain(about.summary) + "\n"] if about.summary else []),
        "## What it holds\n",
        _table(records.describe(pool, languages=languages).rename("").to_frame()),
        _table(records.composition(pool, languages=languages)),
        "## Sources and licences\n",
        _table(_sources(pool, about)),
        *_filters(tally),
        *_selection(found),
        *_lineage(pool, found),
        "## Limits\n",
        _list([*about.limits, *_shown_limits(pool, found)]),
        *_citations(about, found),
        f"Written by Winnow {__version__} from the pool `{records.fingerprint(pool)}`.",
    ]
    return "\n".join(parts) + "\n"


def _head(pool: pd.DataFrame, about: About, languages: "pd.Series[str]") -> str:
    shares = languages.value_counts(normalize=True)
    spoken = [str(code) for code, share in shares.items() if share >= LEAST_SHARE and code != "und"]
    tags = ["instruction-tuning", *about.tags]
    tags += [tag for tag, name in (("tool-use", "tools"), ("reasoning", "thinking"))
             if name in pool.columns and pool[name].str.len().gt(0).any()]  # fmt: skip
    head = {
        "pretty_name": about.title,
        "license": about.licence,
        "language": [*(about.languages or spoken)],
        "size_categories": [next((name for most, name in SIZES if len(pool) < most), LARGER)],
        "task_categories": [*about.tasks],
        "tags": [*dict.fromkeys(tags)],
        "configs": [dict(config) for config in CONFIGS],
    }
    written: str = yaml.safe_dump(head, allow_unicode=True, sort_keys=False)
    return f"---\n{written}---\n"


def _sources(pool: pd.DataFrame, about: About) -> pd.DataFrame:
    counts = pool["source"].fillna("not known").value_counts()
    told = [about.licences.get(str(name), "as the whole") for name in counts.index]
    for name in ("licence", "license"):  # a source may hold several
        if name in pool.columns:
            by = pool.groupby(pool["source"].fillna("not known"))[name]
            said = by.agg(lambda of: ", ".join(sorted(set(of.dropna().astype(str)))))
            told = [str(said.get(key) or told[n]) for n, key in enumerate(counts.index)]
    return pd.DataFrame({"examples": counts, "licence": told}).rename_axis("source")


def _filters(tally: pd.DataFrame | None) -> list[str]:
    return [] if tally is None else ["## Filters\n", _table(tally)]


def _selection(found: Mapping[str, runs.Run | None]) -> list[str]:
    chosen = [run for run in found.values() if run is not None and run.step == "select"]
    lines = [f"`{run.method}` with {_said(run.params)}; {_said(run.numbers)}" for run in chosen]
    return ["## Selection\n", _list(lines)] if lines else []


def _lineage(pool: pd.DataFrame, found: Mapping[str, runs.Run | None]) -> list[str]:
    lines = []
    for run_id, run in found.items():
        made = int((pool["recipe"] == run_id).sum())
        by = f", made {made:,} of these examples" if made else ""
        if run is None:
            lines.append(f"`{run_id}`{by}; its record is not on this machine")
            continue
        began, commit = str(run.record.get("began", "")), str(run.record.get("commit", ""))
        said = origins.sentence(run.record.get("used", {}))
        lines.append(f"`{run_id}`{by}; {_said(run.params)}; {began[:10]}, code {commit}; {said}")
    rewritten = int(pool["parent"].notna().sum())
    if rewritten:
        lines.append(f"{rewritten:,} examples were made from another one, whose id is `parent`")
    return ["## Lineage\n", _list(lines)] if lines else []


def _shown_limits(pool: pd.DataFrame, found: Mapping[str, runs.Run | None]) -> list[str]:
    made = int(pool["recipe"].notna().sum())
    twice = int(pool["instruction"].duplicated().sum())
    empty = int((pool["output"].str.strip() == "").sum())
    used = [run.record.get("used", {}) for run in found.values() if run is not None]
    simulated = sum(origins.label(of) == "testbed" for of in used)
    said = [
        (made, "of {n} examples were made by a run, not written by people"),
        (twice, "of {n} instructions stand more than once"),
        (empty, "of {n} examples have an empty answer"),
    ]
    lines = [f"{count:,} {what.format(n=f'{len(pool):,}')}." for count, what in said if count]
    if simulated:
        lines.append(f"{simulated} of the runs used the simulated testbed alone.")
    return [*lines, "Patterns that look for personal data find no names of people."]


def _citations(about: About, found: Mapping[str, runs.Run | None]) -> list[str]:
    """Return what to cite: what was given, and the sources of the methods that runs name."""
    lines = [*about.citations]
    for run in found.values():
        source = "" if run is None else _source(run.step, run.method)
        lines += [source] if source and source not in lines else []
    return ["## Citations\n", _list(lines)] if lines else []


def _source(step: str, method: str) -> str:
    part = importlib.import_module(f"lab.{step}")
    if method not in getattr(part, "__all__", ()):
        return ""
    return str(tables.register(part)["source"].get(method, ""))


def _run(run_id: str) -> runs.Run | None:
    try:
        return runs.get(run_id)
    except RunError:
        return None


def _said(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "nothing set"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines) + "\n"


def _table(table: pd.DataFrame) -> str:
    """Return a frame as a table of Markdown, with its index."""
    flat = table.reset_index()
    rows = [[_cell(name) for name in flat.columns], ["---"] * len(flat.columns)]
    rows += [[_cell(value) for value in row] for row in flat.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _cell(value: Any) -> str:
    shown = f"{value:.3g}" if isinstance(value, float) else str(value)
    return _plain(shown).replace("|", "\\|")


def _plain(text: str) -> str:
    """Return a text on one line that is no markup."""
    return html.escape(" ".join(text.split()), quote=False)
