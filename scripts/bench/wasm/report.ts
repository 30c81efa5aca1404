/**
 * What was found of WASM tools, for readers.
 *
 * @module
 */
import { number, spread, table } from "../markdown.ts";
import { AT_ONCE, type WasmResults } from "./mod.ts";

/** Writes the section. */
export function wasmSection({ calls, missing }: WasmResults): string[] {
  const rows = calls.map((it) => [
    it.title,
    number(it.size / 1024),
    spread(it.byHand.own),
    spread(it.byHand.other),
    spread(it.byHand.ratio),
    spread(it.compiled.other),
    it.native === undefined ? "" : spread(it.native.other),
  ]);
  const others = calls.map((it) => [
    it.title,
    number(it.buildMs),
    spread(it.rebuildMs),
    spread(it.rebuilt.own),
    spread(it.rebuilt.other),
    spread(it.rebuilt.ratio),
    spread(it.burstMs),
  ]);
  return [
    "Milliseconds of one call, from the kernel's call to its result, beside the same module instantiated for each call by " +
    "hand in a worker with nothing around it, compiled for each call there, and the same answer from a process that is " +
    "started; medians of calls that follow one another. The ratio is that of a call to one by hand.",
    ...(missing.length === 0 ? [] : [`Not measured: ${missing.join("; ")}.`]),
    table(["tool", "KiB", "call ms", "by hand ms", "ratio", "compiled ms", "process ms"], rows),
    `Building what is built already, as a client sees it; a single call after that and without; and ${AT_ONCE} calls at ` +
    "once, all answered, to the last answer.",
    table(["tool", "first build ms", "build again ms", "call after ms", "bare ms", "ratio", "at once ms"], others),
  ];
}
