/** Segments: what is encoded is decoded, whatever the cuts and whatever a crash left behind. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeRecords,
  encodeBegin,
  encodeChunk,
  encodeEnd,
  MAX_CHUNK_BYTES,
  segmentName,
  segmentNumber,
} from "../../../src/protocol/segment.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);
const chunk = fc.record({
  at: fc.integer({ min: 0, max: 2 ** 45 }),
  stream: fc.constantFrom("stdout" as const, "stderr" as const),
  body: fc.uint8Array({ minLength: 1, maxLength: 60 }),
});

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

test("a record is a readable header, the bytes as they were, and a newline", () => {
  expect(text(encodeChunk(1700000000000, "stderr", bytes("a\nb")))).toBe(
    "1700000000000 e 3\na\nb\n",
  );
});

test("chunks come back byte for byte, however the file is cut while it grows", () => {
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      (chunks, cuts) => {
        const file = joined(chunks.map((one) => encodeChunk(one.at, one.stream, one.body)));
        const found = [];
        let held: Uint8Array = new Uint8Array(0);
        for (let from = 0; from < file.length;) {
          const cut = cuts.next().value ?? 1;
          held = joined([held, file.subarray(from, from + cut)]);
          from += cut;
          const decoded = decodeRecords(held);
          expect(decoded.garbageBytes).toBe(0);
          for (const record of decoded.records) {
            if (record.kind === "chunk")
              found.push({
                at: record.at,
                stream: record.stream,
                body: Uint8Array.from(record.bytes),
              });
          }
          held = held.slice(decoded.next);
        }
        expect(held.length).toBe(0);
        expect(found).toEqual(chunks);
      },
    ),
  );
});

test("a chunk longer than a record may be is split and loses nothing", () => {
  const body = new Uint8Array(MAX_CHUNK_BYTES * 2 + 5).fill(65);
  const { records } = decodeRecords(encodeChunk(5, "stdout", body));
  expect(records.map((record) => (record.kind === "chunk" ? record.bytes.length : 0))).toEqual([
    MAX_CHUNK_BYTES,
    MAX_CHUNK_BYTES,
    5,
  ]);
});

test("begin and end records tell what was before and that nothing follows", () => {
  const { records, next } = decodeRecords(joined([encodeBegin(7, 4096), encodeEnd(9)]));
  expect(records.map(({ start: _start, end: _end, ...rest }) => rest)).toEqual([
    { kind: "begin", at: 7, bytesBefore: 4096 },
    { kind: "end", at: 9 },
  ]);
  expect(next).toBe(joined([encodeBegin(7, 4096), encodeEnd(9)]).length);
});

test("garbage is counted and skipped up to the next whole record", () => {
  const file = joined([
    bytes("\0\0\0nonsense\n12 o 999999\n"),
    encodeChunk(1, "stdout", bytes("ok")),
  ]);
  const decoded = decodeRecords(file);
  expect(
    decoded.records.map((record) => (record.kind === "chunk" ? text(record.bytes) : "")),
  ).toEqual(["ok"]);
  expect(decoded.garbageBytes).toBe(24);
});

test("no bytes whatsoever make the decoder throw or stand still", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (file) => {
      const { next } = decodeRecords(file);
      expect(next).toBeLessThanOrEqual(file.length);
      expect(file.length - next).toBeLessThan(32 + MAX_CHUNK_BYTES);
    }),
  );
});

test("segment files are numbered names and nothing else is one", () => {
  expect(segmentName(42)).toBe("000042.seg");
  expect(segmentNumber("000042.seg")).toBe(42);
  for (const name of ["42.seg", "000042.seg.tmp", "../000042.seg", "meta.json"])
    expect(segmentNumber(name)).toBeNull();
});
