// Speaks typed text with the synthesiser of the server's machine, where there is one.

import { read, send } from "./api.js";
import { byId, make } from "./dom.js";
import { language } from "./language.js";
import { showFailure } from "./problems.js";

/** Offer typing where the server can speak; `onVoice` gets the sound as a file. */
export async function connectSpeech(onVoice) {
  const { data: voices, longest } = await read("v1/voices");
  if (!voices.length) return;
  const button = byId("voice-type");
  button.hidden = false;
  byId("speech-text").maxLength = longest;
  fill(byId("speech-voice"), voices);
  button.addEventListener("click", () => {
    const panel = byId("speech");
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) byId("speech-text").focus();
  });
  byId("speech-make").addEventListener("click", () => speak(onVoice));
}

function fill(select, voices) {
  select.replaceChildren(...voices.map(({ id, name }) => make("option", { value: id, textContent: name })));
  const wanted = language() === "zh-CN" ? "cmn" : "en";
  const best = voices.find((voice) => voice.language === `${wanted}-us`)
    ?? voices.find((voice) => voice.language.startsWith(wanted));
  if (best) select.value = best.id;
}

async function speak(onVoice) {
  const button = byId("speech-make");
  const failure = byId("voice-failure");
  button.disabled = true;
  showFailure(failure, null);
  try {
    const body = JSON.stringify({ text: byId("speech-text").value, voice: byId("speech-voice").value });
    const headers = { "Content-Type": "application/json" };
    const answer = await send("v1/speech", { method: "POST", body, headers });
    onVoice(new File([await answer.blob()], "text.wav", { type: "audio/wav" }));
  } catch (error) {
    showFailure(failure, error);
  } finally {
    button.disabled = false;
  }
}
