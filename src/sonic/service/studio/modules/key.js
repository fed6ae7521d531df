// Asks for the API key of a server that wants one, and keeps it for this tab.

import { byId } from "./dom.js";

const STORED = "sonic.key";

export const key = () => sessionStorage.getItem(STORED);

let asking = null;

/** Ask for another key than the one that was refused; resolves with whether there is one to try. */
export function askForKey(refused) {
  // Requests run side by side: a late refusal of an old key says nothing of one entered since.
  if (key() !== refused) return Promise.resolve(true);
  asking ??= ask(refused).finally(() => { asking = null; });
  return asking;
}

function ask(refused) {
  const dialog = byId("key");
  byId("key-wrong").hidden = !refused;
  sessionStorage.removeItem(STORED);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const typed = byId("key-value").value.trim();
      if (dialog.returnValue === "use" && typed) sessionStorage.setItem(STORED, typed);
      resolve(key() !== null);
    }, { once: true });
  });
}
