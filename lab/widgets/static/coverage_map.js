// The coverage map: points by WebGL 2, with pan, zoom, hover, lasso and keys.
const SHADER_V = `#version 300 es
in vec2 place; in float code; uniform vec2 move; uniform vec2 zoom; uniform float size; uniform sampler2D palette; uniform vec4 only;
out vec4 colour;
void main() {
  gl_Position = vec4((place + move) * zoom, 0.0, 1.0);
  gl_PointSize = size;
  colour = only.a > 0.0 ? only : texelFetch(palette, ivec2(int(code), 0), 0);
}`;
const SHADER_F = `#version 300 es
precision mediump float; in vec4 colour; uniform float ring; out vec4 result;
void main() {
  float r = length(gl_PointCoord - 0.5) * 2.0;
  if (r > 1.0 || r < ring) discard;
  result = vec4(colour.rgb * colour.a, colour.a);
}`;
const LISTED = 14;
const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const ramp = (t) => {
  const at = t * (RAMP.length - 1), i = Math.min(RAMP.length - 2, Math.floor(at));
  return RAMP[i].map((low, c) => Math.round(low + (at - i) * (RAMP[i + 1][c] - low)));
};
const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const count = (number) => number.toLocaleString("en");

// Which points lie in which cell of a grid, so that the one nearest to the mouse is found at once.
function grid(points, n) {
  const side = Math.max(8, Math.min(512, Math.ceil(Math.sqrt(n / 4))));
  const cell = (v) => Math.min(side - 1, Math.max(0, Math.floor(((v + 1) / 2) * side)));
  const start = new Uint32Array(side * side + 1), order = new Uint32Array(n);
  for (let i = 0; i < n; i++) start[cell(points[2 * i + 1]) * side + cell(points[2 * i]) + 1]++;
  for (let c = 0; c < side * side; c++) start[c + 1] += start[c];
  const next = start.slice();
  for (let i = 0; i < n; i++) order[next[cell(points[2 * i + 1]) * side + cell(points[2 * i])]++] = i;
  return { side, cell, start, order };
}

