"""How often the filters of wording and form are right: precision and recall on rows that were read.

`wording.tsv` holds what a reader said of each row: the filter, the language, 1 where the filter
should reject the row and 0 where it should keep it, and the row itself: its set and number in the
data that is shared for development, or a sentence written for this list. Rows of the first kind
come from reading what the filters, older versions of them and broad nets of keywords found, so
that doubtful ones are over-represented; rows that nothing points to are not in it. Filters of
calls, turns and thinking read whole examples: by their id in a set, or written as JSON.

    python benchmarks/wording.py [--errors]
"""

import argparse
import gzip
import json
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from lab import filters, load, paths, records

HERE = Path(__file__).parent
FILES = {
    "alpaca": "alpaca/alpaca_data.json.gz",
    "dolly": "dolly/dolly_3k.json.gz",
    "lima": "lima/lima.json.gz",
    "gpt35": "alpaca_eval/results/gpt-3.5-turbo-1106/model_outputs.json.gz",
    "gpt4": "alpaca_eval/results/gpt4_1106_preview/model_outputs.json.gz",
    "vicuna13b": "alpaca_eval/results/vicuna-13b/model_outputs.json.gz",
    "falcon7b": "alpaca_eval/results/falcon-7b-instruct/model_outputs.json.gz",
    "davinci003": "alpaca_eval/results/text_davinci_003/model_outputs.json.gz",
    "gpt35-verbose": "alpaca_eval/results/gpt-3.5-turbo-1106_verbose/model_outputs.json.gz",
    "alpaca7b": "alpaca_eval/results/alpaca-7b/model_outputs.json.gz",
    "evol1": "evol_code/gen1_evol-codealpaca-2k-1.json.gz",
    "evol2": "evol_code/gen2_evol-codealpaca-2k-2.json.gz",
    "sharegpt": "sharegpt/sharegpt_sample.jsonl.gz",
    "glaive-en": "tool_use/llama_factory/glaive_toolcall_en_100.json.gz",
    "glaive-zh": "tool_use/llama_factory/glaive_toolcall_zh_100.json.gz",
    "oasst": "oasst/en_100_tree.jsonl.gz",
}
INSTRUCTIONS = {"no_leaked_prompt"}  # read the instruction; the others read the output
WHOLE = {  # filters that read whole examples
    *("no_circling_thinking", "no_cut_thinking", "no_ignored_result", "valid_calls", "valid_turns"),
}
WITH = {"no_later_dates": {"cutoff": "2021-09"}}  # of the models that answered most rows
EXAMPLES = {
    "glaive-calls-en": "tool_use/llama_factory/glaive_toolcall_en_100.json.gz",
    "glaive-calls-zh": "tool_use/llama_factory/glaive_toolcall_zh_100.json.gz",
    "reason": "tool_use/llama_factory/reason_tool_use_demo_50.jsonl.gz",
    "xtuner": "tool_use/openai/xtuner_qwen35_tokenize_data.jsonl",
    "xlam": "tool_use/responses_form/nemo_gym_xlam_fc.jsonl",
    "legal": "tool_use/responses_form/nemo_gym_legal_think_2.jsonl.gz",
}
APART = 7  # places between a tool's reply and the answer to another that is put behind it
FILLED: dict[str, Any] = {"history": [], "input": ""}  # what an example may leave out
Row = tuple[str, str]  # instruction, output


def opened(name: str) -> list[Any]:
    """Return the records of a file."""
    path = paths.shared() / "data" / FILES[name]
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        text = stream.read()
    if ".jsonl" in FILES[name]:
        return [json.loads(line) for line in text.split("\n") if line]
    return list(json.loads(text))


def turns(record: dict[str, Any]) -> Iterator[tuple[int, Row]]:
    """Yield the answers of a conversation, each with its place and what was asked."""
    asked = ""
    for place, turn in enumerate(record["conversations"]):
        if turn["from"] in {"gpt", "chatgpt", "bing", "bard"}:
            yield place, (asked, turn["value"])
        else:
            asked = turn["value"]


def answers(message: dict[str, Any], asked: str) -> Iterator[tuple[str, Row]]:
    """Yield the answers of a tree of messages by their id."""
    if message["role"] == "assistant":
        yield message["message_id"], (asked, message["text"])
    for reply in message.get("replies", []):
        yield from answers(reply, message["text"])


@cache
def examples(name: str) -> pd.DataFrame:
    """Return the pool of a set whose rows hold calls or thinking."""
    return load.auto(paths.shared() / "data" / EXAMPLES[name]).pool


def thoughts(name: str) -> dict[str, Row]:
    """Return each piece of thinking of a set as if it were an answer: all of them leak."""
    turns = [turn for _, row in examples(name).iterrows() for turn in records.conversation(row)]
    told = [turn["thinking"] for turn in turns if turn.get("thinking", "").strip()]
    return {str(at): ("", text) for at, text in enumerate(dict.fromkeys(told))}


def exchanges() -> list[tuple[str, list[str], str]]:
    """Return what was asked, what tools replied and what was answered, of three sets in turn."""
    names = ("reason", "glaive-calls-en", "glaive-calls-zh")
    every = [row.to_dict() for name in names for _, row in examples(name).iterrows()]
    return [turn for row in every for turn in answers_to_tools(row)]


