// Keeps two players in step, with the sound of the first.

const DRIFT = 0.08; // seconds that the second may be off before it is set right

/** Two video elements that play, pause and seek together. */
export class Pair {
  constructor(lead, other) {
    this.lead = lead;
    this.other = other;
    this.over = new AbortController();
    other.muted = true;
    other.controls = false;
    const on = (name, listener) => lead.addEventListener(name, listener, { signal: this.over.signal });
    on("play", () => this.follow());
    on("pause", () => other.pause?.());
    on("seeking", () => this.align(0));
    on("timeupdate", () => this.align(DRIFT));
    on("ratechange", () => { other.playbackRate = lead.playbackRate; });
    other.addEventListener("loadedmetadata", () => this.align(0), { once: true });
    if (!lead.paused) this.follow();
  }

  follow() {
    this.align(0);
    this.other.play?.();
  }

  align(tolerance) {
    const target = Math.min(this.lead.currentTime, this.other.duration || 0);
    if (Math.abs(this.other.currentTime - target) > tolerance) this.other.currentTime = target;
  }

  end() {
    this.over.abort();
    this.other.pause?.();
  }
}
