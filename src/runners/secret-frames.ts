/** A project's secrets in as many messages as it takes: the runner keeps what each brings, and a frame has a cap. */
import { MAX_FRAME_BYTES } from "../protocol/frame.ts";

type Values = Readonly<Record<string, string>>;

/** A frame without its kind, id and epoch. */
const ROOM_BYTES = MAX_FRAME_BYTES - 1_024;
/** Quotes, colon and comma of one entry. */
const ENTRY_BYTES = 6;

/** The values, in order, in groups that each fit one frame, at least one; names and base64 are one byte a character. */
export function inFrames(values: Values): readonly Values[] {
  let group: Record<string, string> = {};
  const groups = [group];
  let room = ROOM_BYTES;
  for (const [name, value] of Object.entries(values)) {
    const bytes = name.length + value.length + ENTRY_BYTES;
    if (bytes > room) {
      group = {};
      groups.push(group);
      room = ROOM_BYTES;
    }
    group[name] = value;
    room -= bytes;
  }
  return groups;
}
