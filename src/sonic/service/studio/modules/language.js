// Holds the page's language: texts by key, and what happens when it is switched.

const STORED = "sonic.language";
const KNOWN = ["en", "zh-CN"];
const changes = new EventTarget();
let texts = {};
let current = "en";

/** The language that the reader chose before, or the browser asks for. */
export function preferredLanguage() {
  const stored = localStorage.getItem(STORED);
  if (KNOWN.includes(stored)) return stored;
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith("zh")) ? "zh-CN" : "en";
}

/** Load a language and put it on the page. */
export async function useLanguage(tag) {
  const answer = await fetch(new URL(`../languages/${tag}.json`, import.meta.url));
  texts = await answer.json();
  current = tag;
  localStorage.setItem(STORED, tag);
  document.documentElement.lang = tag;
  document.title = text("page.title");
  write(document);
  changes.dispatchEvent(new Event("change"));
}

/** Call `listener` after every switch. */
export function onLanguage(listener) {
  changes.addEventListener("change", listener);
}

export const language = () => current;
export const hasText = (key) => key in texts;

/** The text of a key, with {names} replaced; the key itself would show that a dictionary is incomplete. */
export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The dictionary's text, or what the server says in English where the dictionary leaves that to it. */
export function textOr(key, fallback) {
  return texts[key] ?? fallback;
}

/** Put the texts into every marked element. */
export function write(root) {
  for (const node of root.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
  for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", text(node.dataset.label));
  for (const node of root.querySelectorAll("[data-alt]")) node.alt = text(node.dataset.alt);
}

export function number(value, digits = 1) {
  return value.toLocaleString(current, { maximumFractionDigits: digits });
}

/** Seconds as a person would say them. */
export function duration(seconds) {
  if (seconds < 60) return text("unit.seconds", { count: number(seconds, seconds < 10 ? 1 : 0) });
  const minutes = Math.floor(seconds / 60);
  return text("unit.minutes", { minutes, seconds: String(Math.round(seconds - 60 * minutes)).padStart(2, "0") });
}

/** A moment as date and time of the reader's place. */
export function moment(iso) {
  return new Date(iso).toLocaleString(current, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });
}
