"""Code that a model wrote, run where it can reach nothing: no files, no network, no processes.

The code runs in a Python of its own. Before it is read, that process gives up every system call
but some thirty that a computation needs (seccomp, on Linux): it can open no file, no socket and no
process, not even with the rights of root. Limits on CPU time, wall time, memory and output end what
goes on for too long. Its environment is empty, its folder is empty, and it inherits no open file.

What it does not protect against: errors of the kernel itself, side channels such as timing, heat
and load, and answers that are made up: code that inspects its own interpreter can find out how
"passed" is said, so that a hostile author can fake a pass. It cannot fake it by ending early.

Source: none; `man 2 seccomp` and `man 2 setrlimit`. phi-1 runs its exercises, arXiv:2306.11644.
"""

import ast
import ctypes
import json
import os
import platform
import secrets
import selectors
import signal
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

# Modules that code may import: pure computation, loaded before the door is shut.
ALLOWED = (
    *("array", "bisect", "cmath", "collections", "collections.abc", "copy", "dataclasses"),
    *("datetime", "decimal", "enum", "fractions", "functools", "heapq", "itertools", "json"),
    *("math", "numbers", "operator", "random", "re", "statistics", "string", "textwrap"),
    *("time", "typing", "unicodedata", "unittest"),
)
# The system calls of a computation, by number: x86-64, aarch64.
CALLS = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "poll": (7, None),
    "ppoll": (271, 73),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
    "rseq": (334, 293),
}
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of CALLS, audit name
EPERM = 1
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER_MODE = 38, 22, 2
EXCERPT = 2000  # characters of output that are kept


@dataclass(frozen=True)
class Limits:
    """What code may use; when it uses more, it is ended.

    Parameters
    ----------
    cpu_s : int
        Seconds of processor time, at least 1.
    wall_s : float
        Seconds from start to end, sleep included.
    memory_mb : int
        Address space, the interpreter's own 60 MB included; at least 100.
    output_kb : int
        What it may print.
    """

    cpu_s: int = 2
    wall_s: float = 6.0
    memory_mb: int = 512
    output_kb: int = 64

    def __post_init__(self) -> None:
        """Check the bounds."""
        least = {"cpu_s": 1, "wall_s": 0.1, "memory_mb": 100, "output_kb": 1}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ValueError(f"{name} must be at least {low}, got {getattr(self, name)}")


@dataclass(frozen=True)
class Ran:
    """How code ended: it passed, or `error: …`, `time`, `memory`, `output`, `ended early`."""

    passed: bool
    reason: str
    output: str  # the beginning of what it printed, untrusted text
    seconds: float


DEFAULT = Limits()


def run(code: str, tests: str = "", *, limits: Limits = DEFAULT) -> Ran:
    """Run code, then tests in the same names; it passed if both came to their end.

    Source: none.
    Cost: some 50 ms and the code's own time.

    Parameters
    ----------
    code, tests : str
        Python. Imports beyond `ALLOWED` fail, and so does whatever needs a file, a socket, a thread
        or a process.
    limits : Limits
        What it may use.

    Returns
    -------
    Ran
        Whether it passed, and why not.

    Raises
    ------
    SandboxError
        Where this machine cannot hold code back: it is not run then.

    Examples
    --------
    >>> run("def add(a, b): return a + b", "assert add(2, 3) == 5").passed
    True
    >>> run("open('/etc/passwd')").reason
    "error: PermissionError: [Errno 1] Operation not permitted: '/etc/passwd'"
    """
    from lab.errors import SandboxError

    if why := unfit():
        raise SandboxError(f"code of a model is not run on this machine: {why}")
    return _run(code, tests, limits)


@lru_cache(maxsize=1)
def unfit() -> str:
    """Return why this machine cannot hold code back, "" if it can; tried out once.

    Examples
    --------
    >>> unfit()
    ''
    """
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return f"it needs Linux on {' or '.join(MACHINES)}, not {sys.platform} {platform.machine()}"
    if struct.calcsize("P") != 8:
        return "it needs a Python of 64 bits"
    tried = _run(PROBE, "", DEFAULT)
    return "" if tried.passed else f"its kernel did not hold a trial back ({tried.reason})"


