/** What the engine says about itself and the host: read at start and by `doctor`. */
import type { EngineFacts } from "../model/observed.ts";
import { DEADLINE, type Connection } from "./connection.ts";
import { asObject, type JsonObject } from "./ndjson.ts";

/** Asks for `info` and `version`. */
export async function engineFacts(link: Connection): Promise<EngineFacts> {
  const [info, version] = await Promise.all([
    link.call("engine info", DEADLINE.quick, async () => asObject(await link.api.info()) ?? {}),
    link.call("engine version", DEADLINE.quick, () => link.api.version()),
  ]);
  const options = info["SecurityOptions"];
  return {
    cpus: numberIn(info, "NCPU"),
    memoryBytes: numberIn(info, "MemTotal"),
    version: version.Version,
    apiVersion: version.ApiVersion,
    cgroupVersion: info["CgroupVersion"] === "2" ? 2 : 1,
    liveRestore: info["LiveRestoreEnabled"] === true,
    storageDriver: textIn(info, "Driver"),
    dataRoot: textIn(info, "DockerRootDir"),
    securityOptions: Array.isArray(options)
      ? options.filter((each) => typeof each === "string")
      : [],
  };
}

function numberIn(from: JsonObject, name: string): number {
  const value = from[name];
  return typeof value === "number" ? value : 0;
}

function textIn(from: JsonObject, name: string): string {
  const value = from[name];
  return typeof value === "string" ? value : "";
}
