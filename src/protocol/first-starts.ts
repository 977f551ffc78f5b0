/** First starts in the spool: what the daemon lays down, what the launcher makes of it, what daemon and runner read of that. */
import { dictOf, isCount, isText, listOf, oneOf, shapeOf } from "./shape.ts";

/** Laid down before each start of a container; the launcher takes it by renaming it. */
export const FIRST_FILE = "first";
/** Taken: its starts were asked for. Removed by the runner that has told of all of them. */
export const BEGUN_FILE = "begun";
/** What the launcher answered until the runner was there. */
export const TOLD_FILE = "told";
/** Made by the daemon: the runner is to come now. */
export const GO_FILE = "go";
/** The launcher's word to the runner that this boot has first starts, and that the container is to end. */
export const FIRST_VARIABLE = "BERTH_FIRST";
export const ENDING_VARIABLE = "BERTH_ENDING";

/** Ids and markers of first starts: no runner counts that far. */
export const FIRST_ID = 1_000_000_000;
export const FIRST_START_MARKER = 2_000_000_000;

const WORD = 4;
const HEAD = 3 * WORD;

/** One process that was asked for. */
export interface FirstStart {
  /** The launcher's id of it. */
  readonly id: number;
  readonly run: string;
  readonly agent: string;
  readonly replica: number;
  readonly marker: number;
  /** What it is as soon as it runs: one with a health command is not yet running. */
  readonly state: "running" | "starting";
}

/** What only daemon and runner read. */
export interface FirstPart {
  /** The runner's boot id. */
  readonly boot: string;
  readonly configHash: string;
  readonly generation: number;
  readonly restartSerials: Readonly<Record<string, number>>;
  readonly starts: readonly FirstStart[];
}

const start = shapeOf({
  id: isCount,
  run: isText,
  agent: isText,
  replica: isCount,
  marker: isCount,
  state: oneOf("running", "starting"),
});
const part = shapeOf({
  boot: isText,
  configHash: isText,
  generation: isCount,
  restartSerials: dictOf(isCount),
  starts: listOf(start),
});

/** The file: uid and gid of the workspace, the length of the text, the text, then requests to the launcher. */
export function encodeFirst(
  owner: Readonly<{ uid: number; gid: number }>,
  first: FirstPart,
  requests: readonly Buffer[],
): Buffer {
  const text = Buffer.from(JSON.stringify(first));
  const head = Buffer.alloc(HEAD);
  [owner.uid, owner.gid, text.length].forEach((word, at) => head.writeUInt32LE(word, at * WORD));
  return Buffer.concat([head, text, ...requests]);
}

/** What daemon and runner read of such a file; null when it is none. */
export function decodeFirst(file: Buffer): FirstPart | null {
  if (file.length < HEAD) return null;
  const end = HEAD + file.readUInt32LE(2 * WORD);
  if (end > file.length) return null;
  try {
    const value: unknown = JSON.parse(file.toString("utf8", HEAD, end));
    return isFirstPart(value) ? value : null;
  } catch {
    return null;
  }
}

function isFirstPart(value: unknown): value is FirstPart {
  return part(value);
}
