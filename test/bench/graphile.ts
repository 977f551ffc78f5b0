/** The tasks' rival: graphile-worker on a Postgres of the same kind, jobs that are JavaScript callbacks in its own process. */
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import type { Runner, WorkerUtils } from "graphile-worker";

const NAME = "noop";
/** As its own performance test sets them for throughput. */
const CONCURRENCY = 24;
const LOCAL_QUEUE = 500;
/** Jobs added a call. */
const ADDED_AT_ONCE = 500;

export interface Graphile {
  /** Milliseconds from asking for one job to the first line of its callback. */
  latency(): Promise<number>;
  /** Jobs a second, from the first one added to the last one completed. */
  throughput(count: number): Promise<number>;
  close(): Promise<void>;
}

/** Opens its schema in the database of `url` and a worker that waits for jobs. */
export async function graphile(url: string): Promise<Graphile> {
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  let called = (): void => undefined;
  /** Waits for single jobs, as a service does. */
  let waiting: Runner | null = null;
  const start = (quick: boolean): Promise<Runner> =>
    run({
      logger,
      taskList: { [NAME]: () => called() },
      noHandleSignals: true,
      preset: {
        worker: {
          connectionString: url,
          concurrentJobs: CONCURRENCY,
          maxPoolSize: CONCURRENCY + 1,
          ...(quick ? {} : { localQueue: { size: LOCAL_QUEUE }, completeJobBatchDelay: 0 }),
        },
      },
    });
  return {
    async latency() {
      waiting ??= await start(true);
      const { promise, resolve } = Promise.withResolvers<number>();
      called = () => resolve(performance.now());
      const from = performance.now();
      await utils.addJob(NAME, {});
      return (await promise) - from;
    },
    async throughput(count) {
      let left = count;
      const { promise, resolve } = Promise.withResolvers<void>();
      called = () => {
        left -= 1;
        if (left === 0) resolve();
      };
      const runner = await start(false);
      const from = performance.now();
      await addAll(utils, count);
      await promise;
      // Stopping waits until what is completed is recorded.
      await runner.stop();
      return (count * 1_000) / (performance.now() - from);
    },
    async close() {
      await waiting?.stop();
      await utils.release();
    },
  };
}

async function addAll(utils: WorkerUtils, count: number): Promise<void> {
  for (let from = 0; from < count; from += ADDED_AT_ONCE) {
    const size = Math.min(ADDED_AT_ONCE, count - from);
    await utils.addJobs(Array.from({ length: size }, () => ({ identifier: NAME, payload: {} })));
  }
}
