// Follows a job's events; a broken connection goes on where it stopped.

import { parse, send } from "./api.js";
import { FINAL, readJob } from "./jobs.js";

const PAUSE = 1000; // ms before connecting again
const PATIENCE = 30; // failed attempts in a row before giving up

/** Call `onEvent(name, data)` for every event of a job, and "lost" while the server is away; gives the end. */
export async function follow(id, onEvent, signal) {
  let last = "";
  for (let failures = 0; failures < PATIENCE; failures += 1) {
    try {
      const headers = last ? { "Last-Event-ID": last } : {};
      const answer = await send(`v1/videos/${id}/events`, { headers, signal });
      for await (const event of messages(answer.body)) {
        failures = 0;
        last = event.id ?? last;
        if (event.name === "completed") break;
        onEvent(event.name, event.data);
      }
      const job = await readJob(id);
      if (FINAL.includes(job.status)) return job;
    } catch (error) {
      if (signal.aborted || error.status) throw error;
      onEvent("lost", {});
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return readJob(id);
}

/** The messages of a stream of server-sent events. */
async function* messages(body) {
  let rest = "";
  for await (const chunk of decoded(body)) {
    const blocks = (rest + chunk).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const message = parseMessage(block);
      if (message.data !== undefined) yield message;
    }
  }
}

async function* decoded(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel();
  }
}

function parseMessage(block) {
  const message = { name: "message" };
  for (const line of block.split("\n")) {
    const [, field, value] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    if (field === "id") message.id = value;
    else if (field === "event") message.name = value;
    else if (field === "data") message.data = parse(value);
  }
  return message;
}
