"""Code of a model can reach nothing, and ends when it uses too much."""

import os
import platform
import time

import pytest

from lab.errors import SandboxError
from lab.synth import sandbox
from lab.synth.sandbox import Limits, checks, run

pytestmark = pytest.mark.skipif(bool(sandbox.unfit()), reason=sandbox.unfit() or "-")
SHORT = Limits(cpu_s=1, wall_s=20)
DENIED = "Operation not permitted"


def test_code_that_is_right_passes_and_what_it_prints_is_kept():
    ran = run("print('so')\ndef double(x): return 2 * x", "assert double(4) == 8")
    assert (ran.passed, ran.reason, ran.output) == (True, "", "so\n")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("assert 1 == 2", "error: AssertionError"),
        ("def (", "error: SyntaxError"),
        ("import numpy", "error: ModuleNotFoundError"),
        ("import sys; sys.exit(0)", "ended early"),
        ("import sys; sys.modules['posix']._exit(0)", "ended early"),
        ("def f(n): return f(n + 1)\nf(0)", "error: RecursionError"),
        ("raise KeyboardInterrupt", "error: KeyboardInterrupt"),
    ],
)
def test_code_that_is_wrong_does_not_pass_and_the_reason_is_said(code, reason):
    ran = run(code)
    assert not ran.passed
    assert ran.reason.startswith(reason)


def test_it_opens_no_file_reads_no_home_and_sees_no_environment(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("key", encoding="utf-8")
    for code in (
        f"open({str(secret)!r}).read()",
        f"open({str(tmp_path / 'new.txt')!r}, 'w')",
        "open('here.txt', 'w')",
        "import os; os.listdir('.')",
        "import os; os.stat('/')",
        "open('/proc/self/environ')",
        "open('/dev/null')",
    ):
        assert DENIED in run(code).reason, code
    assert not (tmp_path / "new.txt").exists()
    os.environ["WINNOW_TEST_SECRET"] = "hidden"
    try:
        shown = run("import os; print(sorted(os.environ))").output
    finally:
        del os.environ["WINNOW_TEST_SECRET"]
    assert set(eval(shown)) <= {"LC_CTYPE", "PYTHONHASHSEED"}  # noqa: S307 - our own print


def test_it_has_no_network_and_starts_no_process_or_thread():
    for call in (
        "_socket.socket()",
        "posix.fork()",
        "posix.execv('/bin/sh', ['sh'])",
        "posix.posix_spawn('/bin/sh', ['sh'], {})",
        "posix.kill(posix.getppid(), 9)",
        "posix.kill(1, 0)",
        "posix.pipe()",
        "posix.memfd_create('x')",
        "posix.chmod('/', 0)",
        "posix.mkdir('x')",
    ):
        code = "import sys\nposix = sys.modules['posix']\n"
        if "socket" in call:
            code = "import _socket\n"
        reason = run(code + call).reason
        assert DENIED in reason or "ModuleNotFoundError" in reason, (call, reason)
    assert "new thread" in run("import threading; threading.Thread(target=print).start()").reason


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86-64")
def test_system_calls_by_number_are_refused_too():
    code = """
import ctypes  # loaded with the sandbox
libc = ctypes.CDLL(None, use_errno=True)
for number in (2, 41, 56, 57, 59, 101, 257, 435, 0x40000000 + 41):
    assert libc.syscall(number, 0, 0, 0, 0) == -1
    assert ctypes.get_errno() == 1, number
"""
    ran = run(code)
    assert ran.passed, ran.reason


def test_a_fork_bomb_does_not_go_off():
    began = time.monotonic()
    ran = run("import sys\nwhile True: sys.modules['posix'].fork()")
    assert DENIED in ran.reason
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("code", "reason", "limits"),
    [
        ("x = [0] * 10**9", "memory", SHORT),
        ("x = []\nwhile True: x.append('a' * 10**6)", "memory", SHORT),
        ("while True: print('x' * 1000)", "output", SHORT),
        ("while True: pass", "time", SHORT),
        ("import time; time.sleep(60)", "time", Limits(wall_s=1.5)),
    ],
)
def test_what_uses_too_much_is_ended(code, reason, limits):
    began = time.monotonic()
    ran = run(code, limits=limits)
    assert (ran.passed, ran.reason) == (False, reason)
    assert time.monotonic() - began < 30
    assert len(ran.output) <= sandbox.EXCERPT


def test_a_limit_cannot_be_raised_and_a_signal_cannot_be_kept():
    assert not run(
        "import signal\nsignal.signal(24, signal.SIG_IGN)\nwhile True: pass", limits=SHORT
    ).passed
    assert not run("import resource; resource.setrlimit(resource.RLIMIT_CPU, (99, 99))").passed


def test_the_same_code_gives_the_same():
    code = "print(list({'a', 'b', 'c', 'd'}))"
    assert run(code).output == run(code).output


def test_where_code_cannot_be_held_back_it_is_not_run(monkeypatch):
    sandbox.unfit.cache_clear()
    monkeypatch.setattr(sandbox.platform, "machine", lambda: "mips")
    try:
        with pytest.raises(
            SandboxError, match=r"is not run on this machine: it needs Linux on x86"
        ):
            run("1")
    finally:
        sandbox.unfit.cache_clear()


@pytest.mark.parametrize(
    ("code", "tests", "why"),
    [
        ("def f(x): return x", "assert f(1) == 1", ""),
        ("class A: pass", "a = 1\nassert A() is not None", ""),
        ("def f(x): return x", "f(1)", "its tests use nothing that it defines"),
        ("def f(x): return x", "", "its tests use nothing that it defines"),
        ("x = 1", "assert x", "defines nothing"),
        ("def f(", "assert f", "not Python"),
    ],
)
def test_tests_have_to_test_something(code, tests, why):
    assert checks(code, tests) == why


def test_limits_have_bounds():
    with pytest.raises(ValueError, match=r"cpu_s must be at least 1, got 0"):
        Limits(cpu_s=0)
