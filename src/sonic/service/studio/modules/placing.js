// The dialog in which the points of a face are placed on the portrait, one clear question at a time.

import { PointBoard } from "./board.js";
import { byId } from "./dom.js";
import { NAMES, REQUIRED } from "./facepoints.js";
import { onLanguage, text } from "./language.js";
import { Placement } from "./placement.js";
import { showFailure } from "./problems.js";
import { drawSketch } from "./sketch.js";

const CLOSER = 1.5; // how much larger a press on the zoom makes the picture

/** Asks for points; `complete` gives all of them where only the required ones are known. */
export class PlacingDialog {
  constructor(complete) {
    this.complete = complete;
    this.dialog = byId("placing");
    this.board = new PointBoard(byId("placing-board"), { nameOf: (name) => text(`point.${name}`) });
    this.board.addEventListener("move", ({ detail }) => this.move(detail));
    this.board.addEventListener("press", ({ detail }) => this.press(detail));
    this.connect();
    onLanguage(() => this.placement && this.show());
  }

  connect() {
    const on = (id, action) => byId(`placing-${id}`).addEventListener("click", action);
    on("close", () => this.end(null));
    on("use", () => this.end(this.placement.points));
    on("next", () => this.confirm());
    on("back", () => this.change(() => this.placement.step(-1)));
    on("undo", () => this.change(() => this.placement.undo()));
    on("again", () => this.change(() => {
      this.placement.clear();
      this.board.fit();
    }));
    on("larger", () => this.board.zoom(CLOSER));
    on("smaller", () => this.board.zoom(1 / CLOSER));
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.end(null);
    });
    this.dialog.addEventListener("keydown", (event) => this.key(event));
  }

  /** Open over a picture; resolves with the points, or null when it was left. `placement` keeps what was done. */
  ask(source, placement) {
    this.placement = placement;
    showFailure(byId("placing-failure"), null);
    this.dialog.showModal();
    this.board.show({});
    this.board.open(source, placement.size);
    this.change(() => {});
    if (placement.whole) this.board.frame();
    return new Promise((resolve) => { this.answer = resolve; });
  }

  end(points) {
    this.dialog.close();
    this.answer(points);
  }

  /** Change what is placed, show it, and leave the keyboard on the point that is asked for. */
  change(action) {
    action();
    this.show();
    this.board.focus();
    if (!this.placement.missing && !this.placement.whole) this.fill();
  }

  /** A point was dragged or moved with the arrow keys. */
  move({ name, place, by, done }) {
    const { placement } = this;
    if (name !== placement.asked) placement.choose(name);
    placement.put(name, place, true);
    if (done && by === "pointer") {
      this.change(() => placement.goOn());
      return;
    }
    this.show();
    if (by === "keys") byId("placing-said").textContent = text("placing.at", { x: Math.round(place[0]), y: Math.round(place[1]) });
  }

  /** The picture was pressed: there lies the point that is asked for, unless another one was meant. */
  press({ place, near }) {
    const { placement } = this;
    if (near && near !== placement.asked && placement.whole) {
      this.change(() => placement.choose(near));
      return;
    }
    this.change(() => {
      placement.put(placement.asked, place);
      placement.goOn();
    });
  }

  /** The point that is asked for is where it should be. */
  confirm() {
    const { placement } = this;
    if (placement.whole && placement.asked === NAMES.at(-1)) {
      this.end(placement.points);
      return;
    }
    this.change(() => {
      if (placement.suggested) placement.put(placement.asked, placement.shown[placement.asked]);
      placement.step(1);
    });
  }

  /** Have the points guessed that were not asked for. */
  async fill() {
    const { placement } = this;
    byId("placing-prompt").textContent = text("placing.guessing", { count: NAMES.length - REQUIRED.length });
    showFailure(byId("placing-failure"), null);
    try {
      const points = await this.complete(placement.points);
      if (placement.missing || placement.whole) return; // a step was taken back meanwhile
      this.change(() => placement.fill(points));
      this.board.frame();
    } catch (error) {
      showFailure(byId("placing-failure"), error);
      this.show();
    }
  }

  key(event) {
    if (event.target.dataset.name && event.key === "Enter") this.confirm();
    else if (event.key === "+" || event.key === "=") this.board.zoom(CLOSER);
    else if (event.key === "-") this.board.zoom(1 / CLOSER);
    else if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.change(() => this.placement.undo());
    else return;
    event.preventDefault();
  }

  show() {
    const { placement, board } = this;
    const { asked, course, whole } = placement;
    board.aiming = placement.suggested;
    board.show(placement.shown, { chosen: asked, suggested: placement.suggested ? asked : null });
    board.svg.setAttribute("aria-label", text("placing.picture"));
    drawSketch(byId("placing-sketch"), asked);
    byId("placing-count").textContent = text("placing.count", { number: course.indexOf(asked) + 1, count: course.length });
    byId("placing-prompt").textContent = text(`point.${asked}`);
    byId("placing-hint").textContent = text(whole ? "placing.refine" : "placing.how");
    byId("placing-next").textContent = text(placement.suggested ? "placing.here" : "placing.next");
    byId("placing-back").disabled = asked === NAMES[0];
    byId("placing-undo").disabled = !placement.past.length;
    byId("placing-use").hidden = !whole;
    byId("placing-next").classList.toggle("main", !whole);
  }
}
