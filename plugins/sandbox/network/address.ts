/**
 * Addresses that a sandbox may connect to: `host:port`, in one form for each.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";

const ADDRESS_REGEXP = /^(\[[0-9a-f:.]{2,45}\]|[^\s/?#@%\\:[\]]{1,253}):(\d{1,5})$/i;
/** Names of the DNS, with the underscores of services and containers; no wildcards. */
const HOST_REGEXP = /^(?:\[[0-9a-f:]+\]|[a-z0-9._-]+)$/;
const IPV4_REGEXP = /^\d+\.\d+\.\d+\.\d+$/;

/** A host and port. */
export interface Address {
  /** A name in lower case, or an IP address in its shortest form, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Both, with brackets where they are needed: equal for equal addresses. */
  readonly text: string;
}

/** Reads `name:port`, `1.2.3.4:port` or `[::1]:port`; `undefined` when it is none. */
export function readAddress(text: string): Address | undefined {
  const [, given = "", digits = ""] = ADDRESS_REGEXP.exec(text) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  const shown = canonicalHost(given);
  if (!HOST_REGEXP.test(shown)) return undefined;
  return { host: shown.replace(/^\[|\]$/g, ""), port, text: `${shown}:${port}` };
}

// what is compared is what is connected to, so all ways to write an address may be taken
function canonicalHost(host: string): string {
  try {
    return new URL(`http://${host}/`).hostname.replace(/\.$/, "");
  } catch {
    return "";
  }
}

/**
 * Reads a list of addresses; sorted, without repetitions.
 *
 * @throws {ToolError} naming what is no address.
 */
export function readAllowList(list: readonly string[]): readonly Address[] {
  const found = new Map<string, Address>();
  for (const item of list) {
    const address = readAddress(item);
    if (address === undefined) {
      const expected = 'expected "host:port", such as "api.example.com:443" or "[::1]:8080"';
      throw new ToolError(`Cannot open the network to ${JSON.stringify(item)}: ${expected}`);
    }
    found.set(address.text, address);
  }
  return [...found.values()].sort((a, b) => a.text < b.text ? -1 : 1);
}

/** Tells whether a host is this machine's own; a name that only resolves to it is not. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (host.startsWith("127.") && isIpAddress(host));
}

/** Tells whether a host is an IP address. */
export function isIpAddress(host: string): boolean {
  return host.includes(":") || IPV4_REGEXP.test(host);
}
