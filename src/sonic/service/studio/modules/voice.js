// The voice's card: takes a recording, shows and plays its waveform, trims it, and says what would help.

import { byId, make } from "./dom.js";
import { adviceList, inspect } from "./inspect.js";
import { onLanguage, text } from "./language.js";
import { showFailure } from "./problems.js";
import { clock } from "./time.js";
import { cutToWav, decode } from "./wav.js";
import { Waveform } from "./waveform.js";

/** Holds the chosen recording; "change" is dispatched when it is another one. */
export class VoiceCard extends EventTarget {
  constructor() {
    super();
    this.original = null;
    this.report = null;
    this.player = new Audio();
    this.asking = new AbortController();
    this.wave = new Waveform();
    this.wave.addEventListener("change", () => this.writeLength());
    this.connect();
    onLanguage(() => this.write());
  }

  connect() {
    byId("voice-remove").addEventListener("click", () => this.clear());
    byId("voice-whole").addEventListener("click", () => this.wave.choose(0, this.wave.buffer.duration));
    byId("voice-play").addEventListener("click", () => this.toggle());
    byId("voice-file").addEventListener("change", (event) => {
      if (event.target.files.length) this.set(event.target.files[0]);
      event.target.value = "";
    });
    for (const name of ["play", "pause", "ended"]) this.player.addEventListener(name, () => this.writePlaying());
  }

  /** What will be sent: the file as it came, or the chosen stretch of it. */
  get file() {
    if (!this.original || this.wave.whole) return this.original;
    const stem = this.original.name.replace(/\.\w+$/, "");
    return cutToWav(this.wave.buffer, this.wave.start, this.wave.end, `${stem}-trimmed.wav`);
  }

  /** Show a recording and have it listened to. */
  async set(file) {
    this.original = file;
    this.report = null;
    this.player.pause();
    URL.revokeObjectURL(this.player.src);
    this.player.src = URL.createObjectURL(file);
    byId("voice-name").textContent = file.name;
    this.show(true);
    this.wave.show(null);
    this.dispatchEvent(new Event("change"));
    const listening = this.listen(file);
    this.wave.show(await decode(file).catch(() => null));
    this.writeLength();
    await listening;
  }

  clear() {
    this.asking.abort();
    this.player.pause();
    this.original = null;
    this.report = null;
    this.wave.show(null);
    this.show(false);
    showFailure(byId("voice-failure"), null);
    this.dispatchEvent(new Event("change"));
    byId("voice-file").focus();
  }

  async listen(file) {
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.write(true);
    try {
      this.report = await inspect("audio", file, {}, signal);
      showFailure(byId("voice-failure"), null);
    } catch (error) {
      if (signal.aborted) return;
      showFailure(byId("voice-failure"), error);
    }
    this.write();
  }

  show(filled) {
    byId("voice-empty").hidden = filled;
    byId("voice-view").hidden = !filled;
    byId("voice-remove").hidden = !filled;
    byId("speech").hidden = true;
    byId("voice-type").setAttribute("aria-expanded", "false");
  }

  write(waiting = false) {
    const advice = byId("voice-advice");
    advice.replaceChildren();
    if (waiting) advice.append(make("p", { className: "waiting", textContent: text("voice.listening") }));
    if (this.report) advice.append(adviceList(this.report.advice, "voice.fine"));
    this.writePlaying();
    this.writeLength();
  }

  writeLength() {
    const { wave } = this;
    byId("voice-whole").hidden = wave.whole;
    const span = wave.buffer ? wave.end - wave.start : this.report?.duration;
    byId("voice-length").textContent = span ? text("voice.length", { length: clock(span, 1) }) : "";
  }

  writePlaying() {
    byId("voice-play").textContent = text(this.player.paused ? "voice.play" : "voice.pause");
    if (this.player.paused) this.wave.mark(null);
  }

  async toggle() {
    if (!this.player.paused) {
      this.player.pause();
      return;
    }
    this.player.currentTime = this.wave.buffer ? this.wave.start : 0;
    await this.player.play();
    this.tick();
  }

  /** Move the mark along while the chosen stretch plays. */
  tick() {
    if (this.player.paused || !this.wave.buffer) return;
    if (this.player.currentTime >= this.wave.end) this.player.pause();
    else this.wave.mark(this.player.currentTime);
    requestAnimationFrame(() => this.tick());
  }
}
