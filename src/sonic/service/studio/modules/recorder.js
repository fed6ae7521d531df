// Records a voice with the microphone, with a level that shows that something is heard.

import { byId } from "./dom.js";
import { Problem } from "./problems.js";
import { clock } from "./time.js";

const TICK = 100; // ms between updates of time and level

/** Record until the button is pressed; resolves with the recording as the browser encodes it. */
export async function recordVoice() {
  const stream = await openMicrophone();
  const panel = byId("recording");
  const context = new AudioContext();
  panel.hidden = false;
  byId("recording-stop").focus();
  const timer = showLevel(context, stream);
  try {
    return await record(stream);
  } finally {
    clearInterval(timer);
    stream.getTracks().forEach((track) => track.stop());
    panel.hidden = true;
    await context.close();
  }
}

async function openMicrophone() {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    throw new Problem("no_microphone", "");
  }
}

function record(stream) {
  const recorder = new MediaRecorder(stream);
  const parts = [];
  return new Promise((resolve) => {
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      const type = recorder.mimeType.split(";")[0];
      resolve(new File(parts, `recording.${type.split("/")[1]}`, { type }));
    });
    byId("recording-stop").addEventListener("click", () => recorder.stop(), { once: true });
    recorder.start();
  });
}

function showLevel(context, stream) {
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const started = performance.now();
  return setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    byId("recording-level").value = Math.min(1, 2 * Math.max(...samples.map(Math.abs)));
    byId("recording-time").textContent = clock((performance.now() - started) / 1000);
  }, TICK);
}
