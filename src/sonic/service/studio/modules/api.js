// Speaks to the REST API: addresses, the key, JSON that keeps large seeds, and problems as exceptions.

import { askForKey, key } from "./key.js";
import { Problem } from "./problems.js";

const ROOT = new URL("../../", import.meta.url);
const LARGE_SEED = /"seed":\s*(\d{16,})/g;

export const address = (path) => new URL(path.replace(/^\//, ""), ROOT).href;

/** Send a request; an answer that is no success is thrown as a Problem. */
export async function send(path, options = {}) {
  const used = key();
  const answer = await attempt(path, options, used);
  if (answer.status === 401 && await askForKey(used)) return send(path, options);
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

/** The JSON of an address. */
export async function read(path, options) {
  return parse(await (await send(path, options)).text());
}

/** A link that an element can load; with a key, the content is fetched first, since elements send none. */
export async function loadable(path) {
  if (!key()) return address(path);
  return URL.createObjectURL(await (await send(path)).blob());
}

/** JSON in which seeds beyond the precision of numbers stay whole, as texts. */
export function parse(source) {
  return JSON.parse(source.replace(LARGE_SEED, '"seed": "$1"'));
}

/** JSON in which a seed that is a text becomes a number. */
export function stringify(config) {
  return JSON.stringify(config).replace(/"seed":"(\d+)"/, '"seed":$1');
}

async function attempt(path, options, used) {
  const headers = { ...options.headers };
  if (used) headers.Authorization = `Bearer ${used}`;
  try {
    return await fetch(address(path), { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("offline", "");
  }
}

async function problemOf(answer) {
  const content = await answer.json().catch(() => ({}));
  const message = content.detail ?? content.title ?? answer.statusText;
  return new Problem(content.code ?? `http_${answer.status}`, message, answer.status);
}
