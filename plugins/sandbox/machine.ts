/**
 * What of this machine every confined command sees, and what the wrapper has to know of it: looked at once.
 *
 * @module
 */
import type { Environment, Files, Processes } from "../../kernel/mod.ts";
import type { OwnFiles } from "./files.ts";
import { ETC_FILES, NETWORK_FILES, readBarred, readSystem } from "./system.ts";
import { isThere, realPath } from "./paths.ts";
import type { MechanismProgram, SystemEntry } from "./view.ts";

/** What of this machine every command sees. */
export interface Machine {
  readonly system: readonly SystemEntry[];
  readonly etc: Readonly<Record<string, string>>;
  readonly networkEtc: Readonly<Record<string, string>>;
  readonly filterFile: string | undefined;
  readonly architecture: Environment["architecture"];
  /** Folders that stay unseen, as far as they exist. */
  readonly hidden: readonly string[];
  /** Files that nobody inside is to open. */
  readonly barred: readonly string[];
  /** Whether the server runs as root. */
  readonly isRoot: boolean;
  /** Words that end the wrapper with the server, before one that does not see to it itself. */
  readonly deathWords: readonly string[];
  /** Whether something outside counts processes. */
  readonly areProcessesCounted: boolean;
}

/** What {@linkcode lookAtMachine} works with. */
export interface MachineOptions {
  readonly files: Files;
  readonly own: OwnFiles;
  readonly processes: Processes;
  readonly environment: Pick<Environment, "architecture">;
  readonly mechanism: Pick<MechanismProgram, "endsWithServer">;
  /** Folders that no confined process sees unless it is given them. */
  readonly hidden: readonly string[];
  /** The filter of system calls, where there is one for this machine. */
  readonly filter: Uint8Array | undefined;
}

/** Looks at this machine. */
export async function lookAtMachine(
  { files, own, processes, environment, filter, hidden, mechanism }: MachineOptions,
): Promise<Machine> {
  const [system, written, filterFile, enforcement, status, setpriv, places] = await Promise.all([
    readSystem(files),
    own.folder("etc", ETC_FILES),
    filter && own.path("filter.bpf", filter),
    processes.enforcement(),
    files.open("/proc/self").readText("status").catch(() => undefined),
    mechanism.endsWithServer ? undefined : processes.which("setpriv"),
    Promise.all(hidden.map(async (path) => await isThere(files, path) ? [realPath(files, path) ?? path] : [])),
  ]);
  const etc = Object.fromEntries(Object.keys(ETC_FILES).map((name) => [`/etc/${name}`, `${written}/${name}`]));
  const real = NETWORK_FILES.map((path) => [path, realPath(files, path) ?? etc[path]!] as const);
  // whom it does not tell is taken for root, from whom some mechanisms have to keep more
  const isRoot = !/^Uid:\t[1-9]/m.test(status ?? "");
  return {
    system,
    barred: await readBarred(files, isRoot),
    etc,
    networkEtc: { ...etc, ...Object.fromEntries(real) },
    filterFile,
    hidden: [...new Set(places.flat())],
    isRoot,
    deathWords: setpriv === undefined ? [] : [setpriv, "--pdeathsig", "KILL", "--"],
    architecture: environment.architecture,
    areProcessesCounted: enforcement.processes === "cgroup",
  };
}
