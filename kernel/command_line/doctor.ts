/**
 * The command `doctor`: what works on this machine, and what to do about the rest.
 *
 * @module
 */
import { type Finding, type Probe, Processes } from "../contracts.ts";
import { isKernelError, messageOf } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { Sql } from "../sql.ts";
import { OWN_AREA, ownProbes } from "./probes.ts";
import { PROBE_MS } from "./program_probes.ts";
import type { Setup } from "./setup.ts";
import { assertNoMore, type VerbContext } from "./verbs.ts";

/** What `doctor` looks at. */
export interface DoctorOptions {
  readonly setup: Setup;
  /** A kernel with a platform; the whole one, if it starts. */
  readonly kernel: Kernel;
  /** Probes of plugins. */
  readonly probes: readonly Probe[];
  /** Why the whole kernel did not start. */
  readonly failure: unknown;
}

interface Checked extends Finding {
  readonly area: string;
  readonly name: string;
}

// programs that are asked at one time
const AT_ONCE = 4;

/** Checks this machine. Gives 1 when something is broken that the server itself needs. */
export async function doctor(options: DoctorOptions, { args, json, io }: VerbContext): Promise<number> {
  assertNoMore("doctor", args);
  const { setup, kernel, failure } = options;
  const own = ownProbes({ setup, processes: kernel.get(Processes)!, sql: kernel.get(Sql) });
  const started: Probe = { area: OWN_AREA, name: "plugins", check: () => checkStart(kernel, failure) };
  const findings = await checkAll([started, ...own, ...options.probes]);
  if (json) io.print(JSON.stringify(findings, null, 2));
  else for (const line of format(findings)) io.print(line);
  return findings.some(({ area, ok }) => area === OWN_AREA && !ok) ? 1 : 0;
}

function checkStart(kernel: Kernel, failure: unknown): Finding {
  if (failure === undefined) {
    return { ok: true, detail: `${kernel.inspect().length} plugins start, with ${kernel.tools.size} tools` };
  }
  const remedy = isKernelError(failure) ? failure.fix : undefined;
  const code = isKernelError(failure) ? `error[${failure.code}] ` : "";
  return { ok: false, detail: `${code}${messageOf(failure)}`, ...(remedy !== undefined && { remedy }) };
}

async function checkAll(probes: readonly Probe[]): Promise<readonly Checked[]> {
  const findings: Checked[] = [];
  const waiting = probes.entries();
  const work = async () => {
    for (const [i, probe] of waiting) findings[i] = { area: probe.area, name: probe.name, ...await check(probe) };
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return findings;
}

async function check(probe: Probe): Promise<Finding> {
  const signal = AbortSignal.timeout(PROBE_MS * 2);
  try {
    return await Promise.race([
      probe.check(signal),
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
    ]);
  } catch (thrown) {
    return { ok: false, detail: `cannot be told: ${messageOf(thrown)}` };
  }
}

function format(findings: readonly Checked[]): readonly string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const areas = [...new Set(findings.map(({ area }) => area))];
  return areas.flatMap((area) => [
    area,
    ...findings.filter((it) => it.area === area).flatMap(({ ok, name, detail, remedy }) => [
      `  ${ok ? "ok" : "--"}  ${name.padEnd(width)}  ${detail}`,
      ...(ok || remedy === undefined ? [] : [`      ${" ".repeat(width)}  ${remedy}`]),
    ]),
  ]);
}
