// The filter bench in the browser. Every text of the pool is set as text, never as markup.
const count = (number) => number.toLocaleString("en");

function histogram(score) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const n = score.bins.length;
  const top = Math.max(1, ...score.bins);
  svg.setAttribute("viewBox", `0 0 ${n} 24`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const bars = ["all", "kept"].map((kind) => {
    const path = document.createElementNS(ns, "path");
    path.setAttribute("class", kind);
    svg.append(path);
    return path;
  });
  const draw = (path, bins) =>
    path.setAttribute("d", bins.map((value, i) => {
      const height = value ? Math.max(0.6, (24 * value) / top) : 0;
      return `M${i + 0.08} 24v${-height}h.84v${height}z`;
    }).join(""));
  draw(bars[0], score.bins);
  return { svg, kept: (bins) => draw(bars[1], bins) };
}

function render({ model, el }) {
  const spec = model.get("spec");
  const root = widget({ class: "winnow filter-bench", "aria-label": "Filter bench" });
  root.addEventListener("keydown", (event) => event.stopPropagation());

  // One change is under way at a time; of those made meanwhile, only the last is sent.
  let asked = 0, answered = 0, waiting = null, dragged = null;
  const send = (message) => {
    if (asked > answered) { waiting = message; return; }
    asked += 1;
    model.send({ ...message, answer: asked });
  };
  const hear = () => {
    answered = Math.max(answered, model.get("view").answer || 0);
    if (asked <= answered && waiting) { const next = waiting; waiting = null; send(next); }
  };

  // Count and buttons
  const status = make("output", { class: "count", role: "status", "aria-live": "polite" });
  const button = (label, kind) => make("button", { type: "button", class: kind, onclick: () => send({ kind }) }, label);
  const undo = button("Undo", "undo"), redo = button("Redo", "redo");
  const lasso = make("button", { type: "button", class: "lasso", onclick: () => send({ kind: "change", what: "within", first: true }) }, "Drop lasso");
  root.append(make("div", { class: "bar" }, status, undo, redo, button("Reset", "reset"), button("Code", "code"), button("Save", "save"), lasso));
  const said = make("pre", { class: "said", tabindex: "0", hidden: true });
  root.append(said);

  // Scores
  const controls = make("div", { class: "controls" });
  const scales = {};
  for (const score of spec.scores) {
    const picture = histogram(score);
    const read = make("span", { class: "read" });
    const value = (step) => (step * score.step).toFixed(score.digits);
    const slider = (label, start) => make("input", {
      type: "range", min: score.first, max: score.last, step: 1, value: start,
      "aria-label": `${label} ${score.name}`, class: label,
    });
    const low = slider("lowest", score.first), high = slider("highest", score.last);
    const show = () => {
      read.textContent = `${value(low.value)} to ${value(high.value)}`;
      low.setAttribute("aria-valuetext", value(low.value));
      high.setAttribute("aria-valuetext", value(high.value));
    };
    const moved = (event) => {
      if (Number(low.value) > Number(high.value)) {
        if (event.target === low) low.value = high.value; else high.value = low.value;
      }
      show();
      const first = dragged !== event.target;
      dragged = event.target;
      send({ kind: "change", what: "range", name: score.name, low: Number(low.value), high: Number(high.value), first });
    };
    for (const input of [low, high]) {
      input.addEventListener("input", moved);
      input.addEventListener("change", () => { dragged = null; });
    }
    const missing = score.missing ? `, ${count(score.missing)} missing` : "";
    controls.append(make("fieldset", { class: "score" }, make("legend", {}, `${score.name}${missing}`), picture.svg, low, high, read));
    scales[score.name] = { low, high, show, picture };
  }

  // Filters, categories, search
  const boxes = {};
  const tick = (label, checked, onchange) => {
    const box = make("input", { type: "checkbox", onchange });
    box.checked = checked;
    return [box, make("label", { class: "tick" }, box, ` ${label}`)];
  };
  if (spec.filters.length) {
    const set = make("fieldset", { class: "filters" }, make("legend", {}, "filters"));
    for (const [name, drops] of spec.filters) {
      const [box, label] = tick(`${name} (drops ${count(drops)})`, false, () =>
        send({ kind: "change", what: "filter", name, on: box.checked, first: true }));
      boxes[name] = box;
      set.append(label);
    }
    controls.append(set);
  }
  const choices = {};
  for (const category of spec.categories) {
    const set = make("fieldset", { class: "category" }, make("legend", {}, category.name));
    choices[category.name] = category.values.map(([value, rows]) => {
      const [box, label] = tick(`${value} (${count(rows)})`, false, () => {
        const values = choices[category.name].filter((item) => item.box.checked).map((item) => item.value);
        send({ kind: "change", what: "category", name: category.name, values, first: true });
      });
      set.append(label);
      return { value, box };
    });
    if (category.left_out) set.append(make("p", {}, `${category.left_out} rarer values cannot be chosen here`));
    controls.append(set);
  }
  const words = make("input", { type: "search", class: "search", "aria-label": "search in the texts", placeholder: "search in the texts" });
  const error = make("p", { class: "error", role: "alert" });
  let timer;
  const look = () => { clearTimeout(timer); timer = setTimeout(() => send({ kind: "change", what: "search", text: words.value, regex: regex.checked, first: true }), 200); };
  const [regex, regexLabel] = tick("regular expression", false, look);
  words.addEventListener("input", look);
  controls.append(make("fieldset", { class: "words" }, make("legend", {}, "search"), words, regexLabel, error));
  root.append(controls);

  // What each criterion drops
  const reasons = make("tbody");
  root.append(make("table", { class: "reasons" }, make("thead", {}, make("tr", {}, ...["criterion", "drops", "it alone"].map((text) => make("th", { scope: "col" }, text)))), reasons));

  // Rows
  let tab = "kept", page = 0;
  const turn = (step) => { page = Math.max(0, page + step); send({ kind: "table", tab, page }); };
  const tabs = ["kept", "dropped", "borderline"].map((name) => make("button", {
    type: "button", class: `tab ${name}`, "aria-pressed": String(name === tab),
    onclick: () => { tab = name; page = 0; send({ kind: "table", tab, page }); },
  }, name));
  const where = make("span", { class: "where" });
  const back = make("button", { type: "button", "aria-label": "rows before", onclick: () => turn(-1) }, "‹");
  const forth = make("button", { type: "button", "aria-label": "rows after", onclick: () => turn(1) }, "›");
  root.append(make("div", { class: "bar" }, ...tabs, back, where, forth));
  const body = make("tbody");
  const head = make("tr", {}, make("th", { scope: "col" }, "row"), ...spec.columns.map((name) => make("th", { scope: "col" }, name)));
  root.append(make("div", { class: "rows", tabindex: "0", role: "region", "aria-label": "rows" }, make("table", {}, make("thead", {}, head), body)));
  const full = make("article", { class: "full", tabindex: "-1", hidden: true, "aria-label": "one example in full" });
  root.append(full);

  const showCount = () => {
    const { kept, total } = model.get("count");
    status.textContent = `${count(kept)} of ${count(total)} kept`;
  };
  const showView = () => {
    const view = model.get("view");
    if (!view.rows) return;
    hear();
    reasons.replaceChildren(...view.reasons.map(([name, drops, alone]) => make("tr", {}, make("td", {}, name), make("td", {}, count(drops)), make("td", {}, count(alone)))));
    for (const [name, bins] of Object.entries(view.kept_bins)) scales[name].picture.kept(bins);
    tab = view.tab; page = view.page;
    for (const item of tabs) item.setAttribute("aria-pressed", String(item.classList.contains(tab)));
    const first = view.of ? page * spec.page + 1 : 0;
    where.textContent = `${count(first)}–${count(Math.min(view.of, first + spec.page - 1))} of ${count(view.of)}`;
    back.disabled = page === 0;
    forth.disabled = (page + 1) * spec.page >= view.of;
    undo.disabled = !view.undo; redo.disabled = !view.redo;
    error.textContent = view.error;
    body.replaceChildren(...view.rows.map((row) => make("tr", { class: row.kept ? "kept" : "dropped" },
      make("td", {}, make("button", { type: "button", class: "open", "aria-label": `open row ${row.id}`, onclick: () => model.send({ kind: "open", place: row.place }) }, row.id.slice(0, 6))),
      ...row.texts.map((text) => make("td", { class: "text", dir: "auto" }, text)),
      ...row.numbers.map((text) => make("td", { class: "number" }, text)))));
  };
  const showState = () => {
    const state = model.get("state");
    if (!state.ranges || waiting || asked > answered) return;
    for (const [name, [low, high]] of Object.entries(state.ranges)) {
      scales[name].low.value = low; scales[name].high.value = high; scales[name].show();
    }
    for (const [name, box] of Object.entries(boxes)) box.checked = state.filters.includes(name);
    for (const [name, items] of Object.entries(choices)) for (const item of items) item.box.checked = (state.categories[name] || []).includes(item.value);
    if (document.activeElement !== words) words.value = state.search;
    regex.checked = state.regex;
    lasso.hidden = state.within === null;
    lasso.textContent = `Drop lasso (${count(state.within || 0)})`;
  };
  const showText = () => {
    const text = model.get("text");
    said.hidden = !(text.code || text.saved);
    if (!said.hidden) said.textContent = text.code || `saved as ${text.saved}`;
    full.hidden = !text.fields;
    if (!text.fields) return;
    const close = make("button", { type: "button", onclick: () => { full.hidden = true; } }, "Close");
    const misses = text.misses.length ? [make("p", { class: "misses" }, `does not meet: ${text.misses.join(", ")}`)] : [];
    full.replaceChildren(make("p", {}, make("code", {}, text.id), " ", close), ...misses,
      ...text.turns.map(turnBox), ...text.fields.flatMap(([name, value]) => [make("h4", {}, name), make("p", { class: "value", dir: "auto" }, value)]));
    full.focus();
  };
  const watch = { "change:count": showCount, "change:view": showView, "change:state": showState, "change:text": showText };
  for (const [name, handler] of Object.entries(watch)) model.on(name, handler);
  showCount(); showView(); showState();
  el.append(root);
  return () => { for (const [name, handler] of Object.entries(watch)) model.off(name, handler); };
}

export default { render };
