"""Long work beside the cell: in a thread, with a stop that is heard.

A button does nothing while a cell runs, since the kernel hears it only after. So the cell gives
the work to a thread and returns; the buttons then set an event that the work looks at.
"""

import html
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from lab.widgets import front

EVERY_S = 0.5  # between two looks


class Panel(anywidget.AnyWidget):
    """The part of a monitor that lives in the browser: title, bar, facts, table, buttons."""

    _esm = front.script("monitor")
    _css = front.STYLE
    shown = traitlets.Dict().tag(sync=True)


class Monitor:
    """A look at something that runs, taken twice a second in a thread until it is over.

    Parameters
    ----------
    look : callable
        Returns what to show: `title`, `state`, `done`, `total`, `facts` (pairs), `table` (rows of
        cells, the first its head), `buttons` (names), and `over`, True for the last look.
    press : callable, optional
        Told the name of a button that was pressed.

    Examples
    --------
    >>> shown = Monitor(lambda: {"title": "calls", "state": "done", "over": True})
    >>> shown.panel.shown["state"]
    'done'
    >>> shown.close()
    """

    def __init__(
        self,
        look: Callable[[], Mapping[str, Any]],
        *,
        press: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._look, self._press = look, press
        self._stop = threading.Event()
        self.panel = Panel(shown=dict(look()))
        self.panel.on_msg(lambda _widget, message, _buffers: self._hear(message))
        self._thread = threading.Thread(target=self._watch, daemon=True, name="winnow-monitor")
        self._thread.start()

    def close(self) -> None:
        """Stop looking; what is looked at goes on."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.is_set():
            shown = dict(self._look())
            if shown != self.panel.shown:
                self.panel.shown = shown
            if shown["over"]:
                return
            self._stop.wait(EVERY_S)

    def _hear(self, message: Mapping[str, Any]) -> None:
        if message.get("kind") == "press":
            self._press(str(message["name"]))
            self.panel.shown = dict(self._look())

    def _repr_mimebundle_(self, **words: Any) -> Any:
        if not os.environ.get("WINNOW_REPORT"):
            return self.panel._repr_mimebundle_(**words)
        return {"text/html": _static(self._look())}


class Work:
    """A function that runs in a thread, with its state and a Stop button.

    Parameters
    ----------
    function : callable
        Given an event to look at now and then; it returns early once the event is set.
    title : str
        What it does.

    Examples
    --------
    >>> work = Work(lambda stop: 6 * 7, title="sum")
    >>> work.result()
    42
    """

    def __init__(self, function: Callable[[threading.Event], Any], *, title: str) -> None:
        self._function, self._title = function, title
        self._stop, self._began = threading.Event(), time.monotonic()
        self._ended: float | None = None
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="winnow-work")
        self._thread.start()
        self.monitor = Monitor(self._look, press=lambda _: self.stop())

    @property
    def state(self) -> str:
        """Return `running`, `stopping`, `stopped`, `failed` or `finished`."""
        if self._ended is None:
            return "stopping" if self._stop.is_set() else "running"
        if self._error is not None:
            return "failed"
        return "stopped" if self._stop.is_set() else "finished"

    def stop(self) -> None:
        """Ask the function to return."""
        self._stop.set()

    def result(self, timeout_s: float | None = None) -> Any:
        """Wait for the end and return what the function returned, or raise what it raised.

        Raises
        ------
        TimeoutError
            If it still runs after `timeout_s` seconds.
        """
        self._thread.join(timeout_s)
        if self._ended is None:
            raise TimeoutError(f"{self._title} still runs after {timeout_s} s")
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._function(self._stop)
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            self._error = error
        self._ended = time.monotonic()

    def _look(self) -> dict[str, Any]:
        seconds = (self._ended or time.monotonic()) - self._began
        facts = [["seconds", f"{seconds:.0f}"]]
        facts += [["error", repr(self._error)]] if self._error is not None else []
        buttons = ["Stop"] if self.state == "running" else []
        return {
            "title": self._title,
            "state": self.state,
            "facts": facts,
            "buttons": buttons,
            "over": self._ended is not None,
        }

    def _repr_mimebundle_(self, **words: Any) -> Any:
        return self.monitor._repr_mimebundle_(**words)


def _static(shown: Mapping[str, Any]) -> str:
    facts = "".join(
        f"<li>{html.escape(str(name))}: {html.escape(str(value))}</li>"
        for name, value in shown.get("facts", [])
    )
    rows = [
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in shown.get("table", [])
    ]
    table = f"<table><tbody>{''.join(rows)}</tbody></table>" if rows else ""
    title = html.escape(f"{shown['title']}: {shown['state']}")
    return f"<p>{title}</p><ul>{facts}</ul>{table}"
