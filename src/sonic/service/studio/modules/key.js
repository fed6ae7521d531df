// Asks for the API key of a server that wants one, and keeps it for this tab.

import { byId } from "./dom.js";

const STORED = "sonic.key";

export const key = () => sessionStorage.getItem(STORED);

/** Open the dialog; resolves when it is closed, with whether a key was entered. */
export function askForKey() {
  const dialog = byId("key");
  byId("key-wrong").hidden = !key();
  sessionStorage.removeItem(STORED);
  if (!dialog.open) {
    dialog.returnValue = "";
    dialog.showModal();
  }
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const typed = byId("key-value").value.trim();
      if (dialog.returnValue === "use" && typed) sessionStorage.setItem(STORED, typed);
      resolve(key() !== null);
    }, { once: true });
  });
}
