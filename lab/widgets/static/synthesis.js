// The synthesis bench in the browser. Every text of a model is set as text, never as markup.

function render({ model, el }) {
  const root = widget({ class: "winnow synthesis", tabindex: "0", "aria-label": "Synthesis bench" });
  const send = (message) => model.send(message);
  const button = (label, kind, onclick) => make("button", { type: "button", class: kind, onclick }, label);
  const box = (title, text) => make("div", { class: "box" }, make("h4", {}, title), make("p", { class: "value", dir: "auto" }, text));

  // Method and prompt
  const method = make("select", { class: "method", "aria-label": "method", onchange: () => send({ kind: "pick", name: method.value }) });
  const prompt = make("select", { class: "prompt-name", "aria-label": "prompt", onchange: () => { chosen = prompt.value; showPrompt(); } });
  const edited = make("span", { class: "soft" });
  const fields = make("div", { class: "fields" });
  const apply = button("Use this prompt", "apply", () => send({ kind: "edit", name: chosen, texts: areas.map((area) => area.value) }));
  const reset = button("Undo edits", "reset", () => { if (areas.length) showPrompt(); });
  const note = make("p", { class: "error", role: "alert" });
  const sent = make("div", { class: "sent" });
  root.append(
    make("div", { class: "bar" }, make("label", {}, "Method ", method), make("label", {}, "Prompt ", prompt), edited),
    fields, make("div", { class: "bar" }, apply, reset), note,
    make("details", { class: "first" }, make("summary", {}, "The first prompt as it will be sent"), sent));

  // Tries
  const pairs = make("div", { class: "pair" });
  const where = make("output", { class: "count", role: "status", "aria-live": "polite" });
  const reason = make("input", { type: "text", class: "reason", "aria-label": "reason", placeholder: "reason (R)" });
  let chosen = null, areas = [], place = 0;
  const say = (verdict) => {
    const row = model.get("view").tries[place];
    if (row && !row.verdict) send({ kind: "say", verdict, id: row.id, reason: reason.value });
  };
  const turn = (step) => { const n = model.get("view").tries.length; if (n) { place = Math.min(n - 1, Math.max(0, place + step)); showTry(); } };
  const tryFive = button("Try five", "try", () => send({ kind: "try", n: 5 }));
  const accept = button("Accept (A)", "accept", () => say("keep")), drop = button("Reject (X)", "drop", () => say("drop"));
  const undo = button("Undo (U)", "undo", () => send({ kind: "undo" }));
  const tree = button("Family", "tree", () => { const row = model.get("view").tries[place]; if (row) send({ kind: "tree", id: row.id }); });
  const family = make("ul", { class: "family", hidden: true });
  const keys = make("p", { class: "soft" }, "Keys: A accept, X reject, R reason, ← → turn, U undo");
  root.append(make("div", { class: "bar" }, tryFive, where), pairs,
    make("div", { class: "bar judging" }, accept, drop, undo, tree), reason, keys, family);

  // Run
  const keep = make("input", { type: "number", class: "keep", min: "1", value: "50", "aria-label": "examples to keep" });
  const go = button("Run", "run", () => send({ kind: "run", keep: Number(keep.value) || 1 }));
  const halt = button("Stop", "stop", () => send({ kind: "stop" }));
  const code = button("Code", "code", () => send({ kind: "code" }));
  const state = make("output", { class: "state", role: "status", "aria-live": "polite" });
  const bar = make("progress", { "aria-label": "kept", value: "0", max: "1" });
  const facts = make("p", { class: "soft facts" });
  const reasons = make("tbody"), samples = make("tbody");
  const table = (head, body, kind) => make("table", { class: kind }, make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))), body);
  const forecast = make("p", { class: "soft forecast" });
  const said = make("pre", { class: "said", tabindex: "0", hidden: true });
  const reasonTable = table(["not kept because", "candidates"], reasons, "reasons");
  const sampleTable = table(["last kept", "answer"], samples, "samples");
  root.append(make("div", { class: "bar" }, make("label", {}, "Keep ", keep), go, halt, code, state), forecast, bar, facts, reasonTable, sampleTable, said);
  el.append(root);

  const showPrompt = () => {
    const found = model.get("view").prompts.find((one) => one.name === chosen);
    areas = [];
    fields.replaceChildren();
    apply.disabled = reset.disabled = !found;
    edited.textContent = found && found.edited ? "edited" : "";
    if (!found) return;
    for (const [role, text] of found.parts) {
      const area = make("textarea", { "aria-label": `${role} text`, rows: role === "system" ? 5 : 4, dir: "auto" });
      area.value = text;
      areas.push(area);
      fields.append(make("label", {}, role, area));
    }
  };
  const showTry = () => {
    const { tries } = model.get("view");
    place = Math.min(place, Math.max(0, tries.length - 1));
    const row = tries[place];
    const judged = tries.filter((one) => one.verdict).length;
    where.textContent = tries.length ? `${place + 1} of ${tries.length}, ${judged} judged` : "nothing tried yet";
    for (const item of [accept, drop]) item.disabled = !row || Boolean(row.verdict);
    tree.disabled = !row; undo.disabled = !judged;
    pairs.replaceChildren();
    if (!row) return;
    if (row.parent) pairs.append(box("made from", row.parent));
    const input = row.input ? `${row.instruction}\n\n${row.input}` : row.instruction;
    pairs.append(box(row.verdict ? `task (${row.verdict === "keep" ? "accepted" : "rejected"}${row.reason ? `: ${row.reason}` : ""})` : "task", input), box("answer", row.output));
  };
  let known = 0;
  const showView = () => {
    const view = model.get("view");
    if (!view.methods) return;
    method.replaceChildren(...view.methods.map((name) => make("option", { value: name, selected: name === view.method }, name)));
    if (!view.prompts.some((one) => one.name === chosen)) chosen = view.prompts.some((one) => one.name === view.first) ? view.first : (view.prompts[0] || {}).name;
    prompt.replaceChildren(...view.prompts.map((one) => make("option", { value: one.name, selected: one.name === chosen }, one.edited ? `${one.name} (edited)` : one.name)));
    showPrompt();
    note.textContent = view.note;
    sent.replaceChildren(...view.sent.map(([role, text]) => box(role, text)));
    const open = view.tries.findIndex((one) => !one.verdict);
    if (open >= 0 && (view.tries.filter((one) => one.verdict).length !== known)) place = open;
    known = view.tries.filter((one) => one.verdict).length;
    reason.value = "";
    keep.value = view.keep;
    forecast.textContent = view.forecast;
    said.hidden = !view.code; said.textContent = view.code;
    family.hidden = !view.tree.length;
    family.replaceChildren(...view.tree.map(([depth, text]) => make("li", { style: `margin-left: ${depth * 1.5}em`, dir: "auto" }, text)));
    showTry();
  };
  const showRun = () => {
    const run = model.get("run");
    const busy = ["running", "trying", "stopping"].includes(run.state);
    go.disabled = tryFive.disabled = method.disabled = busy; halt.disabled = !busy || run.state === "stopping";
    bar.max = run.keep || 1; bar.value = run.kept || 0;
    state.textContent = run.error ? `failed: ${run.error}` : run.because ? `${run.state}: ${run.because}` : run.state || "";
    const total = (run.kept || 0) + (run.rejected || 0);
    facts.textContent = run.kept === undefined ? "" : `${run.kept} of ${run.keep} kept, ${run.rejected} rejected, acceptance ${total ? Math.round((100 * run.kept) / total) : 0} %, ${run.calls} calls, ${run.usd.toFixed(4)} USD`;
    reasons.replaceChildren(...(run.reasons || []).map(([name, count]) => make("tr", {}, make("td", {}, name), make("td", {}, String(count)))));
    samples.replaceChildren(...(run.samples || []).map(([task, answer]) => make("tr", {}, make("td", { class: "text", dir: "auto" }, task), make("td", { class: "text", dir: "auto" }, answer))));
    reasonTable.hidden = !(run.reasons || []).length; sampleTable.hidden = !(run.samples || []).length;
  };
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.target === reason) {
      if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); root.focus(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || ["TEXTAREA", "INPUT", "SELECT"].includes(event.target.tagName)) return;
    const letter = event.key.toLowerCase();
    if (letter === "a") say("keep");
    else if (letter === "x") say("drop");
    else if (letter === "u") send({ kind: "undo" });
    else if (letter === "r") reason.focus();
    else if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === "ArrowRight") turn(1);
    else return;
    event.preventDefault();
  });
  model.on("change:view", showView);
  model.on("change:run", showRun);
  showView(); showRun();
  return () => { model.off("change:view", showView); model.off("change:run", showRun); };
}

export default { render };
