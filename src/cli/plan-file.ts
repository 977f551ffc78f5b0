/** A plan kept in a file: the bundle it was made from and what it said, so that `apply` can hold to exactly that. */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { Plan } from "../client/client.ts";
import type { Bundle } from "../model/bundle.ts";
import { usage } from "./context.ts";

export interface PlanFile {
  readonly format: "berth-plan/1";
  readonly prune: boolean;
  readonly plan: Plan;
  readonly bundle: Bundle;
}

/** A bundle may hold interpolated values, so the file is for its owner only. */
const MODE = 0o600;

/** Writes a plan file. */
export async function writePlanFile(cwd: string, path: string, file: PlanFile): Promise<void> {
  await writeFile(resolve(cwd, path), `${JSON.stringify(file)}\n`, { mode: MODE }).catch(
    (cause: unknown) => {
      throw new BerthError("usage", {
        code: "cli.file-unwritable",
        detail: `cannot write ${path}`,
        cause,
      });
    },
  );
}

/** Reads one; throws usage when it is none. */
export async function readPlanFile(cwd: string, path: string): Promise<PlanFile> {
  const text = await readFile(resolve(cwd, path), "utf8").catch(() => {
    throw usage(
      `cannot read ${path}`,
      "apply takes a file written by plan --out, or a declaration with -f",
    );
  });
  const file = parsed(text);
  if (file?.format === "berth-plan/1") return file;
  throw usage(
    `${path} is not a plan`,
    "apply takes a file written by plan --out; a declaration is named with -f",
  );
}

function parsed(text: string): PlanFile | null {
  try {
    // the daemon checks every part of it again; here only its format is looked at
    const file: PlanFile | null = JSON.parse(text);
    return file;
  } catch {
    return null;
  }
}
