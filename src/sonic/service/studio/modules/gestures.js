// Turns what pointers and arrow keys do on a board of points into its events "move" and "press".

import { inside } from "./facepoints.js";

const REACH = { mouse: 12, touch: 24 }; // CSS pixels from which a point is grabbed
const NEAR = 7; // CSS pixels within which a press means the point itself
const SLACK = 4; // CSS pixels that a pointer may move and still press
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STRIDE = 10; // steps of an arrow key with Shift

/** Listens to one board. */
export class Gestures {
  constructor(board) {
    this.board = board;
    this.grip = null; // the point that is held
    this.touched = null; // where the pointer went down
    this.dragged = false;
    const on = (name, listener) => board.svg.addEventListener(name, listener);
    on("pointerdown", (event) => this.hold(event));
    on("pointermove", (event) => (this.grip ? this.drag(event) : this.hover(event)));
    on("pointerup", () => this.release());
    on("pointercancel", () => {
      this.touched = null; // it scrolls: no press follows
      this.release();
    });
    on("pointerleave", () => this.grip ?? board.magnifier.hide());
    // A finger on a point drags it and does not scroll; stopping its first move lets taps be clicks all the same.
    board.svg.addEventListener("touchmove", (event) => { if (this.grip) event.preventDefault(); }, { passive: false });
    on("click", (event) => this.press(event));
    on("keydown", (event) => this.step(event));
    on("focusout", () => board.magnifier.hide());
  }

  /** Take hold of a point; only moving it is a drag, so that a press beside a point is still a press. */
  hold(event) {
    this.dragged = false;
    if (event.button !== 0 || !event.isPrimary) return;
    const { board } = this;
    const place = board.at(event);
    this.touched = place;
    const name = board.nearest(place, REACH[event.pointerType] ?? REACH.mouse);
    if (!name) return;
    const offset = board.points[name].map((value, axis) => value - place[axis]);
    this.grip = { name, offset, start: [event.clientX, event.clientY] };
    board.svg.setPointerCapture(event.pointerId);
  }

  hover(event) {
    if (this.board.aiming && event.pointerType === "mouse") this.board.magnify(this.board.at(event));
  }

  drag(event) {
    const { name, offset, start } = this.grip;
    this.dragged ||= Math.hypot(event.clientX - start[0], event.clientY - start[1]) > SLACK;
    if (!this.dragged) return;
    const place = this.board.at(event).map((value, axis) => value + offset[axis]);
    this.grip.place = inside(place, this.board.size);
    this.tell("move", { name, place: this.grip.place, by: "pointer", done: false });
    this.board.magnify(this.grip.place);
  }

  release() {
    const { grip } = this;
    this.grip = null;
    this.board.magnifier.hide();
    if (grip?.place) this.tell("move", { name: grip.name, place: grip.place, by: "pointer", done: true });
  }

  press(event) {
    if (this.dragged) return;
    // Browsers move the click of a finger onto what they take for its target; screen readers click without touching.
    const place = this.touched ?? this.board.at(event);
    this.touched = null;
    this.tell("press", { place: inside(place, this.board.size), near: this.board.nearest(place, NEAR) });
  }

  step(event) {
    const arrow = ARROWS[event.key];
    const { name } = event.target.dataset;
    if (!arrow || !name) return;
    event.preventDefault();
    const { points, scale, size } = this.board;
    const pixels = Math.max(1, Math.round(1 / scale)) * (event.shiftKey ? STRIDE : 1);
    const place = inside(points[name].map((value, axis) => value + pixels * arrow[axis]), size);
    this.tell("move", { name, place, by: "keys", done: true });
    this.board.magnify(place);
  }

  tell(name, detail) {
    this.board.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
