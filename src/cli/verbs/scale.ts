/** `berth scale PROJECT/AGENT=N`: replicas until the declaration changes them. */
import type { Steering } from "../../client/client.ts";
import { usage } from "../context.ts";
import { targetOf } from "../target.ts";
import type { Verb } from "../verb.ts";
import { steer, withWait } from "./lifecycle.ts";

export const scale: Verb = {
  output: "formats",
  examples: ["berth scale web/coder=3", "berth scale web/coder=3 web/tester=0"],
  define: (command) =>
    withWait(command)
      .description("Run this many replicas of an agent, until a declaration changes the number.")
      .argument("<project/agent=count...>"),
  run: (context, given) => steer(context, given, given.args.map(wordOf)),
};

function wordOf(word: string): Steering {
  const [, left = "", count] = /^([^=]*)=(\d{1,4})$/.exec(word) ?? [];
  const { project, agent } = left === "" ? { project: "", agent: null } : targetOf(left);
  if (agent === null) throw usage(`${word} is not PROJECT/AGENT=COUNT`, "for instance web/coder=3");
  return { project, agent, verb: "scale", body: { replicas: Number(count) } };
}
