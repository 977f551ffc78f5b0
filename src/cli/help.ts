/** The help of the whole program: verbs by group, made without loading any of them. */
import { GROUPS, type VerbEntry } from "./verb.ts";

const COLUMN = 12;

/** Text of `berth --help`. */
export function helpText(verbs: readonly VerbEntry[]): string {
  const groups = GROUPS.map((group) => {
    const lines = verbs
      .filter((verb) => verb.group === group)
      .map((verb) => `  ${verb.name.padEnd(COLUMN)}${verb.summary}`);
    return [`${group}:`, ...lines].join("\n");
  });
  return `${[
    "Berth runs many AI-agent projects on one Docker host, each in a container of its own.",
    "Usage: berth VERB [ARGUMENTS] [OPTIONS]        berth VERB --help tells more and shows examples",
    ...groups,
    [
      "Everywhere, before or after the verb:",
      "  -H, --host ADDRESS      the daemon (BERTH_HOST, default unix:/run/berth/berth.sock); http://HOST:PORT needs BERTH_TOKEN or",
      "                          BERTH_TOKEN_FILE",
      "      --reason TEXT       why, for the audit log",
      "      --color WHEN        auto, always or never; NO_COLOR is honoured",
      "      --progress MODE     auto, tty, plain, json or quiet: how progress and messages appear on stderr",
      "  -o, --output FORMAT     table, wide, json, ndjson, yaml or name; --json is -o json; of streams (logs, events,",
      "                          run) json and ndjson are a JSON line each, and yaml and name are refused",
      "  With json, errors are RFC 9457 problems and messages JSON lines, both on stderr; stdout holds only the answer.",
    ].join("\n"),
    "Exit codes: 0 ok · 1 failed · 2 differences · 64 usage · 65 declaration · 69 unreachable · 70 defect\n" +
      "            73 capacity · 75 conflict or timed out · 77 not permitted · 78 refused by the engine · 130 interrupted",
  ].join("\n\n")}\n`;
}
