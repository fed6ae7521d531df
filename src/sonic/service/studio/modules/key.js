// Asks for the API key of a server that wants one, and keeps it for this tab.

import { byId } from "./dom.js";

const STORED = "sonic.key";

export const key = () => sessionStorage.getItem(STORED);

/** Open the dialog; resolves when a key was entered. */
export function askForKey() {
  const dialog = byId("key");
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    byId("key-form").addEventListener("submit", () => {
      sessionStorage.setItem(STORED, byId("key-value").value.trim());
      resolve();
    }, { once: true });
  });
}
