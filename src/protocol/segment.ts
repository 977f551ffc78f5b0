/** Output segments: how the runner writes what agents print and how the daemon reads it back, byte for byte.
 *
 * A segment is a row of records: a header line `<at in ms> <letter> <byte length>\n`, that many bytes, and `\n`.
 * - `o` and `e`: a chunk of stdout or stderr as it was read, with no regard for lines.
 * - `b`: begins a segment; its body is the decimal count of output bytes (`o` and `e` bodies) written to this run before
 *   this segment, so that a reader who finds the oldest segments gone can say how much is missing.
 * - `x`: ends the run: both streams are closed, nothing follows. Absent when the container died under the run.
 *
 * A crash may leave a torn record at the end of a segment; the writer then goes on in the next segment, never behind it.
 */

/** A segment is closed before it would grow beyond this. */
export const MAX_SEGMENT_BYTES = 4_194_304;
/** The body of one record; longer chunks are split. A pipe holds 64 KiB, so this is rarely reached. */
export const MAX_CHUNK_BYTES = 262_144;
/** `<16 digits> <letter> <6 digits>\n`. */
export const MAX_HEADER_BYTES = 32;

export type OutputStream = "stdout" | "stderr";

interface Extent {
  readonly at: number;
  /** Where the record starts in the decoded bytes, and where the next one starts. */
  readonly start: number;
  readonly end: number;
}

export type SegmentRecord = Extent &
  (
    | Readonly<{ kind: "chunk"; stream: OutputStream; bytes: Uint8Array }>
    | Readonly<{ kind: "begin"; bytesBefore: number }>
    | Readonly<{ kind: "end" }>
  );

/** Records found, how far the bytes are used up, and how many bytes belonged to no record. */
export interface Decoded {
  readonly records: readonly SegmentRecord[];
  readonly next: number;
  readonly garbageBytes: number;
}

const NEWLINE = 10;
const LETTERS = { stdout: "o", stderr: "e" } as const;
const HEADER = /^(\d{1,16}) ([oebx]) (\d{1,6})$/;
const ascii = new TextEncoder();

/** `000001.seg`; segments of a run are numbered from 1 without a gap as they are written. */
export function segmentName(number: number): string {
  return `${String(number).padStart(6, "0")}.seg`;
}

/** The number of a segment file, or null when the name is none of ours. */
export function segmentNumber(name: string): number | null {
  const digits = /^(\d{6,9})\.seg$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The header of one chunk, for a writer that gathers header, bytes and `\n` without copying. */
export function chunkHeader(at: number, stream: OutputStream, byteLength: number): string {
  return `${Math.trunc(at)} ${LETTERS[stream]} ${byteLength}\n`;
}

/** One chunk as bytes ready to append; more than MAX_CHUNK_BYTES become several records. */
export function encodeChunk(at: number, stream: OutputStream, bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; from += MAX_CHUNK_BYTES) {
    const body = bytes.subarray(from, from + MAX_CHUNK_BYTES);
    parts.push(ascii.encode(chunkHeader(at, stream, body.length)), body, ascii.encode("\n"));
  }
  return joined(parts);
}

/** The first record of every segment. */
export function encodeBegin(at: number, bytesBefore: number): Uint8Array {
  const body = String(bytesBefore);
  return ascii.encode(`${Math.trunc(at)} b ${body.length}\n${body}\n`);
}

/** The last record of a run whose streams are both closed. */
export function encodeEnd(at: number): Uint8Array {
  return ascii.encode(`${Math.trunc(at)} x 0\n\n`);
}

/** Every whole record in `bytes`; the bytes from `next` on are the start of a record not yet whole. Never throws. */
export function decodeRecords(bytes: Uint8Array): Decoded {
  const records: SegmentRecord[] = [];
  let at = 0;
  let garbageBytes = 0;
  while (at < bytes.length) {
    const found = decodeOne(bytes, at);
    if (found === "partial") break;
    if (found === "garbage") {
      const newline = bytes.indexOf(NEWLINE, at);
      const next = newline === -1 ? bytes.length : newline + 1;
      garbageBytes += next - at;
      at = next;
    } else {
      records.push(found);
      at = found.end;
    }
  }
  return { records, next: at, garbageBytes };
}

function decodeOne(bytes: Uint8Array, start: number): SegmentRecord | "partial" | "garbage" {
  const newline = bytes.subarray(start, start + MAX_HEADER_BYTES).indexOf(NEWLINE);
  if (newline === -1) return bytes.length - start < MAX_HEADER_BYTES ? "partial" : "garbage";
  const header = HEADER.exec(text(bytes.subarray(start, start + newline)));
  if (header === null) return "garbage";
  const [, stamp = "", letter = "", digits = ""] = header;
  const length = Number(digits);
  if (length > MAX_CHUNK_BYTES) return "garbage";
  const from = start + newline + 1;
  const end = from + length + 1;
  if (end > bytes.length) return "partial";
  if (bytes[end - 1] !== NEWLINE) return "garbage";
  const extent = { at: Number(stamp), start, end };
  const body = bytes.subarray(from, end - 1);
  if (letter === "x") return { kind: "end", ...extent };
  if (letter === "b") return beginOf(text(body), extent);
  return { kind: "chunk", stream: letter === "o" ? "stdout" : "stderr", bytes: body, ...extent };
}

function beginOf(body: string, extent: Extent): SegmentRecord | "garbage" {
  return /^\d{1,16}$/.test(body)
    ? { kind: "begin", bytesBefore: Number(body), ...extent }
    : "garbage";
}

/** Headers are ASCII; a loop over at most 32 bytes is cheaper than a decoder. */
function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, MAX_HEADER_BYTES));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
