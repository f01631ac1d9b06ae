"""How judges are asked, and how their replies are read: the forms of the literature.

For pairs:

- `SCORES`: two scores from 1 to 10 in one call (Vicuna, AlpaGasus);
- `VERDICT`: reasons, then [[A]], [[B]] or [[C]] for a tie (MT-bench), `VERDICT_WITH_REFERENCE`
  with the pool's output as reference answer;
- `LOGPROBS`: one token whose log-probabilities give a preference in [0, 1] (AlpacaEval 2).

For single answers: `HELPFULNESS` is LIMA's scale from 1 to 6, the last line of the reply;
`MT_RATING` is MT-bench's from 1 to 10, in double brackets.

Source: Chen et al. 2024, arXiv:2307.08701; Zheng et al. 2023, arXiv:2306.05685; Dubois et al.
2024, arXiv:2404.04475; Zhou et al. 2023, arXiv:2305.11206, section 5.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from lab.judge import parsed
from lab.judge.parsed import ParsedVerdict
from lab.llm import Completion


@dataclass(frozen=True)
class Form:
    """How a judge is asked for a verdict, and how its reply is read.

    Parameters
    ----------
    prompt : str
        A prompt file of this part with the fields `question`, `first`, `second`, and `reference`
        if the pool's output is shown.
    read : function
        From a completion to a `ParsedVerdict`, in the order shown.
    max_tokens : int
        Longest reply.
    top_logprobs : int
        How many likeliest tokens are asked for.
    temperature : float
        Above 0 if several samples are to differ.
    language : str
        "en" or "zh".
    """

    prompt: str
    read: Callable[[Completion], ParsedVerdict]
    max_tokens: int = 256
    top_logprobs: int = 0
    temperature: float = 0.0
    language: str = "en"


@dataclass(frozen=True)
class RatingForm:
    """How a judge is asked for a rating: a prompt file with `question` and `answer`, a reader."""

    prompt: str
    read: Callable[[Completion], float]  # NaN where the reply has not the asked form
    max_tokens: int = 1024
    temperature: float = 0.0
    language: str = "en"
    top_logprobs: int = 0


SCORES = Form("scores", parsed.scores)
VERDICT = Form("verdict", parsed.verdict, max_tokens=1024)
VERDICT_WITH_REFERENCE = Form("verdict_reference", parsed.verdict, max_tokens=1024)
LOGPROBS = Form("logprobs", parsed.logprobs, max_tokens=1, top_logprobs=5)

HELPFULNESS = RatingForm("helpfulness", partial(parsed.last_line, lowest=1, highest=6))
MT_RATING = RatingForm("rating", partial(parsed.marked, lowest=1, highest=10))
