"""Where tasks run: processes of this machine, or a cluster of Ray (ray.io).

One form for both, that of `concurrent.futures`. What a task is given are paths and settings, never
tables: a result is a file, written under a temporary name and moved into place, so that a task that
is done again, because its machine was lost, leaves what it would have left. All machines of a
cluster see the data folder at one path, such as a shared file system, and have this package.
"""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import as_completed as as_completed  # noqa: PLC0414 - part of the form
from contextlib import contextmanager, suppress
from multiprocessing.synchronize import Event
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from lab import paths
from lab.errors import MissingPackageError

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

PROCESSES, RAY = "processes", "ray"
WATCH_SECONDS = 0.5  # how soon a worker notices that its parent is gone or wants it to stop
VISIBLE = "CUDA_VISIBLE_DEVICES"  # read when torch first looks for GPUs
LARGEST = 8 * 2**20  # bytes of a task's arguments, or of its result, on a cluster
TRIES = 4  # of a task whose worker or machine was lost; one that raises is not tried again

Engine = str | Executor


@contextmanager
def opened(
    engine: Engine = PROCESSES, *, workers: int | None = None, gpus: bool = False
) -> Iterator[Executor]:
    """Open what tasks are submitted to, and leave no process behind.

    Parameters
    ----------
    engine : str or Executor
        `"processes"` of this machine, which end with this one, and at once on an interrupt.
        `"ray"` is the cluster that `RAY_ADDRESS` names, or that runs on this machine, or else one
        that is started here; `"ray://host:port"` names one. A task whose machine is lost is done
        again elsewhere. What is open already is used, and left open.
    workers : int, optional
        Processes of one thread each, by default one per core; a thread if it is one. A cluster has
        its own number.
    gpus : bool
        Give each task a GPU of its own, where there are any: then as many run at once as there are
        GPUs. Else all see all of them.

    Raises
    ------
    ValueError
        If there is no such engine, or `workers` is below 1 or given for a cluster.
    MissingPackageError
        If the extra `winnow[cluster]` is not installed.

    Examples
    --------
    >>> with opened(workers=1) as pool:
    ...     pool.submit(len, "paths and settings").result()
    18
    """
    if isinstance(engine, Executor):
        yield engine
        return
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    make = _cluster if _is_ray(engine) else _local
    pool, stop = make(engine, workers, gpus)
    try:
        yield pool
    except BaseException:
        stop()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def each(
    function: Callable[..., Any],
    calls: Iterable[tuple[Any, ...]],
    *,
    engine: Engine = PROCESSES,
    workers: int | None = None,
    about: str = "tasks",
) -> list[Any]:
    """Call a function with each tuple of arguments, and return the results in their order.

    Parameters
    ----------
    function : function of a module, or a `functools.partial` of one
        Other processes find it by its name.
    calls : iterable of tuple
        Paths and settings.
    engine, workers
        As for `opened`.
    about : str
        What the progress bar counts; none is shown for "".

    Raises
    ------
    Exception
        What the first failed call raised; all others are finished first.

    Examples
    --------
    >>> each(pow, [(2, 3), (3, 2)], workers=1)
    [8, 9]
    """
    todo = list(calls)
    if not todo:
        return []
    if engine == PROCESSES:
        workers = min(_cores() if workers is None else workers, len(todo))
    with opened(engine, workers=workers) as pool:
        tasks = [pool.submit(function, *call) for call in todo]
        quiet: dict[str, bool] = {} if about else {"disable": True}
        for _ in tqdm(as_completed(tasks), total=len(tasks), desc=about, unit="task", **quiet):
            pass
    return [task.result() for task in tasks]


def _cores() -> int:
    return os.cpu_count() or 1


def _is_ray(engine: Engine) -> bool:
    return isinstance(engine, str) and engine.partition(":")[0] == RAY


