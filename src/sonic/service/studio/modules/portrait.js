// The portrait's card: takes a picture, shows it with its face and what the check says; or a video to dub.

import { PointsByHand } from "./byhand.js";
import { byId, make } from "./dom.js";
import { adviceList, inspect } from "./inspect.js";
import { firstFrame, isFilm } from "./film.js";
import { onLanguage, text } from "./language.js";
import { drawBoxes } from "./overlay.js";
import { showFailure } from "./problems.js";

const WIDE = 1.3; // times as wide as high, from where a picture takes the card's whole width

/** Holds the chosen portrait; "change" is dispatched when it is another one, "face" when a face is picked. */
export class PortraitCard extends EventTarget {
  constructor() {
    super();
    this.file = null;
    this.report = null;
    this.expandRatio = undefined;
    this.faceIndex = undefined;
    this.faces = 0;
    this.asking = new AbortController();
    this.byHand = new PointsByHand((points) => this.complete(points));
    this.byHand.addEventListener("change", async () => {
      await this.look();
      byId("portrait-place").focus();
    });
    byId("portrait-image").addEventListener("error", () => this.frame(false));
    byId("portrait-image").addEventListener("load", () => this.frame(true));
    byId("portrait-remove").addEventListener("click", () => this.clear());
    byId("portrait-file").addEventListener("change", (event) => this.take(event.target));
    onLanguage(() => this.write());
  }

  get refused() {
    return this.report !== null && !this.report.usable;
  }

  /** Where the face is, placed by hand; null leaves it to the server. */
  get points() {
    return this.byHand.points;
  }

  take(input) {
    if (input.files.length) this.set(input.files[0]);
    input.value = "";
  }

  /** Show a picture and have it looked at, with the points that were placed on it before. */
  set(file, points = null) {
    this.file = file;
    this.byHand.reset(points);
    this.faceIndex = undefined;
    this.faces = 0;
    this.paint(file);
    byId("portrait-name").textContent = file.name;
    this.show(true);
    this.dispatchEvent(new Event("change"));
    return this.look();
  }

  async paint(file) {
    const source = isFilm(file) ? await firstFrame(file) : URL.createObjectURL(file);
    const image = byId("portrait-image");
    URL.revokeObjectURL(image.src);
    if (source) image.src = source;
    else this.frame(false);
  }

  clear() {
    this.asking.abort();
    this.file = null;
    this.report = null;
    this.byHand.reset();
    this.show(false);
    showFailure(byId("portrait-failure"), null);
    this.dispatchEvent(new Event("change"));
    byId("portrait-file").focus();
  }

  /** Ask again when an option changes where the face or the square is. */
  follow(config) {
    const { expand_ratio: ratio, face_index: face } = config;
    if (ratio === this.expandRatio && face === this.faceIndex) return;
    this.expandRatio = ratio;
    this.faceIndex = face;
    if (this.file) this.look();
  }

  async look() {
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.report = null;
    if (isFilm(this.file)) {
      showFailure(byId("portrait-failure"), null);
      this.write();
      return;
    }
    this.write(true);
    try {
      this.report = await this.inspect(this.points, signal);
      // The report on a face that was picked counts that one alone.
      this.faces = Math.max(this.faces, this.report.faces);
      showFailure(byId("portrait-failure"), null);
    } catch (error) {
      if (signal.aborted) return;
      showFailure(byId("portrait-failure"), error);
    }
    this.write();
  }

  inspect(points, signal) {
    const config = { expand_ratio: this.expandRatio, face_index: this.faceIndex };
    return inspect("image", this.file, { config, points }, signal);
  }

  /** All points of the face of which some are known. */
  async complete(points) {
    return (await this.inspect(points)).face_points;
  }

  /** Show the picture, beside the advice or above it; browsers cannot show all that the server can read. */
  frame(seen) {
    const { naturalWidth: width, naturalHeight: height } = byId("portrait-image");
    byId("portrait-frame").hidden = !seen;
    byId("portrait-unseen").hidden = seen;
    byId("portrait-view").classList.toggle("portrait-stacked", !seen || width > WIDE * height);
  }

  show(filled) {
    byId("portrait-empty").hidden = filled;
    byId("portrait-view").hidden = !filled;
    byId("portrait-remove").hidden = !filled;
  }

  write(waiting = false) {
    const { report } = this;
    drawBoxes(byId("portrait-overlay"), report, this.points);
    this.byHand.write(byId("portrait-frame").hidden ? null : report);
    byId("portrait-legend").hidden = !report?.crop;
    this.writeFaces();
    const advice = byId("portrait-advice");
    advice.replaceChildren();
    if (waiting) advice.append(make("p", { className: "waiting", textContent: text("portrait.looking") }));
    if (report) advice.append(adviceList(report.findings, "portrait.fine"));
    if (this.file && isFilm(this.file)) advice.append(make("p", { textContent: text("portrait.film") }));
  }

  writeFaces() {
    const faces = byId("portrait-faces");
    faces.hidden = this.faces < 2 || this.points !== null;
    faces.replaceChildren(...Array.from({ length: this.faces }, (_, index) => this.faceButton(index)));
  }

  faceButton(index) {
    const button = make("button", { type: "button", textContent: text("portrait.faceNumber", { number: index + 1 }) });
    button.setAttribute("aria-pressed", String(index === (this.faceIndex ?? 0)));
    button.addEventListener("click", () => this.dispatchEvent(new CustomEvent("face", { detail: index })));
    return button;
  }
}
