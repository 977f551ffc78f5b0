/** The multiplexed stream taken apart. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { demux, demuxAll, frameCutter } from "../../../src/docker/demux.ts";

function frame(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

const BYTES = Buffer.concat([frame(1, "one"), frame(2, "err"), frame(1, ""), frame(1, " two")]);

test("frames are found wherever the bytes are cut", () => {
  for (let size = 1; size <= BYTES.length; size += 1) {
    const cut = frameCutter();
    const seen = { stdout: "", stderr: "" };
    for (let at = 0; at < BYTES.length; at += size)
      for (const { stderr, bytes } of cut(BYTES.subarray(at, at + size)))
        seen[stderr ? "stderr" : "stdout"] += bytes.toString();
    expect(seen).toEqual({ stdout: "one two", stderr: "err" });
  }
  expect(demuxAll(BYTES)).toEqual({ stdout: "one two", stderr: "err" });
});

test("a reader that stalls holds the source back instead of filling memory", async () => {
  const source = new PassThrough();
  const { stdout, stderr } = demux(source);
  stderr.resume();
  const frames = 64;
  const chunk = frame(1, "x".repeat(16_384));
  for (let n = 0; n < frames; n += 1) source.write(chunk);
  source.end();
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(source.isPaused()).toBe(true);
  expect(stdout.readableLength + stdout.writableLength).toBeLessThan(200_000);
  let read = 0;
  for await (const part of stdout) read += Buffer.from(part).length;
  expect(read).toBe(frames * 16_384);
});

test("a source that breaks ends both outputs", async () => {
  const source = new PassThrough();
  const { stdout, stderr } = demux(source);
  const ended = Promise.all([stdout.toArray(), stderr.toArray()]);
  source.destroy(new Error("engine gone"));
  expect(await ended).toEqual([[], []]);
});
