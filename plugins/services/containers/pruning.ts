/**
 * Removes what is ours and not used.
 *
 * @module
 */
import type { Engine } from "../engine/engine.ts";
import type { Pruned } from "./containers.ts";
import { HOME_LABEL, SERVICE_LABEL } from "./naming.ts";

/** What is pruned. */
export interface PruneOptions {
  readonly home: string;
  readonly withVolumes: boolean;
  readonly signal: AbortSignal;
}

/** States of containers that can be started again, and hold nothing that runs. */
const STOPPED: ReadonlySet<string> = new Set(["created", "configured", "exited", "stopped", "dead"]);

/** Removes stopped containers, networks without containers, and volumes that no container uses when asked to. */
export async function prune(engine: Engine, { home, withVolumes, signal }: PruneOptions): Promise<Pruned> {
  const filters = ["--filter", `label=${HOME_LABEL}=${home}`, "--filter", `label=${SERVICE_LABEL}`];
  const list = (kind: string, args: readonly string[]) =>
    engine.list(`list ${kind}`, { args: [...args, ...filters], signal });
  const removeEach = async (args: readonly string[], names: readonly string[]) => {
    const removed: string[] = [];
    for (const name of names) {
      // what is in use again by now stays
      const { code } = await engine.attempt(`remove ${name}`, { args: [...args, name], signal });
      if (code === 0) removed.push(name);
    }
    return removed;
  };
  const all = await list("containers", ["ps", "--all", "--format", "{{.Names}}\t{{.State}}"]);
  const stopped = all.map((line) => line.split("\t")).filter(([, state = ""]) => STOPPED.has(state.toLowerCase()));
  const containers = await removeEach(withVolumes ? ["rm", "--volumes"] : ["rm"], stopped.map(([name]) => name!));
  const networks = await removeEach(
    ["network", "rm"],
    await list("networks", ["network", "ls", "--format", "{{.Name}}"]),
  );
  if (!withVolumes) return { containers, networks, volumes: [] };
  const unused = await list("volumes", ["volume", "ls", "--quiet", "--filter", "dangling=true"]);
  return { containers, networks, volumes: await removeEach(["volume", "rm"], unused) };
}
