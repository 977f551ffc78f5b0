/** SIGHUP: read BERTH_CONFIG again and apply it; a bad file changes nothing. */
import { asBerthError, causeChain } from "../base/errors.ts";
import { interpolateBundle } from "../declare/interpolate.ts";
import { loadBundle } from "../declare/load.ts";
import type { Daemon } from "../loop/daemon.ts";
import type { Log } from "../report/log.ts";

/** Listens for SIGHUP for as long as the process lives. */
export function reapplyOnHangup(configPath: string | null, daemon: Daemon, log: Log): void {
  process.on("SIGHUP", () => {
    reapply(configPath, daemon).then(
      (generation) => log.info({ generation }, "declaration read again"),
      (error: unknown) => log.error({ chain: causeChain(asBerthError(error)) }, "declaration not accepted; the last good one stays"),
    );
  });
}

async function reapply(configPath: string | null, daemon: Daemon): Promise<number> {
  if (configPath === null) throw new Error("BERTH_CONFIG is not set");
  const bundle = interpolateBundle(await loadBundle(configPath), process.env);
  const accepted = await daemon.apply({ bundle, prune: false, expected: null, adopt: false, idempotencyKey: null, by: { who: "config", claim: null, reason: "SIGHUP" } });
  return accepted.generation;
}
