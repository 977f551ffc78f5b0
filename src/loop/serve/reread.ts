/** The configuration file read again: a refusal is told where people look, until what the file says is accepted. */
import { asBerthError, type BerthError } from "../../base/errors.ts";
import type { ApplyOptions, Daemon } from "../daemon.ts";
import type { DaemonState } from "../state.ts";
import { refused, sourceOf } from "./read-bundle.ts";

const MODE = "declaration-refused";
const BY = { who: "config", claim: null, reason: "SIGHUP" };

/** `apply` as it is asked by everybody, and what SIGHUP asks; both end a refusal of the same source. */
export function serveReread(
  { modes, outbox }: Pick<DaemonState, "modes" | "outbox">,
  accept: (options: ApplyOptions) => ReturnType<Daemon["apply"]>,
): Pick<Daemon, "apply" | "reread"> {
  let source: string | null = null;
  const apply: Daemon["apply"] = async (options) => {
    const accepted = await accept(options);
    if (sourceOf(options.bundle) === source) modes.set(MODE, false, `${source} is accepted again`);
    return accepted;
  };
  const tell = (error: BerthError): void => {
    // Another daemon leads, or none can: nothing is said of the file.
    if (error.code === "loop.not-leader") return;
    const message = refusalText(error);
    modes.set(MODE, true, message);
    const { code, path = null, problems } = error;
    const fields = { code, path, problems: Math.max(1, problems.length) };
    outbox.add({ project: null, kind: "declaration.refused", cause: "operator", message, fields });
    void outbox.flush();
  };
  return {
    apply,
    async reread(read) {
      try {
        const { bundle, problems } = await read();
        source = sourceOf(bundle);
        if (problems.length > 0) throw refused(problems, bundle);
        const asked = { bundle, prune: false, expected: null, adopt: false, idempotencyKey: null };
        return await apply({ ...asked, by: BY });
      } catch (thrown) {
        const error = asBerthError(thrown);
        tell(error);
        throw error;
      }
    },
  };
}

/** `projects/web.yaml:4:22 limits.memry is not a known key (declare.unknown-key); …`. */
function refusalText({ code, message, path, problems: [first, ...more] }: BerthError): string {
  const place = path === undefined ? "" : `${path} `;
  const others = more.length === 0 ? "" : `, and ${more.length} more`;
  return `${place}${first?.message ?? message} (${code})${others}; the last good declaration stays`;
}
