/** The caller's own token, from the environment: never from the command line, which other users see. */
import { BerthError } from "../base/errors.ts";
import { type Io, variableOf } from "./io.ts";

/** `BERTH_TOKEN`, else the content of the file `BERTH_TOKEN_FILE` names; null without either. */
export function tokenOf(env: Io["env"]): string | null {
  const direct = variableOf(env, "BERTH_TOKEN");
  if (direct !== null) return direct.trim();
  const file = variableOf(env, "BERTH_TOKEN_FILE");
  if (file === null) return null;
  try {
    return process.getBuiltinModule("node:fs").readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new BerthError("usage", {
      code: "cli.token-unreadable",
      detail: `BERTH_TOKEN_FILE names ${file}, which cannot be read`,
      cause,
    });
  }
}
