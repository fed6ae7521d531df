// Points on their way to being placed: which one is asked for, what has been placed, and every step back.

import { NAMES, REQUIRED, suggest } from "./facepoints.js";

/** First asks for the required points one by one; when the others are filled in, for any of them. */
export class Placement {
  constructor(size, points = {}) {
    this.size = size;
    this.past = [];
    this.points = inOrder(points);
    this.asked = this.missing ?? NAMES[0];
  }

  /** The first required point that has no place; undefined when all have one. */
  get missing() {
    return REQUIRED.find((name) => !(name in this.points));
  }

  /** Whether all points have a place. */
  get whole() {
    return NAMES.every((name) => name in this.points);
  }

  /** Whether the point that is asked for has no place yet. */
  get suggested() {
    return !(this.asked in this.points);
  }

  /** All points that can be shown: those placed, and where the one that is asked for probably is. */
  get shown() {
    if (!this.suggested) return this.points;
    return { ...this.points, [this.asked]: suggest(this.asked, this.points, this.size) };
  }

  /** Which points are gone through at the moment. */
  get course() {
    return this.whole ? NAMES : REQUIRED;
  }

  /** Give a point a place; moves of one point that follow each other are taken back together. */
  put(name, place, together = false) {
    if (!together || this.moving !== name) this.remember();
    this.moving = together ? name : null;
    this.points = inOrder({ ...this.points, [name]: place });
  }

  /** Places for the points that have none. */
  fill(points) {
    this.points = inOrder({ ...points, ...this.points });
    this.asked = NAMES[REQUIRED.length];
  }

  choose(name) {
    this.moving = null;
    this.asked = name;
  }

  /** Ask for the point before or behind, as far as there is one. */
  step(by) {
    const { course } = this;
    const last = this.whole ? course.length - 1 : course.indexOf(this.missing ?? course.at(-1));
    this.choose(course[Math.min(last, Math.max(0, course.indexOf(this.asked) + by))]);
  }

  /** Ask for what is missing, after any point got its place. */
  goOn() {
    this.choose((!this.whole && this.missing) || this.asked);
  }

  /** Take back the latest change. */
  undo() {
    const before = this.past.pop();
    if (before) Object.assign(this, before, { moving: null });
  }

  clear() {
    this.remember();
    this.points = {};
    this.choose(NAMES[0]);
  }

  remember() {
    this.past.push({ points: this.points, asked: this.asked });
  }
}

const inOrder = (points) => Object.fromEntries(NAMES.filter((name) => name in points).map((name) => [name, points[name]]));
