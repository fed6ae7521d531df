// The named points of a face in the order in which they are asked for, and where they lie in an average face.

/** Places in an average face that is 76 units wide, about the middle (50, 50); "right" is the face's own. */
export const AVERAGE = {
  right_eye_outer: [28.2, 34.1],
  right_eye_inner: [40.9, 34.5],
  left_eye_inner: [59.1, 34.5],
  left_eye_outer: [71.8, 34.1],
  nose_tip: [50, 49.5],
  mouth_right: [37.9, 68.5],
  mouth_left: [62.1, 68.5],
  chin: [50, 93.3],
  right_eye_top: [34.4, 32.7],
  right_eye_bottom: [34.4, 35.9],
  left_eye_top: [65.6, 32.7],
  left_eye_bottom: [65.6, 35.9],
  right_pupil: [34.4, 34.3],
  left_pupil: [65.6, 34.3],
  right_brow: [30.4, 22.1],
  left_brow: [69.6, 22.1],
  upper_lip_top: [50, 63.9],
  upper_lip_bottom: [50, 66.8],
  lower_lip_top: [50, 69.5],
  lower_lip_bottom: [50, 73.5],
  right_cheek: [12.4, 43.9],
  left_cheek: [87.6, 43.9],
  forehead: [50, 6.7],
};
export const NAMES = Object.keys(AVERAGE);
export const REQUIRED = NAMES.slice(0, 8);

/** Points that lines join, so that eyes and lips can be seen. */
const LINES = [
  ["right_eye_outer", "right_eye_top", "right_eye_inner", "right_eye_bottom", "right_eye_outer"],
  ["left_eye_outer", "left_eye_top", "left_eye_inner", "left_eye_bottom", "left_eye_outer"],
  ["mouth_right", "upper_lip_top", "mouth_left", "lower_lip_bottom", "mouth_right"],
  ["mouth_right", "upper_lip_bottom", "mouth_left", "lower_lip_top", "mouth_right"],
];
const RIM = ["forehead", "right_cheek", "chin", "left_cheek", "forehead"];

const FACE_SHARE = 0.4; // of the picture's short side: how wide a face is of which nothing is known
const UNITS = 76; // width of the average face

/** The lines through points, as SVG paths; empty ones where a point is missing. */
export function linesThrough(points) {
  const known = (names) => names.every((name) => name in points);
  const straight = LINES.map((names) => (known(names) ? `M${names.map((name) => points[name].join(" ")).join("L")}` : ""));
  return [...straight, known(RIM) ? rim(RIM.map((name) => points[name])) : ""];
}

/** Where a point probably is in a picture of `size`: the average face, moved onto the points `placed` so far. */
export function suggest(name, placed, [width, height]) {
  const pairs = Object.entries(placed).map(([known, place]) => [AVERAGE[known], place]);
  const from = pairs.length ? middleOf(pairs.map(([average]) => average)) : [50, 50];
  const to = pairs.length ? middleOf(pairs.map(([, place]) => place)) : [width / 2, height / 2];
  const [cosine, sine] = turnAndScale(pairs, from, to) ?? [(FACE_SHARE * Math.min(width, height)) / UNITS, 0];
  const [x, y] = [AVERAGE[name][0] - from[0], AVERAGE[name][1] - from[1]];
  return inside([to[0] + cosine * x - sine * y, to[1] + sine * x + cosine * y], [width, height]);
}

/** A place within the picture, to a tenth of a pixel. */
export function inside(place, size) {
  return place.map((value, axis) => Math.min(size[axis] - 1, Math.max(0, Math.round(value * 10) / 10)));
}

/** The text of a file that `sonic generate --face-points` reads. */
export function pointsFile(points) {
  const lines = Object.entries(points).map(([name, place]) => `  "${name}": [${place.join(", ")}]`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** Quarters of ellipses from each place to the next. */
function rim([first, ...others]) {
  let [path, from] = [`M${first.join(" ")}`, first];
  for (const to of others) {
    path += `A${Math.abs(to[0] - from[0])} ${Math.abs(to[1] - from[1])} 0 0 0 ${to.join(" ")}`;
    from = to;
  }
  return path;
}

const middleOf = (places) => [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);

/** The least-squares turn and scale between centred points; null where there are fewer than two of them. */
function turnAndScale(pairs, from, to) {
  let [power, cosine, sine] = [0, 0, 0];
  for (const [average, place] of pairs) {
    const [ax, ay, bx, by] = [average[0] - from[0], average[1] - from[1], place[0] - to[0], place[1] - to[1]];
    power += ax * ax + ay * ay;
    cosine += ax * bx + ay * by;
    sine += ax * by - ay * bx;
  }
  return power > 0 ? [cosine / power, sine / power] : null;
}
