from collections import Counter

import numpy as np
import pytest
import torch

from lab.models.decode import Decoding, Job, choose_token, decode, penalise

DRAW = np.random.default_rng(0)


@pytest.fixture(scope="module")
def logits():
    return torch.from_numpy(DRAW.normal(scale=2, size=(50, 40)))


def test_the_penalty_equals_that_of_transformers(logits):
    from transformers import RepetitionPenaltyLogitsProcessor

    ids = torch.from_numpy(DRAW.integers(0, 40, size=(50, 12)))
    seen = torch.zeros(logits.shape, dtype=torch.bool).scatter(1, ids, True)
    expected = RepetitionPenaltyLogitsProcessor(1.2)(ids, logits.clone())
    torch.testing.assert_close(penalise(logits, seen, 1.2), expected)


@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.9, 1.0])
def test_the_nucleus_equals_that_of_transformers(logits, top_p):
    from transformers import TemperatureLogitsWarper, TopPLogitsWarper

    warped = TemperatureLogitsWarper(0.7)(None, logits)
    chances = TopPLogitsWarper(top_p)(None, warped).softmax(-1)
    grid = (np.arange(2000) + 0.5) / 2000  # every region of the unit interval
    for row, expected in zip(logits[:10], chances[:10], strict=True):
        rows = row.expand(len(grid), -1)
        found = choose_token(rows, Decoding(temperature=0.7, top_p=top_p), grid)
        share = torch.bincount(found, minlength=40) / len(grid)
        assert (share - expected).abs().max() <= 1 / len(grid) + 1e-9
        assert set(found.tolist()) <= set(torch.nonzero(expected)[:, 0].tolist())


def test_draws_at_the_ends_of_the_interval_are_in_the_nucleus():
    rows = torch.tensor([[0.0, 1.0, 5.0, 1.0]]).expand(2, -1)
    found = choose_token(rows, Decoding(temperature=1.0, top_p=0.9), [0.0, 1 - 1e-16])
    assert found.tolist() == [2, 2]


def test_greedy_takes_the_best(logits):
    assert choose_token(logits, Decoding(), None).tolist() == logits.argmax(-1).tolist()


def test_sampled_shares_follow_the_model():
    rows = torch.log(torch.tensor([[0.5, 0.3, 0.2]])).expand(3000, -1)
    draws = np.random.default_rng(1).random(3000)
    counts = Counter(choose_token(rows, Decoding(temperature=1.0), draws).tolist())
    assert [counts[token] / 3000 for token in range(3)] == pytest.approx([0.5, 0.3, 0.2], abs=0.03)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": -1}, "temperature must be at least 0, got -1"),
        ({"top_p": 0}, r"top_p must be in \(0, 1\], got 0"),
        ({"top_p": 1.5}, r"top_p must be in \(0, 1\], got 1.5"),
        ({"repetition_penalty": 0}, "repetition_penalty must be above 0, got 0"),
        ({"samples": 2}, "samples must be 1, or more at a temperature above 0, got 2 at 0.0"),
        ({"rows_at_once": 0}, "rows_at_once must be at least 1, got 0"),
    ],
)
def test_errors_say_what_came(change, message):
    with pytest.raises(ValueError, match=message):
        Decoding(**change)


def test_a_recurrent_model_writes_what_it_would_without_its_state():
    from transformers import MambaConfig, MambaForCausalLM

    torch.manual_seed(1)
    size = {"vocab_size": 17, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}
    model = MambaForCausalLM(MambaConfig(**size, initializer_range=0.6)).eval()
    prompts = [[3, 5], [4, 6], [7, 8, 9]]
    jobs = [Job(prompt, 0, 8) for prompt in prompts]
    written = [one for batch in decode(model, jobs, Decoding(), stop=set()) for one in batch]
    for one in written:
        ids = list(prompts[one.job])
        for _ in range(8):  # all over again for each token
            with torch.inference_mode():
                ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
        assert one.ids == ids[len(prompts[one.job]) :]
