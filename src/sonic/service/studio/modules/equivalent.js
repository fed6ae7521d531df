// Writes the command and the Python lines that make the same video.

const SAFE = /^[\w./:@%+=,-]+$/;

/** The `sonic generate` line for a job; only options that differ from their defaults are named, `points` is a file. */
export function commandLine({ image, audio, output, points }, config, options) {
  const flags = changed(config, options).map(([option, value]) => flag(option, value));
  if (points) flags.unshift(`--face-points ${quoted(points)}`);
  return ["sonic generate", quoted(image), quoted(audio), `-o ${quoted(output)}`, ...flags].join(" ");
}

/** The same in Python. */
export function pythonLines({ image, audio, output, points }, config, options) {
  const values = changed(config, options).map(([{ name, kind, choices }, value]) => `${name}=${literal(kind, choices, value)}`);
  const inputs = [`audio=${JSON.stringify(audio)}`, `image=${JSON.stringify(image)}`];
  if (points) inputs.push(`face_points=${JSON.stringify(points)}`);
  return [
    "import sonic",
    "",
    'model = sonic.load_model("sonic-base")',
    `video = model.generate(${[...inputs, ...values].join(", ")})`,
    `video.export(${JSON.stringify(output)})`,
  ].join("\n");
}

/** Options and values that are not the default. */
export function changed(config, options) {
  return options
    .map((option) => [option, config[option.name] ?? option.default])
    .filter(([option, value]) => value !== option.default);
}

function flag({ name, kind }, value) {
  const words = name.replaceAll("_", "-");
  if (kind === "bool") return value ? `--${words}` : `--no-${words}`;
  return `--${words} ${quoted(String(value))}`;
}

function quoted(word) {
  return SAFE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function literal(kind, choices, value) {
  if (kind === "bool") return value ? "True" : "False";
  return choices.length ? JSON.stringify(value) : String(value);
}
