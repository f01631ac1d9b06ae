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
    const dark = root.dataset.theme === "dark";
    (layout.annotations ?? []).forEach((note, at) => {
      const tones = (note.name ?? "").split(" ");  // a map's names: for light, for dark
      if (tones.length === 2) change[`annotations[${at}].font.color`] = tones[Number(dark)];
    });
    return change;
  };
  // A map brings its names placed for several widths; the one that fits is drawn, on its side where narrow.
  const fit = (plot, figure) => {
    const variants = figure.layout.meta?.map?.variants;
    if (!variants) return;
    const chosen = variants.find((one) => one.width <= plot.clientWidth + 24) ?? variants.at(-1);
    for (const [name, value] of Object.entries(chosen.layout)) {
      figure.layout[name] = /^[xy]axis/.test(name) ? { ...figure.layout[name], ...value } : value;
    }
    plot.style.minHeight = `${chosen.layout.height}px`;
    if (!chosen.on_side) return;
    for (const trace of figure.data) {
      [trace.x, trace.y] = [trace.y, trace.x];
      if (trace.type === "contour") trace.transpose = !trace.transpose;
    }
  };
  // A halo round the names of a map; set here, as the checker of HTML does not know `paint-order` yet.
  document.styleSheets[0].insertRule(".plot .annotation-text { paint-order: stroke; stroke: var(--back); stroke-width: 3px; stroke-linejoin: round; }");
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
      fit(plot, figure);
      await window.Plotly.newPlot(plot, figure.data, figure.layout, config);
      await window.Plotly.relayout(plot, themed(plot._fullLayout));
    }
    root.dataset.drawn = "yes";
  };
  // Each figure as SVG, PNG, or its numbers.
  const save = (name, href) => {
    const link = document.createElement("a");
    link.download = name; link.href = href; link.click();
  };
  const table = (plot) => {
    const cell = (value) => `"${String(value ?? "").replaceAll('"', '""').replace(/^[=+@-](?![\d.])/, "'$&")}"`;
    const lines = ["trace,x,y,id"];
    for (const trace of plot._fullData) {
      const count = Math.max(trace.x?.length ?? 0, trace.y?.length ?? 0);
      if (Array.isArray(trace.z) || trace.z?.length) continue;
      for (let at = 0; at < count; at++) lines.push([trace.name, trace.x?.[at], trace.y?.[at], trace.customdata?.[at]].map(cell).join(","));
    }
    return new Blob([lines.join("\n")], { type: "text/csv" });
  };
  for (const button of document.querySelectorAll(".saves button")) {
    button.addEventListener("click", async () => {
      const plot = byId(button.dataset.plot), kind = button.dataset.kind, name = `${button.dataset.plot}.${kind}`;
      if (kind === "csv") return save(name, URL.createObjectURL(table(plot)));
      const size = { width: plot.clientWidth, height: plot.clientHeight, scale: kind === "png" ? 2 : 1 };
      save(name, await window.Plotly.toImage(plot, { format: kind, ...size }));
    });
  }
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

  // Search, and in the index a setting: cells without the words, or of another setting, are hidden.
  const search = byId("search");
  const cells = [...document.querySelectorAll(".cell")];
  const settings = [...document.querySelectorAll("[data-setting]")];
  const sift = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const setting = settings.slice(1).find((button) => button.getAttribute("aria-pressed") === "true")?.dataset.setting;
    let found = 0;
    for (const cell of cells) {
      const text = cell.textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word)) && (!setting || cell.dataset.of === setting);
      cell.hidden = !fits;
      found += fits;
    }
    byId("found").textContent = words.length || setting ? `${found} of ${cells.length}` : "";
  };
  search.addEventListener("input", sift);
  for (const button of settings) {
    button.addEventListener("click", () => {
      for (const other of settings) other.setAttribute("aria-pressed", String(other === button));
      sift();
    });
  }

  // Words to the left; numbers to the right by their point, with a bar where none is below 0; a column's name sorts.
  const number = (text) => (text.trim() === "" ? NaN : Number(text.replaceAll(",", "")));
  const decimals = (text) => (text.includes(".") ? text.trim().length - text.trim().indexOf(".") : 0);
  const dress = (cells) => {
    const values = cells.map((cell) => number(cell.textContent));
    const good = values.filter((value) => !Number.isNaN(value));
    cells.forEach((cell, at) => Number.isNaN(values[at]) && cell.classList.add("words"));
    if (good.length < 2 || good.length < 0.6 * cells.length) return;
    const most = Math.max(...good), wide = Math.max(...cells.map((cell) => decimals(cell.textContent)));
    const bars = Math.min(...good) >= 0 && most > 0 && new Set(good).size > 1 && !cells.some((cell) => /e/i.test(cell.textContent));
    cells.forEach((cell, at) => {
      if (Number.isNaN(values[at])) return;
      const lacks = wide - decimals(cell.textContent);
      if (bars) {
        cell.classList.add("bar");
        cell.style.backgroundSize = `calc((100% - .6rem) * ${(values[at] / most).toFixed(4)}) 3px`;
      }
      if (lacks > 0) {
        const pad = document.createElement("span");
        pad.className = "pad"; pad.setAttribute("aria-hidden", "true");
        pad.textContent = (lacks === wide ? "." : "") + "0".repeat(lacks === wide ? lacks - 1 : lacks);
        cell.append(pad);
      }
    });
  };
  for (const table of document.querySelectorAll("table.dataframe")) {
    const body = table.tBodies[0];
    if (!body) continue;
    const told = new Map([...table.querySelectorAll("td")].map((cell) => [cell, cell.textContent]));
    const width = Math.max(0, ...[...body.rows].map((row) => row.cells.length));
    for (let column = 0; column < width; column++) dress([...body.rows].map((row) => row.cells[column]).filter((cell) => cell?.tagName === "TD"));
    if (table.querySelector("[rowspan]")) continue;
    const heads = table.tHead ? [...table.tHead.rows[0].cells] : [];
    heads.forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button"; button.title = "sort by this column";
      button.append(...head.childNodes); head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => told.get(row.cells[column]) ?? row.cells[column]?.textContent ?? "";
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
