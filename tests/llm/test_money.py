import asyncio
import re

import pytest

from lab import llm
from lab.errors import BudgetError, CallError
from lab.llm import pricing


def test_the_table_has_a_date_and_prices():
    table = pricing.table()
    assert re.fullmatch(r"20\d\d-\d\d", table["date"])
    assert table["source"]
    for name in table["models"]:
        price = pricing.price(name)
        assert 0 < price.input_usd < price.output_usd
        assert price.cached_usd is None or 0 < price.cached_usd < price.input_usd
    providers = {re.match("[a-z]+", name)[0] for name in table["models"]}
    assert len(providers) >= 4
    assert pricing.price("gpt-4.1-mini", {"gpt-4.1-mini": llm.Price(9, 9)}).input_usd == 9
    assert pricing.price("nobody's model") is None


def test_a_batch_costs_its_share():
    price = llm.Price(input_usd=2.0, output_usd=8.0)
    assert price.cost_usd(1_000_000, 500_000) == 6.0
    assert price.cost_usd(1_000_000, 500_000, batch=True) == 3.0


def test_cached_tokens_are_a_part_of_the_prompt_and_cost_their_own_price():
    price = llm.Price(input_usd=2.0, output_usd=8.0, cached_usd=0.5)
    assert price.cost_usd(1_000_000, 0, cached_tokens=400_000) == pytest.approx(0.6 * 2 + 0.4 * 0.5)
    assert price.cost_usd(1_000_000, 0, cached_tokens=400_000, batch=True) == pytest.approx(0.7)
    plain = llm.Price(input_usd=2.0, output_usd=8.0)
    assert plain.cost_usd(1_000_000, 0, cached_tokens=400_000) == 2.0  # dearer, never too cheap


def test_a_call_never_costs_more_than_its_most(ask):
    price = llm.Price(input_usd=1.0, output_usd=2.0)
    body = ask("wörd " * 50, max_tokens=70).body("m")
    assert pricing.most_usd(body, price) >= price.cost_usd(300, 70)


@pytest.mark.parametrize("in_flight", [1, 8, 64])
def test_the_cap_is_never_passed(client, ask, chat, in_flight):
    # each reply costs 100 + 2 * 50 = 200 millionths; the most is 9 + 120 of them
    there = client(
        lambda *_: chat("x" * 200, prompt_tokens=9, completion_tokens=50),
        delay_s=0.002,
        budget_usd=0.004,
        limits=llm.Limits(max_in_flight=in_flight),
    )
    with pytest.raises(BudgetError, match=r"budget_usd=0.004 is reached: 0\.00\d+ is spent"):
        there.complete([ask(f"q{n}", max_tokens=60) for n in range(200)])
    assert 0.0037 < there.spent_usd <= 0.004
    kept = len(there.store)
    assert there.spent_usd == pytest.approx(kept * 109e-6)
    assert len(there.scripted.bodies) == kept  # none was bought and lost
    richer = client(lambda *_: chat("fine"), budget_usd=1.0, store=there.store)
    richer.complete([ask(f"q{n}", max_tokens=60) for n in range(200)])
    assert len(richer.scripted.bodies) == 200 - kept


def test_tries_that_may_have_been_billed_count_against_the_cap(client, ask):
    there = client(
        lambda *_: (200, '{"choices": [', {}),
        budget_usd=0.001,
        limits=llm.Limits(max_in_flight=1, max_tries=3),
    )
    with pytest.raises(BudgetError):
        there.complete([ask(f"q{n}", max_tokens=60) for n in range(50)])
    assert 0 < there.spent_usd <= 0.001
    assert there.job.snapshot().uncertain_usd == pytest.approx(there.spent_usd)
    assert there.job.snapshot().spent_usd == 0
    [row] = there.store.summary()
    assert row["failed_usd"] == pytest.approx(there.spent_usd)


def test_refused_tries_are_free(client, ask, chat):
    def answer(_, number):
        return (429, {"error": {"message": "slow"}}, {}) if number < 3 else chat("fine")

    there = client(answer)
    there.complete([ask("q")])
    assert there.spent_usd == pytest.approx(120e-6)


