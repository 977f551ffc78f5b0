/** `berth answer` lists and answers; ps and describe show who asks. */
import { expect, test } from "vitest";
import { startServer } from "../../support/api-server.ts";
import { cli } from "../../support/cli.ts";
import { aProject, fakeDaemon, NOW } from "../../support/fake-daemon.ts";
import { aQuestion } from "../../support/fake-questions.ts";

test("without words it lists what is open, who waits longest first", async () => {
  const daemon = fakeDaemon({
    questions: async (query) => {
      daemon.asked.push(["questions", query]);
      return [aQuestion("8", { task: null, choices: [], askedAt: NOW - 5_000 }), aQuestion("7")];
    },
  });
  await using server = await startServer(daemon);
  const { code, stdout } = await cli(["answer", "--project", "web"], { address: server.address });
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "ID  AGENT             AGE  CHOICES  QUESTION
    7   web/coder task 4   5m  yes, no  Deploy now?
    8   web/coder          5s  -        Deploy now?
    "
  `);
  expect(daemon.asked.at(-1)?.[1]).toMatchObject({ project: "web", states: ["open"] });
  await cli(["answer", "--all"], { address: server.address });
  expect(daemon.asked.at(-1)?.[1]).toMatchObject({ project: null, states: [] });
});

test("an answer is sent as it is, from the command line or from stdin, with a key", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const { address } = server;
  const first = await cli(["answer", "7", "go on"], { address });
  expect([first.code, first.stdout, first.stderr]).toEqual([
    0,
    "",
    "question 7 of web/coder is answered\n",
  ]);
  expect(daemon.asked.at(-1)?.[1]).toMatchObject({
    text: "go on",
    idempotencyKey: expect.stringMatching(/^key-\d+$/),
  });
  await cli(["answer", "7", "-"], { address, stdin: "line one\nline two\n" });
  expect(daemon.asked.at(-1)?.[1]).toMatchObject({ id: "7", text: "line one\nline two" });
  const large = await cli(["answer", "7", "-"], { address, stdin: "x".repeat(70_000) });
  expect(large.code).toBe(64);
});

test("on a terminal it shows the question, without what could steer the terminal, and takes a line", async () => {
  const daemon = fakeDaemon({
    question: async (id) => aQuestion(id, { text: "Deploy\u001b[31m\nnow?" }),
  });
  await using server = await startServer(daemon);
  const world = { address: server.address, tty: true, stdin: "yes\n" };
  const { code, stderr } = await cli(["answer", "7"], world);
  expect(code).toBe(0);
  expect(stderr).toContain("web/coder asks: Deploy [31m\nnow?\none of: yes, no\n> ");
  expect(daemon.asked.at(-1)?.[1]).toMatchObject({ id: "7", text: "yes" });
  expect((await cli(["answer", "7"], { address: server.address })).code).toBe(64);
});

test("ps names the oldest question and how many there are; describe lists them", async () => {
  const daemon = fakeDaemon();
  const oldest = { id: "7", agent: "coder", text: "Deploy now?", askedAt: NOW - 300_000 };
  daemon.world = [aProject("api"), aProject("web", { needsYou: { count: 2, oldest } })];
  await using server = await startServer(daemon);
  const { stdout, stderr } = await cli(["ps"], { address: server.address });
  expect(stdout).toContain('needs you (2): 7 coder asks "Deploy now?"');
  expect(stderr).toBe("2 waiting for your answer: berth answer\n");
  const shown = await cli(["describe", "web"], { address: server.address });
  expect(shown.stdout).toMatch(/Asks you:\n.+\n +7 +coder#0 +4 +5m +yes, no +Deploy now\?/);
});
