/**
 * Which tools are what they were when they were first seen.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import type { ChangedTool } from "./catalog.ts";
import type { Pins } from "./catalog_memory.ts";
import { keyOf } from "./raw_entries.ts";

// tools that come and go are remembered, but not without end
const MOST_PINS = 20_000;

/** A tool and its digest. */
export interface DigestedTool {
  readonly tool: JsonObject;
  readonly digest: string;
}

/** What a look at tools showed. */
export interface Pinning {
  /** What is pinned from now on. */
  readonly pins: Pins;
  /** Whether the pins are other ones than before. */
  readonly hasNewPins: boolean;
  /** Tools that are not what they were. */
  readonly changed: readonly ChangedTool[];
}

/**
 * Compares tools with their pins. A tool that is seen first is pinned as it is; one that changed is pinned anew, but where
 * it has to be allowed.
 */
export function pinTools(tools: readonly DigestedTool[], pins: Pins, isStrict: boolean): Pinning {
  const next = new Map(pins);
  const changed: ChangedTool[] = [];
  for (const { tool, digest } of tools) {
    const name = keyOf("tools", tool);
    const oldDigest = pins.get(name);
    if (oldDigest === digest) continue;
    if (oldDigest !== undefined) changed.push({ name, oldDigest, newDigest: digest });
    if (oldDigest === undefined || !isStrict) next.set(name, digest);
  }
  forgetUnlisted(next, tools);
  const hasNewPins = next.size !== pins.size || [...next].some(([name, digest]) => pins.get(name) !== digest);
  return { pins: next, hasNewPins, changed };
}

/** Pins tools as they are now. */
export function allowTools(pins: Pins, allowed: readonly ChangedTool[]): Pins {
  return new Map([...pins, ...allowed.map(({ name, newDigest }) => [name, newDigest] as const)]);
}

function forgetUnlisted(pins: Map<string, string>, tools: readonly DigestedTool[]): void {
  if (pins.size <= MOST_PINS) return;
  const listed = new Set(tools.map(({ tool }) => keyOf("tools", tool)));
  for (const name of [...pins.keys()]) {
    if (pins.size <= MOST_PINS) return;
    if (!listed.has(name)) pins.delete(name);
  }
}
