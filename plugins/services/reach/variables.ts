/**
 * Variables by which a tool finds a service.
 *
 * @module
 */
import type { ContainerState } from "../containers/containers.ts";
import type { ReadyServices } from "../contract.ts";
import type { ServiceDefinition } from "../definition/definition.ts";
import { LOOPBACK } from "../definition/ports.ts";
import { connectionUrl } from "./connection_url.ts";
import { reachedPorts } from "./published.ts";

/** Gives what the variables of a service begin with: `MY_DB` for `my-db`. */
export function prefixOf(service: string): string {
  return service.toUpperCase().replaceAll("-", "_");
}

/**
 * Tells how a service is reached. `NAME_HOST`, `NAME_PORT` and `NAME_URL` are those of the port that is declared first; a
 * service without ports has its `NAME_CONTAINER` alone.
 *
 * @param secrets Those that the tool was given, values by name: passwords in `NAME_URL`.
 */
export function variablesOf(
  definition: ServiceDefinition,
  state: ContainerState,
  secrets: Readonly<Record<string, string>>,
): ReadyServices {
  const prefix = prefixOf(definition.name);
  const ports = reachedPorts(definition, state);
  const [first] = ports;
  // of two that are called the same, such as those of TCP and UDP, the one that is declared first counts
  const each = ports.toReversed().map(({ container, port }) => [`${prefix}_${container}_PORT`, String(port)] as const);
  return {
    env: {
      ...Object.fromEntries(each),
      ...(first !== undefined && {
        [`${prefix}_HOST`]: first.host,
        [`${prefix}_PORT`]: String(first.port),
        [`${prefix}_URL`]: connectionUrl(definition, first, secrets),
      }),
      [`${prefix}_CONTAINER`]: state.container,
    },
    addresses: ports.filter((it) => it.protocol === "tcp").flatMap(({ host, port }) => addressesOf(host, port)),
  };
}

/** Writes an address in the ways in which programs ask for it. */
function addressesOf(host: string, port: number): readonly string[] {
  const own = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return host === LOOPBACK ? [own, `localhost:${port}`] : [own];
}
