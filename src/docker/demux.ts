/** The engine's multiplexed output (8-byte header: stream, 0, 0, 0, length) taken apart, with the reader's pace kept. */
import { PassThrough, type Readable } from "node:stream";

const HEADER = 8;
const STDERR = 2;

/** Cuts chunks into payloads without copying; a frame may be spread over many chunks. */
export function frameCutter(): (
  chunk: Buffer,
) => readonly Readonly<{ stderr: boolean; bytes: Buffer }>[] {
  let head = Buffer.alloc(0);
  let stderr = false;
  let missing = 0;
  return (chunk) => {
    const out: { stderr: boolean; bytes: Buffer }[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      if (missing === 0) {
        const need = HEADER - head.length;
        head = Buffer.concat([head, rest.subarray(0, need)]);
        rest = rest.subarray(need);
        if (head.length < HEADER) break;
        stderr = head[0] === STDERR;
        missing = head.readUInt32BE(4);
        head = Buffer.alloc(0);
        continue;
      }
      const bytes = rest.subarray(0, missing);
      rest = rest.subarray(bytes.length);
      missing -= bytes.length;
      out.push({ stderr, bytes });
    }
    return out;
  };
}

/** Splits `source` into stdout and stderr; a reader that stalls stalls the source, nothing is buffered without bound. */
export function demux(source: Readable): Readonly<{ stdout: PassThrough; stderr: PassThrough }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const cut = frameCutter();
  source.on("data", (chunk: Buffer) => {
    for (const { stderr: toStderr, bytes } of cut(chunk)) {
      const to = toStderr ? stderr : stdout;
      if (to.write(bytes) || source.isPaused()) continue;
      source.pause();
      to.once("drain", () => source.resume());
    }
  });
  const end = (): void => {
    stdout.end();
    stderr.end();
  };
  source.on("end", end);
  source.on("close", end);
  // The error is the source's to tell; here it is only the end of the output.
  source.on("error", end);
  return { stdout, stderr };
}

/** A whole multiplexed answer, as text. */
export function demuxAll(bytes: Buffer): Readonly<{ stdout: string; stderr: string }> {
  const frames = frameCutter()(bytes);
  const text = (stderr: boolean): string =>
    Buffer.concat(
      frames.filter((frame) => frame.stderr === stderr).map((frame) => frame.bytes),
    ).toString("utf8");
  return { stdout: text(false), stderr: text(true) };
}
