/** The idle keeper: watches projects that may rest, puts them to rest in good time, and wakes them for work. */
import { causeChain } from "../base/errors.ts";
import { instantText } from "../base/instant.ts";
import type { IdleStand, Rest } from "../model/idle.ts";
import { idleVerdict } from "../plan/idle.ts";
import type { ProjectRow } from "../postgres/door.ts";
import type { Session } from "./session.ts";
import type { Idleness, World } from "./world.ts";
import { workOf } from "./work.ts";

/** How often projects that may rest are looked at: rest comes at most this much late. Work is noticed at once. */
const LOOK_MS = 500;

export interface IdleKeeper {
  /** Looks at every project that is at rest, and wakes those with work. Costs nothing when none is. */
  rouse(): void;
  /** Somebody works inside until the returned function is called; wakes it. */
  hold(project: string): () => void;
  /** Somebody asked something of it: it wakes, and its idle time begins anew. */
  touch(project: string): void;
  /** What runs again is no longer at rest. */
  woken(project: string): void;
  stop(): void;
}

/** How desired state takes it: null for a project that neither rests nor wakes. */
export function standOf(project: string, { idle }: World): IdleStand | null {
  const known = idle.get(project);
  if (known === undefined || known.rest === null) return null;
  if (known.waking !== null) return { kind: "waking", why: known.waking };
  const { kind: rest, since } = known.rest;
  return { kind: "resting", rest, since, why: idleText(known.rest) };
}

/** For people: `idle since 2026-11-22T03:00:00Z`. */
function idleText({ since }: Pick<Rest, "since">): string {
  return `idle since ${instantText(since)}`;
}

/** As if this daemon had watched all along: rests as recorded, idle time since the last attempt's end. */
export async function recallIdle(session: Session): Promise<void> {
  const { world, doors } = session;
  const workers = [...world.records.values()].flatMap(({ name: project, spec }) =>
    Object.values(spec.agents).flatMap(({ name: agent, task }) =>
      spec.idle === undefined || task === null ? [] : [{ project, agent }],
    ),
  );
  const [rests, ends] = await Promise.all([
    doors.postgres.rests(),
    doors.postgres.tasks.lastEnds(workers),
  ]);
  for (const { name, spec, phaseSince } of world.records.values()) {
    const rest = rests.get(name) ?? null;
    if (rest === null && spec.idle === undefined) continue;
    const workedAt = rest?.since ?? Math.max(phaseSince, ends.get(name) ?? 0);
    world.idle.set(name, { workedAt, rest, ...FRESH });
  }
}

/** `of` is asked later, when the session is there. */
export function createIdleKeeper(of: () => Session): IdleKeeper {
  const timer = setInterval(() => lookAtAll(of()), LOOK_MS);
  timer.unref();
  return {
    rouse: () => rouse(of()),
    hold: (project) => hold(project, of()),
    touch: (project) => wakeNow(project, "an operator asks", of()),
    woken: (project) => woken(project, of()),
    stop: () => clearInterval(timer),
  };
}

function lookAtAll(session: Session): void {
  const { world, modes, signal } = session;
  if (modes.holds("postgres-gone") || signal.aborted) return;
  for (const row of world.records.values())
    if (row.spec.idle !== undefined || world.idle.has(row.name)) consider(row, session);
}

function rouse(session: Session): void {
  const { idle, records } = session.world;
  for (const [project, { rest, waking }] of idle) {
    if (rest === null || waking !== null) continue;
    const row = records.get(project);
    if (row !== undefined) consider(row, session);
  }
}

function hold(project: string, session: Session): () => void {
  const idle = idlenessOf(project, session);
  idle.holds += 1;
  wakeNow(project, "an exec is opened", session);
  let held = true;
  return () => {
    if (held) idle.holds -= 1;
    held = false;
    idle.workedAt = session.now();
  };
}

function wakeNow(project: string, why: string, session: Session): void {
  const idle = session.world.idle.get(project);
  if (idle === undefined) return;
  idle.workedAt = session.now();
  if (session.world.records.get(project)?.wanted === "active")
    wake(project, { idle, why }, session);
}

function woken(project: string, session: Session): void {
  const idle = session.world.idle.get(project);
  if (idle === undefined || idle.rest === null || idle.waking === null) return;
  idle.rest = null;
  idle.waking = null;
  idle.wokenAt = session.now();
  idle.workedAt = session.now();
  keep(project, { idle, rest: null }, session);
}

const FRESH = { waking: null, wokenAt: 0, holds: 0, writing: false };

function idlenessOf(project: string, { world, now }: Session): Idleness {
  const known = world.idle.get(project);
  if (known !== undefined) return known;
  const phaseSince = world.records.get(project)?.phaseSince ?? 0;
  const made: Idleness = { workedAt: Math.max(phaseSince, now()), rest: null, ...FRESH };
  world.idle.set(project, made);
  return made;
}

/** One look at one project: does what the verdict says. */
function consider(row: ProjectRow, session: Session): void {
  const idle = idlenessOf(row.name, session);
  const now = session.now();
  // A pause is the operator's: what we did before it is forgotten, and nothing of ours undoes it.
  if (row.wanted !== "active") {
    if (idle.rest !== null && !idle.writing) {
      idle.rest = null;
      idle.waking = null;
      keep(row.name, { idle, rest: null }, session);
    }
    return;
  }
  const work = workOf(row, idle, session);
  if (work !== null) idle.workedAt = now;
  if (idle.waking !== null || idle.writing) return;
  const { spec } = row;
  const sight = { spec: spec.idle, work, workedAt: idle.workedAt, rest: idle.rest };
  const verdict = idleVerdict(sight, now);
  if (verdict.kind === "wake") wake(row.name, { idle, why: verdict.why }, session);
  if (verdict.kind === "rest") keep(row.name, { idle, rest: verdict.rest }, session);
}

/** Rest is undone by the next pass; one that is stopped first needs its memory granted. */
function wake(
  project: string,
  { idle, why }: Readonly<{ idle: Idleness; why: string }>,
  session: Session,
): void {
  if (idle.rest === null || idle.waking !== null) return;
  idle.waking = why;
  session.world.refused.delete(project);
  if (idle.rest.kind === "stopped") session.triggerHost("work");
  session.trigger(project, "work");
}

/** Written before the engine is touched: a daemon that starts then knows whose freeze it finds. Waking is written after it. */
function keep(
  project: string,
  { idle, rest }: Readonly<{ idle: Idleness; rest: Rest | null }>,
  session: Session,
): void {
  idle.writing = true;
  const { epoch } = session.world.install;
  session.doors.postgres
    .setRest({ epoch, project, rest })
    .then(() => (rest === null ? undefined : begin(project, { idle, rest }, session)))
    .catch((error: unknown) => {
      session.log.warn({ project, chain: causeChain(error) }, "rest not recorded");
    })
    .finally(() => {
      idle.writing = false;
    });
}

/** The next pass brings it to rest, unless the project is another one by now. */
function begin(
  project: string,
  { idle, rest }: Readonly<{ idle: Idleness; rest: Rest }>,
  session: Session,
): void {
  if (session.world.idle.get(project) !== idle) return;
  idle.rest = rest;
  session.trigger(project, "idle");
}
