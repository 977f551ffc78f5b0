/** `berth version`: of this program, and of the daemon if one answers. */
import { asBerthError, BerthError } from "../../base/errors.ts";
import type { Context, Given } from "../context.ts";
import { printOne } from "../output.ts";
import type { Verb } from "../verb.ts";

export const version: Verb = {
  output: "formats",
  examples: ["berth version", "berth version --json"],
  define: (command) => command.description("Versions of this program and of the daemon."),
  run,
};

/** Works without a daemon: that it is absent, or does not tell everybody, is then part of the answer. */
async function run(context: Context, _given: Given): Promise<number> {
  const client = await context.client();
  const ready = await client.ready().catch((thrown: unknown) => asBerthError(thrown));
  const isTold = !(ready instanceof BerthError);
  const versions = {
    cli: context.io.version,
    daemon: isTold ? ready.version : null,
    host: context.host,
  };
  const daemon = isTold ? `daemon ${ready.version} (${ready.role})` : silence(context.host, ready);
  await printOne(context, versions, {
    name: versions.cli,
    text: () => `berth  ${versions.cli}\n${daemon}`,
  });
  return 0;
}

function silence(host: string, { kind, message }: BerthError): string {
  return kind === "transient"
    ? `no daemon answers at ${host}`
    : `the daemon at ${host} does not tell: ${message}`;
}