def test_a_cap_needs_a_price(client, ask):
    there = client(prices=None, budget_usd=1.0)
    with pytest.raises(BudgetError, match=r"budget_usd=1 needs a price for 'm'; pass\s+prices="):
        there.complete([ask("q")])
    assert there.scripted.bodies == []
    with pytest.raises(ValueError, match="budget_usd must be above 0, got 0"):
        client(budget_usd=0)


def test_an_unknown_price_is_not_nothing(client, ask):
    [reply] = client(prices=None).complete([ask("q")])
    assert reply.cost_usd is None


def answers(chat, *, longest=60):
    def answer(body, _):
        words = int(body["messages"][-1]["content"].split()[0])
        prompt = 5 + len(body["messages"][-1]["content"]) // 3
        return chat("w " * words, prompt_tokens=prompt, completion_tokens=words % longest + 5)

    return answer


def test_a_forecast_is_within_a_fifth_after_the_pilot(client, ask, chat):
    asked = [ask(f"{n * 7919 % 61} {'word ' * (n % 40)}") for n in range(400)]
    for seed in range(3):
        there = client(answers(chat), store=":memory:")
        told = there.estimate(asked, seed=seed)
        assert (told.requests, told.stored, told.calls) == (400, 0, 400)
        assert len(there.scripted.bodies) == 20
        there.complete(asked)
        assert len(there.scripted.bodies) == 400  # the pilot was not paid for twice
        assert told.usd == pytest.approx(there.spent_usd, rel=0.2)
        assert told.usd_low < told.usd < told.usd_high


def test_the_interval_covers_the_truth_about_as_often_as_it_says(client, ask, chat):
    asked = [ask(f"{n * 7919 % 61} x") for n in range(300)]
    whole = client(answers(chat), store=":memory:")
    whole.complete(asked)
    inside = 0
    for seed in range(40):
        told = client(answers(chat), store=":memory:").estimate(asked, pilot=12, seed=seed)
        inside += told.usd_low <= whole.spent_usd <= told.usd_high
    assert inside >= 33  # of 40 at 95 %; fewer than 33 happens once in 4,000


def test_exact_prompts_need_no_guess(client, ask, chat):
    asked = [ask(f"{n} {'word ' * (n % 40)}") for n in range(100)]
    there = client(answers(chat))
    told = there.estimate(
        asked, count_tokens=lambda messages: 5 + len(messages[-1]["content"]) // 3
    )
    there.complete(asked)
    assert told.prompt_tokens == sum(row.prompt_tokens for row in there.store.rows())


def test_an_estimate_knows_what_is_stored(client, ask, chat):
    asked = [ask(f"{n} x") for n in range(30)]
    there = client(answers(chat))
    there.complete(asked[:25])
    told = there.estimate(asked)
    assert (told.stored, told.calls) == (25, 5)
    assert told.usd_low == told.usd == told.usd_high  # all five were asked
    assert there.estimate(asked).usd == 0.0


def test_an_estimate_without_replies_is_an_error(client, ask):
    there = client(lambda *_: (400, {"error": {"message": "no"}}, {}))
    with pytest.raises(CallError, match="the pilot of 5 calls brought 0 replies"):
        there.estimate([ask(f"q{n}") for n in range(9)], pilot=5)
    with pytest.raises(ValueError, match="pilot must be 2 or more, got 1"):
        there.estimate([ask("q")], pilot=1)


def test_a_ledger_waits_for_calls_that_may_still_end():
    async def work():
        ledger = llm.money.Ledger({"m": llm.Price(0.0, 1.0)}, budget_usd=100e-6)
        body = llm.Request([{"role": "user", "content": ""}], max_tokens=60).body("m")
        first = await ledger.reserve(body)
        second = asyncio.create_task(ledger.reserve(body))
        await asyncio.sleep(0.02)
        assert not second.done()
        ledger.settle(first, 10e-6)
        assert await asyncio.wait_for(second, 1) == pytest.approx(60e-6)

    asyncio.run(work())
