// A picture with named points on it, which are dragged, pressed, or moved with the arrow keys; with zoom.

import { draw, make } from "./dom.js";
import { linesThrough } from "./facepoints.js";
import { Gestures } from "./gestures.js";
import { Magnifier } from "./magnifier.js";

const CORNER = 190; // CSS pixels from the top left where the magnifier is in the way
const CLOSEST = 12; // times as large as what fits
const FILL = 0.75; // of the board is filled by a face that is looked at

/**
 * Shows points and tells what is done to them, but changes none: "move" has { name, place, by, done } as its
 * detail, "press" has { place, near }, a point under the pointer or null. Places are pixels of the picture.
 */
export class PointBoard extends EventTarget {
  constructor(root, { nameOf, everyStop = false }) {
    super();
    Object.assign(this, { root, nameOf, everyStop, points: {}, chosen: null, suggested: null, aiming: false });
    this.handles = new Map();
    this.image = make("img", { alt: "", className: "board-picture", draggable: false });
    this.svg = draw("svg", { class: "board-points", role: "application" });
    this.lines = linesThrough({}).map(() => draw("path", { class: "board-line" }));
    this.svg.append(...this.lines);
    this.sheet = make("div", { className: "board-sheet" }, this.image, this.svg);
    this.view = make("div", { className: "board-view" }, this.sheet);
    this.magnifier = new Magnifier(this.image);
    root.append(this.view, this.magnifier.canvas);
    this.gestures = new Gestures(this);
    this.view.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => { if (this.size && this.fitting) this.fit(); }).observe(this.root);
  }

  /** Show another picture, as large as fits; `size` is its width and height in the points' pixels. */
  open(source, size) {
    this.size = size;
    this.image.src = source;
    this.svg.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
    this.fit();
  }

  /** Show points by name, the `chosen` one marked, and as `suggested` one that nobody has placed. */
  show(points, { chosen = null, suggested = null } = {}) {
    Object.assign(this, { points, chosen, suggested });
    for (const [name, handle] of this.handles) if (!(name in points)) this.remove(name, handle);
    this.redraw();
  }

  focus() {
    this.handles.get(this.chosen)?.focus({ preventScroll: true });
  }

  /** Choose the scale at which the whole picture is seen. */
  fit() {
    this.scale = this.whole;
    this.fitting = true;
  }

  get whole() {
    const [width, height] = this.size;
    return Math.min(this.root.clientWidth / width, this.root.clientHeight / height) || 1;
  }

  /** Show it `factor` times as large as now, with the chosen point in the middle. */
  zoom(factor) {
    this.scale = Math.min(CLOSEST * this.whole, Math.max(this.whole, this.scale * factor));
    this.fitting = this.scale === this.whole;
    this.reveal();
  }

  /** Show all points as large as fits, with room around them. */
  frame() {
    const [across, down] = [0, 1].map((axis) => Object.values(this.points).map((place) => place[axis]));
    const [left, right, top, bottom] = [Math.min(...across), Math.max(...across), Math.min(...down), Math.max(...down)];
    const { clientWidth: width, clientHeight: height } = this.root;
    this.zoom((FILL * Math.min(width / (right - left), height / (bottom - top))) / this.scale);
    this.reveal([(left + right) / 2, (top + bottom) / 2]);
  }

  /** Scroll a place into the middle, the chosen point if none is given. */
  reveal(place) {
    const [x, y] = place ?? this.points[this.chosen] ?? this.size.map((side) => side / 2);
    this.view.scrollTo(x * this.scale - this.view.clientWidth / 2, y * this.scale - this.view.clientHeight / 2);
  }

  get scale() {
    return this.shownScale;
  }

  /** CSS pixels a pixel of the picture. */
  set scale(scale) {
    this.shownScale = scale;
    this.fitting = false;
    this.sheet.style.width = `${this.size[0] * scale}px`;
    this.sheet.style.height = `${this.size[1] * scale}px`;
    this.redraw();
  }

  redraw() {
    for (const [name, [x, y]] of Object.entries(this.points)) {
      const handle = this.handles.get(name) ?? this.add(name);
      handle.setAttribute("transform", `translate(${x} ${y}) scale(${1 / this.scale})`);
      handle.setAttribute("aria-label", `${this.nameOf(name)}, ${Math.round(x)} ${Math.round(y)}`);
      handle.setAttribute("tabindex", this.everyStop || name === this.chosen ? 0 : -1);
      handle.classList.toggle("point-chosen", name === this.chosen);
      handle.classList.toggle("point-suggested", name === this.suggested);
    }
    const { [this.suggested]: _, ...placed } = this.points;
    for (const [index, path] of linesThrough(placed).entries()) this.lines[index].setAttribute("d", path);
  }

  add(name) {
    const handle = draw("g", { class: "point", role: "button" });
    handle.dataset.name = name;
    handle.append(...["reach", "halo", "ring", "dot"].map((part) => draw("circle", { class: `point-${part}` })));
    this.handles.set(name, handle);
    this.svg.append(handle);
    return handle;
  }

  remove(name, handle) {
    handle.remove();
    this.handles.delete(name);
  }

  at({ clientX, clientY }) {
    const { left, top } = this.sheet.getBoundingClientRect();
    return [(clientX - left) / this.scale, (clientY - top) / this.scale];
  }

  /** The point nearest to a place within `reach` CSS pixels, or null; the chosen one wins where they crowd. */
  nearest([x, y], reach) {
    let [found, least] = [null, reach / this.scale];
    for (const [name, place] of Object.entries(this.points)) {
      const distance = Math.hypot(place[0] - x, place[1] - y) * (name === this.chosen ? 0.7 : 1);
      if (distance < least) [found, least] = [name, distance];
    }
    return found;
  }

  /** Pinching on a touchpad arrives as a wheel with Ctrl. */
  wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 200));
  }

  magnify(place) {
    const { left, top } = this.view.getBoundingClientRect();
    const sheet = this.sheet.getBoundingClientRect();
    const corner = sheet.left + place[0] * this.scale - left < CORNER && sheet.top + place[1] * this.scale - top < CORNER;
    this.magnifier.show(place, { width: this.size[0], scale: this.scale, corner });
  }
}
