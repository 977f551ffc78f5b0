/** What is known now, kept by the live stream: every page shows it, none asks for it again. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { ApiCaller, LiveItem } from "../schema/api-live.ts";
import type { ApiHost, ApiReady } from "../schema/api-host.ts";
import type { ApiProject } from "../schema/api-project.ts";
import type { ApiEvent } from "../schema/api-record.ts";
import type { ApiQueue } from "../schema/api-task.ts";
import { keepSample } from "./usage.ts";

/** A project, and when this page was told so. */
export interface KnownProject {
  readonly view: ApiProject;
  readonly toldAt: number;
}

/** `since`: when it became so, in ms since the epoch. */
export type Link = Readonly<{ kind: "joining" | "live" | "away"; since: number }>;

/** Newest events kept for the pages that list them. */
const EVENTS_MAX = 1_000;

export const link = signal<Link>({ kind: "joining", since: Date.now() });
/** Who this page acts as, as the daemon knows it; null until it said so. */
export const caller = signal<ApiCaller | null>(null);
export const ready = signal<ApiReady | null>(null);
export const host = signal<ApiHost | null>(null);
export const queue = signal<ApiQueue | null>(null);
/** In order of name; null until the whole state was told once. */
export const names = signal<readonly string[] | null>(null);
/** Newest first. */
export const events = signal<readonly ApiEvent[]>([]);
/** The newest event of each project. */
const lastEvents = new Map<string, Signal<ApiEvent | null>>();
const projects = new Map<string, Signal<KnownProject>>();

/** This second, for ages. */
export const now = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === "visible") now.value = Date.now();
}, 1_000);

export function projectOf(name: string): ReadonlySignal<KnownProject> | undefined {
  return projects.get(name);
}

export function lastEventOf(name: string): ReadonlySignal<ApiEvent | null> {
  return lastEventSignal(name);
}

/** All projects as they are now; whoever reads it is told of every change. */
export const all = computed(() =>
  (names.value ?? []).flatMap((name) => projects.get(name)?.value.view ?? []),
);

/** Takes in what one turn of the stream said. */
export function absorb(items: readonly LiveItem[]): void {
  batch(() => {
    for (const item of items) take(item);
  });
}

function take(item: LiveItem): void {
  switch (item.kind) {
    case "caller":
      takeCaller(item.caller);
      return;
    case "ready":
      ready.value = item.ready;
      return;
    case "host":
      host.value = item.host;
      return;
    case "queue":
      queue.value = item.queue;
      return;
    case "project":
      takeProject(item.project);
      return;
    case "gone":
      projects.delete(item.name);
      nameAll();
      return;
    case "settled":
      nameAll();
      return;
    case "event":
      addEvents([item.event]);
  }
}

/** What another token was shown is not this one's business. */
function takeCaller(told: ApiCaller): void {
  const before = caller.peek();
  if (before !== null && (before.who !== told.who || before.project !== told.project)) {
    host.value = null;
    queue.value = null;
    events.value = [];
    lastEvents.clear();
  }
  caller.value = told;
}

/** Agents of a project that take tasks. */
export function workersOf(project: string): readonly string[] {
  return (queue.value?.workers ?? [])
    .filter((worker) => worker.project === project)
    .map(({ agent }) => agent);
}

function takeProject(view: ApiProject): void {
  const known = { view, toldAt: Date.now() };
  keepSample(view, known.toldAt);
  const before = projects.get(view.name);
  if (before !== undefined) {
    before.value = known;
    return;
  }
  projects.set(view.name, signal(known));
  if (names.peek() !== null) nameAll();
}

function nameAll(): void {
  names.value = [...projects.keys()].toSorted();
}

/** Before a new stream tells everything: what it will not name is gone. */
export function forgetOthers(told: ReadonlySet<string>): void {
  for (const name of projects.keys()) if (!told.has(name)) projects.delete(name);
}

/** Adds events in any order; each counts once. */
export function addEvents(more: readonly ApiEvent[]): void {
  const known = new Set(events.peek().map(({ id }) => id));
  const fresh = more.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return;
  events.value = [...fresh, ...events.peek()].toSorted((a, b) => b.id - a.id).slice(0, EVENTS_MAX);
  for (const event of fresh) noteLast(event);
}

function noteLast(event: ApiEvent): void {
  if (event.project === null) return;
  const last = lastEventSignal(event.project);
  if ((last.peek()?.id ?? -1) < event.id) last.value = event;
}

function lastEventSignal(name: string): Signal<ApiEvent | null> {
  const known = lastEvents.get(name);
  if (known !== undefined) return known;
  const made = signal<ApiEvent | null>(null);
  lastEvents.set(name, made);
  return made;
}
