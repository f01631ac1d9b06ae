// What every widget is made of. Texts are set as text, never as markup.
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

// A widget's outermost element. Jupyter's own keys come first unless what has the focus is marked.
const widget = (attributes) => {
  const root = make("section", attributes);
  root.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", ""));
  return root;
};

// One turn of a conversation: who speaks, thinking and tools folded, what is said.
const turnBox = ([role, text, folded]) => make("div", { class: "box" }, make("h4", {}, role),
  ...folded.map(([name, inner]) => make("details", {}, make("summary", { dir: "auto" }, name), make("p", { class: "value", dir: "auto" }, inner))),
  ...(text ? [make("p", { class: "value", dir: "auto" }, text)] : []));
