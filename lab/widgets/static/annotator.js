// Ask about one thing after the other: a rating, which of a pair, or an answer to write. Every text is set as text, never as markup.
const FORMS = {
  rate: { name: "rater", label: "Rate examples", keys: "Keys: 0–5 rates, Shift adds a half; arrows choose, Enter rates; R reason, S skip, U undo" },
  pair: { name: "pair-judge", label: "Judge pairs", keys: "Keys: 1 or ← left is better, 2 or → right, 0 or ↓ tie; R reason, S skip, U undo" },
  write: { name: "writer", label: "Write answers", keys: "Keys: Ctrl+Enter saves, Escape leaves the field; then E edit, R reason, S skip, U undo" },
};

function render({ model, el }) {
  const form = model.get("card").form, { name, label, keys } = FORMS[form];
  const root = widget({ class: `winnow ${name}`, tabindex: "0", "aria-label": label });
  const status = make("output", { class: "count", role: "status", "aria-live": "polite" });
  const bar = make("progress", { "aria-label": "answered" });
  const card = make("div", { class: "card" }), pair = make("div", { class: "pair" });
  const reason = make("input", { type: "text", "aria-label": "reason", placeholder: "reason (R)" });
  const button = (text, attributes, onclick) => make("button", { type: "button", onclick, ...attributes }, text);
  const draft = make("textarea", { class: "draft", "aria-label": "answer", rows: "8", dir: "auto" });
  const write = () => { if (draft.value.trim()) send({ kind: "answer", output: draft.value }); };
  const answers = form === "write" ? [button("Save (Ctrl+Enter)", { class: "save" }, () => write())] : form === "pair"
    ? [["Left (1)", "left"], ["Tie (0)", "tie"], ["Right (2)", "right"]].map(([text, side]) => button(text, { class: side }, () => send({ kind: "answer", side })))
    : Array.from({ length: 11 }, (_, half) => button(String(half / 2), { "aria-label": `rate ${half / 2}`, "aria-pressed": "false" }, () => rate(half / 2)));
  const scale = make("div", { class: "bar scale", role: "group", "aria-label": { pair: "verdict", rate: "rating", write: "answer" }[form] }, ...answers);
  const skip = button("Skip (S)", { class: "skip" }, () => send({ kind: "skip" }));
  const undo = button("Undo (U)", { class: "undo" }, () => model.send({ kind: "undo" }));
  root.append(status, bar, card, pair, ...(form === "write" ? [draft] : []), scale, reason, make("div", { class: "bar" }, skip, undo), make("p", { class: "soft" }, keys));
  el.append(root);

  let chosen = null, sent = null;
  const rate = (rating) => send({ kind: "answer", rating });
  const choose = (half) => {
    chosen = half;
    answers.forEach((item, i) => item.setAttribute("aria-pressed", String(i === half)));
  };
  const send = (message) => {
    const { id } = model.get("card");
    if (!id || sent === id) return;
    sent = id;
    model.send({ ...message, id, reason: reason.value });
  };
  const box = (title, text) => make("div", { class: "box" }, make("h4", {}, title), make("p", { class: "value", dir: "auto" }, text));
  const show = () => {
    const { id, done, total, turns, answers: texts, undo: can, summary, draft: text } = model.get("card");
    sent = null;
    status.textContent = id ? `${done} of ${total} answered` : `all ${total} answered`;
    bar.max = total; bar.value = done;
    undo.disabled = !can;
    for (const item of [...answers, skip]) item.disabled = !id;
    reason.value = "";
    draft.value = text || ""; draft.hidden = !id;
    if (form === "rate") choose(null);
    card.replaceChildren(...(id ? turns.map(([role, text]) => box(role, text)) : [make("ul", {}, ...summary.map((line) => make("li", {}, line)))]));
    pair.replaceChildren(...(id && texts ? [box("left", texts[0]), box("right", texts[1])] : []));
  };
  const pressed = {
    rate: (event) => {
      const digit = /^(?:Digit|Numpad)([0-5])$/.exec(event.code);
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (digit) rate(Math.min(5, Number(digit[1]) + (event.shiftKey ? 0.5 : 0)));
      else if (step) choose(Math.max(0, Math.min(10, (chosen ?? 5 - step) + step)));
      else if (event.key === "Enter" && event.target.tagName !== "BUTTON" && chosen !== null) rate(chosen / 2);
      else return false;
      return true;
    },
    pair: (event) => {
      const side = { 1: "left", ArrowLeft: "left", 2: "right", ArrowRight: "right", 0: "tie", ArrowDown: "tie" }[event.key];
      if (side) send({ kind: "answer", side });
      return Boolean(side);
    },
    write: (event) => { if (event.key.toLowerCase() === "e") draft.focus(); else return false; return true; },
  }[form];
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.target === draft) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); write(); }
      else if (event.key === "Escape") { event.preventDefault(); root.focus(); }
      return;
    }
    if (event.target === reason) {
      if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); root.focus(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const letter = event.key.toLowerCase();
    if (letter === "s") send({ kind: "skip" });
    else if (letter === "u") model.send({ kind: "undo" });
    else if (letter === "r") reason.focus();
    else if (!pressed(event)) return;
    event.preventDefault();
  });
  model.on("change:card", show);
  show();
  return () => model.off("change:card", show);
}

export default { render };
