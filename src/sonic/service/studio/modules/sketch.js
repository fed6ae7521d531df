// A small drawing of a face that shows which point is meant; lids, pupils and lips from near by.

import { draw } from "./dom.js";
import { AVERAGE, linesThrough } from "./facepoints.js";

const WHOLE = { middle: [50, 50], span: 96 };
const NEAR = 32; // units of the average face that a look from near by shows
const MARK = 0.05; // of what is shown
const IRIS = 1.8;
const STROKES = ["M20 28Q30 18 43 25", "M80 28Q70 18 57 25", "M44 51.5Q50 56 56 51.5"]; // brows and nose

/** Draw the face into `svg`, with a mark at one point. */
export function drawSketch(svg, name) {
  const [x, y] = AVERAGE[name];
  const { middle, span } = viewOf(name);
  svg.setAttribute("viewBox", `${middle[0] - span / 2} ${middle[1] - span / 2} ${span} ${span}`);
  svg.replaceChildren(
    ...[...linesThrough(AVERAGE), ...STROKES].map((d) => draw("path", { d })),
    ...["right_pupil", "left_pupil"].map((pupil) => draw("circle", { cx: AVERAGE[pupil][0], cy: AVERAGE[pupil][1], r: IRIS })),
    draw("circle", { class: "sketch-mark", cx: x, cy: y, r: MARK * span }),
  );
}

/** What of the face is shown: all of it, or the eye or the mouth that a point belongs to. */
function viewOf(name) {
  const part = /^(right|left)_(eye_top|eye_bottom|pupil)$/.exec(name);
  if (part) return { middle: AVERAGE[`${part[1]}_pupil`], span: NEAR };
  return /^(upper|lower)_lip/.test(name) ? { middle: AVERAGE.upper_lip_bottom, span: NEAR } : WHOLE;
}
