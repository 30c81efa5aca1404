/**
 * What scripts of Deno import by name: their import map, with the module for authors beside what they have.
 *
 * @module
 */
import type { Files } from "../../../kernel/mod.ts";

/** What names stand for, as an import map has it. */
export type Imports = Readonly<Record<string, string>>;

/** Writes an import map as an argument of Deno: one that is named replaces that of the configuration. */
export function importMapArgument(imports: Imports): string {
  return `--import-map=data:application/json,${encodeURIComponent(JSON.stringify({ imports }))}`;
}

/**
 * Reads the imports of the configuration that Deno would take: the one that an argument names, else `deno.json` in the
 * script's folder. One that cannot be read has none; Deno says why.
 */
export async function readImports(
  files: Files,
  { folder, args, path }: {
    readonly folder: string;
    readonly args: readonly string[];
    /** Gives how a path of this machine is called where the script runs. */
    readonly path: (path: string) => string;
  },
): Promise<Imports> {
  if (args.includes("--no-config")) return {};
  const config = namedConfig(args) ?? `${folder}/deno.json`;
  const cut = config.lastIndexOf("/");
  try {
    const { imports = {} } = JSON.parse(await files.open(config.slice(0, cut)).readText(config.slice(cut + 1)) ?? "{}");
    const entries = Object.entries<string>(imports);
    return Object.fromEntries(entries.map(([name, target]) => [name, absolute(target, fileUrl(path(config)))]));
  } catch {
    return {};
  }
}

function namedConfig(args: readonly string[]): string | undefined {
  const at = args.findIndex((it) => it === "-c" || it === "--config" || it.startsWith("--config="));
  return args[at]?.startsWith("--config=") ? args[at].slice("--config=".length) : args[at + 1 || args.length];
}

// a map that has no place of its own cannot have relative addresses
function absolute(target: string, base: string): string {
  return /^\.{0,2}\//.test(target) ? new URL(target, base).href : target;
}

/** Writes an absolute path as a URL, without a character that divides words. */
export function fileUrl(path: string): string {
  const parts = path.replaceAll("\\", "/").split("/").map((part, i) =>
    i === 0 && /^[A-Za-z]:$/.test(part) ? part : encodeURIComponent(part)
  );
  return `file://${path.startsWith("/") ? "" : "/"}${parts.join("/")}`;
}
