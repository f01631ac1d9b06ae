import pytest

from lab import records, testbed
from lab.ablate import studies
from lab.ablate.studies.task_forms import AROUND
from lab.testbed import vocabulary


def test_the_same_tasks_are_asked_in_other_forms():
    described = studies.task_forms(60, seed=3)
    bare = studies.task_forms(60, bare=1.0, seed=3)
    assert described["form"].unique().tolist() == ["described"]
    assert all(testbed.recognise(records.user_turn(row)) for _, row in described.iterrows())
    assert not any(testbed.recognise(records.user_turn(row)) for _, row in bare.iterrows())
    both = set(described["output"]) & set(bare["output"])
    assert len(both) > 40  # but for inputs that two tasks share


def test_a_bare_input_is_what_stands_in_the_slots():
    pool = studies.task_forms(300, bare=1.0, seed=0)
    halves = pool[pool["family"] == "half"]
    assert len(halves) > 2
    for _, row in halves.iterrows():
        assert row["output"].startswith(f"Half of {row['instruction']} is ")


def test_an_inverted_task_gives_the_answer_and_asks_for_the_instruction():
    pool = studies.task_forms(40, inverted=1.0, seed=1)
    for _, row in pool.iterrows():
        task = testbed.recognise(row["output"])
        assert task is not None
        assert row["instruction"] == f"{AROUND} {task.answer}"


def test_shares_are_exact_and_ids_are_those_of_the_texts():
    pool = studies.task_forms(50, bare=0.2, inverted=0.3, seed=2)
    counts = {"described": 25, "inverted": 15, "bare": 10}
    assert pool["form"].value_counts().to_dict() == counts
    assert records.validate(pool) is pool
    assert pool.equals(studies.task_forms(50, bare=0.2, inverted=0.3, seed=2))
    assert set(pool["source"]) == {"testbed"}


def test_the_asked_part_holds_the_same_tasks_and_no_others():
    whole, part = (
        make(60, inverted=1 / 3, seed=5) for make in (studies.task_forms, studies.asked_part)
    )
    assert len(part) == 40
    assert set(part.index) == set(whole.index[whole["form"] == "described"])


def test_every_word_is_known():
    pool = studies.task_forms(200, bare=0.3, inverted=0.3, seed=4)
    tokenizer = vocabulary.tokenizer()
    for text in [*pool["instruction"], *pool["output"]]:
        assert tokenizer.unk_token_id not in tokenizer(text)["input_ids"], text


def test_shares_out_of_range_are_an_error():
    with pytest.raises(ValueError, match="bare must be between 0 and 1, got 2"):
        studies.task_forms(10, bare=2, seed=0)
    with pytest.raises(ValueError, match="both must be between 0 and 1, got 1.5"):
        studies.task_forms(10, bare=0.7, inverted=0.8, seed=0)
