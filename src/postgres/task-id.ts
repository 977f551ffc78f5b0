/** Ids of tasks: whole numbers in decimal, so that none can be taken for a name. */
import { BerthError } from "../base/errors.ts";

const ID = /^[1-9][0-9]{0,17}$/;

export function isTaskId(text: string): boolean {
  return ID.test(text);
}

export function unknownTask(id: string): BerthError {
  return new BerthError("usage", {
    code: "postgres.task-unknown",
    detail: `no task ${id} is recorded`,
    hint: "`berth task list` lists the recorded tasks",
  });
}
