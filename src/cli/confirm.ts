/** Asks before something is destroyed: only on a terminal; without one, `-y` must say so. */
import { BerthError } from "../base/errors.ts";
import { type Context, type Given, usage } from "./context.ts";

/** Returns when the operator agreed; throws usage (64) without a terminal, interrupted otherwise. */
export async function confirm(context: Context, given: Given, question: string): Promise<void> {
  if (given.flag("yes")) return;
  const { io, print } = context;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true)
    throw usage(`${question} Not asking without a terminal.`, "add -y to agree");
  await print.raw(`${question} [y/N] `);
  const answer = await firstLine(context);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new BerthError("usage", { code: "cli.not-confirmed", detail: "nothing was changed" });
}

/** One line of stdin; nothing when it ends or Ctrl-C comes first. */
export function firstLine({ io, signal }: Context): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const finish = (line: string): void => {
      io.stdin.off("data", take);
      io.stdin.off("end", stop);
      io.stdin.pause();
      resolve(line);
    };
    const take = (chunk: Buffer | string): void => {
      text += String(chunk);
      const end = text.indexOf("\n");
      if (end >= 0) finish(text.slice(0, end));
    };
    const stop = (): void => finish("");
    signal.addEventListener("abort", () => {
      finish("");
      reject(new Error("interrupted"));
    });
    io.stdin.on("data", take);
    io.stdin.on("end", stop);
    io.stdin.resume();
  });
}
