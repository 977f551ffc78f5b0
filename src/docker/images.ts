/** Images: what one says about itself, and having it here before a container needs it. */
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { withDeadline } from "../guard/deadline.ts";
import { DEADLINE, readable, type Connection } from "./connection.ts";
import { orNull } from "./or-null.ts";
import type { ImageFacts } from "./door.ts";
import { dockerError, translate } from "./errors.ts";
import { ndjson } from "./ndjson.ts";
import { BerthError } from "../base/errors.ts";

/** A pull that reports nothing for this long is stuck: layers report about twice a second. */
const STALL_MS = 60_000;
const PULL_MS = 30 * 60_000;

/** What the image says about itself; null when it is not here. */
export async function imageFacts(link: Connection, image: string): Promise<ImageFacts | null> {
  try {
    const found = await orNull(
      link.call("inspect image", DEADLINE.quick, () => link.api.getImage(image).inspect()),
    );
    return found === null ? null : factsOf(found);
  } catch (thrown) {
    if (thrown instanceof BerthError && thrown.code === "docker.image-missing") return null;
    throw thrown;
  }
}

function factsOf(found: Docker.ImageInspectInfo): ImageFacts {
  // The engine leaves fields out, or says null, where dockerode's type promises them.
  const config: Partial<Docker.ImageInspectInfo["Config"]> = found.Config ?? {};
  const entrypoint = config.Entrypoint ?? [];
  return {
    id: found.Id,
    entrypoint: typeof entrypoint === "string" ? [entrypoint] : entrypoint,
    user: textOrNull(config.User),
    workdir: textOrNull(config.WorkingDir),
    environment: variablesOf(config.Env ?? []),
    volumes: Object.keys(config.Volumes ?? {}).toSorted(),
  };
}

/** Of NAME=value; the last of a name counts. */
function variablesOf(env: readonly string[]): Readonly<Record<string, string>> {
  const pairs = env.map((each) => [each, each.indexOf("=")] as const);
  return Object.fromEntries(
    pairs.flatMap(([each, at]) => (at > 0 ? [[each.slice(0, at), each.slice(at + 1)]] : [])),
  );
}

function textOrNull(text: string | null | undefined): string | null {
  return text === undefined || text === null || text === "" ? null : text;
}

/** One pull per image at a time, however many projects wait for it. */
export function imagePuller(link: Connection): (image: string) => Promise<ImageFacts> {
  const pulling = new Map<string, Promise<void>>();
  return async (image) => {
    const here = await imageFacts(link, image);
    if (here !== null) return here;
    const shared = pulling.get(image) ?? pull(link, image).finally(() => pulling.delete(image));
    pulling.set(image, shared);
    await shared;
    const pulled = await imageFacts(link, image);
    if (pulled === null)
      throw missing(image, "the pull ended without an error, but the image is not here");
    return pulled;
  };
}

/** Goes around the breaker: a registry that is away says nothing about the engine. */
async function pull(link: Connection, image: string): Promise<void> {
  if (image.startsWith("sha256:")) throw missing(image, "an image id cannot be pulled");
  try {
    await withDeadline(
      { door: "docker", operation: `pull ${image}`, timeoutMs: PULL_MS },
      async (abortSignal) => {
        const stream = await link.streams.createImage({ fromImage: tagged(image), abortSignal });
        await watch(image, readable(stream));
      },
    );
  } catch (thrown) {
    throw refusedPull(image, thrown);
  }
}

async function watch(image: string, stream: Readable): Promise<void> {
  const stalled = (): void => {
    stream.destroy(
      dockerError(
        "docker.registry-unreachable",
        `pull of ${image} made no progress for ${STALL_MS} ms`,
      ),
    );
  };
  let timer = setTimeout(stalled, STALL_MS);
  try {
    for await (const line of ndjson(stream)) {
      clearTimeout(timer);
      timer = setTimeout(stalled, STALL_MS);
      if ("error" in line) throw new Error(String(line["error"]));
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Words of registries and of the network before them that a later try may not hear again. */
const PASSING =
  /timeout|timed out|no such host|connection re(?:fused|set)|unreachable|deadline|TLS handshake|EOF|temporar|server misbehaving|\b50[0234]\b|toomanyrequests|i\/o/i;

function refusedPull(image: string, thrown: unknown): BerthError {
  const error = translate(`pull ${image}`, thrown);
  if (["docker.no-space", "docker.registry-unreachable", "docker.timeout"].includes(error.code))
    return error;
  const answered =
    error.code !== "docker.unreachable" || !(thrown instanceof Error && "code" in thrown);
  if (!answered) return error;
  if (PASSING.test(error.message))
    return dockerError("docker.registry-unreachable", error.message, { cause: thrown });
  return missing(image, error.message, thrown);
}

function missing(image: string, why: string, cause?: unknown): BerthError {
  return dockerError("docker.image-missing", `no image ${image}: ${why}`, {
    cause,
    hint: "correct the name, or pull or build the image on this host",
  });
}

/** Without a tag the engine would pull every tag there is. */
function tagged(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  return last.includes(":") || last.includes("@") ? image : `${image}:latest`;
}
