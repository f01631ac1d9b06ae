from functools import partial

import pytest

from lab import ablate, paths, testbed, tune


@pytest.mark.slow
def test_an_ablation_is_evaluated_on_a_task_of_the_harness(tmp_path):
    pytest.importorskip("lm_eval", reason="needs the extra winnow[eval]")
    path = tmp_path / "facts_test.csv"
    lines = (f"is {n} red,yes {n},no,green,blue,{'ABCD'[n % 4]}" for n in range(8))
    path.write_text("\n".join(lines), encoding="utf-8")
    recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    arms = ablate.arms({"clean": partial(testbed.pool, 4)}, recipe, seeds=[0, 1])
    grade = partial(ablate.benchmark_items, tasks={"mmlu_global_facts": path})
    table = ablate.run(arms, tune=tune.sft, evaluate=grade, workers=1)
    assert table["mmlu_global_facts acc"].between(0, 1).all()
    items = ablate.details(table, "mmlu_global_facts acc")
    assert items.shape == (8, 2)  # each item for each seed: differences are paired
