/** `berth daemon`: run by the program itself before the CLI is loaded; here are its help and what is asked of a running one. */
import type { LogLevelBody } from "../../schema/api-log.ts";
import { type Context, type Given, usage } from "../context.ts";
import { printResult } from "../output.ts";
import type { Verb } from "../verb.ts";

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export const daemon: Verb = {
  output: "formats",
  examples: [
    "BERTH_DATABASE_URL=postgres://… BERTH_REDIS_URL=redis://… berth daemon",
    "BERTH_LISTEN=unix:/run/berth/berth.sock BERTH_CONFIG=config/berth.yaml berth daemon",
    "berth daemon log-level debug",
  ],
  define: (command) =>
    command
      .description(
        "Run the daemon in the foreground, configured by BERTH_DATABASE_URL, BERTH_REDIS_URL, BERTH_LISTEN, BERTH_STATE_DIR,\n" +
          "BERTH_INSTALL, BERTH_SECRETS_DIR, BERTH_CONFIG and BERTH_LOG_LEVEL; secrets also as *_FILE.\n" +
          "log-level [LEVEL]  of the daemon that runs: print what its log shows, or change it until it ends",
      )
      .argument("[word...]"),
  run(context, given) {
    const [word, ...words] = given.args;
    if (word === "log-level") return logLevel(context, words);
    return Promise.reject(
      word === undefined
        ? usage("the daemon is started by `berth daemon` without any option")
        : usage(`berth daemon has no ${word}`, "it has log-level"),
    );
  },
};

async function logLevel(context: Context, words: Given["args"]): Promise<number> {
  const [word, more] = words;
  if (more !== undefined) throw usage("berth daemon log-level takes one level");
  const client = await context.client();
  const shown =
    word === undefined
      ? await client.logLevel()
      : await client.setLogLevel({ level: levelOf(word) });
  await printResult(context, shown, { name: shown.level, text: `the log shows ${shown.level}` });
  return 0;
}

function levelOf(word: string): LogLevelBody["level"] {
  const level = LEVELS.find((each) => each === word);
  if (level !== undefined) return level;
  throw usage(`there is no level ${word}`, `levels: ${LEVELS.join(", ")}`);
}
