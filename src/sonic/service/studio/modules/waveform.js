// Draws a recording and lets a stretch of it be chosen with pointer or keyboard.

import { byId } from "./dom.js";
import { clock } from "./time.js";

const SHORTEST = 0.3; // seconds that must stay
const STEP = 0.1; // seconds by arrow key; ten times as much with Shift or Page keys
const BAR = 3; // pixels from one bar to the next

/** The waveform of one recording at a time; "change" is dispatched when the stretch is another one. */
export class Waveform extends EventTarget {
  constructor() {
    super();
    this.root = byId("wave");
    this.canvas = byId("wave-picture");
    this.handles = { start: byId("wave-start"), end: byId("wave-end") };
    this.buffer = null;
    for (const side of ["start", "end"]) this.connect(side);
    new ResizeObserver(() => this.paint()).observe(this.root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  /** Show a recording, an AudioBuffer, with all of it chosen; null shows nothing. */
  show(buffer) {
    this.buffer = buffer;
    this.root.hidden = !buffer;
    if (buffer) this.choose(0, buffer.duration);
    this.paint();
  }

  get whole() {
    return !this.buffer || (this.start === 0 && this.end === this.buffer.duration);
  }

  choose(start, end) {
    const { duration } = this.buffer;
    this.start = Math.max(0, Math.min(start, duration - SHORTEST));
    this.end = Math.min(duration, Math.max(end, this.start + SHORTEST));
    this.place();
    this.dispatchEvent(new Event("change"));
  }

  move(side, seconds) {
    if (side === "start") this.choose(Math.min(seconds, this.end - SHORTEST), this.end);
    else this.choose(this.start, Math.max(seconds, this.start + SHORTEST));
  }

  /** Mark the moment that is played; null marks none. */
  mark(seconds) {
    const line = byId("wave-now");
    line.hidden = seconds === null;
    if (seconds !== null) line.style.left = this.percent(seconds);
  }

  percent(seconds) {
    return `${(100 * seconds) / this.buffer.duration}%`;
  }

  place() {
    byId("wave-before").style.width = this.percent(this.start);
    byId("wave-after").style.left = this.percent(this.end);
    for (const [side, handle] of Object.entries(this.handles)) {
      handle.style.left = this.percent(this[side]);
      handle.setAttribute("aria-valuemin", "0");
      handle.setAttribute("aria-valuemax", this.buffer.duration.toFixed(1));
      handle.setAttribute("aria-valuenow", this[side].toFixed(1));
      handle.setAttribute("aria-valuetext", clock(this[side], 1));
    }
  }

  connect(side) {
    const handle = this.handles[side];
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      handle.focus();
      event.preventDefault();
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) this.move(side, this.secondsAt(event.clientX));
    });
    handle.addEventListener("keydown", (event) => this.press(side, event));
  }

  press(side, event) {
    const step = event.shiftKey ? 10 * STEP : STEP;
    const from = this[side];
    const target = {
      ArrowLeft: from - step, ArrowDown: from - step, ArrowRight: from + step, ArrowUp: from + step,
      PageDown: from - 10 * STEP, PageUp: from + 10 * STEP, Home: 0, End: this.buffer.duration,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.move(side, target);
  }

  secondsAt(x) {
    const { left, width } = this.root.getBoundingClientRect();
    return ((x - left) / width) * this.buffer.duration;
  }

  paint() {
    const { width, height } = this.root.getBoundingClientRect();
    if (!this.buffer || !width) return;
    this.canvas.width = width * devicePixelRatio;
    this.canvas.height = height * devicePixelRatio;
    const context = this.canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    context.fillStyle = getComputedStyle(this.root).color;
    const levels = peaks(this.buffer, Math.floor(width / BAR));
    levels.forEach((level, index) => {
      const bar = Math.max(2, level * (height - 8));
      context.beginPath();
      context.roundRect(index * BAR, (height - bar) / 2, BAR - 1, bar, 1);
      context.fill();
    });
  }
}

/** The loudest sample of each of `count` stretches, 0..1 of the loudest of all. */
export function peaks(buffer, count) {
  const samples = buffer.getChannelData(0);
  const stretch = samples.length / count;
  const levels = Array.from({ length: count }, (_, index) => {
    let level = 0;
    for (let at = Math.floor(index * stretch); at < Math.floor((index + 1) * stretch); at += 1) {
      level = Math.max(level, Math.abs(samples[at]));
    }
    return level;
  });
  const loudest = Math.max(...levels, 1e-4);
  return levels.map((level) => level / loudest);
}
