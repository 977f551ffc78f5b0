/** One run's questions without a container: what is journalled, what is refused, and that nothing is answered twice. */
import { expect, test } from "vitest";
import type { JournalBody } from "../../../src/model/run.ts";
import { Asker, MAX_ASKED_AT_ONCE } from "../../../src/runner/asker.ts";
import type { Reply, ReplyFiles } from "../../../src/runner/reply-files.ts";
import { parseSaying } from "../../../src/runner/saying.ts";

const OWNER = { uid: 10_001, gid: 10_001, groups: [] };
const NAME = { run: "r1", agent: "coder", replica: 0, task: "4" };
const keyOf = (n: number): string => n.toString(16).padStart(32, "0");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** An asker whose files are a list of what was done with them. */
function setUp(room: Readonly<{ opening?: Promise<void>; full?: boolean }> = {}) {
  const journal: JournalBody[] = [];
  const done: string[] = [];
  const clock = { now: 0, blocked: null as string | null, noRoom: false };
  const files: Pick<ReplyFiles, "open" | "show" | "answer" | "refuse" | "close"> = {
    async open(key, owner) {
      await room.opening;
      return { key, owner, gateFd: 7 };
    },
    show: ({ key }) => void done.push(`show ${Number(`0x${key}`)} after ${journal.length}`),
    answer({ key }, text) {
      if (clock.noRoom) throw new Error("ENOSPC");
      done.push(`answer ${Number(`0x${key}`)} ${text}`);
    },
    refuse(key, owner, reason): Reply {
      done.push(`refuse ${Number(`0x${key}`)} ${reason}`);
      return { key, owner, gateFd: null };
    },
    close: ({ key }) => void done.push(`close ${Number(`0x${key}`)}`),
  };
  const asker = new Asker(NAME, OWNER, {
    // oxlint-disable-next-line no-unsafe-type-assertion -- the asker uses these five
    files: files as ReplyFiles,
    append: (body) => journal.push(body),
    blocker: () => clock.blocked,
    lived: () => clock.now,
  });
  const say = async (line: string): Promise<void> => {
    const saying = parseSaying(line);
    if (saying === null || !("call" in saying)) throw new Error(`nothing said: ${line}`);
    if (saying.kind === "part" || saying.kind === "result") throw new Error(line);
    await asker.hear(saying);
  };
  const ask = async (n: number, text = `question ${n}`, choices = ""): Promise<void> => {
    for (let at = 0; at < text.length; at += 1_000)
      await say(`words r1 ${keyOf(n)} ${base64(text.slice(at, at + 1_000))}`);
    await say(`ask r1 ${keyOf(n)} wait ${base64(choices)}`);
  };
  return { asker, journal, done, clock, say, ask };
}

const kinds = (journal: readonly JournalBody[]): readonly string[] =>
  journal.map(({ kind }) => kind);

test("a question is journalled before its asker sees a receipt", async () => {
  const { journal, done, ask } = setUp();
  await ask(1, "Deploy?\r\n\0 now\n", "yes, no,,yes ,");
  expect(journal).toEqual([
    {
      kind: "asked",
      run: "r1",
      agent: "coder",
      replica: 0,
      task: "4",
      question: keyOf(1),
      text: "Deploy?\n now",
      choices: ["yes", "no"],
      waits: true,
    },
  ]);
  expect(done).toEqual(["show 1 after 1"]);
});

test("an answer is given once, and read once", async () => {
  const { asker, journal, done, say, ask } = setUp();
  await ask(1);
  asker.answer(keyOf(1), "yes");
  asker.answer(keyOf(1), "no");
  asker.answer(keyOf(2), "never asked");
  await say(`withdraw r1 ${keyOf(1)}`);
  await say(`took r1 ${keyOf(1)}`);
  asker.answer(keyOf(1), "again");
  expect(done).toEqual(["show 1 after 1", "answer 1 yes", "close 1"]);
  expect(kinds(journal)).toEqual(["asked", "answered"]);
});

