// The settings' card: presets, and every other option of the service as a control.

import { read } from "./api.js";
import { isValid, makeControl, moreAbout, rowOf } from "./control.js";
import { byId, make } from "./dom.js";
import { onLanguage, text } from "./language.js";
import { choiceName, wordsOf } from "./words.js";

const PRESET = "preset";

/** Holds the values of all options; "change" is dispatched when one of them is another one. */
export class Settings extends EventTarget {
  constructor() {
    super();
    this.options = [];
    this.values = {};
    this.controls = [];
    this.rows = [];
    byId("settings-reset").addEventListener("click", () => this.set({}));
    onLanguage(() => this.build());
  }

  async load() {
    ({ options: this.options } = await read("v1/options"));
    this.set({});
  }

  /** Only what differs from the defaults, ready to be sent. */
  get config() {
    const entries = this.options.map(({ name }) => [name, this.values[name]]);
    return Object.fromEntries(entries.filter(([name, value]) => value !== this.option(name).default));
  }

  get valid() {
    return this.controls.every(isValid);
  }

  option(name) {
    return this.options.find((option) => option.name === name);
  }

  /** Take a config; what it leaves out gets its default. */
  set(config) {
    this.values = Object.fromEntries(this.options.map((option) => [option.name, config[option.name] ?? option.default]));
    this.build();
    this.changed();
  }

  /** Change one option and leave the others. */
  put(name, value) {
    this.set({ ...this.values, [name]: value });
  }

  build() {
    if (!this.options.length) return;
    const others = this.options.filter(({ name }) => name !== PRESET);
    this.controls = others.map((option) => {
      const control = makeControl(option, ({ value }) => this.keep(option.name, value));
      control.value = this.values[option.name];
      return control;
    });
    this.rows = this.controls.map(rowOf);
    byId("options").replaceChildren(...this.rows);
    this.buildPresets();
    this.writeChanged();
  }

  buildPresets() {
    const option = this.option(PRESET);
    const choices = option.choices.map((choice) => {
      const input = make("input", { type: "radio", name: PRESET, value: choice, checked: choice === this.values.preset });
      input.addEventListener("change", () => this.keep(PRESET, choice));
      return make("label", {}, input, make("span", { textContent: choiceName(option, choice) }));
    });
    byId("presets").replaceChildren(...choices);
    byId("preset-hint").replaceChildren(wordsOf(option, "help"), moreAbout(option));
  }

  keep(name, value) {
    this.values[name] = value;
    this.changed();
  }

  changed() {
    this.writeChanged();
    this.dispatchEvent(new Event("change"));
  }

  writeChanged() {
    const names = Object.keys(this.config);
    const advanced = names.filter((name) => name !== PRESET);
    for (const row of this.rows) row.classList.toggle("option-changed", names.includes(row.dataset.name));
    byId("settings-reset").hidden = !names.length;
    byId("changed").hidden = !advanced.length;
    byId("changed").textContent = text("settings.changed", { count: advanced.length });
  }
}
