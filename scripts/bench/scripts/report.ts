/**
 * What was found of script tools, for readers.
 *
 * @module
 */
import { number, spread, table } from "../markdown.ts";
import { HOLDINGS } from "../process_tree.ts";
import type { ScriptLatency } from "./latency.ts";
import type { Leftovers } from "./leftovers.ts";
import type { ScriptResults } from "./mod.ts";
import type { SandboxCost } from "./sandbox.ts";
import type { ScriptLoad } from "./throughput.ts";
import { WAYS } from "./tools.ts";

const MIB = 1024 * 1024;

/** Writes the section. */
export function scriptSection({ latency, load, sandbox, leftovers, missing }: ScriptResults): string[] {
  return [
    "Script tools of the program that ships, all in bubblewrap: *spawned*, a process for each call, without a pool; " +
    "*pooled*, as it is by default; *persistent*, one process that serves many calls, by the module `collet_tool`. " +
    "Milliseconds of one call, which comes when everything is at rest and the pool full: inside the server, from the " +
    "kernel's call to its result, and end to end, from a client over stdio to its answer. In a row: the median of calls " +
    "that follow one another, inside, where no pool has to be filled between them; by that the persistent ones are " +
    "judged. A gain is how many times faster a call is than that of a spawned script, pair by pair.",
    ...(missing.length === 0 ? [] : [`Not measured, since it is not installed: ${missing.join(", ")}.`]),
    latencyTable(latency),
    "Calls that keep coming for a while, inside the server, some at a time. Processor time is that of the server and of " +
    "all that it starts, until the pool is full again; where calls a second times processor time comes near the number " +
    "of processors, booting interpreters is the limit.",
    loadTable(load),
    "Many calls at once from rest, all answered; milliseconds to the last answer:",
    burstTable(load),
    "Milliseconds of a command from its start in the sandbox to its end, inside the server, and the difference to the " +
    "same with the sandbox off, pair by pair:",
    sandboxTable(sandbox),
    `Calls of all three kinds side by side in ${Math.round(leftovers.seconds)} s, on a server whose pool empties a ` +
    "second after the last; as many persistent ones come first, so that the heap has grown. What it holds at rest; entries are those of its home folder. " +
    `Processes, control groups and work folders that outlived it: ${number(leftovers.outliving)}.`,
    leftoversTable(leftovers),
  ];
}

function latencyTable(latency: readonly ScriptLatency[]): string {
  const rows = latency.flatMap(({ title, inside, inRow, endToEnd, gain }) =>
    WAYS.map((way) => [
      title,
      way,
      spread(inside[way]),
      way === "spawned" ? "" : spread(gain[way]),
      way === "pooled" ? "" : spread(inRow[way]),
      way === "persistent" ? spread(gain.persistentInRow) : "",
      spread(endToEnd[way]),
    ])
  );
  return table(["script", "", "inside ms", "gain", "in a row ms", "gain", "end to end ms"], rows);
}

function loadTable(load: readonly ScriptLoad[]): string {
  const rows = load.flatMap(({ sustained }) =>
    sustained.map(({ title, way, lanes, perSecond, p50Ms, p95Ms, cpuMs }) => [
      title,
      way,
      number(lanes),
      spread(perSecond),
      number(p50Ms.median),
      number(p95Ms.median),
      spread(cpuMs),
      number(perSecond.median * cpuMs.median / 1_000),
    ])
  );
  const head = ["script", "", "at a time", "calls/s", "p50 ms", "p95 ms", "processor ms/call", "processors"];
  return table(head, rows);
}

function burstTable(load: readonly ScriptLoad[]): string {
  const rows = load.flatMap(({ bursts }) =>
    bursts.map(({ title, way, calls, ms }) => [title, way, number(calls), spread(ms)])
  );
  return table(["script", "", "calls", "ms"], rows);
}

function sandboxTable(costs: readonly SandboxCost[]): string {
  const rows = costs.map(({ command, confined, off, added }) => [
    `\`${command}\``,
    spread(confined),
    spread(off),
    spread(added),
  ]);
  return table(["", "bubblewrap", "off", "difference"], rows);
}

function leftoversTable({ first, last }: Leftovers): string {
  const rows = [first, last].map(({ calls, holdings, resident }) => [
    number(calls),
    ...HOLDINGS.map((name) => number(holdings[name])),
    number(resident / MIB),
  ]);
  return table(["calls", ...HOLDINGS, "resident MiB"], rows);
}
