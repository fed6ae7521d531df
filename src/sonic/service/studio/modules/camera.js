// Takes a portrait with the camera.

import { byId } from "./dom.js";
import { Problem } from "./problems.js";

const QUALITY = 0.95;

/** Open the dialog with the camera's picture; resolves with a JPEG file, or null when it was closed. */
export async function takePicture() {
  const dialog = byId("camera");
  const view = byId("camera-view");
  const stream = await openCamera();
  view.srcObject = stream;
  dialog.showModal();
  try {
    return await choice(dialog, view);
  } finally {
    stream.getTracks().forEach((track) => track.stop());
    view.srcObject = null;
    dialog.close();
  }
}

async function openCamera() {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: 1920, height: 1080 } });
  } catch {
    throw new Problem("no_camera", "");
  }
}

function choice(dialog, view) {
  const over = new AbortController();
  return new Promise((resolve) => {
    const answer = (value) => { over.abort(); resolve(value); };
    const on = (target, name, listener) => target.addEventListener(name, listener, { signal: over.signal });
    on(byId("camera-take"), "click", async () => answer(await still(view)));
    on(byId("camera-close"), "click", () => answer(null));
    on(dialog, "cancel", () => answer(null));
  });
}

async function still(view) {
  const canvas = new OffscreenCanvas(view.videoWidth, view.videoHeight);
  canvas.getContext("2d").drawImage(view, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  return new File([blob], "camera.jpg", { type: blob.type });
}
