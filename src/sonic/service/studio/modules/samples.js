// Fetches the portrait and the voice that the server offers to start with.

import { read, send } from "./api.js";
import { byId } from "./dom.js";

/** Connect the buttons that load samples; they stay hidden where the server has none. */
export async function connectSamples(onPicture, onSound) {
  const { data } = await read("v1/samples");
  const offers = [
    [data.find((sample) => sample.kind === "image"), byId("portrait-sample"), onPicture],
    [data.find((sample) => sample.kind === "audio"), byId("voice-sample"), onSound],
  ];
  for (const [sample, button, take] of offers) {
    if (!sample) continue;
    button.hidden = false;
    button.addEventListener("click", async () => take(await fileOf(sample)));
  }
  if (offers.some(([sample]) => !sample)) return;
  const both = byId("sample-both");
  both.hidden = false;
  both.addEventListener("click", async () => {
    for (const [sample, , take] of offers) take(await fileOf(sample));
    byId("consent").focus();
  });
}

async function fileOf({ name, url }) {
  const blob = await (await send(url)).blob();
  return new File([blob], name, { type: blob.type });
}
