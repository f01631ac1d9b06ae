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
const KINDS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b59f00", "#8a5fd1", "#2f9e2f", "#c2185b", "#00838f", "#7f5539", "#5c6bc0", "#afb42b", "#ff7043", "#26a69a", "#ab47bc", "#689f38", "#f06292", "#4e79a7", "#7a7a7a"];
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
  const reset = make("button", { type: "button", onclick: () => { view = { x: 0, y: 0, zoom: 0.95 }; draw(); } }, "Whole map");
  const colours = make("select", { "aria-label": "colour by", onchange: () => model.send({ kind: "colour", by: colours.value }) }, make("option", { value: "" }, "one colour"));
  for (const name of model.get("colours")) colours.append(make("option", { value: name }, name));
  const clusterPick = make("select", { class: "pick", "aria-label": "select a whole cluster", onchange: () => { if (clusterPick.value) model.send({ kind: "cluster", name: clusterPick.value }); } });
  const hide = make("input", { type: "checkbox", onchange: () => draw() });
  root.append(make("div", { class: "bar" }, status, lassoButton, clear, reset, colours, clusterPick, make("label", {}, hide, " hide dropped")));
  const legend = make("div", { class: "legend" });
  const stage = make("div", { class: "stage", style: `height:${model.get("height")}px` });
  const canvas = make("canvas", { tabindex: "0", role: "img", "aria-label": `map of ${count(n)} examples; arrow keys move, plus and minus zoom, 0 shows all` });
  const names = make("div", { class: "names", "aria-hidden": "true" });
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("class", "drawn");
  const polygon = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
  drawn.append(polygon);
  const tip = make("div", { class: "tip", role: "tooltip", hidden: "" });
  stage.append(canvas, names, drawn, tip);
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
  const groups = { kept: group(), dropped: group(), marked: group() };
  const fill = (name, list) => {
    groups[name].length = list.length;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, groups[name].buffer);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, list, gl.DYNAMIC_DRAW);
  };
  let shown = new Uint8Array(0);
  const bit = (bits, i) => (bits[i >> 3] >> (i & 7)) & 1;
  let view = { x: 0, y: 0, zoom: 0.95 }, lassoing = false, path = null, last = null, asked = -1;
  const aspect = () => (canvas.clientWidth || 1) / (canvas.clientHeight || 1);
  const zooms = () => { const a = aspect(); return a > 1 ? [view.zoom / a, view.zoom] : [view.zoom, view.zoom * a]; };
  const toMap = (px, py) => {
    const [zx, zy] = zooms();
    return [((px / canvas.clientWidth) * 2 - 1) / zx - view.x, (1 - (py / canvas.clientHeight) * 2) / zy - view.y];
  };
  const toScreen = (x, y) => {
    const [zx, zy] = zooms();
    return [(((x + view.x) * zx + 1) / 2) * canvas.clientWidth, ((1 - (y + view.y) * zy) / 2) * canvas.clientHeight];
  };
  const isKept = (i) => bit(shown, i);

  const spans = model.get("names").map(([x, y, text, gap]) => {
    const span = make("span", { class: gap ? "gap" : "" }, text);
    names.append(span);
    return { x, y, span };
  });

  let pending = false;
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
    put("marked", 2.6, [...front, 0.9], 0.62);
    for (const { x, y, span } of spans) {
      const [left, top] = toScreen(x, y);
      span.style.left = `${left}px`; span.style.top = `${top}px`;
    }
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
  const showCodes = () => {
    const info = model.get("legend");
    if (!info.entries) return;
    const codes = bytes(model.get("codes"));
    gl.bindBuffer(gl.ARRAY_BUFFER, codeBuffer);
    gl.bufferData(gl.ARRAY_BUFFER, codes.length === n ? codes : new Uint8Array(n), gl.DYNAMIC_DRAW);
    const pixels = new Uint8Array(1024);
    const colour = (code) => (code === 255 ? [140, 144, 152] : info.ramp ? ramp(code / (info.shades - 1)) : rgb(KINDS[code % KINDS.length]));
    for (let code = 0; code < 256; code++) pixels.set([...colour(info.ramp ? Math.min(code, info.shades - 1) : code), code === 255 ? 90 : 200], 4 * code);
    pixels.set([140, 144, 152, 90], 4 * 255);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    legend.replaceChildren(...info.entries.map(([text, code]) => make("span", {}, make("i", { style: `background:rgb(${colour(code).join(",")})` }), text)));
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
    last = position(event); tip.hidden = true;
    if (lassoing || event.shiftKey) path = [toMap(...last)];
  });
  canvas.addEventListener("pointermove", (event) => {
    const [px, py] = position(event);
    if (path) { path.push(toMap(px, py)); trace(); return; }
    if (last) {
      const [a, b] = [toMap(...last), toMap(px, py)];
      view.x += b[0] - a[0]; view.y += b[1] - a[1]; last = [px, py];
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
    path = null; last = null; trace();
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; asked = -1; });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoomAt(...position(event), event.deltaY < 0 ? 1.2 : 1 / 1.2); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = 0.15 / view.zoom, middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
    const keys = {
      ArrowLeft: () => { view.x += step; }, ArrowRight: () => { view.x -= step; }, ArrowUp: () => { view.y -= step; }, ArrowDown: () => { view.y += step; },
      "+": () => zoomAt(...middle, 1.25), "=": () => zoomAt(...middle, 1.25), "-": () => zoomAt(...middle, 0.8), 0: () => { view = { x: 0, y: 0, zoom: 0.95 }; },
      Escape: () => { path = null; trace(); model.send({ kind: "clear" }); },
    };
    if (!keys[event.key]) return;
    event.preventDefault(); keys[event.key](); draw();
  });

  const watch = { "change:shown": showKept, "change:marked": showMarked, "change:legend": showCodes, "change:codes": showCodes, "change:tip": showTip, "change:chosen": showStatus };
  for (const [name, handler] of Object.entries(watch)) model.on(name, handler);
  const resized = new ResizeObserver(draw);
  resized.observe(stage);
  showMarked(); showCodes(); showKept(); setLasso(false);
  return () => {
    resized.disconnect();
    for (const [name, handler] of Object.entries(watch)) model.off(name, handler);
    gl.getExtension("WEBGL_lose_context")?.loseContext();
  };
}

export default { render };
