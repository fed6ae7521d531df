// The right-hand side: empty, at work, done or failed, for one job at a time.

import { byId, showOnly } from "./dom.js";
import { follow } from "./events.js";
import { cancelJob } from "./jobs.js";
import { onLanguage, text } from "./language.js";
import { sentence } from "./problems.js";
import { showResult } from "./result.js";
import { WorkPanel } from "./work.js";

const PANELS = ["stage-empty", "stage-work", "stage-done", "stage-failed"];

/** Shows jobs; "finished" is dispatched when one that was followed has ended. */
export class Stage extends EventTarget {
  constructor(settings, again) {
    super();
    this.settings = settings;
    this.again = again;
    this.job = null;
    this.previous = null;
    this.following = new AbortController();
    this.work = new WorkPanel(() => this.cancel());
    onLanguage(() => this.job && this.show(this.job, this.previous));
  }

  /** Follow a job that is queued or running until it ends; `portrait` is shown until there is a frame. */
  async watch(job, portrait) {
    this.following.abort();
    this.following = new AbortController();
    const { signal } = this.following;
    this.job = null;
    this.open("stage-work");
    this.work.start(job, portrait);
    const done = await follow(job.id, (name, data) => this.hear(name, data), signal);
    if (signal.aborted) return;
    byId("said").textContent = done.status === "failed" ? sentence(done.error) : text(`said.${done.status}`);
    this.dispatchEvent(new CustomEvent("finished", { detail: done }));
  }

  hear(name, data) {
    if (name === "progress") this.work.progress(data);
    if (name === "lost") this.work.lost();
    if (name === "preview") this.work.preview().catch(() => {});
  }

  async cancel() {
    this.work.cancelling();
    await cancelJob(this.work.job.id);
  }

  /** Show a job that has ended; `previous` is what it can be compared with. */
  async show(job, previous) {
    this.following.abort();
    this.job = job;
    this.previous = previous;
    if (job.status === "succeeded") {
      const { settings, again } = this;
      await showResult(byId("stage-done"), { job, previous, settings, again });
      this.open("stage-done");
      return;
    }
    byId("failed-line").textContent = job.status === "failed" ? sentence(job.error) : text("state.canceled");
    byId("failed-note").textContent = text(job.status === "failed" ? "stage.failedNote" : "stage.canceledNote");
    this.open("stage-failed");
  }

  open(id) {
    if (id !== "stage-work") document.title = text("page.title");
    showOnly(byId(id), PANELS.map(byId));
  }
}
