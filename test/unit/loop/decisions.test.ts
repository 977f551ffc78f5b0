/** The scheduler's last decisions: those about the project that is there, not about a removed one of its name. */
import { expect, test } from "vitest";
import { decisionsAbout } from "../../../src/loop/serve/decisions.ts";
import type { PostgresDoor } from "../../../src/postgres/door.ts";

const scaled = (at: number, agent: string): object => ({
  id: at,
  at,
  project: "web",
  kind: "worker.scaled",
  cause: "daemon",
  message: `at ${at}`,
  fields: { agent },
});

test("events from before a project's birth are another project's", async () => {
  const events = [scaled(3_000, "coder"), scaled(2_000, "coder"), scaled(1_999, "coder")];
  const doors = { events: async () => events, tasks: { decisions: async () => [] } };
  // Only what is asked of it here.
  const postgres = doors as unknown as PostgresDoor;
  const about = async (bornAt: number): Promise<readonly string[]> => {
    const decisions = await decisionsAbout(
      { name: "web", bornAt },
      { agents: ["coder"], agent: "coder" },
      postgres,
    );
    return decisions.map(({ text }) => text);
  };
  expect(await about(2_000)).toEqual(["at 3000", "at 2000"]);
  expect(await about(0)).toHaveLength(3);
});
