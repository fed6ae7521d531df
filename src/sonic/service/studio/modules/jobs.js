// The jobs of the service: make, list, read, cancel and delete them, and read back what went in.

import { read, send, stringify } from "./api.js";
import { language } from "./language.js";

const PATH = "v1/videos";
export const FORMATS = { mp4: "MP4", webm: "WebM", gif: "GIF" };
export const FINAL = ["succeeded", "failed", "canceled"];

/** Start a job; returns it as the server stored it, with the seed drawn. */
export function createJob({ image, audio, config, points, format = "mp4", consent }) {
  const body = new FormData();
  body.set("image", image, image.name);
  body.set("audio", audio, audio.name);
  body.set("config", stringify({ ...labelled(), ...config }));
  if (points) body.set("face_points", JSON.stringify(points));
  body.set("format", format);
  body.set("consent", JSON.stringify({ statement: consent, by: "studio" }));
  return read(PATH, { method: "POST", body });
}

/** The visible label speaks the page's language unless another one is chosen. */
const labelled = () => (language() === "zh-CN" ? { label_language: "zh" } : {});

export const readJob = (id) => read(`${PATH}/${id}`);
export const cancelJob = (id) => send(`${PATH}/${id}/cancel`, { method: "POST" });
export const deleteJob = (id) => send(`${PATH}/${id}`, { method: "DELETE" });

/** One page of jobs, the newest first; `after` is the last id of the page before. */
export function listJobs({ limit = 12, after } = {}) {
  return read(`${PATH}?limit=${limit}${after ? `&after=${after}` : ""}`);
}

/** The portrait ("image") or the recording ("audio") that a job was made of, as a file. */
export async function readInput(job, kind) {
  const blob = await (await send(`${PATH}/${job.id}/inputs/${kind}`)).blob();
  const [, subtype = "bin"] = blob.type.split(/[/;]/);
  const stem = kind === "image" ? "portrait" : "voice";
  return new File([blob], `${stem}.${subtype.replace("jpeg", "jpg").replace(/^x-/, "")}`, { type: blob.type });
}

export const contentPath = (job) => `${PATH}/${job.id}/content`;
export const thumbnailPath = (job) => `${PATH}/${job.id}/thumbnail`;
export const portraitPath = (job) => `${PATH}/${job.id}/inputs/image`;
export const previewPath = (job, count) => `${PATH}/${job.id}/preview?n=${count}`;
