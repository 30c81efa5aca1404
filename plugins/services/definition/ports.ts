/**
 * Ports of containers, and where on this machine they are reached.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";

/** Where ports are reached that name no address. */
export const LOOPBACK = "127.0.0.1";

/** A port of a container, and where it is to be reached. */
export interface PortMapping {
  readonly address: string;
  /** Of this machine; `undefined` for any that is free. */
  readonly host: number | undefined;
  readonly container: number;
  readonly protocol: "tcp" | "udp";
}

const PORT_REGEXP = /^(?:(?:(\[[0-9A-Fa-f:.]{2,45}\]|\d{1,3}(?:\.\d{1,3}){3}):)?(\d{0,5}):)?(\d{1,5})(?:\/(tcp|udp))?$/;

/**
 * Reads a port as definitions have it: `80`, `8080:80`, `127.0.0.1:8080:80`, `127.0.0.1::80`, each with `/tcp` or `/udp`.
 *
 * @throws {ToolError} naming what is no port.
 */
export function readPort(text: string): PortMapping {
  const [, address = LOOPBACK, host = "", container = "", protocol = "tcp"] = PORT_REGEXP.exec(text.trim()) ?? [];
  const mapping = { address, host: host === "" ? undefined : Number(host), container: Number(container) };
  if (isPort(mapping.container) && (mapping.host === undefined || isPort(mapping.host))) {
    return { ...mapping, protocol: protocol as PortMapping["protocol"] };
  }
  const range = /\d-\d/.test(text) ? "; a range is written as single ports" : "";
  throw new ToolError(
    `Cannot use port ${JSON.stringify(text)}: expected "80", "8080:80" or "127.0.0.1:8080:80", numbers from 1 to ` +
      `65535, with "/udp" at the end if need be${range}`,
  );
}

function isPort(number: number): boolean {
  return number >= 1 && number <= 65_535;
}

/** Tells whether an address is reached from this machine alone. */
export function isLoopback(address: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(address) || address === "[::1]";
}

/** Writes a port for the engine's option `--publish`. */
export function publishArgument({ address, host, container, protocol }: PortMapping): string {
  return `${address}:${host ?? ""}:${container}/${protocol}`;
}
