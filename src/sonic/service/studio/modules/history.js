// Lists what the server keeps: opens it, uses it again, deletes it.

import { loadable } from "./api.js";
import { byId, make } from "./dom.js";
import { deleteJob, FINAL, FORMATS, listJobs, thumbnailPath } from "./jobs.js";
import { duration, moment, onLanguage, text } from "./language.js";
import { sentence, showFailure } from "./problems.js";

const PAGE = 12; // jobs a page
const LOOK = 3000; // ms between looks while a job is not done

/** The list of jobs; "open" and "reuse" are dispatched with a job as detail. */
export class History extends EventTarget {
  constructor() {
    super();
    this.jobs = [];
    this.more = false;
    byId("history-more").addEventListener("click", () => this.load(this.jobs.at(-1)?.id));
    onLanguage(() => this.write());
  }

  /** Read the newest jobs, or those after an id. */
  async load(after) {
    const { data, has_more: more } = await listJobs({ limit: PAGE, after });
    const before = signature(this.jobs);
    this.jobs = after ? [...this.jobs, ...data] : data;
    this.more = more;
    // Written anew only when something is new: the reader may have a finger on one of the buttons.
    if (signature(this.jobs) !== before) this.write();
    clearTimeout(this.timer);
    if (this.running) this.timer = setTimeout(() => this.load().catch(() => {}), LOOK);
  }

  get running() {
    return this.jobs.find((job) => !FINAL.includes(job.status));
  }

  get succeeded() {
    return this.jobs.filter((job) => job.status === "succeeded");
  }

  write() {
    byId("history-empty").hidden = this.jobs.length > 0;
    byId("history-more").hidden = !this.more;
    byId("history").replaceChildren(...this.jobs.map((job) => this.entry(job)));
  }

  entry(job) {
    const when = moment(job.created_at);
    const name = text("history.name", { when });
    const open = make("button", { type: "button", className: "history-open" },
      picture(job), make("span", { className: "unseen", textContent: `${text("history.open")}: ` }), make("span", { className: "history-when", textContent: when }),
      make("span", { className: `history-state state-${job.status}`, textContent: stateOf(job) }));
    open.addEventListener("click", () => this.dispatchEvent(new CustomEvent("open", { detail: job })));
    const reuse = make("button", { type: "button", className: "plain", textContent: text("history.reuse"), "aria-label": `${text("history.reuse")}: ${name}` });
    reuse.addEventListener("click", () => this.dispatchEvent(new CustomEvent("reuse", { detail: job })));
    const remove = make("button", { type: "button", className: "plain", textContent: text("action.delete"), "aria-label": `${text("action.delete")}: ${name}` });
    remove.addEventListener("click", () => this.remove(job, remove));
    const entry = make("li", { className: "history-entry" }, open, make("div", { className: "history-tools" }, reuse, remove));
    entry.dataset.id = job.id;
    return entry;
  }

  /** Delete after a second press, since nothing brings a video back. */
  async remove(job, button) {
    if (button.dataset.sure !== "yes") {
      button.dataset.sure = "yes";
      button.textContent = text("history.sure");
      button.addEventListener("blur", () => {
        button.dataset.sure = "";
        button.textContent = text("action.delete");
      }, { once: true });
      return;
    }
    try {
      await deleteJob(job.id);
      await this.load();
      showFailure(byId("history-failure"), null);
    } catch (error) {
      showFailure(byId("history-failure"), error);
    }
    byId("history-title").focus();
  }
}

const signature = (jobs) => jobs.map(({ id, status }) => `${id} ${status}`).join();

function picture(job) {
  const image = make("img", { alt: "", className: "history-picture", loading: "lazy", width: 200, height: 200 });
  if (job.status !== "succeeded") return make("span", { className: "history-picture history-blank" });
  loadable(thumbnailPath(job)).then((source) => { image.src = source; });
  return image;
}

function stateOf(job) {
  if (job.status === "failed") return sentence(job.error);
  const format = job.input.format === "mp4" ? "" : ` · ${FORMATS[job.input.format]}`;
  return job.status === "succeeded" ? `${summary(job)}${format}` : text(`state.${job.status}`);
}

function summary({ metrics, input }) {
  return text("history.summary", { time: duration(metrics.duration), seed: input.config.seed });
}
