// One option as a form control, made from its description alone.

import { make, richText } from "./dom.js";
import { text } from "./language.js";
import { adviceOf, choiceName, isAllowed, labelOf, rangeOf, wordsOf } from "./words.js";

const LARGEST_EXACT = Number.MAX_SAFE_INTEGER;
let made = 0;

/** A control with its label, its inputs and its notes; `onChange` is called with every new value. */
export function makeControl(option, onChange) {
  made += 1;
  const id = `option-${option.name}-${made}`;
  const input = inputOf(option, id);
  const note = make("p", { className: "option-warning", id: `${id}-note`, role: "status" });
  const control = {
    option,
    label: make("label", { for: id, className: "option-label", textContent: labelOf(option) }),
    inputs: input.parts,
    notes: [...notesOf(option, id), note],
    get value() { return valueOf(option, input.main); },
    set value(value) { put(option, input, value); warn(); },
  };
  const warn = () => { note.textContent = complaint(option, input.main, control.value); };
  for (const part of input.parts) {
    part.addEventListener("input", () => {
      if (part !== input.main) input.main.value = part.value;
      else if (input.slider) input.slider.value = part.value;
      warn();
      onChange(control);
    });
  }
  input.main.setAttribute("aria-describedby", `${id}-help ${id}-range ${id}-note`);
  control.value = option.default;
  return control;
}

/** A control as a row of a form. */
export function rowOf({ option, label, inputs, notes }) {
  const row = make("div", { className: "option" }, make("div", { className: "option-head" }, label, ...inputs), ...notes);
  row.dataset.name = option.name;
  return row;
}

/** What an option does, folded. */
export function moreAbout(option) {
  return make("details", { className: "option-more" },
    make("summary", { textContent: text("options.more") }),
    make("p", {}, ...richText(wordsOf(option, "effect"))));
}

/** Whether everything typed can be sent. */
export const isValid = ({ option, value }) => value === null
  ? option.optional
  : Boolean(option.choices.length) || option.kind === "bool" || isAllowed(option, Number(value));

function notesOf(option, id) {
  const help = make("p", { className: "option-help", id: `${id}-help` }, ...richText(wordsOf(option, "help")));
  const range = make("p", { className: "option-range", id: `${id}-range`, textContent: rangeOf(option) });
  return [help, ...(range.textContent ? [range] : []), moreAbout(option)];
}

function inputOf(option, id) {
  if (option.kind === "bool") return single(make("input", { id, type: "checkbox", role: "switch", className: "switch" }));
  if (option.choices.length) return single(chooser(option, id));
  const { minimum, maximum, optional, kind } = option;
  const step = kind === "int" ? 1 : 0.05;
  const main = make("input", { id, type: "number", min: minimum, step: kind === "int" ? 1 : "any", inputMode: "decimal" });
  if (maximum !== null) main.max = maximum;
  if (optional) main.placeholder = text("options.automatic");
  if (optional || maximum === null) return single(main);
  const slider = make("input", { type: "range", min: minimum, max: maximum, step, "aria-label": labelOf(option) });
  return { main, slider, parts: [slider, main] };
}

const single = (main) => ({ main, parts: [main] });

function chooser(option, id) {
  const numbers = option.counted ? Array.from({ length: option.maximum }, (_, index) => String(index + 1)) : [];
  const entries = [...option.choices, ...numbers].map((choice) => make("option", { value: choice, textContent: choiceName(option, choice) }));
  return make("select", { id }, ...entries);
}

function valueOf(option, input) {
  if (option.kind === "bool") return input.checked;
  if (option.choices.length) return input.value;
  const typed = input.value.trim();
  if (typed === "") return null;
  // Large seeds stay texts: as numbers they would lose their last digits.
  return option.kind === "int" && Number(typed) > LARGEST_EXACT ? typed : Number(typed);
}

function put(option, { main, slider }, value) {
  if (option.kind === "bool") main.checked = value;
  else main.value = value ?? "";
  if (slider) slider.value = value;
}

function complaint(option, input, value) {
  const unreadable = value === null && (!option.optional || input.validity?.badInput);
  const forbidden = value !== null && typeof value === "number" && !option.choices.length && !isAllowed(option, value);
  const fractional = option.kind === "int" && typeof value === "number" && !Number.isInteger(value);
  const wrong = unreadable || forbidden || fractional;
  input.setAttribute("aria-invalid", String(wrong));
  return wrong ? text("options.wrong", { range: rangeOf(option) }) : adviceOf(option, value);
}
