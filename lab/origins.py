"""What a result was made with: the data, the models and the teachers that this process used.

A label that is taken from a parameter is only a wish. Whatever opens data, loads a model or asks a
teacher notes here where it came from, runs record it, and reading a run notes it again; `label`
and `sentence` say it in words. A process that used more than one result needs says more than that
result needs, never less.
"""

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Literal

Kind = Literal["data", "model", "teacher"]
Used = Mapping[str, Iterable[str]]
KINDS: tuple[Kind, ...] = ("data", "model", "teacher")
TESTBED = "testbed"
SAMPLES = "sample files"
MARK = "winnow:"  # before an origin, in the `system_fingerprint` of a server of this package
_lock = Lock()
_used: dict[Kind, set[str]] = {kind: set() for kind in KINDS}
_written: set[str] = set()
_watchers: list[Callable[[Kind, str], None]] = []


def note(kind: Kind, origin: str) -> None:
    """Note that data, a model or a teacher of this origin was used.

    Parameters
    ----------
    kind : str
        "data", "model" or "teacher".
    origin : str
        `TESTBED`, `SAMPLES`, or a name to recognise it by: of a file, a model, a server.

    Examples
    --------
    >>> forget()
    >>> note("data", "alpaca.json")
    >>> used()
    {'data': ['alpaca.json']}
    >>> forget()
    """
    with _lock:
        if kind not in _used:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
        if origin in _used[kind]:
            return
        _used[kind].add(origin)
        told = list(_watchers)
    for watcher in told:
        watcher(kind, origin)


def served(fingerprint: object) -> str:
    """Return who answers by a reply's `system_fingerprint`, "" if no server of this package did.

    Examples
    --------
    >>> served("winnow:testbed"), served("fp_44709d6fcb"), served(None)
    ('testbed', '', '')
    """
    told = fingerprint if isinstance(fingerprint, str) else ""
    return told.removeprefix(MARK) if told.startswith(MARK) else ""


def note_all(recorded: Used) -> None:
    """Note again what a run recorded; kinds of a later version are left out.

    Examples
    --------
    >>> forget()
    >>> note_all({"teacher": ["testbed"], "colour": ["red"]})
    >>> used()
    {'teacher': ['testbed']}
    >>> forget()
    """
    for kind in KINDS:
        for origin in recorded.get(kind, ()):
            note(kind, origin)


def wrote(path: str) -> None:
    """Note a file that this process wrote: reading it again uses nothing that is not noted yet."""
    with _lock:
        _written.add(path)


def is_written(path: str) -> bool:
    """Say whether this process wrote a file.

    Examples
    --------
    >>> wrote("/somewhere/pool.jsonl")
    >>> is_written("/somewhere/pool.jsonl"), is_written("/elsewhere")
    (True, False)
    >>> forget()
    """
    with _lock:
        return path in _written


def used() -> dict[str, list[str]]:
    """Return what was used so far, by kind, in order.

    Examples
    --------
    >>> forget()
    >>> used()
    {}
    """
    with _lock:
        return {kind: sorted(_used[kind]) for kind in KINDS if _used[kind]}


def forget() -> None:
    """Begin anew: a new notebook in an old process, or a test.

    Examples
    --------
    >>> note("model", "testbed")
    >>> forget()
    >>> used()
    {}
    """
    with _lock:
        for origins in _used.values():
            origins.clear()
        _written.clear()


def watch(watcher: Callable[[Kind, str], None]) -> Callable[[], None]:
    """Call `watcher` with kind and origin, of what was noted and of what will be; return the end.

    Examples
    --------
    >>> seen = []
    >>> stop = watch(lambda kind, origin: seen.append(origin))
    >>> note("data", "mine.json")
    >>> "mine.json" in seen
    True
    >>> stop()
    >>> forget()
    """
    for kind, origins in used().items():
        for origin in origins:
            watcher(kind, origin)  # type: ignore[arg-type]
    with _lock:
        _watchers.append(watcher)
    return lambda: _watchers.remove(watcher)


def label(found: Used) -> str:
    """Return one word for what was used.

    "testbed" or "samples" if all of it ships with the package, "local" if none of it does, "mixed"
    if some does, "unknown" if nothing was noted.

    Examples
    --------
    >>> label({"data": ["testbed"], "model": ["testbed"]})
    'testbed'
    >>> label({"data": ["alpaca.json"], "model": ["testbed"]})
    'mixed'
    """
    origins = {origin for kind in KINDS for origin in found.get(kind, ())}
    ours = origins & {TESTBED, SAMPLES}
    if not origins:
        return "unknown"
    if origins - ours:
        return "mixed" if ours else "local"
    return "testbed" if TESTBED in ours else "samples"


def sentence(found: Used) -> str:
    """Return what was used, in words.

    Examples
    --------
    >>> sentence({"data": ["a.json", "testbed"], "model": ["gpt2"]})
    'data: a.json, testbed; model: gpt2'
    """
    parts = [(kind, sorted(found.get(kind, ()))) for kind in KINDS]
    return "; ".join(f"{kind}: {', '.join(origins)}" for kind, origins in parts if origins)
