/**
 * The machine that runs of one thread have in turn. To open one takes longer than most runs, so it is readied while nobody
 * waits, and set back after each run.
 *
 * @module
 */
import { Machine } from "./machine.ts";
import type { PreludeName } from "./preludes.ts";

/** The one that waits for a run. */
let kept: Machine | undefined;
/** Preludes that runs have used: others are likely to use them as well. */
const used = new Set<PreludeName>();
/** Of which memory one is going to be readied. */
let readying: number | undefined;

/** Takes the machine that waits, if scripts may take as much there, or opens one. */
export async function takeMachine(memoryBytes: number): Promise<Machine> {
  if (kept?.memoryBytes !== memoryBytes) return await Machine.open(memoryBytes);
  const taken = kept;
  kept = undefined;
  return taken;
}

/** Keeps a machine whose run is over, if it can serve another one. */
export function keepMachine(machine: Machine): void {
  for (const name of machine.prepared) used.add(name);
  if (machine.isReusable) kept = machine;
}

/** Sets back the machine that is kept, and has one ready soon for a run of so much memory. */
export function readyMachine(memoryBytes: number): void {
  kept?.setBack();
  if (isReady(memoryBytes) || readying === memoryBytes) return;
  readying = memoryBytes;
  // whoever waits for the run that was is told first
  setTimeout(() => void ready(memoryBytes), 0);
}

function isReady(memoryBytes: number): boolean {
  if (kept?.memoryBytes !== memoryBytes) return false;
  for (const name of used) if (!kept.prepared.has(name)) return false;
  return true;
}

async function ready(memoryBytes: number): Promise<void> {
  try {
    if (isReady(memoryBytes)) return;
    const machine = await takeMachine(memoryBytes);
    machine.makeReusable(used);
    if (machine.isReusable) kept = machine;
  } catch {
    // whoever needs it is told why there is none
  } finally {
    if (readying === memoryBytes) readying = undefined;
  }
}
