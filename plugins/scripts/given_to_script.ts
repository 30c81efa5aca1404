/**
 * What was granted, as scripts are started with it.
 *
 * @module
 */
import type { Command } from "../../kernel/mod.ts";
import type { Given } from "../grants/contract.ts";

const MIB = 2 ** 20;

/** What a script may reach. */
export interface ScriptPermissions {
  /** All of the network, none, or the listed `host:port` alone; what the sandbox gives to any by default. */
  readonly network?: boolean | readonly string[] | undefined;
  /** Folders and files that it may read, beside its own. */
  readonly read?: readonly string[] | undefined;
  /** Folders and files that it may change. */
  readonly write?: readonly string[] | undefined;
  /** Variables that it may read. */
  readonly env?: readonly string[] | undefined;
}

/** What a script is started with that was granted to it. */
export interface GivenToScript {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number | undefined;
  readonly limits?: Pick<Command, "memoryBytes" | "cpuSeconds" | "processes"> | undefined;
  readonly permissions?: ScriptPermissions | undefined;
  readonly cwd?: string | undefined;
}

/** Gives what a script is started with, by what was decided. */
export function givenToScript({ grants, env, secrets, timeoutMs }: Given): GivenToScript {
  const { network, read, write, memory_mb: memory, cpu_seconds: cpuSeconds, processes } = grants;
  return {
    env,
    secrets,
    timeoutMs,
    limits: {
      ...(memory !== undefined && { memoryBytes: memory * MIB }),
      ...(cpuSeconds !== undefined && { cpuSeconds }),
      ...(processes !== undefined && { processes }),
    },
    permissions: { network, read, write, env: [...grants.env ?? [], ...Object.keys(secrets)] },
  };
}
