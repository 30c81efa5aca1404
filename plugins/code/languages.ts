/**
 * Languages of code, by all the names that they are asked for by.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";
import type { CodeLanguage, CodeRunner } from "../wasm/contract.ts";

/** Names of languages; all but the first three are other names of these. */
export const LANGUAGE_NAMES = ["python", "javascript", "typescript", "python3", "js", "node", "ts"] as const;
/** The name of a language. */
export type LanguageName = typeof LANGUAGE_NAMES[number];

const LANGUAGES: Readonly<Record<LanguageName, CodeLanguage>> = {
  python: "python",
  python3: "python",
  javascript: "javascript",
  js: "javascript",
  node: "javascript",
  typescript: "typescript",
  ts: "typescript",
};

/** Gives the language that a name stands for. */
export function languageOf(name: LanguageName): CodeLanguage {
  return LANGUAGES[name];
}

/** What runs the languages, as far as it is there. */
export interface Runners {
  /** Runs JavaScript and TypeScript. */
  readonly javascript: CodeRunner | undefined;
  /** Loads what runs Python. */
  readonly python: (() => Promise<CodeRunner>) | undefined;
}

/**
 * Gives what runs a language.
 *
 * @throws {ToolError} saying what is missing, and which languages there are.
 */
export async function runnerOf(language: CodeLanguage, { javascript, python }: Runners): Promise<CodeRunner> {
  const runner = language === "python" ? await python?.() : javascript;
  if (runner !== undefined) return runner;
  const [title, plugin] = language === "python" ? ["Python", "scripts"] : ["JavaScript and TypeScript", "wasm"];
  const others = language === "python" ? javascript && '"javascript" and "typescript"' : python && '"python"';
  throw new ToolError(
    `Cannot run code in ${language}: the plugin "${plugin}" runs ${title}, and is not there` +
      (others === undefined ? "" : `; there is ${others}`),
  );
}
