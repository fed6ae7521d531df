// Shows a spot of a picture larger, in a corner away from the pointer.

import { make } from "./dom.js";

const SIZE = 132; // CSS pixels
const TIMES = 3; // as large as the picture is shown
const GAP = 7; // CSS pixels around the spot itself that the cross leaves free

/** A small canvas over a board; hidden until a spot is shown. */
export class Magnifier {
  constructor(image) {
    this.image = image;
    this.canvas = make("canvas", { className: "magnifier", hidden: true, "aria-hidden": "true" });
    const pixels = SIZE * Math.min(2, window.devicePixelRatio);
    [this.canvas.width, this.canvas.height] = [pixels, pixels];
  }

  /** Show the spot `place` of a picture `width` wide at `scale`; `corner` says that the pointer is top left. */
  show(place, { width, scale, corner }) {
    const { canvas, image } = this;
    const context = canvas.getContext("2d");
    const ratio = image.naturalWidth / width;
    const span = SIZE / (TIMES * scale);
    const [left, top] = place.map((value) => (value - span / 2) * ratio);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, left, top, span * ratio, span * ratio, 0, 0, canvas.width, canvas.height);
    cross(context, canvas.width);
    canvas.classList.toggle("magnifier-right", corner);
    canvas.hidden = false;
  }

  hide() {
    this.canvas.hidden = true;
  }
}

/** Four lines that leave the middle free, dark under light. */
function cross(context, size) {
  const [middle, gap] = [size / 2, (GAP * size) / SIZE];
  context.beginPath();
  for (const [x, y] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(middle + x * gap, middle + y * gap);
    context.lineTo(middle + 4 * x * gap, middle + 4 * y * gap);
  }
  for (const [width, colour] of [[4, "#000c"], [1.5, "#fff"]]) {
    context.lineWidth = (width * size) / SIZE;
    context.strokeStyle = colour;
    context.stroke();
  }
}
