/** `berth version`: of this program, and of the daemon if one answers. */
import type { Ready } from "../../client/client.ts";
import type { Context, Given } from "../context.ts";
import { printOne } from "../output.ts";
import type { Verb } from "../verb.ts";

export const version: Verb = {
  output: "formats",
  examples: ["berth version", "berth version --json"],
  define: (command) => command.description("Versions of this program and of the daemon."),
  run,
};

/** Works without a daemon: that it is absent is then part of the answer. */
async function run(context: Context, _given: Given): Promise<number> {
  const client = await context.client();
  const ready = await client.ready().catch((): Ready | null => null);
  const versions = { cli: context.io.version, daemon: ready?.version ?? null, host: context.host };
  const daemon =
    ready === null
      ? `no daemon answers at ${context.host}`
      : `daemon ${ready.version} (${ready.role})`;
  await printOne(context, versions, {
    name: versions.cli,
    text: () => `berth  ${versions.cli}\n${daemon}`,
  });
  return 0;
}
