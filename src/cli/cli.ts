/** The CLI: finds the verb, hands it its context, prints what went wrong once, and answers the exit code. */
import { asBerthError, BerthError } from "../base/errors.ts";
import type { Client } from "../client/client.ts";
import { type Context, DEFAULT_HOST, type Given } from "./context.ts";
import { faultExit, faultJson, faultText } from "./fault.ts";
import { helpText } from "./help.ts";
import { type Io, variableOf } from "./io.ts";
import { FORMATS, type Format } from "./output.ts";
import { Printer, ReaderGone } from "./print.ts";
import { isProgressMode, type ProgressMode } from "./progress.ts";
import { type ColorChoice, styleFor } from "./style.ts";
import type { Verb, VerbEntry } from "./verb.ts";
import { VERBS } from "./verbs.ts";

const INTERRUPTED = 130;

/** Runs one command line; `argv` begins with the verb. Never throws. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const ended = new AbortController();
  const interrupts: Interrupts = { count: 0, taken: null };
  const stopListening = io.onInterrupt(() => interrupted(interrupts, ended, io));
  const json = wantsJson(argv);
  try {
    const code = await dispatch(argv, { io, ended, interrupts });
    return interrupts.count > 0 && interrupts.taken === null ? INTERRUPTED : code;
  } catch (thrown) {
    if (interrupts.count > 0 && interrupts.taken === null) return INTERRUPTED;
    if (ended.signal.reason instanceof ReaderGone) return 0;
    const error = asBerthError(thrown);
    const style = styleFor(io.stderr, colorOf(valueAfter(argv, "--color")), io.env);
    io.stderr.write(json ? await faultJson(error) : faultText(error, style));
    return faultExit(error);
  } finally {
    stopListening();
  }
}

interface Interrupts {
  count: number;
  /** Set by a verb that answers Ctrl-C itself. */
  taken: (() => void) | null;
}

function interrupted(interrupts: Interrupts, ended: AbortController, io: Io): void {
  interrupts.count += 1;
  if (interrupts.count > (interrupts.taken === null ? 1 : 2)) io.exit(INTERRUPTED);
  if (interrupts.taken === null) ended.abort();
  else interrupts.taken();
}

interface Outside {
  readonly io: Io;
  readonly ended: AbortController;
  readonly interrupts: Interrupts;
}

async function dispatch(argv: readonly string[], outside: Outside): Promise<number> {
  const { io } = outside;
  const [first, ...rest] = verbFirst(argv);
  if (
    first === undefined ||
    first === "--help" ||
    first === "-h" ||
    (first === "help" && rest.length === 0)
  ) {
    io.stdout.write(helpText(VERBS));
    return first === undefined ? 64 : 0;
  }
  if (first === "help") return dispatch([...rest, "--help"], outside);
  if (first === "--version" || first === "-V") {
    io.stdout.write(`${io.version}\n`);
    return 0;
  }
  const entry = VERBS.find((verb) => verb.name === first) ?? (await unknownVerb(first));
  const verb = await entry.load();
  const { parseWords } = await import("./command.ts");
  const parsed = await parseWords(entry.name, verb, rest);
  if (parsed.kind === "given")
    return verb.run(contextOf(verb, parsed.given, outside), parsed.given);
  io.stdout.write(parsed.text);
  return 0;
}

/** Common options that take a value, as they may also stand before the verb. */
const VALUED = new Set(["-o", "--output", "-H", "--host", "--reason", "--color", "--progress"]);
const GLOBAL = /^(?:-o|-H|--json$|--(?:output|host|reason|color|progress)(?:=|$))/;

/** The same words with what was said before the verb behind it: every verb knows the common options. */
function verbFirst(argv: readonly string[]): readonly string[] {
  let at = 0;
  while (GLOBAL.test(argv[at] ?? "")) at += VALUED.has(argv[at] ?? "") ? 2 : 1;
  const verb = argv[at];
  return verb === undefined ? argv : [verb, ...argv.slice(0, at), ...argv.slice(at + 1)];
}

async function unknownVerb(word: string): Promise<VerbEntry> {
  const { nearest } = await import("../declare/nearest.ts");
  const meant = nearest(
    word,
    VERBS.map((verb) => verb.name),
  );
  throw new BerthError("usage", {
    code: "cli.verb-unknown",
    detail: word.startsWith("-") ? `${word} must come after a verb` : `there is no verb ${word}`,
    hint: meant === null ? "berth --help lists the verbs" : `did you mean ${meant}?`,
  });
}

function contextOf(verb: Verb, given: Given, { io, ended, interrupts }: Outside): Context {
  const format = formatOf(verb, given);
  const isData = format !== "table" && format !== "wide" && format !== "name";
  const progress = progressOf(given.text("progress"), io, isData);
  const color = colorOf(given.text("color"));
  const host = given.text("host") ?? variableOf(io.env, "BERTH_HOST") ?? DEFAULT_HOST;
  const print = new Printer(io, {
    json: progress === "json",
    quiet: progress === "quiet",
    gone: ended,
  });
  let made: Promise<Client> | null = null;
  return {
    io,
    print,
    format,
    style: styleFor(io.stdout, color, io.env),
    errorStyle: styleFor(io.stderr, color, io.env),
    progress,
    signal: ended.signal,
    host,
    takeInterrupts: (listener) => {
      interrupts.taken = listener;
    },
    client: () => (made ??= clientOf(host, given.text("reason"), { io, signal: ended.signal })),
  };
}

async function clientOf(
  host: string,
  reason: string | null,
  { io, signal }: Readonly<{ io: Io; signal: AbortSignal }>,
): Promise<Client> {
  const [{ makeClient }, { nodeTransport }, { tokenOf }] = await Promise.all([
    import("../client/client.ts"),
    import("./transport.ts"),
    import("./token.ts"),
  ]);
  const identity = { user: io.user, reason, token: tokenOf(io.env) };
  return makeClient({
    transport: nodeTransport(host),
    identity,
    signal,
    newKey: () => io.newKey(),
  });
}

function formatOf(verb: Verb, given: Given): Format {
  const asked = given.flag("json") ? "json" : given.text("output");
  if (verb.output === "stream" && asked === "json") return "ndjson";
  return FORMATS.find((format) => format === asked) ?? "table";
}

/** Whoever reads the answer as data reads progress as data too, unless told otherwise. */
function progressOf(asked: string | null, io: Io, isData: boolean): ProgressMode {
  if (asked !== null && isProgressMode(asked)) return asked;
  if (isData) return "json";
  return io.stderr.isTTY === true ? "tty" : "plain";
}

function colorOf(text: string | null | undefined): ColorChoice {
  return text === "always" || text === "never" ? text : "auto";
}

/** Looked at before anything is parsed, so that a mistake in the command line is told in the form asked for. */
function wantsJson(argv: readonly string[]): boolean {
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const format = valueAfter(own, "-o") ?? valueAfter(own, "--output");
  return (
    own.some((word) => word === "--json" || word === "-ojson" || word === "-ondjson") ||
    format === "json" ||
    format === "ndjson"
  );
}

function valueAfter(argv: readonly string[], flag: string): string | undefined {
  const at = argv.indexOf(flag);
  return at < 0
    ? argv.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1)
    : argv[at + 1];
}
