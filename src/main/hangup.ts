/** SIGHUP: read BERTH_CONFIG again and apply it; a bad file changes nothing. */
import { BerthError, asBerthError, causeChain } from "../base/errors.ts";
import { interpolateBundle } from "../declare/interpolate-text.ts";
import { loadBundle } from "../declare/load.ts";
import type { Problem } from "../declare/problem.ts";
import type { Daemon } from "../loop/daemon.ts";
import { withoutEmpty } from "../loop/read-settings.ts";
import type { Log } from "../report/log.ts";

/** Listens for SIGHUP for as long as the process lives. */
export function reapplyOnHangup(configPath: string | null, daemon: Daemon, log: Log): void {
  process.on("SIGHUP", () => {
    reapply(configPath, daemon).then(
      (generation) => log.info({ generation }, "declaration read again"),
      (error: unknown) =>
        log.error(
          { chain: causeChain(asBerthError(error)) },
          "declaration not accepted; the last good one stays",
        ),
    );
  });
}

async function reapply(configPath: string | null, daemon: Daemon): Promise<number> {
  if (configPath === null)
    throw new BerthError("usage", {
      code: "main.config-unset",
      detail: "BERTH_CONFIG is not set",
      hint: "set it to the host file",
    });
  const loaded = await loadBundle(configPath, {
    env: process.env,
    environmentName: withoutEmpty(process.env)["BERTH_ENV"] ?? null,
    cwd: process.cwd(),
    stdin: null,
  });
  refuse(loaded.problems);
  const interpolated = interpolateBundle(loaded.bundle, process.env);
  if (!interpolated.ok) refuse(interpolated.problems);
  const bundle = interpolated.ok ? interpolated.bundle : loaded.bundle;
  const accepted = await daemon.apply({
    bundle,
    prune: false,
    expected: null,
    adopt: false,
    idempotencyKey: null,
    by: { who: "config", claim: null, reason: "SIGHUP" },
  });
  return accepted.generation;
}

function refuse(problems: readonly Problem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new BerthError("declaration", {
    code: first.code,
    detail: `${first.file}:${first.line}:${first.column} ${first.message}`,
    hint: first.hint,
  });
}
