// Takes what is dropped on the page or pasted into it to the card that it is for.

import { byId } from "./dom.js";

/** Pictures go to `onPicture`, sounds and videos to `onSound`, the rest to `onOther`. */
export function connectDrops({ onPicture, onSound, onOther }) {
  const veil = byId("drop-veil");
  const take = (files) => {
    for (const file of files) {
      if (file.type.startsWith("image/")) onPicture(file);
      else if (/^(audio|video)\//.test(file.type)) onSound(file);
      else onOther(file);
    }
  };
  document.addEventListener("dragenter", (event) => {
    if (event.dataTransfer.types.includes("Files")) veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) veil.hidden = true; });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    veil.hidden = true;
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
}
