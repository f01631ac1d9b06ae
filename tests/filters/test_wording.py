import gzip
import json

import pandas as pd
import pytest

from lab import filters, paths
from lab.filters import wording

LABELLED = paths.root() / "benchmarks" / "wording.tsv"


def pool(*outputs):
    return pd.DataFrame({"output": pd.Series(outputs, dtype="str")})


REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I cannot assist with that request.",
    "I'm sorry, I cannot help with that.",
    "Sorry, I can't do that.",
    "I can't do that.",
    "I cannot do that.",
    "I am really sorry, but this goes too far for me.",
    "I apologize, but I cannot share this.",
    "I apologize for the confusion, but I don't have the ability to browse.",
    "Unfortunately, I am unable to open links.",
    "I cannot provide legal advice.",
    "I'm not able to generate images.",
    "I must decline.",
    "I must respectfully decline this request.",
    "I'm afraid I can't help you with that.",
    "I won't help with that.",
    "I don't have access to real-time data.",
    "As an AI language model, I have no favourite colour.",
    "Well, I'm just an AI, so I have none of these.",
    "That is hard to say. I don't have personal opinions.",
    "Sorry, this task needs an image.",
    "Sorry, the task involves audio output. We cannot complete it.",
    "This task cannot be completed by a GPT model.",
    "Unable to perform this task.",
    "<nooutput>",
    "<No Output>",
    "No output required",
    "N/A",
    "<think>They want the recipe.\nIt is harmful.</think>\n\nI'm sorry, but I can't help.",
    "很抱歉，我无法提供这类信息。",
    "对不起，我不能回答。",
    "抱歉，我帮不了您，因为作为人工智能我无法上网。",
    "作为一个人工智能语言模型，我没有感情。",
    "我无法满足您的请求。",
    "我只是一个AI助手。",
    "恕我无法回答。",
    "无输出",
    "此任务无法由语言模型完成。",
    "<think>这个问题有风险。</think>抱歉，我不能提供帮助。",
    "很抱歉，我無法提供這類資訊。",
    "對不起，我不能回答這個問題。",
    "作為一個AI語言模型，我沒有個人意見。",
    "身為人工智慧助理，我無法存取即時資料。",
    "我沒有辦法完成這項請求。",
]
ANSWERS = [
    "",
    "I can't believe it is Friday!",
    "I can't wait to see you.",
    "I cannot help the way I feel",
    "I don't have a pen.",
    "We cannot keep wasting water.",
    "I am deeply sorry for your loss.",
    "I'm sorry to hear that you are unhappy with the lamp. We will send another one.",
    "I apologize for arriving late; the train stood still.",
    "I apologize for the mistake. Here is the corrected code:",
    "The letter says: I am sorry for your loss.",
    "She worked as an AI researcher.",
    "As an AI engineer, you need mathematics.",
    "I will not go to the party.",
    "He said he was sorry, but nobody believed him.",
    "\"I'm sorry, I can't come,\" said Anna and closed the door.",
    "Unfortunately for Napoleon, winter came early.",
    "Unable to sleep, she read on.",
    "None",
    "No, it cannot.",
    "You can't mount the image as a whole.",
    "Aim for the stars.",
    "Artificial intelligence is a field of computer science.",
    "<think>I can't see a trick.</think>\nThe answer is 7.",
    "这篇文章表达了作者的歉意。",
    "人工智能是计算机科学的一个分支。",
    "很抱歉听到您对产品不满意，我们将全额退款。",
    "对不起，我不该对你发脾气。",
    "他说他不能来。",
    "我们不能继续浪费水。",
    "我不能相信今天是星期五！",
    "他作為AI研究員工作了十年。",
    "對於您的損失，我深感遺憾。",
]


@pytest.mark.parametrize("output", REFUSALS)
def test_refusals_fall(output):
    assert filters.no_refusal(pool(output)).tolist() == [False]


@pytest.mark.parametrize("output", ANSWERS)
def test_answers_stay(output):
    assert filters.no_refusal(pool(output)).tolist() == [True]


def test_what_matched_is_there_exactly_where_the_filter_says_no():
    rows = pool(*REFUSALS, *ANSWERS)
    found = filters.matched(rows, "refusal")
    pd.testing.assert_series_equal(found == "", filters.no_refusal(rows), check_names=False)
    assert all(fragment in text for fragment, text in zip(found, rows["output"], strict=True))


