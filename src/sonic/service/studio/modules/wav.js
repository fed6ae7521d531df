// Decodes sound in the browser and writes a stretch of it as a WAV file.

import { Problem } from "./problems.js";

const HEADER = 44; // bytes
const FULL_SCALE = 32767;

/** The sound of a file as an AudioBuffer; null where this browser cannot decode it but the server may. */
export async function decode(file) {
  const context = new OfflineAudioContext(1, 1, 48000);
  try {
    return await context.decodeAudioData(await file.arrayBuffer());
  } catch (error) {
    if (file.size === 0) throw new Problem("audio", error.message);
    return null;
  }
}

/** The stretch from `start` to `end`, seconds, as a 16-bit WAV file with one channel. */
export function cutToWav(buffer, start, end, name) {
  const rate = buffer.sampleRate;
  const samples = mixed(buffer, Math.round(start * rate), Math.round(end * rate));
  const view = new DataView(new ArrayBuffer(HEADER + 2 * samples.length));
  writeHeader(view, samples.length, rate);
  samples.forEach((sample, index) => {
    const limited = Math.max(-1, Math.min(1, sample));
    view.setInt16(HEADER + 2 * index, Math.round(limited * FULL_SCALE), true);
  });
  return new File([view], name, { type: "audio/wav" });
}

/** Mean of all channels between two samples. */
function mixed(buffer, first, last) {
  const sum = new Float32Array(last - first);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    const samples = buffer.getChannelData(channel).subarray(first, last);
    samples.forEach((sample, index) => { sum[index] += sample / buffer.numberOfChannels; });
  }
  return sum;
}

function writeHeader(view, count, rate) {
  const word = (offset, letters) => [...letters].forEach((letter, index) => view.setUint8(offset + index, letter.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, HEADER - 8 + 2 * count, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true); // bytes a second
  view.setUint16(32, 2, true); // bytes a sample
  view.setUint16(34, 16, true); // bits a sample
  word(36, "data");
  view.setUint32(40, 2 * count, true);
}
