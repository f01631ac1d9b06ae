"""Open Assistant's trees: from each the conversation of the best-ranked replies, or all of them.

Source: Köpf et al. 2023, arXiv:2304.07327; the export of trees, and that of messages, nested or
one a row. `rank` 0 is the best of the replies to a message; not all are ranked.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import chat
from lab.load.loaded import Example, Loaded, gather
from lab.load.rows import Row, read

Node = dict[str, Any]
_KEPT = ("lang", "synthetic", "model_name", "rank", "emojis", "labels", "message_id")


def oasst(
    path: str | Path,
    *,
    every_path: bool = False,
    languages: Collection[str] | None = None,
    reviewed: bool = True,
    every_turn: bool = False,
) -> Loaded:
    """Read trees of messages: one example a tree, or one for each of its ends.

    A path that ends with a prompt is an example up to the last reply before it.

    Parameters
    ----------
    path : path
        A file of trees (`prompt`) or of messages (`parent_id`, with nested `replies` or flat).
    every_path : bool
        Take all paths from the root to an end, not the best-ranked replies alone.
    languages : collection of codes, optional
        Only trees whose first message is in one of them.
    reviewed : bool
        Leave out messages that are deleted or that reviewers turned down.
    every_turn : bool
        An example for each answer of a path, not the last one alone; `labels` and others are
        then those of the last.

    Returns
    -------
    Loaded
        `lang`, `rank`, `synthetic`, `model_name`, `labels` of the answer and `tree` are columns.

    Raises
    ------
    DataError
        If the file cannot be read, or not one tree fits.

    Examples
    --------
    >>> from lab import paths
    >>> file = paths.samples() / "oasst.jsonl"
    >>> oasst(file).pool["instruction"].tolist()
    ['And at noon?']
    >>> len(oasst(file, every_path=True).pool)
    2
    """

    def convert(given: dict[str, Any]) -> list[Example]:
        root = given.get("prompt", given)
        if not isinstance(root, dict) or "text" not in root:
            raise DataError("is missing", field="prompt", value=sorted(given))
        if languages is not None and root.get("lang") not in languages:
            raise DataError("is in another language", field="lang", value=root.get("lang"))
        paths = [_answered(nodes) for nodes in _paths(root, every=every_path, reviewed=reviewed)]
        found = {str(nodes[-1].get("message_id", id(nodes[-1]))): nodes for nodes in paths if nodes}
        if not found:
            raise DataError("holds no reply that is left", field="replies")
        return [_example(nodes, given.get("message_tree_id")) for nodes in found.values()]

    rows = _nested(read(path))
    return gather(
        rows,
        convert,
        source=Path(path).name,
        hint="see load.messages, load.sharegpt",
        every_turn=every_turn,
    )


def _nested(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield trees as they are, and then those that flat messages make."""
    flat: dict[str, Row] = {}
    for row in rows:
        value = row.value
        if isinstance(value, dict) and "parent_id" in value and "replies" not in value:
            flat[str(value.get("message_id"))] = row
        else:
            yield row
    for row in flat.values():
        row.value["replies"] = []
    for row in flat.values():
        parent = flat.get(str(row.value["parent_id"]))
        if parent is not None:
            parent.value["replies"].append(row.value)
    for row in flat.values():
        above = row.value["parent_id"]
        if above is None:
            yield row
        elif str(above) not in flat:
            reason = "parent_id is of no message here"
            yield replace(row, value=None, raw=str(row.value), reason=reason)


def _paths(root: Node, *, every: bool, reviewed: bool) -> Iterator[list[Node]]:
    if reviewed and _turned_down(root):
        return
    pending = [[root]]
    while pending:
        nodes = pending.pop()
        replies = [node for node in nodes[-1].get("replies") or () if isinstance(node, dict)]
        replies = [node for node in replies if not (reviewed and _turned_down(node))]
        replies.sort(key=_rank)
        if not replies:
            yield nodes
        pending += [[*nodes, node] for node in reversed(replies if every else replies[:1])]


def _turned_down(node: Node) -> bool:
    return bool(node.get("deleted")) or node.get("review_result") is False


def _rank(node: Node) -> float:
    rank = node.get("rank")
    return float("inf") if rank is None else float(rank)


def _answered(nodes: list[Node]) -> list[Node]:
    """Cut a path after its last reply; none if there is no reply."""
    ends = [place for place, node in enumerate(nodes) if node.get("role") == "assistant"]
    return nodes[: ends[-1] + 1] if ends else []


def _example(nodes: list[Node], tree: Any) -> Example:
    turns = [{"role": node.get("role"), "content": node.get("text")} for node in nodes]
    known = {name: nodes[-1][name] for name in _KEPT if name in nodes[-1]}
    return chat.example(turns, {**known, "tree": tree or nodes[0].get("message_id")})
