/**
 * Requests to addresses that somebody else names: a server its giver of tokens, an address the one that it redirects to.
 *
 * @module
 */
import { type Fetch, ToolError } from "../../kernel/mod.ts";

const MOST_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
// names and addresses of this machine, of its network, and of the services that tell machines in clouds their secrets
const INNER_REGEXP =
  /^(?:localhost|.*\.localhost|(?:0|10|127)\..*|169\.254\..*|192\.168\..*|172\.(?:1[6-9]|2\d|3[01])\..*|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\..*|\[(?:::1?|::ffff:.*|f[cd].*|fe[89ab].*)\])\.?$/;

/**
 * Makes a `fetch` that reaches nothing within this machine or its network, unless the address that was allowed lies there
 * itself. Only questions follow redirects: what is posted goes to the address that was named, and to no other.
 *
 * @param allowed The address that was allowed, from which all others come.
 */
export function guardedFetch({ fetch }: Fetch, allowed: string): Fetch["fetch"] {
  const isInner = isInnerAddress(new URL(allowed));
  return async (address, init = {}) => {
    let url = new URL(address);
    for (let redirects = 0;; redirects++) {
      if (!isInner && isInnerAddress(url)) {
        throw new ToolError(`it leads to ${url.origin}, within this machine or its network, which is refused`);
      }
      const response = await fetch(url, { ...init, redirect: "manual" });
      const location = response.headers.get("location");
      if (location === null || !REDIRECTS.has(response.status)) return response;
      await response.body?.cancel();
      const isQuestion = (init.method ?? "GET").toUpperCase() === "GET";
      if (!isQuestion || redirects === MOST_REDIRECTS || !URL.canParse(location, url)) {
        throw new ToolError(`${url.origin}${url.pathname} redirects elsewhere, which is not followed`);
      }
      const next = new URL(location, url);
      if (url.protocol === "https:" && next.protocol !== "https:") {
        throw new ToolError(
          `${url.origin}${url.pathname} redirects from https to ${next.origin}, which is not followed`,
        );
      }
      url = next;
    }
  };
}

function isInnerAddress({ hostname }: URL): boolean {
  return INNER_REGEXP.test(hostname);
}
