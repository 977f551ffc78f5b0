/** Questions: which answers they take, and how they are told in short. */
import { expect, test } from "vitest";
import { answerFault, inShort, needsYou, NOBODY_NEEDED } from "../../../src/model/question.ts";
import { aQuestion } from "../../support/fake-questions.ts";

test("the oldest open question stands for all of a project's", () => {
  expect(needsYou([])).toEqual(NOBODY_NEEDED);
  const open = [
    aQuestion("10", { agent: "b" }),
    aQuestion("9", { agent: "a", text: "one\n\ntwo " }),
  ];
  const { askedAt } = aQuestion("9");
  expect(needsYou(open)).toEqual({
    count: 2,
    oldest: { id: "9", agent: "a", text: "one two", askedAt },
  });
});

test("a long text is cut between characters", () => {
  expect(inShort("x".repeat(160))).toBe("x".repeat(160));
  expect(inShort("x".repeat(161))).toBe(`${"x".repeat(159)}…`);
  expect(inShort(`${"x".repeat(158)}😀😀`)).toBe(`${"x".repeat(158)}…`);
});

test("an answer is a text of at most 64 KiB, and one of the choices if there are any", () => {
  const codeOf = (text: string, choices: readonly string[] = []) =>
    answerFault(text, Buffer.byteLength(text), choices)?.code ?? null;
  expect(codeOf("anything\nat all")).toBeNull();
  expect(codeOf("x".repeat(65_536))).toBeNull();
  expect(codeOf("x".repeat(65_537))).toBe("question.answer-too-large");
  expect(codeOf("")).toBe("question.answer-invalid");
  expect(codeOf("a\0b")).toBe("question.answer-invalid");
  expect(codeOf("yes", ["yes", "no"])).toBeNull();
  expect(codeOf("Yes", ["yes", "no"])).toBe("question.answer-not-offered");
});
