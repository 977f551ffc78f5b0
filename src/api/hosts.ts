/** Which names the API answers to over TCP. A page of another site can make its own name lead here, but not change the name its requests bear. */
import { BerthError } from "../base/errors.ts";

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** The allow-list of Host and Origin: loopback names with the ports listened at, addresses listened at, and what the operator adds. */
export class AllowedHosts {
  readonly #names = new Set<string>();

  /** Each as `HOST` or `HOST:PORT`, compared whole. */
  constructor(added: readonly string[]) {
    for (const name of added) this.#names.add(name.toLowerCase());
  }

  /** From now on the API also listens at this address. */
  listensAt(host: string, port: number): void {
    for (const name of [...LOOPBACK, host]) this.#names.add(`${name.toLowerCase()}:${port}`);
  }

  /** Throws 403 for a name that is not listed, and for a page of any other site. */
  check(headers: Headers): void {
    const host = headers.get("host")?.toLowerCase() ?? "";
    if (!this.#names.has(host))
      throw new BerthError("permission", {
        code: "api.host-refused",
        detail: `this API does not answer to the name ${host === "" ? "(none)" : host}`,
        hint: "add it to BERTH_ALLOWED_HOSTS if it is yours",
      });
    const origin = headers.get("origin");
    if (origin !== null && !this.#isOwn(origin.toLowerCase()))
      throw new BerthError("permission", {
        code: "api.origin-refused",
        detail: `pages of ${origin} may not use this API`,
      });
  }

  #isOwn(origin: string): boolean {
    const host = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
    return host !== undefined && this.#names.has(host);
  }
}
