/** `berth daemon` is dispatched before the CLI is loaded; here it only has its help. */
import { usage } from "../context.ts";
import type { Verb } from "../verb.ts";

export const daemon: Verb = {
  output: "none",
  examples: [
    "BERTH_DATABASE_URL=postgres://… BERTH_REDIS_URL=redis://… berth daemon",
    "BERTH_LISTEN=unix:/run/berth/berth.sock BERTH_CONFIG=config/berth.yaml berth daemon",
  ],
  define: (command) =>
    command.description(
      "Run the daemon in the foreground, configured by BERTH_DATABASE_URL, BERTH_REDIS_URL, BERTH_LISTEN, BERTH_STATE_DIR,\n" +
        "BERTH_INSTALL, BERTH_SECRETS_DIR, BERTH_CONFIG and BERTH_LOG_LEVEL; secrets also as *_FILE.",
    ),
  run: () =>
    Promise.reject(usage("the daemon is started by the program itself, not through its CLI")),
};
