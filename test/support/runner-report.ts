/** What a runner says that has nothing to complain of. */
import type { RunnerReport } from "../../src/model/observed.ts";

/** What its frame of status says besides its configuration, and a report too. */
export const READY_STATUS = {
  agents: [],
  sample: null,
  workspace: "ready",
  workspaceDetail: null,
  missingSecrets: [],
  restartSerials: {},
  taskRuns: [],
  journalSeq: 0,
} as const;

export function readyReport(project: string, changes: Partial<RunnerReport> = {}): RunnerReport {
  return {
    project,
    bootId: "boot-1",
    epoch: 1,
    configHash: null,
    heardAt: 0,
    ...READY_STATUS,
    ...changes,
  };
}
