/**
 * What a sandbox needs inside, so that programs reach the addresses of an allow-list: forwards for those that know no
 * proxy, lines of `/etc/hosts` that lead to them, and variables for those that do.
 *
 * @module
 */
import { type Address, isIpAddress, isLoopback, readAllowList } from "./address.ts";

/** Without rights, a program listens on no port below. */
const FIRST_FREE_PORT = 1_024;
/** Above the ports that the system gives out, and used by nothing that is known. */
const FIRST_PROXY_PORT = 61_080;
/** Addresses in one block of 127.0.1.0, 127.0.2.0 and so on. */
const BLOCK = 254;
const OWN_HOSTS = ["localhost", "127.0.0.1", "::1", "[::1]"];

/** A port inside that leads to an address of the list. */
export interface Forward {
  /** Where programs inside connect to: a loopback address, without brackets. */
  readonly address: string;
  readonly port: number;
  /** `host:port` outside. */
  readonly target: string;
}

/** What a sandbox needs inside. */
export interface NetworkPlan {
  readonly forwards: readonly Forward[];
  /** For `/etc/hosts`, in which `localhost` is 127.0.0.1 alone. */
  readonly hostsLines: readonly string[];
  /** For the command, not for the bridge, which is not to use its own proxy. */
  readonly env: Readonly<Record<string, string>>;
  /** Port of the HTTP proxy at 127.0.0.1. */
  readonly proxyPort: number;
}

/**
 * Plans the inside for an allow-list. Every address is reached by the proxy. A name gets a loopback address of its own
 * where it has ports from 1024; `localhost` and loopback addresses are reached at themselves, on such ports.
 *
 * @throws {ToolError} naming what is no address.
 */
export function planNetwork(list: readonly string[]): NetworkPlan {
  const addresses = readAllowList(list);
  const inner = placeHosts(addresses);
  const forwards = new Map<string, Forward>();
  for (const { host, port, text } of addresses) {
    const address = inner.get(host);
    if (address === undefined || port < FIRST_FREE_PORT) continue;
    const key = `${address} ${port}`;
    // localhost may be listed beside 127.0.0.1, which it is
    if (!forwards.has(key)) forwards.set(key, { address, port, target: text });
  }
  let proxyPort = FIRST_PROXY_PORT;
  while (forwards.has(`127.0.0.1 ${proxyPort}`)) proxyPort++;
  return {
    forwards: [...forwards.values()],
    hostsLines: [...inner].filter(([host]) => !isLoopback(host)).map(([host, address]) => `${address} ${host}`),
    env: proxyVariables(proxyPort, directHosts(addresses)),
    proxyPort,
  };
}

/** Gives the loopback address inside of each host that has one. */
function placeHosts(addresses: readonly Address[]): ReadonlyMap<string, string> {
  const inner = new Map<string, string>();
  const taken = new Set(addresses.map(({ host }) => host));
  let count = 0;
  for (const { host, port } of addresses) {
    if (inner.has(host) || port < FIRST_FREE_PORT) continue;
    if (isLoopback(host)) {
      inner.set(host, host === "localhost" ? "127.0.0.1" : host);
    } else if (!isIpAddress(host)) {
      let address: string;
      do {
        address = `127.0.${1 + Math.floor(count / BLOCK)}.${1 + count % BLOCK}`;
        count++;
      } while (taken.has(address));
      inner.set(host, address);
    }
  }
  return inner;
}

/**
 * Lists the hosts to which programs connect without the proxy: those inside, and those whose every port is forwarded.
 */
function directHosts(addresses: readonly Address[]): readonly string[] {
  const isProxied = ({ host, port }: Address) => port < FIRST_FREE_PORT || (isIpAddress(host) && !isLoopback(host));
  const proxied = addresses.filter(isProxied).map(({ host }) => host);
  const forwarded = addresses.filter((it) => !isProxied(it)).map(({ host }) => host);
  const hosts = new Set([...OWN_HOSTS, ...forwarded]);
  return [...hosts].filter((host) => !proxied.some((other) => isTakenFor(other, host)));
}

// programs compare ends of names, some (requests) within a label, and one (Ruby) reads "::1" as "1"
function isTakenFor(host: string, direct: string): boolean {
  const end = direct.replace(/^.*:/, "");
  return host.endsWith(end) || (host.includes(":") && `[${host}]`.endsWith(end));
}

function proxyVariables(port: number, direct: readonly string[]): Record<string, string> {
  const proxy = `http://127.0.0.1:${port}`;
  const variables = { http_proxy: proxy, https_proxy: proxy, all_proxy: proxy, no_proxy: direct.join(",") };
  const upper = Object.entries(variables).map(([name, value]) => [name.toUpperCase(), value]);
  return { ...variables, ...Object.fromEntries(upper) };
}
