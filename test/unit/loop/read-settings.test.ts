/** The daemon's environment: what is missing, what is empty, and what is no address. */
import { expect, test } from "vitest";
import { readSettings } from "../../../src/loop/read-settings.ts";

const URLS = {
  BERTH_DATABASE_URL: "postgres://ann:secret@db:5432/berth",
  BERTH_REDIS_URL: "redis://:secret@redis:6379",
};

test("what is set to nothing is not set", () => {
  const names = [
    "INSTALL",
    "LISTEN",
    "CONFIG",
    "STATE_DIR",
    "SECRETS_DIR",
    "SPOOL_DIR",
    "LOG_LEVEL",
  ];
  const more = ["ORPHAN_GRACE", "IMAGE_RUNNER", "IMAGE_NET", "METRICS_LISTEN", "ALLOWED_HOSTS"];
  const empty = Object.fromEntries([...names, ...more].map((name) => [`BERTH_${name}`, ""]));
  expect(readSettings({ ...URLS, ...empty, DOCKER_HOST: "" }, "1.0.0")).toEqual(
    readSettings(URLS, "1.0.0"),
  );
});

test.each(["BERTH_DATABASE_URL", "BERTH_REDIS_URL"])(
  "%s missing or empty is 69 with a hint",
  (name) => {
    for (const value of [undefined, ""])
      expect(() => readSettings({ ...URLS, [name]: value, [`${name}_FILE`]: "" }, "1.0.0")).toThrow(
        expect.objectContaining({ kind: "transient", code: "loop.setting-missing" }),
      );
  },
);

test.each([
  ["BERTH_DATABASE_URL", "foo"],
  ["BERTH_DATABASE_URL", "redis://h"],
  ["BERTH_DATABASE_URL", "postgres://h:port/db"],
  ["BERTH_REDIS_URL", "foo"],
  ["BERTH_REDIS_URL", "localhost:6379"],
])("%s=%s is refused at the start, and not repeated", (name, value) => {
  expect(() => readSettings({ ...URLS, [name]: value }, "1.0.0")).toThrow(
    expect.objectContaining({
      kind: "usage",
      code: "loop.url-invalid",
      message: expect.not.stringContaining(`"${value}"`),
      hint: expect.stringMatching(/for instance (postgres|redis):/),
    }),
  );
});

test.each([
  ["BERTH_DATABASE_URL", "postgresql://h/db?sslmode=require"],
  ["BERTH_DATABASE_URL", "postgres:///berth?host=/run/postgresql"],
  ["BERTH_REDIS_URL", "rediss://u:p%23@[::1]:6380/2"],
])("%s may be %s", (name, value) => {
  const { databaseUrl, redisUrl } = readSettings({ ...URLS, [name]: value }, "1.0.0");
  expect([databaseUrl, redisUrl]).toContain(value);
});

test("the log's level is one of its words, in any case; another one is refused, not taken as none", () => {
  const levelOf = (BERTH_LOG_LEVEL: string) =>
    readSettings({ ...URLS, BERTH_LOG_LEVEL }, "1.0.0").settings.logLevel;
  expect([levelOf(""), levelOf("debug"), levelOf("WARN")]).toEqual(["info", "debug", "warn"]);
  expect(() => levelOf("verbose")).toThrow(
    expect.objectContaining({ kind: "usage", code: "loop.log-level-invalid" }),
  );
});
