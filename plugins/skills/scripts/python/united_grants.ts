/**
 * What several skills were granted, for code that uses all of them.
 *
 * @module
 */
import type { GivenToScript, ScriptPermissions } from "../../../scripts/contract.ts";

type Limits = NonNullable<GivenToScript["limits"]>;

/**
 * Unites what was granted: whatever one may reach, all may, and of limits the widest counts. Time is left out, since a
 * call has its own.
 */
export function uniteGrants(given: readonly GivenToScript[]): Omit<GivenToScript, "timeoutMs" | "cwd"> {
  const all = <T>(pick: (permissions: ScriptPermissions) => readonly T[] | undefined): readonly T[] => [
    ...new Set(given.flatMap(({ permissions }) => permissions === undefined ? [] : pick(permissions) ?? [])),
  ];
  const widest = (limit: keyof Limits): number | undefined => {
    const limits = given.map((it) => it.limits?.[limit]);
    return limits.includes(undefined) ? undefined : Math.max(...limits as number[]);
  };
  const [memoryBytes, cpuSeconds, processes] = [widest("memoryBytes"), widest("cpuSeconds"), widest("processes")];
  return {
    env: Object.assign({}, ...given.map(({ env }) => env)),
    secrets: Object.assign({}, ...given.map(({ secrets }) => secrets)),
    limits: {
      ...(memoryBytes !== undefined && { memoryBytes }),
      ...(cpuSeconds !== undefined && { cpuSeconds }),
      ...(processes !== undefined && { processes }),
    },
    permissions: {
      network: uniteNetworks(given.map(({ permissions }) => permissions?.network)),
      read: all(({ read }) => read),
      write: all(({ write }) => write),
      env: all(({ env }) => env),
    },
  };
}

/** What says nothing of the network has what the sandbox gives to any. */
function uniteNetworks(networks: readonly ScriptPermissions["network"][]): ScriptPermissions["network"] {
  if (networks.includes(true)) return true;
  const hosts = networks.flatMap((it) => Array.isArray(it) ? it as readonly string[] : []);
  if (hosts.length > 0) return [...new Set(hosts)];
  return networks.includes(undefined) ? undefined : false;
}
