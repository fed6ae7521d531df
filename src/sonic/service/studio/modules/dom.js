// Makes and finds elements.

export const byId = (id) => document.getElementById(id);

/** A new element; `properties` are set as properties or, with a dash in the name, as attributes. */
export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "for" || name === "role") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** A new SVG element with attributes. */
export function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** Show one of several elements and hide the others. */
export function showOnly(shown, elements) {
  for (const element of elements) element.hidden = element !== shown;
}

/** Text in which `backticks` mark names, as nodes. */
export function richText(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", { textContent: part }) : part));
}

/** Save a blob under a name where the browser keeps downloads. */
export function saveAs(url, name) {
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
