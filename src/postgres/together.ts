/** Small writes of many projects at once share transactions: a transaction costs more than what is in one of these. */
import { createBatcher } from "../base/batcher.ts";
import { BerthError } from "../base/errors.ts";
import type { PostgresDoor, StepRow, StepSettlement } from "./door.ts";
import type { Session } from "./session.ts";
import { openSteps, settleSteps } from "./steps.ts";
import { allocateSubnets, type SubnetRequest } from "./subnets.ts";

/** More callers than passes run at once. */
const MAX_BATCH = 64;
const MAX_WAITING = 4_096;

interface Written<I> {
  readonly epoch: number;
  readonly item: I;
}

/** Calls of one epoch go together; what one of them is at fault for is its own, a database that is away concerns all. */
function together<I, O>(
  write: (epoch: number, items: readonly I[]) => Promise<readonly O[]>,
): (epoch: number, item: I) => Promise<O> {
  const batched = createBatcher<Written<I>, O>({
    maxBatch: MAX_BATCH,
    maxWaiting: MAX_WAITING,
    overflow: () =>
      new BerthError("transient", {
        code: "postgres.overloaded",
        detail: `${MAX_WAITING} writes wait for the database already`,
      }),
    oneByOne: (error) => !(error instanceof BerthError && error.kind === "transient"),
    async run(written) {
      const [first] = written;
      if (first === undefined) return [];
      if (written.some(({ epoch }) => epoch !== first.epoch)) throw new Error("two epochs at once");
      return write(
        first.epoch,
        written.map(({ item }) => item),
      );
    },
  });
  return (epoch, item) => batched({ epoch, item });
}

/** The door's writes that many passes make at once. */
export function openTogether(
  session: Session,
): Pick<PostgresDoor, "openSteps" | "settleSteps" | "allocateSubnet"> {
  const open = together<readonly StepRow[], readonly number[]>(async (epoch, items) => {
    const ids = await openSteps(session, epoch, items.flat());
    let from = 0;
    return items.map(({ length }) => ids.slice(from, (from += length)));
  });
  const settle = together<readonly StepSettlement[], true>(async (epoch, items) => {
    await settleSteps(session, epoch, items.flat());
    return items.map(() => true);
  });
  const allocate = together<SubnetRequest, string>((epoch, requests) =>
    allocateSubnets(session, epoch, requests),
  );
  return {
    openSteps: (epoch, rows) => open(epoch, rows),
    settleSteps: async (epoch, settlements) => void (await settle(epoch, settlements)),
    allocateSubnet: ({ epoch, ...request }) => allocate(epoch, request),
  };
}
