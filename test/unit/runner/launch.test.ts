/** What the runner says to the launcher and hears of it, byte for byte. */
import { expect, test } from "vitest";
import {
  AnswerReader,
  encodeFifos,
  encodeStart,
  MAX_REQUEST_BYTES,
} from "../../../src/runner/launch-frame.ts";
import { describeRefusal, exitOf } from "../../../src/runner/launch.ts";

const COMMAND = {
  uid: 5,
  gid: 6,
  groups: [7],
  marker: 1_000_000_001,
  cwd: "/w",
  environment: { A: "1", B: "ü" },
  argv: ["cmd", ""],
};

function wordsOf(frame: Buffer, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => frame.readUInt32LE(at * 4));
}

test("a start is its length, numbers and strings, each string ended by NUL", () => {
  const frame = encodeStart(9, COMMAND, { in: "/i", out: "/o" });
  if (frame === null) throw new Error("refused");
  const head = [frame.length - 4, 1, 9, 5, 6, 2, 2, 3, 6, 1_000_000_001, 7];
  expect(wordsOf(frame, head.length)).toEqual(head);
  const text = frame.toString("utf8", head.length * 4);
  expect(text).toBe(["/w", "/i", "/o", "", "", "cmd", "", "A=1", "B=ü", ""].join("\0"));
});

test("a string with a NUL, and more than the launcher takes, are refused before they are sent", () => {
  expect(encodeStart(1, { ...COMMAND, argv: ["a\0b"] }, {})).toBeNull();
  const long = "x".repeat(MAX_REQUEST_BYTES);
  expect(encodeStart(1, { ...COMMAND, argv: [long] }, {})).toBeNull();
  const many = Array.from({ length: 16_001 }, () => "x");
  expect(encodeStart(1, { ...COMMAND, argv: many }, {})).toBeNull();
  expect(encodeFifos(2, ["/a", "/b"])?.toString("latin1", 16)).toBe("/a\0/b\0");
});

test("answers are read whole, whatever pieces they come in", () => {
  const numbers = [1, 7, 17, 0, 2, 8, 4_000_000_000, 0, 3, 9, 2, 6, 4, 8, 77, 256];
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, at) => bytes.writeUInt32LE(number, at * 4));
  const expected = [
    { kind: "made", id: 7, errno: 17 },
    { kind: "runs", id: 8, pid: 4_000_000_000 },
    { kind: "refused", id: 9, errno: 2, stage: 6 },
    { kind: "ended", id: 8, status: 256 },
  ];
  for (const size of [1, 5, 16, 33, 64]) {
    const reader = new AnswerReader();
    const answers = [];
    for (let at = 0; at < bytes.length; at += size) {
      answers.push(...reader.push(bytes.subarray(at, at + size)));
    }
    expect(answers).toEqual(expected);
  }
});

test("a wait status is a code or a signal, a core dump and real-time signals included", () => {
  expect(exitOf(0)).toEqual({ code: 0, signal: null });
  expect(exitOf(255 << 8)).toEqual({ code: 255, signal: null });
  expect(exitOf(9)).toEqual({ code: null, signal: "SIGKILL" });
  expect(exitOf(11 | 0x80)).toEqual({ code: null, signal: "SIGSEGV" });
  expect(exitOf(40)).toEqual({ code: null, signal: "SIG40" });
});

test("a refusal names what was refused and why", () => {
  const of = (stage: number, errno: number) =>
    describeRefusal({ kind: "refused", id: 1, errno, stage }, COMMAND);
  expect(of(1, 11)).toMatch(/^the container cannot start a process: /);
  expect(of(2, 24)).toMatch(/^its output: /);
  expect(of(3, 1)).toMatch(/^uid 5: /);
  expect(of(4, 2)).toBe("/w: No such file or directory");
  expect(of(5, 13)).toBe("its input: Permission denied");
  expect(of(6, 2)).toBe("cmd: No such file or directory");
});
