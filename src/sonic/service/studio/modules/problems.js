// Turns whatever went wrong into one clear sentence in the reader's language.

import { hasText, text } from "./language.js";

/** A failure with a stable code; `message` is the server's sentence. */
export class Problem extends Error {
  constructor(code, message, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** One sentence for any error. */
export function sentence(error) {
  const key = `error.${error.code}`;
  if (hasText(key)) return text(key);
  return error.message || text("error.unknown");
}

/** Show an error in an element, or clear it. */
export function showFailure(element, error) {
  element.hidden = !error;
  element.textContent = error ? sentence(error) : "";
}
