/** Opens the runners' door: one kept connection per attached project, and the spools on disk. */
import { commandsThrough, type Ask } from "./commands.ts";
import { keepConnected, type Connection } from "./connection.ts";
import type { RunnersDoor } from "./door.ts";
import { spoolFault, unreachable } from "./faults.ts";
import { layFirstStarts } from "./first-starts.ts";
import { createFreezes } from "./freezes.ts";
import { readJournal } from "./journal.ts";
import type { RunnersOptions } from "./options.ts";
import { readOutput } from "./output.ts";
import { pruneRuns } from "./prune.ts";
import { deleteSpool, spoolExists, spoolOf, writeSpool } from "./spool.ts";

/** A runner answers from memory, or writes one small file first. */
const REQUEST_TIMEOUT_MS = 5_000;

/** The real door. Nothing is connected until `attach`; `close` ends every connection. */
export function openRunners(options: RunnersOptions): RunnersDoor {
  const connections = new Map<string, Connection>();
  const freezes = createFreezes(() => options.now());
  let epoch = options.epoch;

  const ask: Ask = (project, what, frame) => {
    const connection = connections.get(project);
    if (connection === undefined) return Promise.reject(unreachable(project, "it is not attached"));
    return connection.ask(what, REQUEST_TIMEOUT_MS, (id) => frame({ id, epoch }));
  };

  const detach = (project: string): void => {
    connections.get(project)?.close();
    connections.delete(project);
    freezes.forget(project);
  };

  const setFrozen = (project: string, frozen: boolean, asOf = options.now()): void => {
    if (!freezes.set(project, frozen, asOf)) return;
    connections.get(project)?.setFrozen(frozen);
    if (!frozen) options.listener.onThawed(project);
  };

  return {
    async prepareSpool(project, config) {
      // A look that is older than a removal may have attached again: a new spool is another journal.
      if (!(await spoolExists(options.spoolRoot, project))) detach(project);
      await writeSpool(options.spoolRoot, project, config);
      await layFirstStarts(project, config, options);
      connections.get(project)?.kick();
    },
    removeSpool(project) {
      // A spool made anew later is another journal: nothing of this one may be resumed there.
      detach(project);
      return deleteSpool(options.spoolRoot, project);
    },
    spoolExists: (project) => spoolExists(options.spoolRoot, project),
    attach(project, after) {
      if (connections.has(project)) return;
      const folder = spoolOf(options.spoolRoot, project);
      const own = { project, folder, after, runners: options };
      const connection = keepConnected({ ...own, epoch: () => epoch });
      connections.set(project, connection);
      if (freezes.has(project)) connection.setFrozen(true);
    },
    detach,
    report: (project) => connections.get(project)?.report() ?? null,
    connected: (project) => connections.get(project)?.connected() ?? false,
    ...commandsThrough(ask),
    frozen: (project) => freezes.has(project),
    setFrozen,
    ...readersOf(options),
    setEpoch(value) {
      epoch = value;
    },
    async close() {
      for (const connection of connections.values()) connection.close();
      connections.clear();
    },
  };
}

/** What is read from the spool alone: it works without a runner, without a container. */
function readersOf(options: RunnersOptions): Pick<RunnersDoor, "readJournal" | "output" | "prune"> {
  const folderOf = (project: string): string => spoolOf(options.spoolRoot, project);
  return {
    readJournal: (project, after) => readJournal(folderOf(project), project, after),
    output: (query, signal, isOver = async () => false) =>
      readOutput({
        spool: folderOf(query.project),
        query,
        signal,
        now: () => options.now(),
        isOver,
      }),
    async prune(project, beforeMs) {
      try {
        return await pruneRuns(folderOf(project), beforeMs);
      } catch (thrown) {
        throw spoolFault(project, "its old output cannot be removed", thrown);
      }
    },
  };
}
