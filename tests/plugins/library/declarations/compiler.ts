/**
 * Compiles declarations by the compiler of TypeScript that checks this repository.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import type { JsonObject } from "../../../../kernel/mod.ts";
import type { DeclaredTool } from "../../../../plugins/library/contract.ts";
import { temporaryFolder } from "../../../platform/temporary.ts";
import { inRepository } from "../../../support/root.ts";

const PROGRAM = inRepository(
  `node_modules/@typescript/typescript-${process.platform}-${process.arch}/lib/tsc${
    process.platform === "win32" ? ".exe" : ""
  }`,
);
const OPTIONS = { strict: true, noEmit: true, target: "es2023", lib: ["es2023"], module: "esnext", types: [] };

/** Compiles files by path, declarations among them, and gives what the compiler has to say. */
export async function compile(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  const project = { compilerOptions: OPTIONS, files: Object.keys(files) };
  for (const [path, text] of Object.entries({ ...files, "tsconfig.json": JSON.stringify(project) })) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), text);
  }
  const output = await new Promise<string>((resolve, reject) => {
    const args = ["--project", folder.path, "--pretty", "false"];
    execFile(PROGRAM, args, { cwd: folder.path, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      // it ends with 1 or 2 when there are mistakes
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve(stdout + stderr);
    });
  });
  return output.split("\n").filter((it) => it !== "");
}

/** Makes a tool to declare. */
export function toolOf(name: string, inputSchema: JsonObject, more: Partial<DeclaredTool> = {}): DeclaredTool {
  return { name, title: undefined, description: "", inputSchema, outputSchema: undefined, meta: undefined, ...more };
}