def answers_to_tools(row: dict[str, Any]) -> Iterator[tuple[str, list[str], str]]:
    """Yield what was asked, what tools replied and what was answered, turn by turn."""
    asked, replies = "", list[str]()
    for turn in records.conversation(row):
        if turn["role"] == "tool":
            replies.append(turn["content"])
        elif turn["role"] != "assistant":
            asked += f"\n{turn['content']}"
        elif not turn.get("tool_calls"):
            if replies:
                yield asked, replies, turn["content"]
            replies = []


def example(row: str, text: str) -> dict[str, Any]:
    """Return the example that a line of the list names, or that is written there."""
    known, _, key = row.partition(":")
    if known == "swapped":  # an answer to another tool's reply: it ignores this one
        every = exchanges()
        asked, replies, _ = every[int(key)]
        steps = [{"role": "tool", "content": reply} for reply in replies]
        other = every[(int(key) + APART) % len(every)][2]
        return {"instruction": asked, "output": other, "steps": steps}
    return examples(known).loc[key].to_dict() if known else json.loads(text)


def rejected(name: str, part: pd.DataFrame) -> pd.Series:
    """Return what a filter says of its lines of the list."""
    check = partial(getattr(filters, name), **WITH.get(name, {}))
    if name not in WHOLE:
        return ~check(part)
    made = [example(row, text) for row, text in part[["row", "text"]].itertuples(index=False)]
    keep = check(records.frame(made))
    return pd.Series([not keep[records.identity(FILLED | each)] for each in made], part.index)


def rows(name: str) -> dict[str, Row]:
    """Return instruction and output of each row of a set, by the row's name in the list."""
    if name.startswith("thinking-"):
        return thoughts(name.removeprefix("thinking-"))
    if name in EXAMPLES:
        pool = examples(name)
        both = zip(pool["instruction"], pool["output"], strict=True)
        return dict(zip(pool.index, both, strict=True))
    found = opened(name)
    if name == "oasst":
        return {key: row for tree in found for key, row in answers(tree["prompt"], "")}
    if "conversations" in found[0]:
        turned = ((at, place, row) for at, one in enumerate(found) for place, row in turns(one))
        return {f"{at}.{place}": row for at, place, row in turned}
    return {
        str(at): ("\n".join(filter(None, (one["instruction"], one.get("input")))), one["output"])
        for at, one in enumerate(found)
    }


def labelled() -> pd.DataFrame:
    """Return the list with the texts in it, and what each filter says of its rows."""
    listed = pd.read_csv(HERE / "wording.tsv", sep="\t", dtype=str, keep_default_na=False)
    plain = ~listed["filter"].isin(WHOLE)
    named = listed["row"][plain].str.partition(":")[0].unique()
    sets = {name: rows(name) for name in named if name}
    texts = []
    for name, row, text in listed[["filter", "row", "text"]].itertuples(index=False):
        known, _, key = row.partition(":") if name not in WHOLE else ("", "", "")
        given = ("", text) if name not in INSTRUCTIONS else (text, "")
        texts.append(sets[known][key] if known else given)
    listed[["instruction", "output"]] = texts
    listed["input"] = ""
    listed["expected"] = listed["reject"] == "1"
    for name, part in listed.groupby("filter"):
        listed.loc[part.index, "rejected"] = rejected(str(name), part)
    listed["rejected"] = listed["rejected"].astype(bool)
    return listed


def measured(listed: pd.DataFrame) -> pd.DataFrame:
    """Return precision and recall of each filter, by language and in all."""
    table = []
    every = listed.assign(language="all")
    for (name, language), part in pd.concat([listed, every]).groupby(["filter", "language"]):
        right = int((part["expected"] & part["rejected"]).sum())
        said, meant = int(part["rejected"].sum()), int(part["expected"].sum())
        table.append(
            {
                "filter": name,
                "language": language,
                "rows": len(part),
                "to reject": meant,
                "precision": right / said if said else float("nan"),
                "recall": right / meant if meant else float("nan"),
            }
        )
    return pd.DataFrame(table)


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--errors", action="store_true", help="list the rows judged otherwise")
    listed = labelled()
    if parser.parse_args().errors:
        for _, row in listed[listed["expected"] != listed["rejected"]].iterrows():
            kind = "kept" if row["expected"] else "rejected"
            print(kind, row["filter"], row["row"], repr(row["output"] or row["instruction"])[:150])
    lines = ["| filter | language | rows | to reject | precision | recall |"]
    lines.append("|---|---|---:|---:|---:|---:|")
    form = "| {} | {} | {} | {} | {:.2f} | {:.2f} |"
    lines += [form.format(*row) for row in measured(listed).itertuples(index=False)]
    print("\n".join(lines))
    head = f"{len(listed):,} rows read by one person (`benchmarks/wording.tsv`)."
    (HERE / "results").mkdir(exist_ok=True)
    text = "\n".join([head, "", *lines]) + "\n"
    (HERE / "results" / "wording.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
