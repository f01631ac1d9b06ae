import numpy as np
import pytest

from lab import paths
from lab.score import causal, ledger, losses
from lab.score.causal import Piece


@pytest.fixture(scope="module")
def model(llama):
    return causal.load(llama, device="cpu")


@pytest.fixture
def pieces():
    rng = np.random.default_rng(0)
    return [
        Piece(rng.integers(4, 40, rng.integers(1, 20)).tolist(), rng.integers(4, 40, size).tolist())
        for size in rng.integers(1, 30, 60)
    ]


def kept():
    (path,) = (paths.store() / "scores").iterdir()
    return path


def test_batches_hold_no_more_than_the_budget_and_every_row_once():
    rng = np.random.default_rng(0)
    lengths = sorted(rng.integers(1, 90, 300).tolist(), reverse=True)
    wanted = [max(1, length // 3) for length in lengths]
    found = list(causal.split(lengths, wanted, tokens=400, logits=120))
    assert [row for batch in found for row in batch] == list(range(300))
    assert all(max(lengths[row] for row in batch) * len(batch) <= 400 for batch in found)
    assert all(sum(wanted[row] for row in batch) <= 120 for batch in found)
    assert len(found) < 100


def test_a_row_above_the_budget_runs_alone():
    assert list(causal.split([9, 50, 3, 3], [1] * 4, tokens=10, logits=9)) == [[0], [1], [2, 3]]


@pytest.mark.parametrize("tokens", [1, 64, 100_000])
def test_batch_size_does_not_matter(model, pieces, tokens, monkeypatch):
    expected = [losses.batch_sums(model, [piece], losses.token_losses)[0] for piece in pieces]
    monkeypatch.setattr(causal, "BATCH_TOKENS", {"cpu": tokens})
    np.testing.assert_allclose(losses.summed_losses(model, pieces), expected, atol=1e-4)
    counts = [len(piece.target) for piece in pieces]
    np.testing.assert_allclose(losses.mean_losses(model, pieces) * counts, expected, atol=1e-4)


def test_gathered_logits_are_the_models_own(model):
    import torch

    rows, positions = [[1, 5, 6, 7], [1, 9]], [[0, 3], [1]]
    found = causal.logits_at(model, rows, positions)
    whole = [model.model(input_ids=torch.tensor([row])).logits[0] for row in rows]
    expected = torch.stack([whole[0][0], whole[0][3], whole[1][1]])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert [len(each) for each in whole] == [4, 2], "the hook is gone"


def test_nothing_is_computed_twice(model, pieces, monkeypatch):
    first = losses.summed_losses(model, pieces[:40])
    ran = []
    whole = losses.batch_sums
    monkeypatch.setattr(
        losses, "batch_sums", lambda model, rows, of: ran.extend(rows) or whole(model, rows, of)
    )
    again = losses.summed_losses(model, [*pieces, pieces[50]])
    assert len(ran) == 20
    np.testing.assert_array_equal(again[:40], first)
    assert again[60] == again[50]


def test_a_killed_run_goes_on_even_if_it_died_inside_a_record(model, pieces, monkeypatch):
    monkeypatch.setattr(ledger, "ROWS_PER_WRITE", 1)
    expected = losses.summed_losses(model, pieces)
    whole = kept().read_bytes()
    assert len(whole) == 60 * ledger.RECORD.itemsize
    kept().write_bytes(whole[: 30 * ledger.RECORD.itemsize + 5])
    found = losses.summed_losses(model, pieces)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert len(kept().read_bytes()) == len(whole)


def test_other_weights_have_other_losses(tmp_path, pieces, model):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    changed = AutoModelForCausalLM.from_pretrained(model.name)
    with torch.no_grad():
        changed.lm_head.weight.mul_(0.5)
    changed.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(model.name).save_pretrained(tmp_path)
    other = causal.load(str(tmp_path), device="cpu")
    assert other.identity != model.identity
    first = losses.summed_losses(model, pieces)
    second = losses.summed_losses(other, pieces)
    assert not np.isclose(first, second).any()


def test_what_cannot_be_scored_has_no_tokens(model):
    pieces = [Piece([1], []), Piece([], [5]), Piece([1] * 60, [5] * 5), Piece([], [5, 6])]
    for found in (losses.summed_losses(model, pieces), losses.mean_losses(model, pieces)):
        assert np.isnan(found).tolist() == [True, True, True, False]


def test_no_pieces_no_losses(model):
    assert losses.mean_losses(model, []).shape == (0,)


def test_an_end_token_is_no_context(llama):
    from tokenizers import processors

    model = causal.load(llama, device="cpu")
    model.tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    (piece,) = causal.encode(model, ["the cat"], ["sat"])
    assert piece.context[0] == 1
    assert 2 not in [*piece.context, *piece.target]
    assert len(piece.context) == 3
    assert len(piece.target) == 1
