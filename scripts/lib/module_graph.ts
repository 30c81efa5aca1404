/**
 * Who imports whom, types included, as Deno parses it.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inRepository, ROOT } from "./repository.ts";
import { run } from "./run.ts";

/** One import of one file. */
export interface Import {
  /** Path of the importing file from the repository's root, with `/`. */
  readonly from: string;
  /** Path of the imported file likewise; for a package or builtin, the specifier as written. */
  readonly to: string;
  readonly isPackage: boolean;
}

/** What the graph needs of `deno info --json`. */
interface InfoModule {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string; readonly error?: string };
    readonly type?: { readonly specifier?: string; readonly error?: string };
  }[];
}

/**
 * Lists the imports of source files and of all files of the repository that they reach.
 *
 * @param files Paths from the repository's root.
 * @throws {Error} when a file does not parse.
 */
export async function listImports(files: readonly string[]): Promise<Import[]> {
  const folder = await mkdtemp(join(tmpdir(), "collet-imports-"));
  try {
    const all = join(folder, "all.ts");
    await writeFile(all, files.map((file) => `import ${JSON.stringify(pathToFileURL(inRepository(file)).href)};\n`));
    const { code, stdout, output } = await run(["deno", "info", "--json", "--config", inRepository("deno.json"), all]);
    if (code !== 0) throw new Error(`Cannot read the imports:\n${output}`);
    return importsOf(JSON.parse(stdout).modules);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function importsOf(modules: readonly InfoModule[]): Import[] {
  const root = `${pathToFileURL(ROOT).href}/`;
  const own = modules.filter(({ specifier }) => specifier.startsWith(root));
  // that a file is not there is the type check's to say
  const errors = own.flatMap(({ error }) => error === undefined || error.startsWith("Module not found") ? [] : [error]);
  if (errors.length > 0) throw new Error(`Cannot read the imports:\n${errors.join("\n")}`);
  return own.flatMap(({ specifier, dependencies = [] }) =>
    dependencies.map((dependency) => {
      const target = (dependency.code ?? dependency.type)?.specifier ?? "";
      const isPackage = !target.startsWith(root);
      return {
        from: specifier.slice(root.length),
        to: isPackage ? dependency.specifier : target.slice(root.length),
        isPackage,
      };
    })
  );
}
