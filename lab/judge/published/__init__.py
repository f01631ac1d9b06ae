"""What others published, read as our own tables: verdicts on pairs, ratings, results per item.

Each reader takes the files as published, gzipped or not.

- `alpaca_eval`, `annotator`, `vicuna_reviews`, `two_order_reviews`, `mt_bench_pairs`, `llmbar` give
  the table of verdicts; in all of them a is the answer that the file lists first, but for
  AlpacaEval, where a is the model and b the baseline. `pandalm` gives labels.
- `mt_bench_ratings` gives the table of `judge.rating`.
- `harnesses` reads the logs of lm-evaluation-harness, Inspect, HELM, verifiers, IFEval's checker
  and others as a table of results per item, which `items` sums up and compares in pairs.
- `write_eval_results` is the way out: `.eval_results/` files beside a model.

Source: AlpacaEval (Dubois et al. 2024, arXiv:2404.04475); the Vicuna reviews and MT-bench (Zheng
et al. 2023, arXiv:2306.05685); Cherry LLM (Li et al. 2024, arXiv:2308.12032); PandaLM (Wang et al.
2024, arXiv:2306.05087); LLMBar (Zeng et al. 2024, arXiv:2310.07641).
"""

from lab.judge.published import harnesses, items
from lab.judge.published.eval_results import write_eval_results
from lab.judge.published.pairs import (
    alpaca_eval,
    annotator,
    llmbar,
    mt_bench_pairs,
    pandalm,
    two_order_reviews,
    vicuna_reviews,
)
from lab.judge.published.ratings import mt_bench_ratings

__all__ = [
    "alpaca_eval",
    "annotator",
    "harnesses",
    "items",
    "llmbar",
    "mt_bench_pairs",
    "mt_bench_ratings",
    "pandalm",
    "two_order_reviews",
    "vicuna_reviews",
    "write_eval_results",
]