def devices() -> list[str]:
    """Return the GPUs of this machine, as `CUDA_VISIBLE_DEVICES` names them."""
    seen = os.environ.get(VISIBLE)
    if seen is not None:
        return [one for one in seen.split(",") if one.strip() not in ("", "-1")]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def _local(engine: str, workers: int | None, gpus: bool) -> tuple[Executor, Callable[[], None]]:  # noqa: FBT001
    if engine != PROCESSES:
        raise ValueError(f"engine must be 'processes', 'ray' or 'ray://host:port', got {engine!r}")
    own = devices() if gpus else []
    number = min(workers or len(own), len(own)) if own else workers or _cores()
    if number == 1:
        return ThreadPoolExecutor(1), lambda: None
    context = multiprocessing.get_context("spawn")
    stop, left = context.Event(), context.SimpleQueue()
    for one in own[:number]:
        left.put(one)
    given = (os.getpid(), stop, left if own else None)
    return ProcessPoolExecutor(number, context, _enter_worker, given), stop.set


def _enter_worker(parent: int, stop: Event, gpus: "SimpleQueue[str] | None") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Jupyter interrupts the whole process group
    if gpus is not None:
        os.environ[VISIBLE] = gpus.get()

    def watch() -> None:
        while not stop.wait(WATCH_SECONDS):
            if os.getppid() != parent:
                break
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # read when torch is first imported here
        os.environ[name] = "1"


def _cluster(engine: str, workers: int | None, gpus: bool) -> tuple[Executor, Callable[[], None]]:  # noqa: FBT001
    if workers is not None:
        raise ValueError(f"workers is for processes of this machine, got {workers} for a cluster")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it reports to its makers otherwise
    try:
        import ray
    except ImportError as error:
        raise MissingPackageError("winnow[cluster]", needed_by=f"engine={engine!r}") from error
    return _Cluster(ray, engine, gpus=gpus), lambda: None


class _Cluster(Executor):
    """Tasks of Ray as futures; connects if nobody has, and disconnects if it has."""

    def __init__(self, ray: Any, engine: str, *, gpus: bool) -> None:
        self._ray, self._running = ray, set[Any]()
        self._connected = not ray.is_initialized()
        if self._connected:
            quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
            if engine != RAY:
                ray.init(address=engine, **quiet)
            else:
                try:
                    ray.init(address="auto", **quiet)
                except ConnectionError:
                    here = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
                    ray.init(address="local", **here, **quiet)
        needs: dict[str, Any] = {"max_retries": TRIES - 1, "retry_exceptions": False}
        if gpus and ray.cluster_resources().get("GPU", 0) >= 1:
            needs["num_gpus"] = 1
        self._task = ray.remote(**needs)(_on_a_machine)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        _bounded((fn, args, kwargs), "the arguments of a task")
        ref = self._task.remote(str(paths.data()), fn, args, kwargs)
        self._running.add(ref)
        mine: Future[Any] = Future()
        mine.set_running_or_notify_cancel()

        def hand_on(theirs: "Future[Any]") -> None:
            self._running.discard(ref)
            error = theirs.exception()
            if error is None:
                mine.set_result(theirs.result())
            else:
                mine.set_exception(getattr(error, "cause", None) or error)

        ref.future().add_done_callback(hand_on)
        return mine

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002
        running = list(self._running)
        if cancel_futures:
            for ref in running:
                with suppress(self._ray.exceptions.RayError):
                    self._ray.cancel(ref, force=True)
        elif wait and running:
            self._ray.wait(running, num_returns=len(running))
        if self._connected:
            self._ray.shutdown()


def _on_a_machine(data: str, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Run a task on a machine of a cluster, on the data folder of who asked for it."""
    os.environ["WINNOW_DATA"] = data
    return _bounded(fn(*args, **kwargs), "the result of a task")


def _bounded(value: Any, what: str) -> Any:
    size = len(pickle.dumps(value))
    if size > LARGEST:
        raise ValueError(
            f"{what} on a cluster may hold {LARGEST:,} bytes, got {size:,}; hand over a path"
        )
    return value
