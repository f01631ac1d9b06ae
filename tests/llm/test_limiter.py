import asyncio
import time

import pytest

from lab.llm.limiter import GAIN, Bucket, Limiter


def run(work):
    return asyncio.run(work)


def test_the_window_is_cut_once_a_round_and_creeps_up():
    limiter = Limiter(64)
    limiter.pushed_back(time.monotonic() + 1, None, {})
    assert limiter.window == 64 * (1 - GAIN / 2)
    limiter.pushed_back(0.0, None, {})  # of the same round
    assert limiter.window == 64 * (1 - GAIN / 2)
    for _ in range(100):
        limiter.pushed_back(time.monotonic() + 1, None, {})
    assert limiter.window == 4
    grown = []
    for _ in range(2_000):
        limiter.succeeded({})
        grown.append(limiter.window)
    assert grown == sorted(grown)
    assert grown[-1] == 64
    assert Limiter(2).window == 2


def test_stray_faults_narrow_it_less_than_a_server_that_is_full():
    def settled(share):
        limiter = Limiter(128)
        for number in range(20_000):
            if number % 100 < 100 * share:
                limiter.pushed_back(time.monotonic() + 1, None, {})
            else:
                limiter.succeeded({})
        return limiter.window

    assert settled(0.0) == 128
    assert settled(0.01) > settled(0.2) > settled(0.9)
    assert settled(0.9) < 16

    full = Limiter(128)
    for _ in range(200):
        full.pushed_back(0.0, None, {})
    full.window = 100.0
    full.pushed_back(time.monotonic() + 1, None, {})
    assert full.window == pytest.approx(50, abs=0.1)


def test_a_full_window_waits_for_a_place():
    async def work():
        limiter = Limiter(2)
        await limiter.enter(1)
        await limiter.enter(1)
        third = asyncio.create_task(limiter.enter(1))
        await asyncio.sleep(0.01)
        assert not third.done()
        limiter.leave()
        await asyncio.wait_for(third, 30)
        assert limiter.in_flight == 2

    run(work())


def test_a_waiter_that_is_cancelled_passes_its_place_on():
    async def work():
        limiter = Limiter(1)
        await limiter.enter(1)
        first, second = (asyncio.create_task(limiter.enter(1)) for _ in range(2))
        await asyncio.sleep(0.01)
        limiter.leave()
        first.cancel()
        await asyncio.wait_for(second, 30)
        assert limiter.in_flight == 1

    run(work())


def test_the_limiter_closes_for_as_long_as_the_server_asks():
    async def work():
        limiter = Limiter(4)
        limiter.pushed_back(0.0, 0.2, {})
        start = time.monotonic()
        await limiter.enter(1)
        assert time.monotonic() - start >= 0.19

    run(work())


def test_headers_space_calls_out():
    headers = {
        "x-ratelimit-limit-requests": "600",
        "x-ratelimit-remaining-requests": "1",
        "x-ratelimit-reset-requests": "59.9s",
    }

    async def work():
        limiter = Limiter(64)
        limiter.succeeded(headers)
        start = time.monotonic()
        for _ in range(4):
            await limiter.enter(1)
        assert time.monotonic() - start >= 0.25  # one at once, then ten a second

    run(work())


def test_token_limits_count_tokens():
    headers = {
        "x-ratelimit-limit-tokens": "60000",
        "x-ratelimit-remaining-tokens": "150",
        "x-ratelimit-reset-tokens": "59850ms",
    }

    async def work():
        limiter = Limiter(64)
        limiter.succeeded(headers)
        start = time.monotonic()
        for _ in range(3):
            await limiter.enter(100)
        assert time.monotonic() - start >= 0.12  # 1,000 tokens a second

    run(work())


def test_a_bucket_refills_evenly():
    bucket = Bucket(level=0.0, limit=10.0, per_second=2.0, seen=0.0)
    assert bucket.wait_s(1.0, 0.0) == pytest.approx(0.5)
    assert bucket.wait_s(1.0, 5.0) == 0.0
    bucket.take(10.0, 100.0)
    assert bucket.level == 0.0
    assert bucket.wait_s(50.0, 100.0) == pytest.approx(5.0)  # more than the limit waits for it