@pytest.mark.parametrize(
    ("output", "keep"),
    [
        ("I would go.", False),
        ("In my view", False),
        ("It was I’ve-been-there", False),
        ("Myself included", False),
        ("Use it, i.e. run it", True),
        ("amy is army", True),
        ("我喜欢", False),
        ("我们喜欢", True),
        ("他喜欢我", False),
        ("World War I began in 1914.", True),
        ("A Type I error is a false positive.", True),
        ("All the types I've tried failed.", False),
        ("I. Introduction", True),
        ("Elizabeth I and I", False),
        ("I/O is slow", True),
        ("第 I 类错误和自我认识，我国", True),
        ("我們喜歡", True),
        ("他喜歡我", False),
    ],
)
def test_first_person(output, keep):
    assert filters.no_first_person(pool(output)).tolist() == [keep]


@pytest.mark.parametrize(
    ("output", "keep"),
    [
        ("As mentioned, this works.", False),
        ("As others have pointed out, no.", False),
        ("This was asked on Stack Exchange before", False),
        ("See the accepted answer.", False),
        ("John's excellent answer covers it", False),
        ("Does the OP know?", False),
        ("楼上说得对", False),
        ("如其他回答所说，不行。", False),
        ("樓主可以試試", False),
        ("As mentioned above by others, no.", False),
        ("Please upvote this answer.", False),
        ("他住在阁楼上，楼下有一家店。", True),
        ("我们为他点赞。", True),
        ("Some useful websites are Stack Overflow and Reddit.", True),
        ("The sum, as mentioned above, is 5.", True),
        ("Do you have any other comments?", True),
        ("The answer is 5.", True),
        ("Op art is a style of the 1960s.", True),
        ("Stack the boxes and exchange keys", True),
    ],
)
def test_other_answers(output, keep):
    assert filters.no_other_answers(pool(output)).tolist() == [keep]


@pytest.mark.parametrize(
    ("instruction", "keep"),
    [
        ("#Rewritten Prompt#: Do this", False),
        ("Make the given prompt harder", False),
        ("The Created Prompt", False),
        ("改写后的提示：写一首诗", False),
        ("Be prompt and given to joy", True),
        ("Write a story from the given prompt.", True),
        ("根据给定的提示：写一首诗", True),
        ("改寫後的提示詞：寫一首詩", False),
        ("写一首诗", True),
    ],
)
def test_leaked_prompt(instruction, keep):
    rows = pd.DataFrame({"instruction": [instruction], "output": ["x"]})
    assert filters.no_leaked_prompt(rows).tolist() == [keep]


def test_apology_is_evol_instructs_rule():
    sorry = "I am sorry to say so. "
    rows = pool(sorry + "w " * 73, sorry + "w " * 74, "No apology", "SORRY", "抱歉", "sorrynot")
    assert filters.no_apology(rows).tolist() == [False, True, True, False, False, True]


@pytest.mark.parametrize(
    ("instruction", "keep"),
    [
        ("Describe this IMAGE", False),
        ("Go to the shop", False),
        ("Draw.", False),
        ("Imagine a drawer of files_and", True),
        ("Mapping words", True),
        ("Watch the video", False),
    ],
)
def test_blacklist(instruction, keep):
    rows = pd.DataFrame({"instruction": [instruction]})
    assert filters.no_blacklisted(rows).tolist() == [keep]


