// Shows a job at work: stage, frames, seconds left and the latest frame; nothing is made up.

import { loadable } from "./api.js";
import { byId } from "./dom.js";
import { duration, number, text } from "./language.js";
import { previewPath } from "./jobs.js";

const SAID_EVERY = 5000; // ms between what a screen reader hears

/** The panel of one running job. */
export class WorkPanel {
  constructor(onCancel) {
    this.saidAt = 0;
    this.previews = 0;
    byId("work-cancel").addEventListener("click", onCancel);
    const picture = byId("work-picture");
    picture.addEventListener("error", () => picture.removeAttribute("src")); // a portrait no browser can show
  }

  /** Begin with the portrait as long as there is no frame. */
  start(job, portrait) {
    this.job = job;
    this.saidAt = 0;
    byId("work-cancel").disabled = false;
    byId("work-picture").src = portrait ?? "";
    byId("work-picture").classList.add("waiting-picture");
    this.progress(job.progress);
  }

  cancelling() {
    byId("work-cancel").disabled = true;
    byId("work-stage").textContent = text("work.cancelling");
  }

  lost() {
    byId("work-stage").textContent = text("work.lost");
    this.say(text("work.lost"));
  }

  progress(progress) {
    const bar = byId("work-bar");
    const stage = text(progress?.stage ? `work.${progress.stage}` : "work.queued");
    byId("work-stage").textContent = stage;
    if (progress?.total > 1) {
      bar.max = progress.total;
      bar.value = progress.done;
    } else {
      bar.removeAttribute("value");
    }
    document.title = titleOf(progress);
    const figures = figuresOf(progress);
    byId("work-figures").textContent = figures;
    this.say(`${stage}. ${figures}`);
  }

  async preview() {
    this.previews += 1;
    const picture = await loadable(previewPath(this.job, this.previews));
    const image = byId("work-picture");
    image.addEventListener("load", () => image.classList.remove("waiting-picture"), { once: true });
    image.src = picture;
  }

  say(sentence) {
    if (performance.now() - this.saidAt < SAID_EVERY && this.saidAt) return;
    this.saidAt = performance.now();
    byId("said").textContent = sentence;
  }
}

/** The browser tab says how far it is, for those who work elsewhere meanwhile. */
function titleOf(progress) {
  const name = text("page.title");
  if (progress?.stage !== "frames") return `… ${name}`;
  return `${Math.floor((100 * progress.done) / progress.total)} % ${name}`;
}

function figuresOf(progress) {
  if (!(progress?.total > 1)) return "";
  const unit = progress.stage === "audio" ? "work.heard" : "work.figures";
  const done = text(unit, { done: number(progress.done, 0), total: number(progress.total, 0) });
  // What is left is known for this stage alone, and only drawing is the last of the long ones.
  const left = progress.stage === "frames" ? progress.seconds_left : null;
  return left === null ? done : `${done} · ${text("work.left", { time: duration(left) })}`;
}
