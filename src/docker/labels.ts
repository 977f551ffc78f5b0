/** Labels are how the engine remembers for us: writing ours, and reading them back without trusting them. */
import type { OwnLabels } from "../model/observed.ts";
import type { Ownership } from "./door.ts";

export const LABEL = {
  install: "berth.install",
  installUid: "berth.install-uid",
  project: "berth.project",
  generation: "berth.generation",
  specHash: "berth.spec-hash",
  epoch: "berth.epoch",
  role: "berth.role",
  egress: "berth.egress",
} as const;

export type Labels = Readonly<Record<string, string>>;

/** The labels without which nothing is ever touched again. */
export function ownershipLabels(own: Ownership): Record<string, string> {
  return {
    [LABEL.install]: own.install,
    [LABEL.installUid]: own.installUid,
    [LABEL.epoch]: String(own.epoch),
  };
}

/** Whether an object belongs to this install; both the name and the uid must agree. */
export function isOwn(labels: Labels | null | undefined, own: Ownership): boolean {
  const read = readOwn(labels);
  return read.install === own.install && read.installUid === own.installUid;
}

/** Our labels as found on an object; what is missing or unreadable is null. */
export function readOwn(labels: Labels | null | undefined): OwnLabels {
  const text = (name: string): string | null => labels?.[name] ?? null;
  return {
    install: text(LABEL.install),
    installUid: text(LABEL.installUid),
    project: text(LABEL.project),
    generation: whole(text(LABEL.generation)),
    specHash: text(LABEL.specHash),
    epoch: whole(text(LABEL.epoch)),
  };
}

function whole(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