function render({ model, el }) {
  const raw = bytes(model.get("points"));
  const points = new Float32Array(raw.slice().buffer);
  const n = points.length / 2;
  const cells = grid(points, n);
  const root = widget({ class: "winnow coverage-map", "aria-label": "Coverage map" });
  root.addEventListener("keydown", (event) => event.stopPropagation());

  const status = make("output", { class: "count", role: "status", "aria-live": "polite" });
  const lassoButton = make("button", { type: "button", class: "draw", "aria-pressed": "false", onclick: () => setLasso(!lassoing) }, "Lasso");
  const clear = make("button", { type: "button", class: "clear", onclick: () => model.send({ kind: "clear" }) }, "Clear");
  const reset = make("button", { type: "button", onclick: () => { view = { x: 0, y: 0, zoom: 1 }; draw(); } }, "Whole map");
  const colours = make("select", { "aria-label": "colour by", onchange: () => model.send({ kind: "colour", by: colours.value }) }, make("option", { value: "" }, "one colour"));
  for (const name of model.get("colours")) colours.append(make("option", { value: name }, name));
  const clusterPick = make("select", { class: "pick", "aria-label": "select a whole cluster", onchange: () => { if (clusterPick.value) model.send({ kind: "cluster", name: clusterPick.value }); } });
  const hide = make("input", { type: "checkbox", onchange: () => draw() });
  root.append(make("div", { class: "bar" }, status, lassoButton, clear, reset, colours, clusterPick, make("label", {}, hide, " hide dropped")));
  const hitCount = make("output", { class: "soft", "aria-live": "polite" });
  const search = make("input", { type: "search", class: "find", placeholder: "search the texts", "aria-label": "search the texts", onchange: () => model.send({ kind: "search", text: search.value }) });
  const tagName = make("input", { type: "text", class: "find", placeholder: "name the lasso", "aria-label": "name of the rows in the lasso", onkeydown: (event) => { if (event.key === "Enter" && tagName.value.trim()) { model.send({ kind: "tag", name: tagName.value.trim() }); tagName.value = ""; } } });
  const tags = make("span", { class: "tags" });
  root.append(make("div", { class: "bar" }, search, hitCount, tagName, tags));
  const legend = make("div", { class: "legend" });
  const side = make("aside", { class: "side", tabindex: "0", "aria-label": "one example in full", hidden: "" });
  const stage = make("div", { class: "stage", style: `height:${model.get("height")}px` });
  const canvas = make("canvas", { tabindex: "0", role: "img", "aria-label": `map of ${count(n)} examples; arrow keys move, plus and minus zoom, 0 shows all` });
  const names = make("div", { class: "names", "aria-hidden": "true" });
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("class", "drawn");
  const polygon = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
  drawn.append(polygon);
  const tip = make("div", { class: "tip", role: "tooltip", hidden: "" });
  stage.append(canvas, drawn, names, tip, side);
  root.append(legend, stage);
  el.append(root);

  const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, preserveDrawingBuffer: false });
  if (!gl) { stage.textContent = "This browser has no WebGL 2, which the map needs."; return; }
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, SHADER_V], [gl.FRAGMENT_SHADER, SHADER_F]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source); gl.compileShader(shader); gl.attachShader(program, shader);
  }
  gl.linkProgram(program); gl.useProgram(program);
  const uniform = (name) => gl.getUniformLocation(program, name);
  const U = Object.fromEntries(["move", "zoom", "size", "palette", "only", "ring"].map((name) => [name, uniform(name)]));
  const attribute = (name, data, size, type) => {
    const buffer = gl.createBuffer(), at = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer); gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(at); gl.vertexAttribPointer(at, size, type, false, 0, 0);
    return buffer;
  };
  attribute("place", points, 2, gl.FLOAT);
  const codeBuffer = attribute("code", new Uint8Array(n), 1, gl.UNSIGNED_BYTE);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.enable(gl.BLEND); gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const group = () => ({ buffer: gl.createBuffer(), length: 0 });
  const groups = { kept: group(), dropped: group(), marked: group(), hits: group() };
  const fill = (name, list) => {
    groups[name].length = list.length;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, groups[name].buffer);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, list, gl.DYNAMIC_DRAW);
  };
  let shown = new Uint8Array(0);
  const bit = (bits, i) => (bits[i >> 3] >> (i & 7)) & 1;
  let view = { x: 0, y: 0, zoom: 1 }, lassoing = false, path = null, last = null, asked = -1, still = false;
  const tall = model.get("tall");
  const zooms = () => {  // the whole map fits, whatever the shape of the stage
    const [w, h] = [canvas.clientWidth || 1, canvas.clientHeight || 1];
    const scale = view.zoom * Math.min(w / 2, h / 2 / tall);
    return [(2 * scale) / w, (2 * scale) / h];
  };
  const toMap = (px, py) => {
    const [zx, zy] = zooms();
    return [((px / canvas.clientWidth) * 2 - 1) / zx - view.x, (1 - (py / canvas.clientHeight) * 2) / zy - view.y];
  };
  const toScreen = (x, y) => {
    const [zx, zy] = zooms();
    return [(((x + view.x) * zx + 1) / 2) * canvas.clientWidth, ((1 - (y + view.y) * zy) / 2) * canvas.clientHeight];
  };
  const isKept = (i) => bit(shown, i);

  // Names come from the kernel, placed for what is in view; between two answers they move with the map.
  let spans = [], asking = 0;
  const SVG = "http://www.w3.org/2000/svg";
  const isDark = () => { const [r, g, b] = (getComputedStyle(root).color.match(/\d+(\.\d+)?/g) ?? [0, 0, 0]).map(Number); return r + g + b > 380; };  // no colour before it is on the page
  const showNames = () => {
    for (const { span, line } of spans) { span.remove(); line?.remove(); }
    const dark = isDark();
    spans = model.get("names").map(([x, y, text, gap, size, plain, bright, atX, atY, led]) => {
      const colour = dark ? bright : plain;
      const span = make("span", { class: gap ? "gap" : "", style: `font-size:${size}px;color:${colour}` }, text);
      names.append(span);
      let line = null;
      if (led) { line = document.createElementNS(SVG, "line"); line.setAttribute("stroke", colour); drawn.append(line); }
      return { x, y, atX, atY, span, line };
    });
    draw();
  };
  const askNames = () => {
    clearTimeout(asking);
    asking = setTimeout(() => {
      if (!canvas.clientWidth) return;
      const [left, high] = toMap(0, 0), [right, low] = toMap(canvas.clientWidth, canvas.clientHeight);
      model.send({ kind: "names", view: [left, right, low, high], width: canvas.clientWidth });
    }, 180);
  };

  let pending = false, placedFor = "";
  const draw = () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(paint);
  };
  const paint = () => {
    pending = false;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0); gl.clear(gl.COLOR_BUFFER_BIT);
    const [zx, zy] = zooms();
    gl.uniform2f(U.move, view.x, view.y); gl.uniform2f(U.zoom, zx, zy);
    const size = scale * Math.max(n > 200000 ? 1.5 : 2.5, Math.min(9, (n > 20000 ? 2.5 : 4.5) * Math.sqrt(view.zoom)));
    const put = (name, by, only, ring) => {
      if (!groups[name].length) return;
      gl.uniform1f(U.size, size * by); gl.uniform4f(U.only, ...only); gl.uniform1f(U.ring, ring);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, groups[name].buffer);
      gl.drawElements(gl.POINTS, groups[name].length, gl.UNSIGNED_INT, 0);
    };
    const front = getComputedStyle(root).color.match(/\d+(\.\d+)?/g).slice(0, 3).map((c) => c / 255);
    if (!hide.checked) put("dropped", 0.8, [0.55, 0.55, 0.58, 0.16], 0);
    put("kept", 1, [0, 0, 0, 0], 0);
    put("hits", 2.4, [0.84, 0.15, 0.42, 0.95], 0.55);
    put("marked", 1.7, [1 - front[0], 1 - front[1], 1 - front[2], 0.95], 0);
    put("marked", 1.2, [...front, 1], 0);
    for (const { x, y, atX, atY, span, line } of spans) {
      const [left, top] = toScreen(x, y);
      span.style.left = `${left}px`; span.style.top = `${top}px`;
      if (!line) continue;
      const [fromX, fromY] = toScreen(atX, atY), [halfX, halfY] = [span.offsetWidth / 2, span.offsetHeight / 2];
      const to = [Math.min(left + halfX, Math.max(left - halfX, fromX)), Math.min(top + halfY, Math.max(top - halfY, fromY))];
      for (const [name, value] of [["x1", fromX], ["y1", fromY], ["x2", to[0]], ["y2", to[1]]]) line.setAttribute(name, value);
    }
    const seen = [view.x, view.y, view.zoom, width, height].join();
    if (seen !== placedFor) { placedFor = seen; askNames(); }
    root.dataset.painted = String(Number(root.dataset.painted || 0) + 1);
  };

  const showStatus = () => {
    const chosen = model.get("chosen").count;
    const inside = chosen === null || chosen === undefined ? "" : `, ${count(chosen)} in the lasso`;
    status.textContent = `${count(groups.kept.length)} of ${count(n)} shown${inside}`;
    clear.disabled = inside === "";
  };
  const showKept = () => {
    shown = bytes(model.get("shown"));
    const kept = new Uint32Array(n), dropped = new Uint32Array(n);
    let a = 0, b = 0;
    for (let i = 0; i < n; i++) if ((shown[i >> 3] >> (i & 7)) & 1) kept[a++] = i; else dropped[b++] = i;
    fill("kept", kept.subarray(0, a)); fill("dropped", dropped.subarray(0, b));
    showStatus(); draw();
  };
  const showMarked = () => {
    const bits = bytes(model.get("marked")), list = [];
    for (let i = 0; i < n; i++) if (bit(bits, i)) list.push(i);
    fill("marked", new Uint32Array(list)); draw();
  };
  const showHits = () => {
    const bits = bytes(model.get("hits")), list = [], { text, count: total } = model.get("found");
    if (bits.length) for (let i = 0; i < n; i++) if (bit(bits, i)) list.push(i);
    fill("hits", new Uint32Array(list));
    hitCount.textContent = text ? `${count(total)} hold it` : "";
    draw();
  };
  const showDetail = () => {
    const { id, turns, near } = model.get("detail");
    if (!id) { side.hidden = true; return; }
    const item = ([place, far, text]) => make("li", {}, make("button", { type: "button", class: "near", onclick: () => open(place) }, make("b", {}, far.toFixed(3)), ` ${text}`));
    side.replaceChildren(make("div", { class: "bar" }, make("code", {}, id), make("button", { type: "button", "aria-label": "close", onclick: () => { side.hidden = true; } }, "×")), ...turns.map(turnBox), ...(near ? [make("h4", {}, "nearest, with distance in the embedding"), make("ol", {}, ...near.map(item))] : []));
    side.hidden = false;
  };
  const open = (place) => model.send({ kind: "open", place });
  const showTags = () => tags.replaceChildren(...Object.entries(model.get("tags")).map(([name, size]) => make("span", { class: "tag" }, `${name} (${count(size)})`)));
  const off = new Set();  // codes taken away by a click in the legend
  const showCodes = () => {
    const info = model.get("legend");
    if (!info.entries) return;
    const codes = bytes(model.get("codes"));
    gl.bindBuffer(gl.ARRAY_BUFFER, codeBuffer);
    gl.bufferData(gl.ARRAY_BUFFER, codes.length === n ? codes : new Uint8Array(n), gl.DYNAMIC_DRAW);
    const pixels = new Uint8Array(1024);
    const colour = (code) => (code === 255 ? [140, 144, 152] : info.ramp ? ramp(code / (info.shades - 1)) : rgb(info.tones?.[code] ?? "#7a7a7a"));
    for (let code = 0; code < 256; code++) pixels.set([...colour(info.ramp ? Math.min(code, info.shades - 1) : code), code === 255 ? 90 : 200], 4 * code);
    pixels.set([140, 144, 152, 90], 4 * 255);
    for (const code of off) pixels.set([140, 144, 152, 8], 4 * code);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    const dot = (code) => make("i", { style: `background:rgb(${colour(code).join(",")})` });
    const entry = ([text, code]) => info.ramp ? make("span", {}, dot(code), text) : make("button", { type: "button", class: "entry", "aria-pressed": String(!off.has(code)), onclick: () => { if (!off.delete(code)) off.add(code); showCodes(); } }, dot(code), text);
    const listed = info.entries.slice(0, LISTED), more = info.entries.length - listed.length;
    legend.replaceChildren(...listed.map(entry), ...(more > 0 ? [make("span", { class: "soft" }, `and ${more} more`)] : []));
    colours.value = info.by || "";
    clusterPick.hidden = info.by !== "cluster";
    clusterPick.replaceChildren(make("option", { value: "" }, "select a cluster"), ...info.entries.filter((entry) => entry[2]).map(([text, , value]) => make("option", { value }, text)));
    draw();
  };
  const showTip = () => {
    const info = model.get("tip");
    if (info.place !== asked || !info.id) return;
    tip.replaceChildren(...[...info.texts, ...info.lines, info.id].map((text) => make("div", { dir: "auto" }, text)));
    const [left, top] = toScreen(points[2 * asked], points[2 * asked + 1]);
    tip.style.left = `${Math.max(0, Math.min(left + 10, canvas.clientWidth - 300))}px`;
    tip.style.top = `${Math.max(0, Math.min(top + 10, canvas.clientHeight - 120))}px`;
    tip.hidden = false;
  };

  const nearest = (px, py) => {
    const [x, y] = toMap(px, py), [zx] = zooms();
    const reach = (8 / canvas.clientWidth) * 2 / zx;
    const { side, cell, start, order } = cells;
    let best = -1, closest = reach * reach;
    for (let row = cell(y - reach); row <= cell(y + reach); row++) {
      for (let column = cell(x - reach); column <= cell(x + reach); column++) {
        for (let k = start[row * side + column]; k < start[row * side + column + 1]; k++) {
          const i = order[k], dx = points[2 * i] - x, dy = points[2 * i + 1] - y, d = dx * dx + dy * dy;
          if (d < closest && isKept(i)) { closest = d; best = i; }
        }
      }
    }
    return best;
  };
  const inside = (shape) => {
    const xs = shape.map((p) => p[0]), ys = shape.map((p) => p[1]);
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const found = new Uint32Array(n);
    let size = 0;
    for (let i = 0; i < n; i++) {
      const x = points[2 * i], y = points[2 * i + 1];
      if (x < left || x > right || y < low || y > high || !isKept(i)) continue;
      let odd = false;
      for (let a = 0, b = shape.length - 1; a < shape.length; b = a++) {
        if ((ys[a] > y) !== (ys[b] > y) && x < ((xs[b] - xs[a]) * (y - ys[a])) / (ys[b] - ys[a]) + xs[a]) odd = !odd;
      }
      if (odd) found[size++] = i;
    }
    return found.slice(0, size);
  };
  const setLasso = (on) => {
    lassoing = on;
    lassoButton.setAttribute("aria-pressed", String(on));
    canvas.style.cursor = on ? "crosshair" : "grab";
  };
  const zoomAt = (px, py, by) => {
    const before = toMap(px, py);
    view.zoom = Math.min(400, Math.max(0.3, view.zoom * by));
    const after = toMap(px, py);
    view.x += after[0] - before[0]; view.y += after[1] - before[1];
    draw();
  };
  const position = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const trace = () => polygon.setAttribute("points", path ? path.map(([x, y]) => toScreen(x, y).join(",")).join(" ") : "");
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = position(event); tip.hidden = true; still = true;
    if (lassoing || event.shiftKey) path = [toMap(...last)];
  });
  canvas.addEventListener("pointermove", (event) => {
    const [px, py] = position(event);
    if (path) { path.push(toMap(px, py)); trace(); return; }
    if (last) {
      const [a, b] = [toMap(...last), toMap(px, py)];
      view.x += b[0] - a[0]; view.y += b[1] - a[1]; last = [px, py]; still = false;
      draw(); return;
    }
    const found = nearest(px, py);
    if (found === asked) return;
    asked = found; tip.hidden = true;
    if (found >= 0) model.send({ kind: "tip", place: found });
  });
  canvas.addEventListener("pointerup", () => {
    if (path && path.length > 2) {
      const found = inside(path);
      model.send({ kind: "lasso" }, undefined, [found.buffer]);
      setLasso(false);
    }
    else if (!path && asked >= 0 && still) open(asked);
    path = null; last = null; trace();
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; asked = -1; });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoomAt(...position(event), event.deltaY < 0 ? 1.2 : 1 / 1.2); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = 0.15 / view.zoom, middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
    const keys = {
      ArrowLeft: () => { view.x += step; }, ArrowRight: () => { view.x -= step; }, ArrowUp: () => { view.y -= step; }, ArrowDown: () => { view.y += step; },
      "+": () => zoomAt(...middle, 1.25), "=": () => zoomAt(...middle, 1.25), "-": () => zoomAt(...middle, 0.8), 0: () => { view = { x: 0, y: 0, zoom: 1 }; },
      Escape: () => { path = null; trace(); side.hidden = true; model.send({ kind: "clear" }); },
      Enter: () => { if (asked >= 0) open(asked); }, "/": () => search.focus(),
    };
    if (!keys[event.key]) return;
    event.preventDefault(); keys[event.key](); draw();
  });

  const watch = { "change:shown": showKept, "change:marked": showMarked, "change:legend": showCodes, "change:codes": showCodes, "change:tip": showTip, "change:chosen": showStatus, "change:names": showNames, "change:hits": showHits, "change:found": showHits, "change:detail": showDetail, "change:tags": showTags };
  for (const [name, handler] of Object.entries(watch)) model.on(name, handler);
  const resized = new ResizeObserver(draw);
  resized.observe(stage);
  showNames(); showTags(); showMarked(); showCodes(); showKept(); setLasso(false);
  return () => {
    resized.disconnect();
    for (const [name, handler] of Object.entries(watch)) model.off(name, handler);
    gl.getExtension("WEBGL_lose_context")?.loseContext();
  };
}

export default { render };
