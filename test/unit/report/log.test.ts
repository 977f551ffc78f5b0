/** The daemon's log: one JSON line an event, a level that changes while it runs, and never a secret's value. */
import { assert, dictionary, integer, jsonValue, property, string, tuple, array } from "fast-check";
import { expect, test } from "vitest";
import { openLog } from "../../../src/report/log.ts";
import { createRedaction, SECRET_MIN } from "../../../src/report/redact.ts";

function aLog(level = "info") {
  const lines: string[] = [];
  const log = openLog(level, { install: "test" }, { write: (line) => lines.push(line) });
  return { log, lines, last: (): unknown => JSON.parse(lines.at(-1) ?? "null") };
}

test("an event is one line of JSON with a constant message and its fields", () => {
  const { log, lines, last } = aLog();
  log.warn({ project: "web", ms: 3 }, "pass\nfailed");
  expect(lines).toHaveLength(1);
  expect(lines[0]?.match(/\n/g)).toHaveLength(1);
  expect(last()).toMatchObject({
    level: "warn",
    install: "test",
    project: "web",
    ms: 3,
    msg: "pass\nfailed",
  });
});

test("the level changes while it runs", () => {
  const { log, lines } = aLog("info");
  log.debug({}, "unseen");
  log.level = "debug";
  log.debug({}, "seen");
  expect(lines).toHaveLength(1);
});

test("a secret is hidden in messages, fields, errors and keys, as written and as part of more", () => {
  const { log, lines } = aLog();
  log.conceal('pass"word\n1');
  log.error(
    { url: 'postgres://berth:pass"word\n1@db', deep: [{ 'pass"word\n1': 1 }] },
    'pass"word\n1',
  );
  expect(lines.join("")).not.toContain("word");
  expect(lines.join("")).toContain("postgres://berth:***@db");
});

test("a secret of digits is hidden in numbers too, and the line stays JSON", () => {
  const { log, last } = aLog();
  log.conceal("83610");
  log.info({ pin: 183_610 }, "x");
  expect(last()).toMatchObject({ pin: "1***" });
});

test("a secret that holds another one goes whole", () => {
  const { log, lines } = aLog();
  log.conceal("inner");
  log.conceal("the-inner-one");
  log.info({ value: "the-inner-one" }, "x");
  expect(lines[0]).not.toMatch(/the-|inner|-one/);
});

const secret = string({ minLength: SECRET_MIN, maxLength: 20 });

function texts(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, each]) => [key, ...texts(each)]);
  return [String(value)];
}

test("whatever is logged around it, a secret's value never appears", () => {
  assert(
    property(
      tuple(array(secret, { minLength: 1, maxLength: 3 }), string(), string(), integer()),
      dictionary(string(), jsonValue()),
      ([secrets, before, after, choice], fields) => {
        const { clean, conceal } = createRedaction();
        for (const each of secrets) conceal(each);
        const told = secrets[Math.abs(choice) % secrets.length] ?? "";
        const line = JSON.stringify({
          ...fields,
          field: `${before}${told}${after}`,
          deep: [[{ [`${before}${told}`]: told }]],
        });
        const shown: unknown = JSON.parse(clean(line));
        for (const text of texts(shown))
          for (const each of secrets)
            expect(text.includes(each) && !each.includes("***")).toBe(false);
      },
    ),
  );
});

test("what is too short to be a secret hides nothing, and lines without a secret are left as they are", () => {
  const { clean, conceal } = createRedaction();
  conceal("abc");
  conceal("longer");
  const line = '{"msg":"abc",  "n":1}\n';
  expect(clean(line)).toBe(line);
});
