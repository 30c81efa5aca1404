/**
 * The declarations that the npm package ships.
 *
 * @module
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inRepository } from "./repository.ts";
import { run } from "./run.ts";

const TYPESCRIPT_IMPORT_REGEXP = /((?:\bfrom|\bimport)\s*\(?\s*["']\.{1,2}\/[^"']+)\.ts(?=["'])/g;

/** Names the JavaScript in relative imports, as every resolver understands; tsc leaves `.ts` in declarations. */
export function nameJavaScript(declaration: string): string {
  return declaration.replace(TYPESCRIPT_IMPORT_REGEXP, "$1.js");
}

/**
 * Writes the declarations of some entries and of all they import, then compiles them as a user's compiler would.
 *
 * @param entries Paths from the repository's root.
 * @param folder Where they go, an absolute path.
 * @throws {Error} with the compiler's words when either fails.
 */
export async function writeDeclarations(entries: readonly string[], folder: string): Promise<void> {
  await compile("types", {
    extends: "../scripts/tsconfig.types.json",
    compilerOptions: { outDir: folder, typeRoots: ["../node_modules/@types"] },
    files: entries.map((entry) => inRepository(entry)),
  });
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(folder, name);
    await writeFile(path, nameJavaScript(await readFile(path, "utf8")));
  }
  await compile("consumer", {
    compilerOptions: {
      target: "ES2023",
      lib: ["ES2023", "ESNext.Disposable", "DOM", "DOM.Iterable"],
      types: ["node"],
      typeRoots: ["../node_modules/@types"],
      module: "NodeNext",
      noEmit: true,
      strict: true,
    },
    files: entries.map((entry) => join(folder, entry.replace(/\.ts$/, ".d.ts"))),
  });
}

async function compile(name: string, config: object): Promise<void> {
  const path = inRepository(".build", `tsconfig.${name}.json`);
  await writeFile(path, JSON.stringify(config));
  const { code, output } = await run(["tsc", "-p", path]);
  if (code !== 0) throw new Error(`Cannot compile the declarations (${name}):\n${output}`);
}
