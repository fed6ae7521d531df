// Brings the parts of the page together.

import { loadable } from "./modules/api.js";
import { takePicture } from "./modules/camera.js";
import { consentGiven, consentStatement } from "./modules/consent.js";
import { byId } from "./modules/dom.js";
import { connectDrops } from "./modules/drops.js";
import { History } from "./modules/history.js";
import { createJob, FINAL, portraitPath, readInput } from "./modules/jobs.js";
import { preferredLanguage, useLanguage } from "./modules/language.js";
import { PortraitCard } from "./modules/portrait.js";
import { Problem, showFailure } from "./modules/problems.js";
import { recordVoice } from "./modules/recorder.js";
import { connectSamples } from "./modules/samples.js";
import { Settings } from "./modules/settings.js";
import { connectSpeech } from "./modules/speech.js";
import { Stage } from "./modules/stage.js";
import { connectTheme } from "./modules/theme.js";
import { VoiceCard } from "./modules/voice.js";

const portrait = new PortraitCard();
const voice = new VoiceCard();
const settings = new Settings();
const history = new History();
const stage = new Stage(settings, (job, config) => attempt(() => rerun(job, config)));

/** Run something that may fail, and say so beside the button that starts videos. */
async function attempt(action, place = "form-failure") {
  showFailure(byId(place), null);
  try {
    await action();
  } catch (error) {
    if (error.name === "AbortError") return;
    showFailure(byId(place), error);
  }
}

async function generate() {
  const missing = whatIsMissing();
  if (missing) throw new Problem(missing, "");
  await start({ image: portrait.file, audio: voice.file, config: settings.config, points: portrait.points });
}

function whatIsMissing() {
  if (!portrait.file) return "no_portrait";
  if (!voice.file) return "no_voice";
  if (portrait.refused) return "portrait_unusable";
  if (!settings.valid) return "wrong_settings";
  return consentGiven() ? "" : "no_consent";
}

async function start(inputs) {
  byId("generate").disabled = true;
  try {
    const job = await createJob({ ...inputs, consent: consentStatement() });
    await history.load();
    byId("stage").focus({ preventScroll: true });
    byId("stage").scrollIntoView({ block: "nearest" });
    attempt(() => stage.watch(job, URL.createObjectURL(inputs.image)));
  } finally {
    byId("generate").disabled = false;
  }
}

async function rerun(job, config) {
  const [image, audio] = await Promise.all([readInput(job, "image"), readInput(job, "audio")]);
  settings.set({ ...config, seed: settings.values.seed }); // the next one may move differently again
  await start({ image, audio, config, points: job.input.face_points });
}

/** Put the inputs and the settings of an earlier job back into the form. */
async function reuse(job) {
  const [image, audio] = await Promise.all([readInput(job, "image"), readInput(job, "audio")]);
  byId("form").scrollIntoView({ block: "start" });
  const looking = [portrait.set(image, job.input.face_points), voice.set(audio)];
  settings.set(job.input.config);
  await Promise.all(looking);
}

function open(job) {
  byId("stage").scrollIntoView({ block: "nearest" });
  if (!FINAL.includes(job.status)) return resume(job);
  return stage.show(job, before(job));
}

/** Follow a job that another page, or this one before it was loaded again, has started. */
async function resume(job) {
  await stage.watch(job, await loadable(portraitPath(job)));
}

/** The video that was finished before a job, in a format that plays. */
function before(job) {
  const films = history.succeeded.filter(({ input }) => input.format !== "gif");
  return films.find(({ created_at: created, id }) => created < job.created_at && id !== job.id) ?? null;
}

function connect() {
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(generate);
  });
  byId("language").addEventListener("change", (event) => useLanguage(event.target.value));
  byId("portrait-camera").addEventListener("click", () => attempt(async () => {
    const picture = await takePicture();
    if (picture) portrait.set(picture);
  }, "portrait-failure"));
  byId("voice-record").addEventListener("click", () => attempt(async () => voice.set(await recordVoice()), "voice-failure"));
  settings.addEventListener("change", () => portrait.follow(settings.config));
  portrait.addEventListener("change", () => {
    if (settings.values.face_index !== null) settings.put("face_index", null); // it was a face of another picture
  });
  portrait.addEventListener("face", ({ detail }) => settings.put("face_index", detail));
  history.addEventListener("open", ({ detail }) => attempt(() => open(detail)));
  history.addEventListener("reuse", ({ detail }) => attempt(() => reuse(detail)));
  stage.addEventListener("finished", async ({ detail }) => {
    await history.load();
    await stage.show(detail, before(detail));
  });
  connectDrops({
    onPicture: (file) => portrait.set(file),
    onSound: (file) => voice.set(file),
    onOther: () => showFailure(byId("form-failure"), new Problem("unknown_file", "")),
  });
}

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

async function main() {
  if (LOOPBACK.includes(location.hostname)) byId("stage-place").dataset.text = "stage.noteLocal";
  connectTheme(byId("theme"));
  const language = preferredLanguage();
  byId("language").value = language;
  await useLanguage(language);
  connect();
  await attempt(async () => {
    await settings.load();
    await history.load();
    await Promise.all([
      connectSamples((file) => portrait.set(file), (file) => voice.set(file)),
      connectSpeech((file) => voice.set(file)),
    ]);
  });
  document.documentElement.dataset.ready = "yes";
  if (history.running) attempt(() => resume(history.running));
}

main();
