import json

import pytest

from lab import records
from lab.errors import DataError
from lab.load import prompt_sets


def write(path, *rows):
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("read", "file", "count"),
    [
        (prompt_sets.vicuna, "eval_prompts/vicuna_80.jsonl", 80),
        (prompt_sets.koala, "eval_prompts/koala_180.jsonl", 180),
        (prompt_sets.self_instruct, "self_instruct/user_oriented_instructions.jsonl", 252),
        (prompt_sets.lima, "eval_prompts/lima_test_300.jsonl", 300),
        (prompt_sets.mt_bench, "mt_bench/question.jsonl", 80),
        (prompt_sets.flask, "eval_prompts/flask_evaluation.jsonl.gz", 1485),
    ],
)
def test_published_sets_are_whole(shared, read, file, count):
    pool = records.validate(read(shared / "data" / file))
    assert len(pool) + pool["repeated"].sum() == count
    assert pool["set"].unique().tolist() == [read.__name__]
    assert pool["instruction"].str.len().gt(0).all()


@pytest.mark.realdata
def test_what_the_authors_say_of_a_prompt_is_kept(shared):
    place = shared / "data"
    tasks = prompt_sets.self_instruct(place / "self_instruct/user_oriented_instructions.jsonl")
    assert tasks["app"].iloc[0] == "Grammarly"
    assert tasks["output"].iloc[0].startswith("If you have any questions about my rate")
    turns = prompt_sets.mt_bench(place / "mt_bench/question.jsonl")
    assert turns["category"].nunique() == 8
    assert turns["output"].str.len().gt(0).sum() == 38
    skills = prompt_sets.flask(place / "eval_prompts/flask_evaluation.jsonl.gz")
    assert skills["skills"].iloc[0] == ["Readability", "Logical Correctness", "Conciseness"]


def test_wizardlm_and_the_old_vicuna_form(tmp_path):
    row = {"idx": 1, "Skill": "Math", "Difficulty": 3, "Instruction": "What is 2+2?"}
    pool = prompt_sets.wizardlm(write(tmp_path / "w.jsonl", row))
    assert pool[["instruction", "skill", "difficulty"]].to_numpy().tolist() == [
        ["What is 2+2?", "Math", 3]
    ]
    old = {"question_id": 1, "text": "How?", "category": "generic"}
    assert prompt_sets.vicuna(write(tmp_path / "v.jsonl", old))["instruction"].tolist() == ["How?"]


def test_any_file_of_prompts_and_its_repeats(tmp_path):
    path = write(tmp_path / "p.jsonl", {"q": "A?", "k": 1}, {"q": "A?", "k": 2}, {"q": "B?"})
    pool = prompt_sets.prompts(path, field="q", name="mine")
    assert pool["instruction"].tolist() == ["A?", "B?"]
    assert pool["repeated"].tolist() == [1, 0]
    assert pool["k"].tolist()[0] == 1
    with pytest.raises(DataError, match="row 1: has no 'prompt' as the set 'prompts' has"):
        prompt_sets.prompts(path)


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text('{"prompt": "A"}\n[1]\n', encoding="utf-8")
    with pytest.raises(DataError, match="row 2: is no object"):
        prompt_sets.prompts(path)


def test_answers_of_two_turns(tmp_path):
    row = {"question_id": 81, "model_id": "m", "choices": [{"index": 0, "turns": ["One.", "Two."]}]}
    other = {"question_id": 82, "model_id": "m", "choices": [{"index": 0, "turns": ["Three."]}]}
    found = prompt_sets.mt_bench_answers(write(tmp_path / "m.jsonl", row, other))
    assert found.name == "m"
    assert found.to_dict() == {(81, 1): "One.", (81, 2): "Two.", (82, 1): "Three."}
    with pytest.raises(DataError, match=r"one model, has \['m', 'n'\]"):
        prompt_sets.mt_bench_answers(write(tmp_path / "two.jsonl", row, row | {"model_id": "n"}))
    with pytest.raises(DataError, match="row 1: holds no answers to MT-bench: no 'choices'"):
        prompt_sets.mt_bench_answers(write(tmp_path / "q.jsonl", {"question_id": 81}))


@pytest.mark.realdata
def test_published_answers_and_references_are_whole(shared):
    place = shared / "data" / "mt_bench"
    for path in place.glob("model_answer/*.jsonl.gz"):
        assert len(prompt_sets.mt_bench_answers(path)) == 160
    assert len(prompt_sets.mt_bench_answers(place / "reference_answer_gpt-4.jsonl")) == 60


ARC = {
    "id": "a",
    "question": {
        "stem": "What is wet?",
        "choices": [{"text": "Sand", "label": "A"}, {"text": "Rain", "label": "B"}],
    },
    "answerKey": "B",
}
FOUNDRY = {"query": "Question: What is hot?", "choices": ["Ice", "Fire", "Snow"], "gold": 1}


def test_questions_of_both_forms_have_one_row_a_choice(tmp_path):
    pool = records.validate(prompt_sets.multiple_choice(write(tmp_path / "a", ARC, FOUNDRY, ARC)))
    assert pool["question"].value_counts().to_dict() == {"What is hot?": 3, "What is wet?": 2}
    assert sorted(pool.loc[pool["right"], "output"]) == ["Fire", "Rain"]
    assert pool["instruction"].eq(pool["question"]).all()


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ({"query": "?", "choices": ["a"]}, "has no 'gold': neither ARC's form nor LLM Foundry's"),
        ({**FOUNDRY, "gold": 3}, "names no choice as right"),
        ({**ARC, "answerKey": "E"}, "names no choice as right"),
        (["?"], "is no object"),
    ],
)
def test_a_question_of_no_form_or_without_a_right_choice_is_refused(tmp_path, row, match):
    with pytest.raises(DataError, match=match):
        prompt_sets.multiple_choice(write(tmp_path / "a", row))


@pytest.mark.realdata
def test_published_questions_are_whole(shared):
    place = shared / "data" / "benchmarks_small" / "arc"
    easy = prompt_sets.multiple_choice(place / "arc_easy_llm_foundry.jsonl.gz")
    hard = prompt_sets.multiple_choice(place / "ARC-Challenge-Test.jsonl.gz")
    for pool in (easy, hard):
        assert pool.groupby("question")["right"].sum().eq(1).mean() > 0.99
