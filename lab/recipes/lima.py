"""LIMA's mixture from one's own dumps: few answers of communities, tasks and people.

Source: Zhou et al. 2023, arXiv:2305.11206, section 2 and table 1: 200 answers of Stack Exchange's
exchanges on science and technology, 200 of the others, 200 of wikiHow, 150 of Reddit, 50 tasks of
Natural Instructions and 200 examples of the authors' own.

What cannot be made by rule is left to you: that a question is self-contained in its title, the
answers of Reddit (picked by hand; here the best-voted), and the style of tasks and own examples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lab import filters, load, records, select

LIMA = {"stem": 200, "other": 200, "wikihow": 200, "reddit": 150, "tasks": 50, "own": 200}
TEMPERATURE = 3.0  # over exchanges
EXCHANGES = ("stem", "other")
_PLAIN = r"\b(?:I|my)\b"  # the strict reading of "first person": the words as they stand
Files = str | Path | Sequence[str | Path] | pd.DataFrame


@dataclass(frozen=True, eq=False)
class Mixture:
    """The mixture, and how each of its parts came about.

    Examples
    --------
    >>> from lab import records
    >>> pool = records.frame([{"instruction": "Add 1 and 2.", "output": "3"}])
    >>> Mixture(pool, pd.DataFrame({"wanted": [1], "taken": [1]}), {}).pool["output"].tolist()
    ['3']
    """

    pool: pd.DataFrame  # with the column `part`
    parts: pd.DataFrame  # by part: `wanted`, `read`, `refused`, `left` by the filters, `picked`
    tallies: Mapping[str, pd.DataFrame]  # by part, what each filter removes

    def __repr__(self) -> str:
        short = self.parts[self.parts["picked"] < self.parts["wanted"]]
        missing = int((short["wanted"] - short["picked"]).sum())
        told = f"; {missing:,} short in {', '.join(map(str, short.index))}" if len(short) else ""
        return f"Mixture({len(self.pool):,} examples of {len(self.parts)} parts{told})"


def lima(
    files: Mapping[str, Files],
    *,
    counts: Mapping[str, int] = LIMA,
    temperature: float = TEMPERATURE,
    stripped: bool = False,
    seed: int = 0,
) -> Mixture:
    """Make the mixture of LIMA, or another of the same sources, from your own files.

    Parameters
    ----------
    files : mapping
        The parts by name, each as a path, paths, or a pool: `stem` and `other` (a `Posts.xml` per
        exchange), `wikihow`, `reddit` (posts with answers), `tasks` (Natural Instructions), `own`
        (any format that `load.auto` knows). A part that is not given is left out.
    counts : mapping
        How many examples of each part.
    temperature : float
        Of the draw over exchanges: 1 keeps their sizes, larger is more uniform.
    stripped : bool
        The strict reading of the rules; see `lima_rules`.
    seed : int
        Of every draw, and of title or description as the prompt.

    Returns
    -------
    Mixture
        `parts` says where there were fewer examples than wanted; nothing fills the gap.

    Raises
    ------
    ValueError
        If there is a part of another name, or a count for none.
    DataError
        If a file cannot be read.

    Examples
    --------
    >>> from lab import paths
    >>> lima({"own": paths.samples() / "alpaca.json"}, counts={"own": 4})
    Mixture(4 examples of 1 parts)
    """
    unknown = [name for name in files if name not in LIMA or name not in counts]
    if unknown:
        raise ValueError(
            f"files must name parts of {list(LIMA)} that counts has, got {unknown[0]!r}"
        )
    taken: list[pd.DataFrame] = []
    rows, tallies = {}, {}
    for name in (part for part in LIMA if part in files):
        pool, refused = _read(name, files[name], seed)
        masks = lima_rules(pool, stripped=stripped) if name in EXCHANGES else _answered(pool)
        tallies[name] = filters.tally(masks)
        left = pool[np.logical_and.reduce(list(masks.values()))]
        left = left[~left.index.isin([key for part in taken for key in part.index])]
        few = _few(name, left, counts[name], temperature, seed)
        taken.append(few.assign(part=name))
        rows[name] = {
            "wanted": counts[name],
            "read": len(pool),
            "refused": refused,
            "left": len(left),
            "picked": len(few),
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("part")
    return Mixture(_joined(taken), table, tallies)


def lima_rules(pool: pd.DataFrame, *, stripped: bool = False) -> dict[str, "pd.Series[bool]"]:
    """Return LIMA's rules for answers of Stack Exchange as filters, in their order.

    `filters.tally` counts what each removes, alone and in order. The released answers show that
    the length was taken before markup was stripped, and that the first person was not matched
    word by word: applied strictly to the released text the two reject 93 of the 400.

    Parameters
    ----------
    pool : DataFrame
        Of `load.stack_exchange`; where a column of `votes` or `output_html` is missing, as in
        released sets, its rule is left out or reads the output.
    stripped : bool
        The strict reading: the length of the stripped text, and the words "I" and "my" wherever
        they stand ("World War I", too).

    Examples
    --------
    >>> pool = pd.DataFrame({"output": ["I think so." * 200, "So it is. " * 200, "Yes."]})
    >>> filters.tally(lima_rules(pool))["rejects"].to_dict()
    {'1,200 to 4,096 characters': 1, 'no first person': 1, 'no other answers': 0}
    """
    field = "output" if stripped or "output_html" not in pool.columns else "output_html"
    rules = {"at least 10 votes": filters.votes(pool, least=10)} if "votes" in pool.columns else {}
    rules["1,200 to 4,096 characters"] = filters.length(
        pool, min_words=0, min_characters=1_200, max_characters=4_096, field=field
    )
    rules["no first person"] = (
        ~pool["output"].str.contains(_PLAIN, regex=True).astype(bool).rename("keep")
        if stripped
        else filters.no_first_person(pool)
    )
    rules["no other answers"] = filters.no_other_answers(pool)
    return rules


def _answered(pool: pd.DataFrame) -> dict[str, "pd.Series[bool]"]:
    return {"has an answer": (pool["output"].str.strip() != "").rename("keep")}


def _read(name: str, files: Files, seed: int) -> tuple[pd.DataFrame, int]:
    """Return the pool of a part, and how many rows of its files were refused."""
    if isinstance(files, pd.DataFrame):
        return files, 0
    paths = [files] if isinstance(files, (str, Path)) else list(files)
    found = [_loaded(name, path, seed) for path in paths]
    pool = pd.concat([one.pool for one in found])
    again = pool.index.duplicated()
    return pool[~again], sum(len(one.refused) for one in found) + int(again.sum())


def _loaded(name: str, path: str | Path, seed: int) -> load.Loaded:
    if name in EXCHANGES:
        return load.stack_exchange(path, seed=seed)
    if name == "tasks":
        return load.tasks.natural_instructions(path)
    if name == "wikihow":
        return load.wikihow(path)
    return load.reddit(path) if name == "reddit" else load.auto(path)


def _few(name: str, left: pd.DataFrame, wanted: int, temperature: float, seed: int) -> pd.DataFrame:
    """Pick the examples of one part, all that there are if they are fewer."""
    left = left.sort_index()  # the order of the files is no part of the draw
    once = dict.fromkeys(left["task"], 1) if name == "tasks" and len(left) else {}
    count = min(wanted, len(once) if name == "tasks" else len(left))
    if not count:
        return left.iloc[:0]
    if name in EXCHANGES:  # the best-scored questions of each exchange
        picks = select.stratified(
            left["category"].tolist(),
            count,
            scores=left["question_votes"],
            temperature=temperature,
        )
    elif name == "tasks":  # one random instance of each
        picks = select.stratified(left["task"].tolist(), count, quotas=once, seed=seed)
    elif name == "reddit":
        picks = select.top(left["votes"], count)
    elif name == "wikihow" and "category" in left.columns:  # a category, then an article of it
        strata = left["category"].astype(str).tolist()
        picks = select.stratified(strata, count, temperature=float("inf"), seed=seed)
    else:
        picks = select.random(len(left), count, seed=seed)
    return picks.take(left)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return one pool; a column that a part has not is empty there."""
    return records.frame(
        {str(name): value for name, value in row.items() if not _missing(value)}
        for part in parts
        for row in part.to_dict("records")
    )


def _missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN
