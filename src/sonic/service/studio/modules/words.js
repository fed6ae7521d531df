// What an option is called and said to do in the reader's language; English comes from the server.

import { number, text, textOr } from "./language.js";

/** The option's name as a label. */
export function labelOf({ name }) {
  return textOr(`option.${name}.label`, capitalised(name.replaceAll("_", " ")));
}

const capitalised = (words) => words[0].toUpperCase() + words.slice(1);

/** One of the option's texts: help, effect, unit, below or above. */
export function wordsOf(option, field) {
  return textOr(`option.${option.name}.${field}`, option[field]);
}

export function choiceName(option, choice) {
  const numbered = option.counted && /^\d+$/.test(choice);
  return numbered ? text("options.numbered", { number: choice }) : textOr(`option.${option.name}.choice.${choice}`, capitalised(choice));
}

/** The allowed and the recommended range in one line. */
export function rangeOf(option) {
  const { minimum, maximum, recommended } = option;
  if (option.choices.length || option.kind === "bool") return "";
  const unit = option.unit ? ` ${wordsOf(option, "unit")}` : "";
  const parts = maximum === null || maximum > Number.MAX_SAFE_INTEGER
    ? [text("options.atLeast", { minimum: number(minimum, 2), unit })]
    : [text("options.range", { minimum: number(minimum, 2), maximum: number(maximum, 2), unit })];
  if (recommended) {
    const [low, high] = recommended.map((bound) => number(bound, 2));
    parts.push(text("options.recommended", { low, high }));
  }
  return parts.join(" · ");
}

/** A warning when a value is outside the recommended range, else an empty text. */
export function adviceOf(option, value) {
  if (!option.recommended || value === null) return "";
  const [low, high] = option.recommended;
  if (value < low) return text("options.warning", { consequence: wordsOf(option, "below") });
  return value > high ? text("options.warning", { consequence: wordsOf(option, "above") }) : "";
}

/** Whether a number may be used at all; the server decides the same. */
export function isAllowed({ minimum, maximum }, value) {
  return (minimum === null || value >= minimum) && (maximum === null || value <= maximum);
}
