/**
 * Where the declared ports of a service are reached.
 *
 * @module
 */
import type { ContainerState, PublishedPort } from "../containers/containers.ts";
import type { ServiceDefinition } from "../definition/definition.ts";
import { LOOPBACK, readPort } from "../definition/ports.ts";

/** Addresses that stand for all of this machine, and how it is reached there itself. */
const ALL_ADDRESSES: Readonly<Record<string, string>> = { "": LOOPBACK, "0.0.0.0": LOOPBACK, "::": "::1" };

/** A declared port, as this machine reaches it. */
export interface ReachedPort {
  /** An IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Within the container. */
  readonly container: number;
  readonly protocol: string;
}

/** Lists the ports of a service in the order in which they are declared; those that are not published are left out. */
export function reachedPorts({ ports }: ServiceDefinition, state: ContainerState): readonly ReachedPort[] {
  return ports.map(readPort).flatMap(({ host, container, protocol }) => {
    const found = state.ports.find((it: PublishedPort) =>
      it.container === container && it.protocol === protocol && (host === undefined || it.host === host)
    );
    if (found === undefined) return [];
    const address = found.address.replace(/^\[|\]$/g, "");
    return [{ host: ALL_ADDRESSES[address] ?? address, port: found.host, container, protocol }];
  });
}
