"""Three families of chat templates, written out, on tokenizers trained here; and plain text."""

from dataclasses import replace

import jinja2
import pytest

from lab import records, tune
from lab.errors import TuneError
from lab.tune.encode import NO_LABEL, encode
from lab.tune.model import end_of_turn

LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] | trim + '<|eot_id|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] | trim + '<|eot_id|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{{ '\n' }}"
    "{% else %}{{ message['content'] + '<|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}"
    "{% generation %}{{ ' ' + message['content'] + eos_token }}{% endgeneration %}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}"
    "{% endif %}{% endfor %}"
)
THINKING = (
    "{% for m in messages %}{{ m['content'] }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}think:{% endif %}"
)
TEXTS = [
    "Name the capital of France.\nOne word, please.",
    "Paris is the capital of France, and Lyon is not.",
    "def add(a, b):\n    return a + b\n",
    "user assistant system tool answers questions in 12 words",
]


def byte_level(*special, **named):
    """A BPE over bytes, as in Llama 3 and Qwen."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(TEXTS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, **named)


def sentence_pieces():
    """A BPE over pieces that start with a visible space, as in Llama 2 and Mistral."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE(unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    inner.decoder = decoders.Metaspace(prepend_scheme="first")
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False
    )
    inner.train_from_iterator([*TEXTS, "[INST] What? [/INST] It."], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def family(name):
    if name == "llama3":
        special = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
        tokenizer = byte_level(*special, bos_token=special[0], eos_token="<|eot_id|>")
        tokenizer.chat_template = LLAMA3
        return tokenizer, "<|eot_id|>"
    if name == "chatml":
        tokenizer = byte_level("<|im_start|>", "<|im_end|>", "<|endoftext|>")
        tokenizer.add_special_tokens({"eos_token": "<|endoftext|>"})
        tokenizer.chat_template = CHATML
        return tokenizer, "<|im_end|>"
    tokenizer = sentence_pieces()
    tokenizer.chat_template = MISTRAL
    return tokenizer, "</s>"


@pytest.fixture(scope="module")
def chats():
    turns = [
        {"role": "user", "content": "Name the capital of France."},
        {"role": "assistant", "content": "Paris,  is the capital.\n"},
    ]
    return records.frame(
        [
            {"instruction": TEXTS[0], "output": "Paris."},
            {"instruction": "Add.", "input": "1\n2", "output": "def add(a, b):\n    return"},
            {"instruction": "And Lyon?", "history": turns, "output": "Lyon is not."},
            {"instruction": "  spaces ", "history": turns * 2, "output": "été ✓ 北京"},
        ],
        source="here",
    )


@pytest.fixture
def chat():
    return tune.Recipe(model="unused", template=tune.CHAT, epochs=1, max_tokens=500)


@pytest.mark.parametrize("name", ["llama3", "chatml", "mistral"])
def test_mask_equals_the_generation_spans_token_by_token(name, chats, chat):
    tokenizer, end = family(name)
    assert end_of_turn(chat, tokenizer) == end
    recipe = replace(chat, train_history=True)
    found = encode(chats, recipe, tokenizer, end_of_turn=end).examples
    assert len(found) == len(chats)
    for example in found:
        expected = tokenizer.apply_chat_template(
            records.conversation(chats.loc[example.id]),
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        ids, mask = expected["input_ids"], expected["assistant_masks"]
        assert example.input_ids == ids[: len(example)]
        assert [label != NO_LABEL for label in example.labels] == [
            bool(flag) for flag in mask[: len(example)]
        ]
        assert not any(mask[len(example) :])  # nothing trained is missing
        assert len(ids) - len(example) <= 1  # the line break after ChatML's end of turn


@pytest.mark.parametrize("name", ["llama3", "chatml", "mistral"])
def test_only_the_last_answer_is_trained_by_default(name, chats, chat):
    tokenizer, end = family(name)
    for example in encode(chats, chat, tokenizer, end_of_turn=end).examples:
        trained = [token for token in example.labels if token != NO_LABEL]
        text = tokenizer.decode(trained)
        assert text.endswith(end)
        if "<unk>" not in text:
            assert text.removesuffix(end).strip() == chats.loc[example.id, "output"].strip()


def test_alpaca_texts_are_written_as_published():
    pool = records.frame(
        [
            {"instruction": "Add {input}.", "input": "1 {instruction}", "output": "2"},
            {"instruction": "Say hello.", "output": "Hello."},
        ]
    )
    with_input, without = (
        tune.ALPACA.question(row["instruction"], row["input"], "</s>") for _, row in pool.iterrows()
    )
    assert with_input == (
        "Below is an instruction that describes a task, paired with an input that provides further "
        "context. Write a response that appropriately completes the request.\n\n"
        "### Instruction:\nAdd {input}.\n\n### Input:\n1 {instruction}\n\n### Response:"
    )
    assert without.endswith("### Instruction:\nSay hello.\n\n### Response:")


def test_the_plain_template_ends_every_utterance():
    row = {
        "history": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        "instruction": "c",
        "input": "",
        "output": "d",
    }
    found = tune.templates.spans(row, tune.PLAIN, None, end_of_turn="<E>")
    assert [(span.text, span.trained) for span in found] == [
        ("a<E>", False),
        ("b<E>", False),
        ("\n\nc<E>", False),
        ("d<E>", True),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{% for m in messages %}{{ m['content'] }}", "cannot be rendered: .*"),
        ("{{ raise_exception('no system role') }}", "cannot be rendered: no system role"),
        ("{% for m in messages %}{{ m['content'] }}{% endfor %}", "no special token to stop at"),
        ("the same for all", "does not write the messages that it is given"),
        (
            "{% for m in messages %}{{ m['role'] + m['content'] | upper }}<|im_end|>{% endfor %}",
            "does not write the messages that it is given",
        ),
        (
            THINKING,
            "does not write the answer right after its own prompt",
        ),
    ],
)
def test_a_malformed_chat_template_is_named(chats, chat, text, message):
    tokenizer, _ = family("chatml")
    recipe = replace(chat, template=tune.templates.ChatTemplate("mine", text))
    with pytest.raises(TuneError, match=message):
        encode(chats, recipe, tokenizer, end_of_turn=end_of_turn(recipe, tokenizer))


NAMED = (  # ignores add_generation_prompt
    "{% for m in messages %}{{ 'Question: ' if m['role'] == 'user' else 'Answer: ' }}"
    "{{ m['content'] }}<|im_end|>\n{% endfor %}"
)
ALWAYS = (  # writes the assistant's name at the end, whatever is asked
    "{% for m in messages %}{% if m['role'] == 'user' %}Q: {{ m['content'] }}<|im_end|>A: "
    "{% else %}{{ m['content'] }}<|im_end|>{% endif %}{% endfor %}"
)
THOUGHT = CHATML.replace(  # writes an empty thought before an answer
    "{% generation %}{{ message['content']", "{{ '<think>\n\n</think>\n\n' + message['content']"
).replace("{% endgeneration %}", "")


@pytest.mark.parametrize(
    ("text", "opening", "prompt"),
    [
        (NAMED, "Answer: ", "Question: A?<|im_end|>\nAnswer: "),
        (ALWAYS, "", "Q: A?<|im_end|>A: "),
        (
            THOUGHT,
            "<think>\n\n</think>\n\n",
            "<|im_start|>user\nA?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
        ),
        (CHATML, "", "<|im_start|>user\nA?<|im_end|>\n<|im_start|>assistant\n"),
    ],
)
def test_what_stands_before_an_answer_is_part_of_the_prompt(text, opening, prompt):
    tokenizer, end = family("chatml")
    template = tune.templates.ChatTemplate("mine", text)
    assert tune.templates.header(template, tokenizer) == opening
    row = {"history": [], "instruction": "A?", "input": "", "output": "A"}
    trained = tune.templates.spans(row, template, tokenizer, end_of_turn=end)
    assert [(span.text, span.trained) for span in trained] == [
        (prompt, False),
        (f"A{end}", True),
    ]
    del row["output"]
    asked = tune.templates.spans(row, template, tokenizer, end_of_turn=end)
    assert [span.text for span in asked] == [prompt]


def test_a_model_that_is_only_asked_may_have_a_prompt_of_its_own():
    tokenizer, end = family("chatml")
    row = {"history": [], "instruction": "A?", "input": ""}
    template = tune.templates.ChatTemplate("mine", THINKING)
    asked = tune.templates.spans(row, template, tokenizer, end_of_turn=end)
    assert [span.text for span in asked] == ["A?<|im_end|>think:"]


STRICT = (  # no system role, no tools, thoughts are taken out of answers
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for m in messages %}{% if m['role'] in ('user', 'assistant') %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{{ m['role'] }}: {{ m['content'].split('</think>')[-1] }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def turn(role, content):
    return {"role": role, "content": content}


@pytest.mark.parametrize(
    ("history", "output", "reason"),
    [
        ([turn("system", "Be brief.")], "2.", "cannot be rendered: no system role"),
        ([turn("user", "Hello.")], "2.", "cannot be rendered: roles must alternate"),
        ([turn("assistant", "Hello.")], "2.", "cannot be rendered: roles must alternate"),
        (
            [turn("tool", "{1: 2}"), turn("tool", "{2: 3}")],
            "2.",
            "leaves out a turn of the role 'tool'",
        ),
        ([], "<think>1 + 1</think>2.", "changes the answer or leaves it out"),
    ],
)
def test_a_row_that_a_template_cannot_write_is_skipped_with_its_reason(
    chat, history, output, reason
):
    tokenizer, end = family("chatml")
    rows = [{"instruction": f"Add {n} and 1.", "output": f"{n + 1}."} for n in range(5)]
    rows.append({"instruction": "Add 1 and 1.", "output": output, "history": history})
    pool = records.frame(rows, source="here")
    recipe = replace(chat, template=tune.templates.ChatTemplate("strict", STRICT))
    found = encode(pool, recipe, tokenizer, end_of_turn=end)
    assert len(found.examples) == 5
    assert list(found.skipped) == [pool.index[-1]]
    assert reason in found.skipped[pool.index[-1]]
    assert sum(found.counts().values()) == 1


def test_a_system_turn_can_go_before_the_first_question(chat):
    tokenizer, end = family("chatml")
    template = tune.templates.ChatTemplate("strict", STRICT, system_in_user=True)
    row = {
        "history": [turn("system", "Be brief.")],
        "instruction": "Hi?",
        "input": "",
        "output": "A",
    }
    found = tune.templates.spans(row, template, tokenizer, end_of_turn=end)
    assert found[0].text == "user: Be brief.\n\nHi?<|im_end|>\nassistant: "


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        ([turn("assistant", "Hello.")], "cannot write an assistant turn before a user's"),
        ([turn("user", "Sum?"), turn("tool", "3")], "no place for a turn of the role 'tool'"),
        ([{**turn("assistant", ""), "tool_calls": [{}]}], "no place for tool calls"),
    ],
)
def test_a_text_template_says_what_it_cannot_write(history, reason):
    row = {"history": history, "instruction": "Hi?", "input": "", "output": "A"}
    with pytest.raises(tune.templates.UnwrittenError, match=reason):
        tune.templates.spans(row, tune.ALPACA, None, end_of_turn="</s>")


def test_no_chat_template_is_an_error(chat):
    tokenizer, _ = family("chatml")
    tokenizer.chat_template = None
    with pytest.raises(TuneError, match="tokenizer has no chat template; use tune.ALPACA"):
        end_of_turn(chat, tokenizer)


ODD = tune.templates.TextTemplate(
    name="odd",
    prompt='"{instruction}" {{ x }}\n\\n答:',
    prompt_with_input="{instruction}{input}",
    system="[{content}] ",
    between_turns="",
)


@pytest.mark.parametrize("template", [tune.ALPACA, tune.PLAIN, ODD])
@pytest.mark.parametrize("bos", [True, False])
def test_the_jinja_form_of_a_text_template_writes_the_same(template, bos):
    tokenizer = family("llama3")[0]
    asked = {"instruction": "And {content} \U0001f600?", "input": ""}
    system, before = (
        turn("system", "Be {instruction}."),
        [turn("user", "A"), turn("assistant", "B")],
    )
    for history in ([], [system], before, [system, *before]):
        example = {"history": history, **asked}
        spans = tune.templates.spans(example, template, None, end_of_turn=tokenizer.eos_token)
        text = tokenizer.apply_chat_template(
            records.prompt(example),
            chat_template=template.jinja(bos=bos),
            tokenize=False,
            add_generation_prompt=True,
        )
        opening = tokenizer.bos_token if bos else ""
        assert text == opening + "".join(span.text for span in spans)


@pytest.mark.parametrize(
    ("role", "content", "why"),
    [
        ("tool", "7", "no place for the role tool"),
        *(("user", content, "text as content") for content in (None, [1], 3)),
    ],
)
def test_the_jinja_form_refuses_what_the_template_has_no_place_for(role, content, why):
    asked, tokenizer = [turn(role, content)], family("llama3")[0]
    with pytest.raises(jinja2.TemplateError, match=why):
        tokenizer.apply_chat_template(asked, chat_template=tune.ALPACA.jinja(), tokenize=False)


def test_a_text_template_must_hold_its_slots():
    with pytest.raises(TuneError, match="prompt of template 'mine' must hold {instruction}: 'Do:'"):
        tune.templates.TextTemplate("mine", prompt="Do:", prompt_with_input="{instruction} {input}")
    with pytest.raises(TuneError, match="prompt_with_input .* must hold {input}"):
        tune.templates.TextTemplate(
            "mine", prompt="{instruction}", prompt_with_input="{instruction}"
        )
