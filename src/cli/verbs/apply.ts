/** `berth apply`: the declaration becomes the accepted one; with `--wait` until every project is settled. */
import type { Applied, Client } from "../../client/client.ts";
import type { ApplyBody } from "../../schema/api-request.ts";
import { confirm } from "../confirm.ts";
import { type Context, type Given, usage } from "../context.ts";
import { readBundle, type Sendable, withDeclaration } from "../declared.ts";
import { durationOf } from "../duration.ts";
import { printResult } from "../output.ts";
import type { Verb } from "../verb.ts";

/** Pulling an image may be part of it. */
const TIMEOUT_MS = 600_000;

export const apply: Verb = {
  output: "formats",
  examples: [
    "berth apply --wait",
    "berth apply -f config/berth.yaml --prune",
    "berth plan --out next.plan && berth apply next.plan",
  ],
  define: (command) =>
    withDeclaration(command)
      .description(
        "Accept a declaration and make it so. A project it no longer names is left as it is unless --prune is given.\n" +
          "On a terminal, asks first when running agents would be interrupted or data lost.",
      )
      .argument("[plan]", "a file written by plan --out: refused (75) unless it still holds")
      .option("--prune", "deactivate projects of the same source that are no longer declared")
      .option(
        "--wait",
        "follow until every project is healthy, failed (1) or waiting for capacity (73)",
      )
      .option(
        "--timeout <duration>",
        "how long --wait waits (default 10m); then exit 75, and the daemon goes on",
      )
      .option("--adopt", "also take over what looks orphaned after a lost database")
      .option("-y, --yes", "do not ask"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const timeoutMs = durationOf(given, "timeout", TIMEOUT_MS);
  const { body, explained } = await wish(context, given);
  const client = await context.client();
  const applied = await explained(async () =>
    client.apply(await agreed(context, given, { client, body })),
  );
  await tell(context, applied);
  if (given.flag("wait") && applied.projects.length > 0) {
    const { waitFor } = await import("../wait.ts");
    await waitFor(context, { names: applied.projects, timeoutMs });
  }
  await printResult(context, applied, {
    name: String(applied.generation),
    text: summaryOf(applied),
  });
  return 0;
}

interface Wish extends Pick<Sendable, "explained"> {
  readonly body: ApplyBody;
}

async function wish(context: Context, given: Given): Promise<Wish> {
  const adopt = given.flag("adopt");
  const [path] = given.args;
  if (path === undefined) {
    const { bundle, explained } = await readBundle(context, given);
    return { body: { bundle, prune: given.flag("prune"), adopt }, explained };
  }
  if (given.text("file") !== null || given.flag("prune"))
    throw usage("a plan says itself what it is made from: leave -f and --prune away");
  const { readPlanFile } = await import("../plan-file.ts");
  const { bundle, plan, prune } = await readPlanFile(context.io.cwd, path);
  const expected = { generation: plan.baseGeneration, fingerprint: plan.fingerprint };
  return { body: { bundle, prune, adopt, expected }, explained: (send) => send() };
}

interface Proposal {
  readonly client: Client;
  readonly body: ApplyBody;
}

/** On a terminal, shows a plan that interrupts something and asks; what was agreed to is then what must still hold. */
async function agreed(
  context: Context,
  given: Given,
  { client, body }: Proposal,
): Promise<ApplyBody> {
  const { io, print, errorStyle } = context;
  if (given.flag("yes") || body.expected !== undefined) return body;
  if (io.stderr.isTTY !== true || io.stdin.isTTY !== true) return body;
  const { dangerOf, planText } = await import("../plan-text.ts");
  const plan = await client.plan({ bundle: body.bundle, prune: body.prune });
  const { interrupted, losesData } = dangerOf(plan);
  if (interrupted.length === 0 && !losesData) return body;
  await print.raw(`${planText(plan, errorStyle)}\n`);
  await confirm(context, given, "Apply this?");
  return { ...body, expected: { generation: plan.baseGeneration, fingerprint: plan.fingerprint } };
}

async function tell({ print }: Context, applied: Applied): Promise<void> {
  if (applied.unnamed.length > 0)
    await print.note(
      `no longer declared, left as they are: ${applied.unnamed.join(", ")} (berth apply --prune deactivates them)`,
    );
  if (applied.pruned.length > 0) await print.note(`deactivated: ${applied.pruned.join(", ")}`);
}

function summaryOf({ changed, generation, changedProjects, deferred, projects }: Applied): string {
  const named = changedProjects.map((name) =>
    deferred.includes(name) ? `${name} (takes effect when it runs again)` : name,
  );
  const what = named.length === 0 ? "no project changes" : named.join(", ");
  const others = projects.filter((name) => !changedProjects.includes(name));
  const unsettled = others.length === 0 ? "" : `; not settled yet: ${others.join(", ")}`;
  return `${changed ? `generation ${generation}: ${what}` : "nothing to do"}${unsettled}`;
}
