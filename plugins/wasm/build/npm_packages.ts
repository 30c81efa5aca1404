/**
 * The packages of npm that a tool needs: their words, and their installation.
 *
 * @module
 */
import { createCall, ToolError } from "../../../kernel/mod.ts";
import type { Dependencies, InstalledPackages } from "../../dependencies/contract.ts";
import type { CompileOptions, Source } from "./compiler.ts";
import { type NpmRuntime, packagesFor } from "./npm_toolchains.ts";

const WORD_REGEXP = /^((?:@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9_][a-z0-9._~-]*)(?:@[A-Za-z0-9.^~<>=*|+ _-]+)?$/i;

/**
 * Checks the words of packages.
 *
 * @param example How a word looks.
 * @throws {ToolError} naming one that is malformed, an address or a path.
 */
export function checkNpmWords(words: readonly string[], example: string): void {
  const wrong = words.find((word) => !WORD_REGEXP.test(word));
  if (wrong === undefined) return;
  throw new ToolError(`Cannot use package ${JSON.stringify(wrong)}: write it as npm does, such as "${example}"`);
}

/** Gives the name in the word of a package, without its version. */
export function nameInWord(word: string): string {
  return WORD_REGEXP.exec(word)?.[1] ?? word;
}

/** Installs the packages of a tool; `undefined` when it has none. */
export async function installNpmPackages(
  dependencies: Dependencies,
  { name, dependencies: words, lock }: Source,
  { runtime, signal, report }: CompileOptions & { readonly runtime: NpmRuntime },
): Promise<InstalledPackages | undefined> {
  if (words.length === 0) return undefined;
  const set = {
    language: runtime,
    packages: packagesFor(words, runtime),
    // what another runtime has locked says nothing to this one
    ...(lock !== undefined && isNodeLock(lock) === (runtime === "node") && { lock }),
  };
  const call = createCall({ signal, progress: (_done, _total, line = "") => Promise.resolve(report(line)) });
  return await dependencies.install(set, { call, owner: name });
}

function isNodeLock(lock: string): boolean {
  return lock.includes('"lockfileVersion"');
}
