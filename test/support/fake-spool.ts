/** A spool on disk as the runner writes it, with made-up times, for reading tests. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  encodeBegin,
  encodeChunk,
  encodeEnd,
  segmentName,
  type OutputStream,
} from "../../src/protocol/segment.ts";
import type { OutputLine, OutputQuery } from "../../src/runners/door.ts";
import { readOutput } from "../../src/runners/output.ts";

export interface FakeRun {
  readonly id: string;
  write(at: number, stream: OutputStream, bytes: string | Uint8Array): void;
  /** Closes the segment and begins the next. */
  roll(at: number): void;
  /** Removes a segment, as the cap does. */
  drop(segment: number): void;
  end(at: number): void;
}

export interface FakeSpool {
  readonly folder: string;
  run(
    meta: Readonly<{
      run: string;
      agent?: string;
      replica?: number;
      boot?: string;
      startedAt: number;
    }>,
  ): FakeRun;
  read(query?: Partial<OutputQuery>): Promise<readonly OutputLine[]>;
  follow(
    query: Partial<OutputQuery>,
    signal: AbortSignal,
    isOver?: (run: string) => Promise<boolean>,
  ): AsyncGenerator<OutputLine>;
  remove(): void;
}

const EVERYTHING: OutputQuery = {
  project: "web",
  agent: null,
  run: null,
  since: null,
  until: null,
  tail: null,
  previous: false,
  follow: false,
};

/** A spool, by default a fresh one in the temporary folder; `remove` takes it away. */
export function fakeSpool(folder = mkdtempSync(join(tmpdir(), "berth-spool-"))): FakeSpool {
  const follow: FakeSpool["follow"] = (query, signal, isOver = async () => false) =>
    readOutput({
      spool: folder,
      query: { ...EVERYTHING, ...query },
      signal,
      now: () => Date.now(),
      isOver,
    });
  return {
    folder,
    run: (meta) => fakeRun(join(folder, "runs", meta.run), meta),
    async read(query = {}) {
      const lines: OutputLine[] = [];
      for await (const line of follow(query, AbortSignal.timeout(20_000))) lines.push(line);
      return lines;
    },
    follow,
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function fakeRun(folder: string, meta: Readonly<{ run: string; startedAt: number }>): FakeRun {
  mkdirSync(folder, { recursive: true });
  const whole = { agent: "coder", replica: 0, boot: "boot1", generation: 1, ...meta };
  writeFileSync(join(folder, "meta.json"), JSON.stringify(whole));
  let segment = 0;
  let before = 0;
  const append = (at: number, bytes: Uint8Array): void => {
    const path = join(folder, segmentName(segment));
    appendFileSync(path, bytes);
    utimesSync(path, at / 1000, at / 1000);
  };
  const roll = (at: number): void => {
    segment += 1;
    append(at, encodeBegin(at, before));
  };
  roll(meta.startedAt);
  return {
    id: meta.run,
    roll,
    write(at, stream, text) {
      const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
      append(at, encodeChunk(at, stream, bytes));
      before += bytes.length;
    },
    drop: (number) => {
      const path = join(folder, segmentName(number));
      statSync(path);
      rmSync(path);
    },
    end: (at) => append(at, encodeEnd(at)),
  };
}