# This file, without the rest of the package, in the process that runs the code.
START = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("sandbox", sys.argv[1])
sys.modules["sandbox"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module._child()
"""

# What `unfit` tries; each has to be refused.
PROBE = """
def refused(call, *given):
    try:
        call(*given)
    except PermissionError:
        return
    raise RuntimeError(f'{call.__name__} was let through')
import sys
posix = sys.modules['posix']
refused(posix.open, '/', 0)
refused(posix.fork)
refused(posix.stat, '/')
refused(posix.kill, 1, 0)
refused(posix.pipe)
"""


def _run(code: str, tests: str, limits: Limits) -> Ran:
    token, began = secrets.token_hex(16), time.monotonic()
    asked = {"code": code, "tests": tests, "token": token, **asdict(limits)}
    flags = ("-P", "-s", "-S", "-B", "-X", "utf8")
    command = [sys.executable, *flags, "-c", START, str(Path(__file__).resolve())]
    with tempfile.TemporaryDirectory(prefix="winnow-sandbox-") as folder:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and this file
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={"PYTHONHASHSEED": "0"},  # same code, same result
            close_fds=True,
            start_new_session=True,
        )
        try:
            told, ended = _listen(process, json.dumps(asked).encode(), limits)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
    seconds = time.monotonic() - began
    output, _, verdict = told.decode("utf-8", "replace").rpartition("\n" + token)
    if ended:
        return Ran(False, ended, told.decode("utf-8", "replace")[:EXCERPT], seconds)
    if not verdict:
        return Ran(False, _end(status), told.decode("utf-8", "replace")[:EXCERPT], seconds)
    reason = verdict.strip()
    return Ran(reason == "passed", "" if reason == "passed" else reason, output[:EXCERPT], seconds)


def _listen(process: "subprocess.Popen[bytes]", asked: bytes, limits: Limits) -> tuple[bytes, str]:
    """Hand the code over and read what is printed, until the end, the time or the room is up."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the sandbox was started without pipes")
    end, room, told = time.monotonic() + limits.wall_s, 1024 * limits.output_kb, bytearray()
    with selectors.DefaultSelector() as ready:
        os.set_blocking(process.stdin.fileno(), False)
        ready.register(process.stdout, selectors.EVENT_READ)
        ready.register(process.stdin, selectors.EVENT_WRITE)
        while (left := end - time.monotonic()) > 0:
            for key, _ in ready.select(left):
                if key.fileobj is process.stdin:
                    asked = _hand_over(process.stdin, asked)
                    if not asked:
                        ready.unregister(process.stdin)
                        process.stdin.close()
                    continue
                part = os.read(process.stdout.fileno(), 65536)
                told += part
                if len(told) > room:
                    return bytes(told[:room]), "output"
                if not part:
                    return bytes(told), ""
    return bytes(told), "time"


def _hand_over(pipe: Any, asked: bytes) -> bytes:
    """Write what the pipe takes, and return what is left; nothing if nobody reads."""
    try:
        return asked[os.write(pipe.fileno(), asked) :]
    except BrokenPipeError:
        return b""


def _end(status: int) -> str:
    """Say how a process ended that gave no verdict."""
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "time"
    return "ended early" if status >= 0 else f"killed by {signal.Signals(-status).name}"


def _child() -> None:
    """Be the process that runs the code: read it, shut the door, run it, say how it went."""
    import importlib
    import resource

    asked = json.loads(sys.stdin.buffer.read())
    for name in ALLOWED:
        importlib.import_module(name)
    b"warm up".decode("ascii")
    memory, cpu = asked["memory_mb"] * 2**20, asked["cpu_s"]
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    _shut()
    names: dict[str, Any] = {"__name__": "exercise"}
    try:
        for part in (asked["code"], asked["tests"]):
            exec(compile(part, "<exercise>", "exec"), names)  # noqa: S102 - what this is for
        verdict = "passed"
    except MemoryError:
        names.clear()
        verdict = "memory"
    except SystemExit:
        verdict = "ended early"
    except BaseException as error:  # noqa: BLE001 - whatever the code raises is its verdict
        verdict = f"error: {type(error).__name__}: {error}"
    said = " ".join(verdict.split())[:300].encode("utf-8", "replace")
    sys.stdout.flush()
    os.write(1, b"\n" + asked["token"].encode() + said)
    os._exit(0)


def _shut() -> None:
    """Give up all system calls but those of a computation, for good."""
    column, machine = MACHINES[platform.machine()]
    numbers = sorted({found for call in CALLS.values() if (found := call[column]) is not None})
    load, equal, give = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
    steps = [(load, 0, 0, 4), (equal, 1, 0, machine), (give, 0, 0, KILL), (load, 0, 0, 0)]
    for place, number in enumerate(numbers):
        steps.append((equal, len(numbers) - place, 0, number))
    steps += [(give, 0, 0, ERRNO | EPERM), (give, 0, 0, ALLOW)]
    packed = b"".join(struct.pack("HBBI", *step) for step in steps)
    room = ctypes.create_string_buffer(packed, len(packed))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(room))
    held = ctypes.create_string_buffer(program, len(program))
    libc = ctypes.CDLL(None, use_errno=True)
    prctl = libc.prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    for what, value, more in (
        (PR_SET_NO_NEW_PRIVS, 1, 0),
        (PR_SET_SECCOMP, FILTER_MODE, ctypes.addressof(held)),
    ):
        if prctl(what, value, more, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel gives no filter of system calls")


def checks(code: str, tests: str) -> str:
    """Return why tests test nothing of the code, "" if they do.

    Examples
    --------
    >>> checks("def add(a, b): return a + b", "assert True")
    'its tests use nothing that it defines'
    """
    try:
        made, tried = ast.parse(code), ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "not Python"
    kinds = (ast.FunctionDef, ast.ClassDef)
    names = {node.name for node in ast.walk(made) if isinstance(node, kinds)}
    if not names:
        return "defines nothing"
    for node in ast.walk(tried):
        if isinstance(node, ast.Assert):
            used = {part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)}
            if used & names:
                return ""
    return "its tests use nothing that it defines"
