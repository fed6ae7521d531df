// Shows a finished video: player, comparison with the one before, downloads, re-run and the equal lines.

import { loadable } from "./api.js";
import { Pair } from "./compare.js";
import { makeDownloads } from "./downloads.js";
import { make } from "./dom.js";
import { commandLine, pythonLines } from "./equivalent.js";
import { pointsFile } from "./facepoints.js";
import { contentPath } from "./jobs.js";
import { duration, moment, number, text } from "./language.js";
import { makeRerun } from "./rerun.js";

const POINTS_FILE = "points.json";

/** Fill `root` with a job that succeeded; `previous` is the finished job before it, or null. */
export async function showResult(root, { job, previous, settings, again }) {
  const player = await makePlayer(job);
  const screens = make("div", { className: "screens" }, screenOf(player, previous ? text("result.now") : ""));
  const actions = make("div", { className: "buttons" }, ...makeDownloads(job));
  if (previous) actions.append(comparison(screens, player, previous));
  root.replaceChildren(
    screens,
    make("p", { className: "figures", textContent: facts(job) }),
    actions,
    ...warnings(job),
    makeRerun(job, settings, again),
    equalLines(job, settings.options),
    make("p", { className: "synthetic", textContent: text("result.synthetic") }),
  );
}

async function makePlayer(job) {
  const source = await loadable(contentPath(job));
  if (job.input.format === "gif") return make("img", { src: source, alt: text("result.alt"), className: "film" });
  return make("video", {
    src: source, controls: true, loop: false, playsInline: true, preload: "auto", className: "film", "aria-label": text("result.alt"),
  });
}

function screenOf(player, caption) {
  return make("figure", { className: "screen" }, player, ...(caption ? [make("figcaption", { textContent: caption })] : []));
}

function comparison(screens, player, previous) {
  const button = make("button", { type: "button", className: "button", textContent: text("result.compare") });
  button.setAttribute("aria-pressed", "false");
  let pair = null;
  button.addEventListener("click", async () => {
    if (pair) {
      pair.end();
      screens.lastChild.remove();
      pair = null;
    } else {
      const other = await makePlayer(previous);
      screens.append(screenOf(other, text("result.before")));
      pair = new Pair(player, other);
    }
    screens.classList.toggle("screens-two", pair !== null);
    button.setAttribute("aria-pressed", String(pair !== null));
  });
  return button;
}

function facts(job) {
  const { duration: length, fps, width, height, total_seconds: spent, cached } = job.metrics;
  const parts = [text("result.length", { time: duration(length), fps: number(fps) }), `${width} × ${height}`];
  parts.push(cached ? text("result.cached") : text("result.made", { time: duration(spent) }));
  parts.push(text("result.seed", { seed: job.input.config.seed }));
  if (job.expires_at) parts.push(text("result.kept", { when: moment(job.expires_at) }));
  return parts.join(" · ");
}

function warnings(job) {
  if (!job.warnings?.length) return [];
  const list = make("ul", { className: "advice" }, ...job.warnings.map((warning) => make("li", { className: "advice-warning", lang: "en", textContent: warning })));
  const count = text("result.warnings", { count: job.warnings.length });
  return [make("details", { className: "folded" }, make("summary", { textContent: count }), list)];
}

function equalLines(job, options) {
  const { format, face_points: points } = job.input;
  const files = { image: "portrait.jpg", audio: "voice.wav", output: `talk.${format}`, points: points && POINTS_FILE };
  const lines = [
    [text("result.command"), commandLine(files, job.input.config, options)],
    [text("result.python"), pythonLines(files, job.input.config, options)],
    ...(points ? [[POINTS_FILE, pointsFile(points)]] : []),
  ];
  return make("details", { className: "folded" }, make("summary", { textContent: text("result.equal") }), ...lines.map(copyable));
}

async function copied(code) {
  try {
    await navigator.clipboard.writeText(code); // missing where the page is not trusted, as on plain HTTP
    return true;
  } catch {
    return false;
  }
}

function copyable([title, code]) {
  const copy = make("button", { type: "button", className: "plain", textContent: text("action.copy"), "aria-label": `${text("action.copy")}: ${title}` });
  const said = make("span", { className: "copied", role: "status" });
  copy.addEventListener("click", async () => {
    said.textContent = text(await copied(code) ? "action.copied" : "error.no_clipboard");
  });
  return make("div", { className: "equal" },
    make("div", { className: "equal-head" }, make("span", { textContent: title }), said, copy),
    make("pre", { tabIndex: 0 }, make("code", { textContent: code })));
}
