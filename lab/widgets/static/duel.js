// Judge one pair after the other, blindly. Every text is set as text, never as markup.

function render({ model, el }) {
  const root = widget({ class: "winnow duel", tabindex: "0", "aria-label": "Judge pairs" });
  const status = make("output", { class: "count", role: "status", "aria-live": "polite" });
  const bar = make("progress", { "aria-label": "answered" });
  const prompt = make("div", { class: "prompt" });
  const pair = make("div", { class: "pair" });
  const reason = make("input", { type: "text", "aria-label": "reason", placeholder: "reason (R)" });
  const button = (label, kind, side) => make("button", { type: "button", class: side || kind, onclick: () => send({ kind, side }) }, label);
  const left = button("Left (1)", "choose", "left"), tie = button("Tie (0)", "choose", "tie"), right = button("Right (2)", "choose", "right");
  const skip = button("Skip (S)", "skip");
  const undo = make("button", { type: "button", class: "undo", onclick: () => model.send({ kind: "undo" }) }, "Undo (U)");
  const keys = make("p", { class: "soft" }, "Keys: 1 or ← left is better, 2 or → right, 0 or ↓ tie; R reason, S skip, U undo");
  root.append(status, bar, prompt, pair, make("div", { class: "bar" }, left, tie, right, skip, undo), reason, keys);
  el.append(root);

  let sent = null;
  const send = (message) => {
    const { id } = model.get("card");
    if (!id || sent === id) return;
    sent = id;
    model.send({ ...message, id, reason: reason.value });
  };
  const box = (title, text) => make("div", { class: "box" }, make("h4", {}, title), make("p", { class: "value", dir: "auto" }, text));
  const show = () => {
    const { id, done, total, turns, answers, undo: can, summary } = model.get("card");
    sent = null;
    status.textContent = id ? `${done} of ${total} answered` : `all ${total} answered`;
    bar.max = total; bar.value = done;
    undo.disabled = !can;
    for (const item of [left, tie, right, skip]) item.disabled = !id;
    reason.value = "";
    if (id) {
      prompt.replaceChildren(...turns.map(([role, text]) => box(role, text)));
      pair.replaceChildren(box("left", answers[0]), box("right", answers[1]));
    } else {
      prompt.replaceChildren(make("ul", {}, ...summary.map((line) => make("li", {}, line))));
      pair.replaceChildren();
    }
  };
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.target === reason) {
      if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); root.focus(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const side = { 1: "left", ArrowLeft: "left", 2: "right", ArrowRight: "right", 0: "tie", ArrowDown: "tie" }[event.key];
    const letter = event.key.toLowerCase();
    if (side) send({ kind: "choose", side });
    else if (letter === "s") send({ kind: "skip" });
    else if (letter === "u") model.send({ kind: "undo" });
    else if (letter === "r") reason.focus();
    else return;
    event.preventDefault();
  });
  model.on("change:card", show);
  show();
  return () => model.off("change:card", show);
}

export default { render };
