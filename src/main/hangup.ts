/** SIGHUP: read BERTH_CONFIG again and apply it; a bad file changes nothing. */
import { BerthError, asBerthError, causeChain } from "../base/errors.ts";
import { interpolateBundle } from "../declare/interpolate-text.ts";
import { loadBundle } from "../declare/load.ts";
import type { Daemon, RereadFiles } from "../loop/daemon.ts";
import { withoutEmpty } from "../loop/read-settings.ts";
import type { Log } from "../report/log.ts";

/** Listens for SIGHUP for as long as the process lives. */
export function reapplyOnHangup(configPath: string | null, daemon: Daemon, log: Log): void {
  process.on("SIGHUP", () => {
    reapply(configPath, daemon).then(
      (generation) => log.info({ generation }, "declaration read again"),
      (error: unknown) =>
        log.error(
          { chain: causeChain(error), path: asBerthError(error).path },
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
  return (await daemon.reread(() => readAgain(configPath))).generation;
}

async function readAgain(configPath: string): Promise<RereadFiles> {
  const loaded = await loadBundle(configPath, {
    env: process.env,
    environmentName: withoutEmpty(process.env)["BERTH_ENV"] ?? null,
    cwd: process.cwd(),
    stdin: null,
  });
  if (loaded.problems.length > 0) return loaded;
  const interpolated = interpolateBundle(loaded.bundle, process.env);
  if (interpolated.ok) return { bundle: interpolated.bundle, problems: [] };
  return { bundle: loaded.bundle, problems: interpolated.problems };
}
