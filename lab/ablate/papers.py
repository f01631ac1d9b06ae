"""What the papers say that the ablations are about: set-up, figure, and how surely it is known.

One place for the notebooks, for RESULTS.md and for the READMEs, so that a method is found under the
name it was published with. `known` says where a figure was read; one that was read elsewhere than
in the paper or its code says so, and is a pointer, not a measurement to hold a result against.
"""

from dataclasses import dataclass

import pandas as pd

PAPER, CODE, ABSTRACT = "the paper's text", "the authors' code or data", "the abstract alone"
RETOLD, NONE = "retold by others, not read in the paper", "no figure is known to us"


@dataclass(frozen=True)
class Paper:
    """One claim of one paper, and where it stands here."""

    name: str  # as it was published
    source: str  # arXiv id
    function: str  # what does it here
    setup: str
    figure: str
    known: str


LIMA = "arXiv:2305.11206"
RATED = "LLaMA 7B, 2,000 examples an arm, helpfulness rated 1 to 6 by GPT-3.5"
PAPERS = {
    "less is more": Paper(
        "LIMA",
        LIMA,
        "ablate.studies.narrow",
        RATED,
        "filtered Stack Exchange 3.83, wikiHow 3.49, unfiltered 3.33; flat from 2,000 to 32,000",
        RETOLD,
    ),
    "real less is more": Paper(
        "LIMA, on a real model",
        LIMA,
        "ablate.studies.one_kind",
        RATED,
        "filtered Stack Exchange 3.83, wikiHow 3.49, unfiltered 3.33; flat from 2,000 to 32,000",
        RETOLD,
    ),
    "lima diversity": Paper(
        "LIMA, diversity",
        LIMA,
        "select.stratified",
        RATED,
        "Stack Exchange (many kinds of question) 3.83, wikiHow (one kind) 3.49",
        RETOLD,
    ),
    "lima quality": Paper(
        "LIMA, quality",
        LIMA,
        "filters",
        RATED,
        "filtered Stack Exchange 3.83, unfiltered 3.33",
        RETOLD,
    ),
    "lima quantity": Paper(
        "LIMA, quantity", LIMA, "ablate.same", RATED, "flat from 2,000 to 32,000 examples", RETOLD
    ),
    "lima style": Paper(
        "LIMA, one style",
        LIMA,
        "ablate.studies.restyled",
        "the authors wrote their own answers in one uniform tone",
        "none",
        NONE,
    ),
    "lima checkpoint": Paper(
        "LIMA, choice of checkpoint",
        LIMA,
        "tune.choose",
        "LLaMA 65B, 15 epochs; checkpoints picked by hand among epochs 5 to 10",
        "held-out perplexity up from about 6 to 10 while quality goes up from about 3.9 to 4.2",
        RETOLD,
    ),
    "alpagasus": Paper(
        "AlpaGasus",
        "arXiv:2307.08701",
        "score.rating",
        "LLaMA 7B, 9,229 of 52,002 rows rated 4.5 or more, 3 epochs each; GPT-4 on 730 prompts",
        "win/tie/lose 284/210/236, a winning score of 1.066 (computed from the counts)",
        "a figure in a repository that the authors link to and that calls itself unofficial",
    ),
    "ltd": Paper(
        "LTD (Maybe Only 0.5% Data is Needed)",
        "arXiv:2305.09246",
        "select.kcenter",
        "P3, one group of tasks, a core set after clustering",
        "less than 0.5 % of the data, about 2 % better than all of it",
        ABSTRACT,
    ),
    "longest": Paper(
        "Long is more",
        "arXiv:2402.04833",
        "select.longest",
        "Llama-2-7B, the 1,000 longest of Alpaca's answers, GPT-4 as judge",
        "win/tie/lose 72.4/12.4/15.2 % against all of Alpaca",
        RETOLD,
    ),
    "ifd": Paper(
        "Cherry LLM and Superfiltering (IFD)",
        "arXiv:2308.12032",
        "score.ifd",
        "LLaMA 7B, 5 % of Alpaca",
        "AlpacaEval 26.46 with all rows, 34.74 with 5 %",
        CODE,
    ),
    "deita": Paper(
        "DEITA",
        "arXiv:2312.15685",
        "select.deita",
        "LLaMA-1-13B, 6,000 of 300,000",
        "MT-Bench 6.46, random 5.84",
        PAPER,
    ),
    "instruction mining": Paper(
        "InstructMining",
        "arXiv:2307.06290",
        "select.instruction_mining",
        "LLaMA-2-7B, rule fitted on many mixes of 1,000; 2,532 of 100,000 chosen",
        "R squared 0.522; loss best near 2,000 to 3,000, worse between, better at very large",
        RETOLD,
    ),
    "synthesis": Paper(
        "Self-Instruct and Alpaca, filters",
        "arXiv:2212.10560",
        "synth.alpaca",
        "GPT-3 tuned on 52,000 generated tasks that passed rules and novelty; no arm without them",
        "of 200 generated examples checked, 46 % may have problems",
        CODE,
    ),
    "self-instruct size": Paper(
        "Self-Instruct, how many",
        "arXiv:2212.10560",
        "synth.self_instruct",
        "GPT-3 tuned on up to 52,000 instructions made from 175 seed tasks",
        "the gain levels off after about 16,000 instructions",
        RETOLD,
    ),
    "evol rounds": Paper(
        "Evol-Instruct (WizardLM)",
        "arXiv:2304.12244",
        "synth.evol_instruct",
        "LLaMA-13B tuned on each of four generations made from Alpaca; mean of nine benchmarks",
        "41.25, then 48.39, 53.83, 55.75, 57.61, read off a figure; difficulty 3.00, at last 7.08",
        RETOLD,
    ),
    "backtranslation curation": Paper(
        "Humpback (instruction backtranslation)",
        "arXiv:2308.06259",
        "synth.backtranslate",
        "LLaMA, 3,200 seeds, 502,133 pairs from the web, two iterations of self-curation",
        "41,821 pairs kept at 4.5 or more; AlpacaEval 83.71 (65B)",
        PAPER,
    ),
    "order and mixtures": Paper(
        "Curriculum learning (a survey)",
        "arXiv:2101.10382",
        "ablate.easy_to_hard",
        "examples from easy to hard in place of a random order; many models and tasks",
        "none; it can improve on random order at no cost",
        ABSTRACT,
    ),
    "s1 limo": Paper(
        "s1 and LIMO",
        "arXiv:2501.19393",
        "select.s1",
        "Qwen2.5-32B-Instruct, 1,000 of 59,029 problems; AIME24, MATH500, GPQA",
        "1,000: 50.0/93.0/57.6, random 36.7/90.6/52.0, longest 33.3/90.4/59.6, all 53.3/92.8/58.1",
        PAPER,
    ),
    "ds2": Paper(
        "DS2 (ratings corrected)",
        "arXiv:2410.10877",
        "score.corrected",
        "three models rate 300,000 rows from 0 to 5; 10,000 are kept; Mistral and Llama tuned",
        "10,000 corrected beat all; correction lifts AlpaGasus 58.1 to 59.5, DEITA 59.7 to 60.6",
        RETOLD,
    ),
    "published runs": Paper(
        "Targeted instruction selection, published runs",
        "arXiv:2602.14696",
        "ablate.studies.published_runs",
        "five models, five tasks, eight methods, five budgets, three seeds, two pools",
        "none; the runs themselves are judged here",
        CODE,
    ),
    "targeted": Paper(
        "RDS+ and round robin",
        "arXiv:2503.01807",
        "select.round_robin",
        "Llama-2-7B, 10,000 of 200,000 rows for each of 7 tasks",
        "mean of the tasks 46.4, LESS 44.2, sentence vectors 42.1, random 40.9",
        PAPER,
    ),
}


def paper(title: str) -> "pd.Series[str]":
    """Return what a paper says about the claims of an ablation, to be shown beside ours.

    Parameters
    ----------
    title : str
        Of the ablation, as in `publish`.

    Raises
    ------
    ValueError
        If no paper is told of under this title.

    Examples
    --------
    >>> paper("deita")["their figure"]
    'MT-Bench 6.46, random 5.84'
    """
    if title not in PAPERS:
        raise ValueError(f"title must be one of {', '.join(PAPERS)}, got {title!r}")
    found = PAPERS[title]
    return pd.Series(
        {
            "paper": f"{found.name} ({found.source})",
            "their set-up": found.setup,
            "their figure": found.figure,
            "known from": found.known,
        },
        name=title,
    )
