/** Frames to bytes and back: newline-delimited JSON, at most 1 MiB a frame; garbage is counted, never thrown. */
import { BerthError } from "../base/errors.ts";
import { isDaemonFrame, isRunnerFrame } from "./frame-shape.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";
import type { DaemonFrame, RunnerFrame } from "./frame.ts";

const NEWLINE = 10;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** One frame as the line to send; a frame above the cap is a defect of the sender. */
export function encodeFrame(frame: DaemonFrame | RunnerFrame): Uint8Array {
  const bytes = encoder.encode(`${JSON.stringify(frame)}\n`);
  if (bytes.length > MAX_FRAME_BYTES) {
    throw new BerthError("defect", {
      code: "protocol.frame-too-large",
      detail: `${frame.kind} frame of ${bytes.length} bytes; the cap is ${MAX_FRAME_BYTES}`,
    });
  }
  return bytes;
}

/** What a chunk completed: frames in order, and how many lines were none (too long, no JSON, unknown shape). */
export interface Received<T> {
  readonly frames: readonly T[];
  readonly garbage: number;
}

/** Cuts a byte stream into frames. Holds at most one frame's bytes; a longer line is skipped to its end. */
export class FrameReader<T> {
  readonly #accept: (value: unknown) => value is T;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #skipping = false;

  constructor(accept: (value: unknown) => value is T) {
    this.#accept = accept;
  }

  push(chunk: Uint8Array): Received<T> {
    const frames: T[] = [];
    let garbage = 0;
    let from = 0;
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from);
      const end = newline === -1 ? chunk.length : newline;
      const part = chunk.subarray(from, end);
      if (newline === -1) this.#hold(part);
      else {
        const frame = this.#takeLine(part);
        if (frame === "garbage") garbage += 1;
        else if (frame !== "blank") frames.push(frame);
      }
      from = end + 1;
    }
    return { frames, garbage };
  }

  #hold(part: Uint8Array): void {
    if (this.#skipping) return;
    this.#heldBytes += part.length;
    if (this.#heldBytes < MAX_FRAME_BYTES) {
      // Copied: the caller may reuse its buffer.
      this.#held.push(part.slice());
      return;
    }
    this.#held = [];
    this.#skipping = true;
  }

  /** The last part is used before the caller goes on, so it needs no copy; most lines are whole in one chunk. */
  #takeLine(last: Uint8Array): T | "garbage" | "blank" {
    const [parts, length] = [this.#held, this.#heldBytes + last.length];
    const skipped = this.#skipping || length >= MAX_FRAME_BYTES;
    this.#held = [];
    this.#heldBytes = 0;
    this.#skipping = false;
    if (skipped) return "garbage";
    if (length === 0) return "blank";
    const value = parsed(parts.length === 0 ? last : joined([...parts, last], length));
    return this.#accept(value) ? value : "garbage";
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const line = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    line.set(part, at);
    at += part.length;
  }
  return line;
}

function parsed(line: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(decoder.decode(line));
    return value;
  } catch {
    return undefined;
  }
}

/** The runner's end: reads what the daemon says. */
export function daemonFrameReader(): FrameReader<DaemonFrame> {
  return new FrameReader(isDaemonFrame);
}

/** The daemon's end: reads what a runner says. */
export function runnerFrameReader(): FrameReader<RunnerFrame> {
  return new FrameReader(isRunnerFrame);
}
