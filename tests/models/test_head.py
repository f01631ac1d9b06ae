import pytest
import torch
import transformers

from lab import errors, models, paths


def test_logits_at_some_places_are_those_of_all():
    model = models.causal(paths.base_model(), device="cpu").model
    ids = torch.arange(10, 22).reshape(3, 4)
    places = torch.tensor([2, 5, 11])
    with torch.inference_mode():
        whole = model(input_ids=ids).logits.reshape(12, -1)
        with models.only_at(models.head_of(model), places):
            some = model(input_ids=ids).logits
        again = model(input_ids=ids).logits.reshape(12, -1)
    assert some.shape == (1, 3, whole.shape[1])
    torch.testing.assert_close(some[0], whole[places], rtol=1e-5, atol=1e-5)
    assert torch.equal(again, whole)


def test_states_at_some_places_make_the_same_logits():
    model = models.causal(paths.base_model(), device="cpu").model
    ids, places = torch.arange(10, 22).reshape(3, 4), torch.tensor([2, 5, 11])
    head = models.head_of(model)
    with torch.inference_mode():
        whole = model(input_ids=ids).logits.reshape(12, -1)
        with models.states_at(head, places) as states:
            empty = model(input_ids=ids).logits
        again = model(input_ids=ids).logits.reshape(12, -1)
        made = head(states[0])
    assert empty.shape == (1, 0, whole.shape[1])
    torch.testing.assert_close(made, whole[places], rtol=1e-5, atol=1e-5)
    assert torch.equal(again, whole)


def test_a_model_without_a_head_is_refused():
    config = transformers.BertConfig(
        vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    with pytest.raises(errors.ModelError, match="BertModel has no head that predicts tokens"):
        models.head_of(transformers.BertModel(config))
