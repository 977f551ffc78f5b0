/** The firewall door against a host whose tables are being changed by somebody else. */
import { expect, test } from "vitest";
import type { ErrandRun } from "../../../src/docker/door.ts";
import { openFirewall } from "../../../src/docker/firewall.ts";

const OPTIONS = {
  install: "main",
  bridgePrefix: "bt0000-",
  mode: "container",
  netImage: "net",
  own: () => ({ install: "main", installUid: "u", epoch: 1 }),
} as const;

const HALF_WRITTEN: ErrandRun = { exitCode: 4, stdout: "", stderr: "chain is incompatible" };

test("a listing that fails is tried again at once, three times at most", async () => {
  let asked = 0;
  const runOnce = async (): Promise<ErrandRun> => {
    asked += 1;
    return HALF_WRITTEN;
  };
  await expect(openFirewall({ ...OPTIONS, engine: { runOnce } }).ensure()).rejects.toMatchObject({
    code: "docker.firewall-failed",
  });
  expect(asked).toBe(3);
});

test("an engine that does not answer is not asked again: that is its breaker's part", async () => {
  let asked = 0;
  const runOnce = async (): Promise<ErrandRun> => {
    asked += 1;
    throw new Error("silence");
  };
  await expect(openFirewall({ ...OPTIONS, engine: { runOnce } }).ensure()).rejects.toThrow(
    "silence",
  );
  expect(asked).toBe(1);
});
