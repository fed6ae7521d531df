// Makes a video once more with one change and the same seed.

import { makeControl, isValid } from "./control.js";
import { make } from "./dom.js";
import { text } from "./language.js";
import { labelOf } from "./words.js";

const FIRST = "emotion"; // what people try first
const DRAFT = "preview";
const KEPT = "seed";

/** A line with one option to choose, its control, and a button; `again` gets the job and the changed config. */
export function makeRerun(job, settings, again) {
  const options = settings.options.filter(({ name }) => name !== KEPT);
  const which = make("select", { "aria-label": text("rerun.which") },
    ...options.map((option) => make("option", { value: option.name, textContent: labelOf(option) })));
  which.value = job.input.config.preset === DRAFT ? "preset" : FIRST; // a draft that is liked is drawn in full
  const inputs = make("span", { className: "rerun-inputs" });
  const notes = make("div", { className: "rerun-notes" });
  const button = make("button", { type: "button", className: "button", textContent: text("rerun.go") });
  let control;
  const build = () => {
    const option = settings.option(which.value);
    const check = () => { button.disabled = !isValid(control) || control.value === job.input.config[option.name]; };
    control = makeControl(option, check);
    control.value = job.input.config[option.name];
    for (const input of control.inputs) input.setAttribute("aria-label", labelOf(option));
    inputs.replaceChildren(...control.inputs);
    notes.replaceChildren(...control.notes);
    check();
  };
  which.addEventListener("change", build);
  button.addEventListener("click", () => again(job, { ...job.input.config, [which.value]: control.value }));
  build();
  return make("section", { className: "rerun" },
    make("h3", { textContent: text("rerun.title") }),
    make("p", { className: "hint", textContent: text("rerun.note", { seed: job.input.config.seed }) }),
    make("div", { className: "rerun-line" }, which, inputs, button), notes);
}
