/** What `berth daemon` is told by its environment, read once in main. */

export interface Settings {
  readonly install: string;
  readonly version: string;
  readonly stateDir: string;
  readonly secretsDir: string | null;
  /** Host file that SIGHUP reads again. */
  readonly configPath: string | null;
  /** Where the spool volume is mounted in the daemon's own container; null: found through the engine. */
  readonly spoolDir: string | null;
  readonly runnerImage: string;
  readonly netImage: string;
  /** `host`: runs as root on the host and sees its paths; `container`: looks at the host through helper containers. */
  readonly vantage: "host" | "container";
  readonly logLevel: string;
  /** An orphan is stopped when seen and removed only after this. */
  readonly orphanGraceMs: number;
  readonly retention: Readonly<{
    runsDays: number;
    eventsDays: number;
    stepsDays: number;
    auditDays: number;
    generationsKept: number;
    outputDays: number;
  }>;
}
