/** The declared values of a plan as people read them: what changes, and of a new project what it may use and reach. */
import type { Plan } from "../client/client.ts";
import { clip } from "./clip.ts";
import type { Style } from "./style.ts";

type ProjectPlan = Plan["projects"][number];
type Field = ProjectPlan["fields"][number];

/** What is told of a new project; the rest stands in its file. */
const TOLD = /^(?:image|limits\..+|network\..+|workspace\..+)$/;
/** What is not declared, and the word for having none of something. */
const NOTHING = "none";
/** How the fields that harden a project are written while they do. */
const HARDENED: Readonly<Record<string, string>> = {
  "network.egress": "none",
  "security.read_only_root": "true",
  tmpfs: "[]",
};

export function fieldLines({ change, fields }: ProjectPlan, style: Style): readonly string[] {
  const told = change === "create" ? fields.filter(isTold) : fields.filter(isChanged);
  return told.map((field) => {
    const line = `${field.field}: ${change === "create" ? clip(field.to ?? "") : changeText(field)}`;
    return isWeakened(field)
      ? `${style.yellow(line)} ${style.yellow("(weakens hardening)")}`
      : line;
  });
}

/** Of a new agent, what it does not have is as good as what was not there. */
function isChanged({ from, to }: Field): boolean {
  return (from ?? NOTHING) !== (to ?? NOTHING);
}

function changeText({ from, to }: Field): string {
  return `${clip(from ?? NOTHING)} → ${clip(to ?? NOTHING)}`;
}

function isTold(field: Field): boolean {
  return TOLD.test(field.field) || isWeakened(field);
}

function isWeakened({ field, to }: Field): boolean {
  const hardened = HARDENED[field];
  return hardened !== undefined && to !== null && to !== hardened;
}
