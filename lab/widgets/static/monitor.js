// A look at something that runs. Every text is set as text, never as markup.

function render({ model, el }) {
  const root = widget({ class: "winnow monitor" });
  const status = make("output", { class: "count", role: "status", "aria-live": "polite" });
  const bar = make("progress", { "aria-label": "done" });
  const buttons = make("div", { class: "bar" });
  const facts = make("table", { class: "reasons" });
  const table = make("table");
  const rows = make("div", { class: "rows", tabindex: "0", role: "region", "aria-label": "rows" }, table);
  root.append(status, bar, buttons, facts, rows);
  el.append(root);
  let names = "";
  const row = (cells, tag = "td") => make("tr", {}, ...cells.map((cell) => make(tag, { dir: "auto" }, String(cell))));
  const show = () => {
    const shown = model.get("shown");
    root.setAttribute("aria-label", shown.title);
    const counts = shown.total ? ` (${shown.done.toLocaleString("en")} of ${shown.total.toLocaleString("en")})` : "";
    status.textContent = `${shown.title}: ${shown.state}${counts}`;
    bar.hidden = !shown.total;
    if (shown.total) { bar.max = shown.total; bar.value = shown.done; }
    if (names !== shown.buttons.join()) {
      names = shown.buttons.join();
      buttons.replaceChildren(...shown.buttons.map((name) => make("button", { type: "button", onclick: () => model.send({ kind: "press", name }) }, name)));
    }
    facts.replaceChildren(make("tbody", {}, ...shown.facts.map((fact) => row(fact))));
    const cells = shown.table || [];
    rows.hidden = cells.length === 0;
    table.replaceChildren(...cells.map((line, i) => row(line, i === 0 ? "th" : "td")));
  };
  model.on("change:shown", show);
  show();
  return () => model.off("change:shown", show);
}

export default { render };
