// What the portrait's card offers about points placed by hand: place them, move them, do without them.

import { byId } from "./dom.js";
import { text } from "./language.js";
import { Placement } from "./placement.js";
import { PlacingDialog } from "./placing.js";

/** Holds the points of the chosen portrait, or null; "change" is dispatched when they are others. */
export class PointsByHand extends EventTarget {
  constructor(complete) {
    super();
    this.dialog = new PlacingDialog(complete);
    this.reset();
    byId("portrait-place").addEventListener("click", () => this.place());
    byId("portrait-unplace").addEventListener("click", () => this.take(null));
  }

  /** Begin with another picture, and with the points that it had in an earlier job. */
  reset(points = null) {
    this.points = points;
    this.report = null;
    this.draft = null; // what was placed before the dialog was left, and the points that this started from
  }

  async place() {
    const { report } = this;
    const { size, usable, face_points: found } = report;
    const known = this.points ?? (usable ? found : {});
    const start = JSON.stringify(known);
    const placement = this.draft?.start === start ? this.draft.placement : new Placement(size, known);
    const points = await this.dialog.ask(byId("portrait-image").src, placement);
    if (this.report !== report) return; // another picture was pasted meanwhile
    this.draft = { start, placement };
    if (points) this.take(points);
  }

  take(points) {
    this.points = points;
    this.draft = null;
    this.dispatchEvent(new Event("change"));
  }

  /** Show what can be done about the picture that `report` is on; null hides it. */
  write(report) {
    this.report = report;
    const missing = report?.faces === 0;
    byId("portrait-points").hidden = !report;
    byId("portrait-points-line").textContent = text(this.points ? "portrait.placed" : "portrait.placeWhy");
    byId("portrait-points-line").hidden = !this.points && !missing;
    byId("portrait-place").textContent = text(this.points ? "portrait.replace" : "portrait.place");
    byId("portrait-place").className = missing ? "button main" : this.points ? "button" : "plain";
    byId("portrait-unplace").hidden = !this.points;
  }
}
