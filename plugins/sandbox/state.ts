/**
 * What the sandbox is on this machine, as the resource `collet://sandbox` and `doctor` tell it.
 *
 * @module
 */
import {
  type Finding,
  type JsonObject,
  type Lazy,
  messageOf,
  type PluginContext,
  type Probe,
  type Processes,
} from "../../kernel/mod.ts";
import { MECHANISMS } from "./confinement.ts";
import type { Guard } from "./guard.ts";
import type { Mode } from "./modes.ts";
import type { Probed } from "./selection.ts";

/** Where the state is read. */
export const SANDBOX_URI = "collet://sandbox";

/** Settings, as they are in force. */
export interface SandboxSettings {
  readonly sandbox: Mode;
  readonly sandbox_network: boolean;
  readonly disk_mb: number;
  readonly file_mb: number;
  readonly descriptors: number;
}

/** What the state is read from. */
export interface StateOptions {
  readonly guard: Lazy<Guard>;
  readonly settings: SandboxSettings;
  readonly processes: Processes;
}

/** Tells the state, after running each mechanism once. */
export async function readState({ guard, settings, processes }: StateOptions): Promise<JsonObject> {
  const made = await guard.get();
  const [mechanism, mechanisms, enforcement] = await Promise.all([
    made.mechanism().then((name) => ({ name: name ?? null }), (error) => ({ name: null, problem: messageOf(error) })),
    made.probeAll(),
    processes.enforcement(),
  ]);
  const { sandbox: mode, sandbox_network: network, ...bounds } = settings;
  return {
    mode,
    mechanism: mechanism.name,
    ...("problem" in mechanism && { problem: mechanism.problem }),
    network_by_default: network || mechanism.name === null,
    mechanisms: mechanisms.map((it) => ({ ...it })),
    limits: { ...bounds, enforced_by: { ...enforcement } },
    inside: mechanism.name === null ? NOTHING_CONFINED : INSIDE[mechanism.name],
  };
}

const NOTHING_CONFINED: readonly string[] = ["Commands have all rights of the user of this server"];
const COMMON: readonly string[] = [
  "The programs and libraries of this machine can be read; the home of its user, the files of this server and other tools cannot be seen",
  "HOME and the working folder are private, empty at first, and gone afterwards; so is /tmp",
  "No network, unless it is granted: all of it, or a list of host:port",
  "Processes, IPC and host name of their own; no new privileges; a filter of system calls",
];
const INSIDE: Readonly<Record<typeof MECHANISMS[number], readonly string[]>> = {
  bubblewrap: COMMON,
  nsjail: [...COMMON, "Paths with a colon cannot be granted", "A command that is asked to end is ended at once"],
  firejail: [
    ...COMMON,
    "Folders keep their paths, so the names of those above them and of top-level folders can be seen, and users' names too",
    "About ten folders can be granted at most, and none whose path has special characters",
    "Folders in memory are bounded by the memory limit alone, and the private folder by file size",
    "As an ordinary user, commands live on if the server is ended by KILL",
  ],
  deno: [
    "Programs of Deno alone, held by its permissions; everything else is refused",
    "HOME and the working folder are private; what they read and write beside them has to be granted, and so has the network",
    "No limits but time, output, and those that this machine holds any child process to",
  ],
};

/** Registers the resource. */
export function registerSandboxResource(
  { resource, ...options }: StateOptions & { readonly resource: PluginContext["resource"] },
): void {
  resource({
    uri: SANDBOX_URI,
    name: "sandbox",
    title: "Sandbox",
    description:
      "What confines scripts on this machine, what was tried, the limits, and what to do where it does not work",
    mimeType: "application/json",
    read: async () => JSON.stringify(await readState(options), undefined, 2),
  });
}

/** Makes the probes of `doctor`. */
export function sandboxProbes(guard: Lazy<Guard>): readonly Probe[] {
  const area = "sandboxes";
  return [
    { area, name: "in use", check: async () => await describeChoice(await guard.get()) },
    ...MECHANISMS.map((name): Probe => ({
      area,
      name,
      check: async () => toFinding(await (await guard.get()).probe(name)),
    })),
  ];
}

async function describeChoice(guard: Guard): Promise<Finding> {
  const name = await guard.mechanism();
  if (name !== undefined) return { ok: true, detail: name };
  return {
    ok: guard.mode === "off",
    detail: guard.mode === "off"
      ? "none; it is switched off"
      : "none is installed; scripts have all rights of this user",
    remedy: "install bubblewrap",
  };
}

function toFinding({ state, detail, remedy }: Probed): Finding {
  if (state === "works") return { ok: true, detail: `${detail} starts` };
  return { ok: false, detail, ...(remedy !== undefined && { remedy }) };
}
