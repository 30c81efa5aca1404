/**
 * Tells how a module came to run: as the program that was started, by `deno serve`, or imported by another. No
 * runtime that we serve says so in one word: Node before 24 has no `import.meta.main`, and Deno says `true` under
 * `deno serve` as well.
 *
 * @module
 */

/** How a module came to run. */
export type Start = "program" | "served" | "imported";

/** What a module knows of itself. */
export interface ModuleMeta {
  readonly url: string;
  readonly main?: boolean;
}

interface DenoGlobal {
  readonly args: readonly string[];
  readonly permissions: { querySync(permission: { readonly name: "read" }): { readonly state: string } };
  readTextFileSync(path: string): string;
  serve: unknown;
}

const { Deno, process } = globalThis as { Deno?: DenoGlobal; process?: { readonly argv?: readonly string[] } };

/** Tells what can be told while the module is evaluated; `undefined` when {@linkcode settleStart} has to find out. */
export function detectStart({ main }: ModuleMeta): Start | undefined {
  if (Deno !== undefined) return main === true ? detectDenoCommand(Deno) : "imported";
  if (main !== undefined) return main ? "program" : "imported";
  return process?.argv?.[1] === undefined ? "imported" : undefined;
}

/** Finds out what {@linkcode detectStart} could not tell. */
export function settleStart(meta: ModuleMeta): Promise<Start> {
  return Deno === undefined ? compareEntry(meta.url) : awaitServe(Deno);
}

// Linux tells the words of the command; where they may not be read, time will tell
function detectDenoCommand(deno: DenoGlobal): Start | undefined {
  if (deno.permissions.querySync({ name: "read" }).state !== "granted") return undefined;
  try {
    const words = deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(1, -1);
    return words.slice(0, words.length - deno.args.length).includes("serve") ? "served" : "program";
  } catch {
    return undefined;
  }
}

// `deno serve` calls `Deno.serve` as soon as the main module is evaluated, before any timer
function awaitServe(deno: DenoGlobal): Promise<Start> {
  const { serve } = deno;
  return new Promise((resolve) => {
    deno.serve = (...args: unknown[]) => {
      resolve("served");
      deno.serve = serve;
      return (serve as (...args: unknown[]) => unknown).apply(deno, args);
    };
    setTimeout(() => {
      deno.serve = serve;
      resolve("program");
    });
  });
}

// a link such as node_modules/.bin/collet is followed; a worker has the same words as the process that started it
async function compareEntry(url: string): Promise<Start> {
  const [{ realpathSync }, { pathToFileURL }, { isMainThread }] = await Promise.all([
    import("node:fs"),
    import("node:url"),
    import("node:worker_threads"),
  ]);
  try {
    const entry = pathToFileURL(realpathSync(process?.argv?.[1] ?? "")).href;
    return isMainThread && entry === url ? "program" : "imported";
  } catch {
    return "imported";
  }
}
