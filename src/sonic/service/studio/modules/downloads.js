// Offers a finished video as a file, in other formats by another job with the same seed.

import { loadable } from "./api.js";
import { consentStatement } from "./consent.js";
import { make, saveAs } from "./dom.js";
import { follow } from "./events.js";
import { contentPath, createJob, FORMATS, readInput } from "./jobs.js";
import { text } from "./language.js";
import { Problem, sentence } from "./problems.js";

/** One button a format, and a line that says how far another format is. */
export function makeDownloads(job) {
  const said = make("span", { className: "download-said", role: "status" });
  const buttons = Object.entries(FORMATS).map(([format, title]) => {
    const button = make("button", { type: "button", className: "button", textContent: title, "aria-label": text("result.download", { format: title }) });
    if (format === job.input.format) button.classList.add("main");
    button.dataset.format = format;
    button.addEventListener("click", () => download(job, format, button, said));
    return button;
  });
  const label = make("span", { className: "buttons-name", textContent: text("result.downloads") });
  return [label, ...buttons, said];
}

async function download(job, format, button, said) {
  button.disabled = true;
  try {
    const ready = format === job.input.format ? job : await convert(job, format, said);
    saveAs(await loadable(contentPath(ready)), `${job.id}.${format}`);
    said.textContent = "";
  } catch (error) {
    said.textContent = sentence(error);
  } finally {
    button.disabled = false;
  }
}

/** The same performance in another format; the service keeps it, so that asking twice draws once. */
async function convert(job, format, said) {
  said.textContent = text("result.preparing");
  const [image, audio] = await Promise.all([readInput(job, "image"), readInput(job, "audio")]);
  const { config, face_points: points } = job.input;
  const made = await createJob({ image, audio, config, points, format, consent: consentStatement() });
  const done = await follow(made.id, (name, data) => {
    if (name !== "progress" || data.stage !== "frames") return;
    said.textContent = text("work.figures", { done: data.done, total: data.total });
  }, new AbortController().signal);
  if (done.status === "succeeded") return done;
  throw new Problem(done.error?.code ?? "cancelled", done.error?.message ?? "");
}
