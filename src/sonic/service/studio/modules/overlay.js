// Draws the face's box, the moving square and points placed by hand over a portrait.

import { draw } from "./dom.js";

/** Replace what is drawn in `svg` by the boxes of a report and by points; without a report it is empty. */
export function drawBoxes(svg, report, points) {
  svg.replaceChildren();
  if (!report) return;
  const [width, height] = report.size;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const round = Math.max(width, height) / 60;
  if (report.crop) svg.append(rectangle(report.crop, "box-crop", round));
  if (report.face_box) svg.append(rectangle(report.face_box, "box-face", round));
  for (const [cx, cy] of Object.values(points ?? {})) svg.append(draw("circle", { cx, cy, r: round / 3, class: "box-point" }));
}

function rectangle({ x, y, width, height }, name, rx) {
  return draw("rect", { x, y, width, height, rx, class: name });
}
