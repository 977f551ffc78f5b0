/** Short ways to write bundles in tests. */
import type { Declaration } from "../../../src/model/project.ts";
import type { Bundle } from "../../../src/model/bundle.ts";
import type { Origins } from "../../../src/declare/origins.ts";
import { parseBundle } from "../../../src/declare/parse.ts";
import type { Parsed } from "../../../src/declare/parse.ts";
import type { Problem } from "../../../src/declare/problem.ts";

/** A bundle of these files, the first one its entry; `overlays` are named among them. */
export function bundleOf(
  files: Readonly<Record<string, string>>,
  overlays: readonly string[] = [],
): Bundle {
  return { entry: Object.keys(files)[0] ?? "", files, base: "/srv/host", overlays };
}

/** One project file. */
export function project(text: string): Bundle {
  return bundleOf({ "web.yaml": text });
}

/** The declaration of a bundle that must be good. */
export function accepted(bundle: Bundle): Readonly<{ declaration: Declaration; origins: Origins }> {
  const parsed = parseBundle(bundle);
  if (!parsed.ok) throw new Error(parsed.problems.map(brief).join("\n"));
  return parsed;
}

/** `file:line:column message` of every problem of a bundle. */
export function refused(bundle: Bundle, parsed: Parsed = parseBundle(bundle)): readonly string[] {
  return parsed.ok ? [] : parsed.problems.map(brief);
}

function brief(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column} ${problem.message}`;
}
