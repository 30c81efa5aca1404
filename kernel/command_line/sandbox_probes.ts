/**
 * Probes for programs that isolate child processes: each is run once, since many that are installed do not start.
 *
 * @module
 */
import type { Finding, Probe, Processes } from "../contracts.ts";
import { ask, describeFailure } from "./program_probes.ts";
import type { Settings } from "./settings.ts";

interface SandboxRow {
  readonly name: string;
  readonly program: string;
  /** Runs `true` inside. */
  readonly args: readonly string[];
  readonly remedy: string;
}

const SANDBOXES: readonly SandboxRow[] = [
  {
    name: "bubblewrap",
    program: "bwrap",
    args: ["--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"],
    remedy: "install bubblewrap; in a container, allow user namespaces",
  },
  {
    name: "firejail",
    program: "firejail",
    args: ["--quiet", "--noprofile", "true"],
    remedy: "install firejail; in a container, it needs more rights",
  },
  {
    name: "nsjail",
    program: "nsjail",
    args: ["--mode", "o", "--really_quiet", "--chroot", "/", "--", "/bin/true"],
    remedy: "install nsjail; in a container, allow user namespaces",
  },
];

/** Makes the probes for sandboxes. */
export function sandboxProbes(processes: Processes, { sandbox }: Settings): readonly Probe[] {
  return [
    {
      area: "sandboxes",
      name: "in use",
      check: () => ({ ok: true, detail: `none; this version uses no sandbox (set: ${sandbox})` }),
    },
    ...SANDBOXES.map((row): Probe => ({
      area: "sandboxes",
      name: row.name,
      check: (signal) => checkSandboxStarts(row, processes, signal),
    })),
  ];
}

async function checkSandboxStarts(
  { program, args, remedy }: SandboxRow,
  processes: Processes,
  signal: AbortSignal,
): Promise<Finding> {
  const result = await ask(program, { processes, signal, args });
  if (result === undefined) return { ok: false, detail: `${program} is not in PATH`, remedy };
  if (result.code === 0) return { ok: true, detail: `${result.path} starts` };
  return { ok: false, detail: `does not start: ${describeFailure(result)}`, remedy };
}
