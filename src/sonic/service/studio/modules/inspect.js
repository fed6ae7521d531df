// Asks the server what it thinks of a portrait or a recording, and shows the findings.

import { read, stringify } from "./api.js";
import { make } from "./dom.js";
import { text, textOr } from "./language.js";

/** The report on a file; `config` holds the options that matter to it, `points` where a face is. */
export function inspect(kind, file, { config, points }, signal) {
  const body = new FormData();
  body.set(kind, file, file.name);
  if (config) body.set("config", stringify(config));
  if (points) body.set("face_points", JSON.stringify(points));
  return read("v1/inspect", { method: "POST", body, signal });
}

/** Findings as a list, the gravest first; a good input gets one line that says so. */
export function adviceList(findings, fine) {
  if (!findings.length) return make("p", { className: "advice-fine", textContent: text(fine) });
  return make("ul", {}, ...findings.map(adviceItem));
}

function adviceItem({ code, severity, advice, message, value }) {
  const known = { value: Math.round(value ?? 0) };
  const sentence = textOr(`finding.${code}`, "") ? text(`finding.${code}`, known) : (advice ?? message);
  const level = severity ?? "warning";
  const mark = make("span", { className: "unseen", textContent: `${text(`severity.${level}`)}: ` });
  return make("li", { className: `advice-${level}` }, mark, sentence);
}
