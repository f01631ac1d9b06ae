import numpy as np
import pandas as pd
import pytest

from lab import filters


def pool(*outputs, **columns):
    return pd.DataFrame({"output": pd.Series(outputs, dtype="str")} | columns)


@pytest.mark.parametrize(
    ("thinking", "output", "keep"),
    [
        ("2 and 2 are 4.", "4", True),
        ("", "4", True),
        ("2 and 2 are 4.", "", False),
        ("2 and 2 are 4.", "  \n", False),
        ("So the answer is", "4", True),
        ("I add, then", "4", False),
        ("First the units,", "4", False),
        ("It could be (", "4", False),
        ("The sum is 4", "4", True),
        ("因为二加二等于四。", "4", True),
        ("二加二，因为", "4", False),
        ("二加二，", "4", False),
        ("", "<think>2 and 2", False),
        ("", "<think>2 and 2.</think>4", True),
        ("", "<think>2 and 2.</think>", False),
        ("", "<thinking>So the", False),
        ("", "[THINK]So the", False),
        ("", "Write <think> before you think.", True),
    ],
)
def test_cut(thinking, output, keep):
    assert filters.no_cut_thinking(pool(output, thinking=[thinking])).tolist() == [keep]


def test_thinking_before_a_call_needs_no_answer():
    call = [{"name": "add", "arguments": {}}]
    rows = pool("", "", "", thinking=["I call it."] * 3, calls=[call, [], np.nan])
    assert filters.no_cut_thinking(rows).tolist() == [True, False, False]


def test_missing_thinking_is_none():
    rows = pool("4", "4", thinking=[None, np.nan])
    for name in ("no_cut_thinking", "no_circling_thinking", "no_leaked_thinking"):
        assert getattr(filters, name)(rows).all()


def test_circling():
    loop = "Wait, let me check that once more. " * 15
    steps = " ".join(f"Step {n}: I add {n} to {n * n} and get {n + n * n}." for n in range(30))
    rows = pool("4", "4", f"<think>{loop}</think>4", loop, thinking=[loop, steps, "", ""])
    assert filters.no_circling_thinking(rows).tolist() == [False, True, False, True]
    again = pool(
        "四", "四", thinking=["等等，让我再检查一遍。" * 15, "我们把二和二加起来，得到四。"]
    )
    assert filters.no_circling_thinking(again).tolist() == [False, True]
    assert filters.no_circling_thinking(rows, max_repeated=1.0).all()
    with pytest.raises(ValueError, match="max_repeated must be between 0 and 1, got 2"):
        filters.no_circling_thinking(rows, max_repeated=2)


@pytest.mark.parametrize(
    ("output", "keep"),
    [
        ("4", True),
        ("", True),
        ("<think>2 and 2.</think>4", True),
        ("4</think>", False),
        ("<think>2.</think>So <think>again</think>4", False),
        ("<|begin_of_thought|>2 and 2", False),
        ("Put it between `<think>` and `</think>`.", True),
        ("```\n<think>\n```", True),
        ("Okay, the user wants a sum. It is 4.", False),
        ("Okay, so the user is asking for a sum.", False),
        ("The user has requested the sum of two numbers.", False),
        ("The user interface has two buttons.", True),
        ("The user's profile is empty.", True),
        ("Hmm, let me think about it.", False),
        ("Let me think step by step.", False),
        ("Let me know if it helps.", True),
        ("Okay, here is the poem.", True),
        ("We need to respond with a poem.", False),
        ("We need to reduce waste.", True),
        ("It is 5. Wait, that's not right.", False),
        ("Wait for the water to boil.", True),
        ("嗯，用户想要一首诗。", False),
        ("好的，用户问的是天气。", False),
        ("让我想想。", False),
        ("让我们去海滩吧", True),
        ("好的，现在为你播放音乐。", True),
        ("答案是五。等等，不对。", False),
        ("等等我，我马上来。", True),
    ],
)
def test_leaked(output, keep):
    assert filters.no_leaked_thinking(pool(output)).tolist() == [keep]
