"use strict";
(() => {
  const root = document.documentElement;
  const nonce = document.currentScript.nonce;
  const byId = (id) => document.getElementById(id);

  const unpack = async (element) => {
    const bytes = Uint8Array.from(atob(element.textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };

  // Plots: the colours of the page, whatever the figure was made with.
  const colours = () => {
    const style = getComputedStyle(root);
    const value = (name) => style.getPropertyValue(name).trim();
    return { front: value("--front"), line: value("--line") };
  };
  const themed = (layout) => {
    const { front, line } = colours();
    const change = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", "font.color": front };
    const axes = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
    for (const axis of new Set(["xaxis", "yaxis", ...axes])) {
      change[`${axis}.gridcolor`] = line;
      change[`${axis}.zerolinecolor`] = line;
      change[`${axis}.linecolor`] = line;
    }
    return change;
  };
  const drawAll = async () => {
    const source = byId("plotly");
    if (!source) return;
    const script = document.createElement("script");
    script.nonce = nonce;
    script.textContent = await unpack(source);
    document.head.append(script);
    const config = { responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "" };
    for (const data of document.querySelectorAll("script[type='application/x-figure']")) {
      const plot = byId(data.dataset.for);
      const figure = JSON.parse(await unpack(data));
      delete figure.layout.width;
      await window.Plotly.newPlot(plot, figure.data, figure.layout, config);
      await window.Plotly.relayout(plot, themed(plot._fullLayout));
    }
    root.dataset.drawn = "yes";
  };
  const recolour = () => {
    if (!window.Plotly) return;
    for (const plot of document.querySelectorAll(".js-plotly-plot")) {
      window.Plotly.relayout(plot, themed(plot._fullLayout));
    }
  };

  // Light or dark: the reader's system first, then the reader's choice.
  const button = byId("theme");
  const show = (dark) => {
    root.dataset.theme = dark ? "dark" : "light";
    button.textContent = dark ? "Light" : "Dark";
    recolour();
  };
  show(matchMedia("(prefers-color-scheme: dark)").matches);
  button.addEventListener("click", () => show(root.dataset.theme !== "dark"));

  const code = byId("code");
  if (code) {
    code.addEventListener("click", () => {
      const open = code.getAttribute("aria-pressed") !== "true";
      for (const fold of document.querySelectorAll("details.code")) fold.open = open;
      code.setAttribute("aria-pressed", String(open));
      code.textContent = open ? "Hide all code" : "Show all code";
    });
  }

  // Search: cells without the words are hidden.
  const search = byId("search");
  const cells = [...document.querySelectorAll(".cell")];
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const cell of cells) {
      const text = cell.textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word));
      cell.hidden = !fits;
      found += fits;
    }
    byId("found").textContent = words.length ? `${found} of ${cells.length}` : "";
  });

  // Words to the left, numbers to the right; a click on a column's name sorts by it.
  const number = (text) => (text.trim() === "" ? NaN : Number(text.replaceAll(",", "")));
  for (const table of document.querySelectorAll("table.dataframe")) {
    for (const cell of table.querySelectorAll("td")) {
      if (Number.isNaN(number(cell.textContent))) cell.classList.add("words");
    }
    const body = table.tBodies[0];
    if (!body || table.querySelector("[rowspan]")) continue;
    const heads = table.tHead ? [...table.tHead.rows[0].cells] : [];
    heads.forEach((head, column) => {
      head.style.cursor = "pointer";
      head.title = "sort by this column";
      head.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => row.cells[column]?.textContent ?? "";
        const order = [...body.rows].sort((a, b) => {
          const [p, q] = [number(key(a)), number(key(b))];
          const both = !Number.isNaN(p) && !Number.isNaN(q);
          return both ? p - q : key(a).localeCompare(key(b));
        });
        body.append(...(up ? order : order.reverse()));
      });
    });
  }

  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll("#provenance details")) fold.open = true;
  });
  drawAll();
})();
