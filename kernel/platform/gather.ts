/**
 * Gathers paths that change one by one into one notice.
 *
 * @module
 */
import type { Disposer } from "../plugin.ts";

const DEBOUNCE_MS = 100;

/** Collects changed paths until its pause is over. */
export interface Gatherer {
  add(path: string): void;
  readonly close: Disposer;
}

/** What a gatherer can be told. */
export interface GatherOptions {
  /** Milliseconds from the first change to the notice; default 100. */
  readonly debounceMs?: number | undefined;
  /** Tells which paths are left out, and with them all that is below. */
  readonly ignores?: ((path: string) => boolean) | undefined;
  /** Finds more paths just before the notice. */
  readonly complete?: () => Iterable<string>;
}

/** Tells whether a path is left out, be it for a folder above it. */
export function isIgnored(path: string, ignores: GatherOptions["ignores"]): boolean {
  if (ignores === undefined) return false;
  const parts = path.split("/");
  return parts.some((_, i) => ignores(parts.slice(0, i + 1).join("/")));
}

/**
 * Makes a gatherer. The pause runs from the first change, so that steady changes cannot put the notice off for ever.
 */
export function gatherChanges(
  listener: (paths: readonly string[]) => void,
  options: GatherOptions = {},
): Gatherer {
  const paths = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  function flush(): void {
    timer = undefined;
    for (const path of options.complete?.() ?? []) paths.add(path);
    const changed = [...paths].sort();
    paths.clear();
    if (changed.length > 0) listener(changed);
  }
  return {
    add(path) {
      if (isIgnored(path, options.ignores)) return;
      paths.add(path);
      timer ??= setTimeout(flush, options.debounceMs ?? DEBOUNCE_MS);
    },
    close() {
      clearTimeout(timer);
      timer = undefined;
      paths.clear();
    },
  };
}