def test_blacklist_of_self_instruct_knows_no_video_and_takes_own_words():
    rows = pd.DataFrame({"instruction": ["Watch the video", "画一幅图片", "C++ (now)"]})
    assert filters.no_blacklisted(rows, words=filters.SELF_INSTRUCT_WORDS).all()
    assert filters.no_blacklisted(rows, words=["图片"]).tolist() == [True, False, True]
    assert filters.no_blacklisted(rows, words=["C++"]).tolist() == [True, True, False]
    with pytest.raises(ValueError, match=r"no empty ones, got \['']"):
        filters.no_blacklisted(rows, words=[" "])
    with pytest.raises(ValueError, match="at least one word"):
        filters.no_blacklisted(rows, words=[])


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("Write to jane.doe+x@mail.example.org today", False),
        ("Call +44 20 7946 0958", False),
        ("Call (212) 555-0123 or so", False),
        ("212-555-0123", False),
        ("电话 13812345678。", False),
        ("身份证 11010519491231002X", False),
        ("SSN 078-05-1120", False),
        ("key sk-abcdefghijklmnopqrstuv1234", False),
        ("AKIAIOSFODNN7EXAMPLE", False),
        ("-----BEGIN RSA PRIVATE KEY-----", False),
        ("api_key = d41d8cd98f00b204e9800998ecf8427e", False),
        ("In 2024, 3.14159265358979 of 1,234,567,890", True),
        ("@someone says hi at 10:30", True),
        ("The MD5 of nothing is d41d8cd98f00b204e9800998ecf8427e", True),
        ("2+2 = 4, call 911", True),
        ("1990-01-02 and 138123456789012", True),
        ("", True),
    ],
)
def test_personal(text, keep):
    rows = pd.DataFrame({"instruction": ["a"], "input": [text], "output": ["b"]})
    assert filters.no_personal(rows).tolist() == [keep]
    assert filters.no_personal(rows, fields=("output",)).tolist() == [True]


def test_patterns_of_no_filter():
    with pytest.raises(ValueError, match=r"no patterns for nothing\.\*; .*'refusal.en'"):
        filters.patterns("nothing")


@pytest.mark.realdata
def test_limas_released_answers_break_limas_rules_as_counted(shared):
    """400 Stack Exchange answers: 45 below 1,200 characters, 3 above 4,096, 52 with I or my."""
    with gzip.open(shared / "data" / "lima" / "lima.json.gz", "rt", encoding="utf-8") as stream:
        rows = json.load(stream)
    answers = pool(*(row["output"] for row in rows[:400]))  # the file starts with that source
    short = ~filters.length(answers, min_words=0, min_characters=1200)
    long = ~filters.length(answers, min_words=0, max_characters=4096)
    english = answers["output"].str.contains(r"\b(?:I|my)\b")
    assert (short.sum(), long.sum(), english.sum()) == (45, 3, 52)
    assert (short | long | english).sum() == 93
    missed = answers["output"][filters.no_first_person(answers) & english]
    assert missed.str.contains(r"I/O|I-407|I\.e\.|mathbb\{I\}").all()  # an "I" that is no person
    assert len(missed) == 4


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
@pytest.mark.parametrize(
    ("name", "fewest"),
    [
        ("no_refusal", 30),
        ("no_other_answers", 5),
        ("no_first_person", 3),
        ("no_leaked_prompt", 2),
    ],
)
def test_nine_in_ten_of_the_labelled_sentences_are_told(name, fewest, language):
    listed = pd.read_csv(LABELLED, sep="\t", dtype=str, keep_default_na=False)
    own = listed[(listed["filter"] == name) & (listed["language"] == language)]
    own = own[own["text"] != ""]
    rejected = ~getattr(filters, name)(own, field="text").to_numpy()
    expected = own["reject"].to_numpy() == "1"
    assert min(expected.sum(), (~expected).sum()) >= fewest
    assert (rejected & expected).sum() >= 0.9 * max(expected.sum(), rejected.sum())


def test_what_is_looked_for_first_loses_nothing():
    listed = pd.read_csv(LABELLED, sep="\t", dtype=str, keep_default_na=False)
    rows = pool(*listed["text"], *REFUSALS, *ANSWERS)
    for name in ("refusal", "other_answers"):
        found = filters.matched(rows, name) != ""
        assert found.sum() > 20
        kept = getattr(filters, f"no_{name}")(rows)
        pd.testing.assert_series_equal(kept, ~found, check_names=False)


@pytest.mark.parametrize("name", ["refusal", "other_answers", "leaked_prompt", "stop_words"])
def test_patterns_in_simplified_characters_find_traditional_ones(name):
    known = wording.traditional()
    whole = "".join(filters.patterns(name, "zh"))
    assert any(f"[{simple}{forms}]" in whole for simple, forms in known.items())
    raw = (wording.FOLDER / f"{name}.zh.txt").read_text(encoding="utf-8")
    assert not set(raw) & set("".join(known.values())) - set(known)


def test_a_character_stands_for_its_traditional_forms_also_within_a_class():
    assert wording.in_both_scripts("说[个a]\\[们") == "[说說説][个個箇a]\\[[们們]"
