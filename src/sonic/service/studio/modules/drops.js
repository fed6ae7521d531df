// Takes what is dropped on the page or pasted into it to the card that it is for.

import { byId } from "./dom.js";
import { isFilm } from "./film.js";

/** Pictures go to `onPicture`, sounds to `onSound`, videos to the card under the pointer, the rest to `onOther`. */
export function connectDrops({ onPicture, onSound, onOther }) {
  const veil = byId("drop-veil");
  const take = (files, place) => {
    const dubbed = place?.closest("#portrait-empty, #portrait-view") != null;
    for (const file of files) {
      if (file.type.startsWith("image/") || (dubbed && isFilm(file))) onPicture(file);
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
    take(event.dataTransfer.files, event.target);
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
}