test("an answer there is no room for is not taken for given: it can be told again", async () => {
  const { asker, journal, done, clock, ask } = setUp();
  await ask(1);
  clock.noRoom = true;
  expect(() => asker.answer(keyOf(1), "yes")).toThrow("ENOSPC");
  expect(kinds(journal)).toEqual(["asked"]);
  clock.noRoom = false;
  asker.answer(keyOf(1), "yes");
  expect(done.at(-1)).toBe("answer 1 yes");
});

test("an open question is taken back only by its asker, also while it is being written down", async () => {
  const opening = Promise.withResolvers<void>();
  const { asker, journal, done, say, ask } = setUp({ opening: opening.promise });
  const early = ask(1);
  await new Promise(setImmediate);
  await say(`withdraw r1 ${keyOf(1)}`);
  opening.resolve();
  await early;
  expect([kinds(journal), done]).toEqual([[], ["close 1"]]);
  await ask(2);
  await say(`took r1 ${keyOf(2)}`);
  await say(`withdraw r1 ${keyOf(2)}`);
  asker.answer(keyOf(2), "late");
  expect(kinds(journal)).toEqual(["asked", "withdrawn"]);
  expect(done.slice(1)).toEqual(["show 2 after 1", "close 2"]);
});

test("the end of the run frees every file, and what comes later has none", async () => {
  const opening = Promise.withResolvers<void>();
  const { asker, done, ask } = setUp();
  await ask(1);
  await ask(2);
  asker.answer(keyOf(1), "yes");
  asker.end();
  expect(done.slice(-2).toSorted()).toEqual(["close 1", "close 2"]);
  const late = setUp({ opening: opening.promise });
  const asking = late.ask(3);
  await new Promise(setImmediate);
  late.asker.end();
  opening.resolve();
  await asking;
  expect([kinds(late.journal), late.done]).toEqual([[], ["close 3"]]);
});

test("too many, too large, nothing at all, or a full journal: refused with the reason, and not journalled", async () => {
  const { asker, journal, done, clock, ask } = setUp();
  for (let n = 1; n <= 8; n += 1) await ask(n);
  await ask(9);
  expect(done.at(-1)).toBe("refuse 9 8 questions of this run are open");
  asker.answer(keyOf(1), "yes");
  await ask(10, "x".repeat(4_097));
  expect(done.at(-1)).toBe("refuse 10 a question has at most 4096 bytes");
  await ask(11, " \n");
  expect(done.at(-1)).toBe("refuse 11 there is nothing in the question");
  await ask(12, "?", Array.from({ length: 17 }, (_, n) => `c${n}`).join(","));
  expect(done.at(-1)).toContain("at most 16 choices");
  clock.blocked = "the journal is full";
  await ask(13);
  expect(done.at(-1)).toBe("refuse 13 the journal is full");
  clock.blocked = null;
  await ask(14, "x".repeat(4_096));
  expect(kinds(journal).filter((kind) => kind === "asked")).toHaveLength(9);
});

test("who asks without end may ask one a minute, and keeps few unread replies", async () => {
  const { asker, journal, done, clock, ask } = setUp();
  for (let n = 1; n <= MAX_ASKED_AT_ONCE; n += 1) {
    await ask(n);
    asker.answer(keyOf(n), "yes");
  }
  expect(done.filter((each) => each.startsWith("close"))).toHaveLength(MAX_ASKED_AT_ONCE - 8);
  expect(asker.gates).toBe(8);
  await ask(1_000);
  expect(
    done.filter((each) => each.startsWith("refuse 1000 this run asks too often")),
  ).toHaveLength(1);
  clock.now = 60_000;
  await ask(1_001);
  await ask(1_002);
  expect(journal.at(-1)).toMatchObject({ kind: "asked", question: keyOf(1_001) });
});

test("what names no question of ours is nothing: no path, no guessable key", () => {
  for (const name of ["../../etc/passwd", "1", "g".repeat(32), "A".repeat(32), "0".repeat(33), ""])
    for (const kind of ["words", "ask", "withdraw", "took"])
      expect(parseSaying(`${kind} r1 ${name} wait`)).toBeNull();
});
