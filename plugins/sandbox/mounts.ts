/**
 * What is mounted for confined commands, and how its paths are called inside.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";
import type { SeenProgram } from "./programs.ts";
import { isBelow } from "./paths.ts";
import { HOME_INSIDE, type ViewMount } from "./view.ts";

/** What is private inside, so that nothing above it can be shown. */
const OWN_PLACES: readonly string[] = [HOME_INSIDE, "/run/collet"];
/** What tells of, and changes, the whole machine. */
const KERNEL_PLACES: readonly string[] = ["/proc", "/sys", "/dev"];

/** A mount, and the path on this machine by which it was asked for. */
export type SeenMount = ViewMount & { readonly asked: string };

/** Makes what gives how a path of this machine is called inside: by the mount that it is nearest to. */
export function pathsInside(
  mounts: readonly SeenMount[],
  programs: readonly SeenProgram[],
): (path: string) => string {
  const named = new Map(programs.map((it) => [it.asked, it.program]));
  return (path) => {
    const real = named.get(path) ?? path;
    let best: { readonly below: string; readonly to: string } | undefined;
    for (const { from, asked, to } of mounts) {
      for (const folder of [from, asked]) {
        if (!isBelow(real, folder) || (best !== undefined && best.below.length > folder.length)) continue;
        best = { below: folder, to };
      }
    }
    return best === undefined ? real : `${best.to}${real.slice(best.below === "/" ? 0 : best.below.length)}`;
  };
}

/** Tells whether a path of this machine is seen by a mount. */
export function isBelowAny(path: string, mounts: readonly SeenMount[]): boolean {
  return mounts.some(({ from, asked }) => isBelow(path, from) || isBelow(path, asked));
}

/**
 * Gives the real path of what is to be seen.
 *
 * @throws {ToolError} when it would bring along, or cover, what the sandbox has of its own.
 */
export function checked(path: string): string {
  if (!OWN_PLACES.some((place) => isBelow(place, path)) && !KERNEL_PLACES.some((place) => isBelow(path, place))) {
    return path;
  }
  throw new ToolError(
    `Cannot show "${path}" to a confined command: it has in it what the sandbox keeps apart; name the folders in it ` +
      "that are needed",
  );
}
