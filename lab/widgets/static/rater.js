// Rate one example after the other. Every text is set as text, never as markup.

function render({ model, el }) {
  const root = widget({ class: "winnow rater", tabindex: "0", "aria-label": "Rate examples" });
  const status = make("output", { class: "count", role: "status", "aria-live": "polite" });
  const bar = make("progress", { "aria-label": "answered" });
  const card = make("div", { class: "card" });
  const reason = make("input", { type: "text", "aria-label": "reason", placeholder: "reason (R)" });
  const scale = make("div", { class: "bar scale", role: "group", "aria-label": "rating" });
  const rate = (rating) => send({ kind: "rate", rating });
  const buttons = Array.from({ length: 11 }, (_, half) =>
    make("button", { type: "button", onclick: () => rate(half / 2), "aria-label": `rate ${half / 2}`, "aria-pressed": "false" }, String(half / 2)));
  scale.append(...buttons);
  const skip = make("button", { type: "button", class: "skip", onclick: () => send({ kind: "skip" }) }, "Skip (S)");
  const undo = make("button", { type: "button", class: "undo", onclick: () => model.send({ kind: "undo" }) }, "Undo (U)");
  const keys = make("p", { class: "soft" }, "Keys: 0–5 rates, Shift adds a half; arrows choose, Enter rates; R reason, S skip, U undo");
  root.append(status, bar, card, scale, reason, make("div", { class: "bar" }, skip, undo), keys);
  el.append(root);

  let chosen = null, sent = null;
  const choose = (half) => {
    chosen = half;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === half)));
  };
  const send = (message) => {
    const { id } = model.get("card");
    if (!id || sent === id) return;
    sent = id;
    model.send({ ...message, id, reason: reason.value });
  };
  const show = () => {
    const { id, done, total, turns, undo: can, summary } = model.get("card");
    sent = null;
    status.textContent = id ? `${done} of ${total} answered` : `all ${total} answered`;
    bar.max = total; bar.value = done;
    undo.disabled = !can;
    for (const button of [...buttons, skip]) button.disabled = !id;
    reason.value = "";
    choose(null);
    if (id) card.replaceChildren(...turns.map(([role, text]) => make("div", { class: "box" }, make("h4", {}, role), make("p", { class: "value", dir: "auto" }, text))));
    else card.replaceChildren(make("ul", {}, ...summary.map((line) => make("li", {}, line))));
  };
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.target === reason) {
      if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); root.focus(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const digit = /^(?:Digit|Numpad)([0-5])$/.exec(event.code);
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const letter = event.key.toLowerCase();
    if (digit) rate(Math.min(5, Number(digit[1]) + (event.shiftKey ? 0.5 : 0)));
    else if (step) choose(Math.max(0, Math.min(10, (chosen ?? 5 - step) + step)));
    else if (event.key === "Enter" && event.target.tagName !== "BUTTON" && chosen !== null) rate(chosen / 2);
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
