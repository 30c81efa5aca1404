/**
 * The languages of the matrix: a tool in each, which does what the field `action` of its arguments says.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { inRepository } from "../../../support/root.ts";

/** A tool in one language, and what is particular about it. */
export interface LanguageTool {
  readonly language: string;
  /** Name of the tool. */
  readonly name: string;
  readonly code: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly kind: "module" | "bundle";
  /** A package of its registry, and what the tool makes of it; absent where a language has no registry. */
  readonly registry?: { readonly dependencies: readonly string[]; readonly answer: unknown };
  /** How a package is refused where there is no registry. */
  readonly refusal?: RegExp;
  /** What the error of a failure has that the tool means. */
  readonly exit: RegExp;
  /** What the error of a trap, a panic or something thrown has. */
  readonly trap: RegExp;
  /** What the error of a tool has that takes more memory than it may. */
  readonly memory: RegExp;
  /**
   * How the tool names files: by their own paths, or below the first granted folder, as WASI itself has it, where no
   * library finds the folder of a path.
   */
  readonly naming: "path" | "below";
  /** Whether it gives its arguments back as they came, for want of a library that reads JSON. */
  readonly isEchoing?: boolean;
}

/** Exit code 3 with what was written to stderr. */
const EXIT_REGEXP = /failed with exit code 3\nstderr:\nit was asked for\nthe reason is é🎉/;
const TRAP_REGEXP = /trapped: unreachable/;

function source(name: string): string {
  return readFileSync(inRepository("tests/plugins/wasm/languages/sources", name), "utf8");
}

/** A tool in each language. */
export const LANGUAGE_TOOLS: readonly LanguageTool[] = [
  {
    language: "rust",
    name: "in_rust",
    code: source("tool.rs"),
    kind: "module",
    registry: { dependencies: ["serde_json@1"], answer: [1500] },
    exit: EXIT_REGEXP,
    trap: /trapped: unreachable\nstderr:\n[^]*it was asked to panic/,
    memory: /memory allocation of \d+ bytes failed/,
    naming: "path",
  },
  {
    language: "go",
    name: "in_go",
    code: source("tool.go"),
    kind: "module",
    registry: {
      dependencies: ["github.com/google/uuid@v1.6.0"],
      answer: "05b16a01-46c6-56dd-bd6e-c6dfb4a1427a",
    },
    exit: EXIT_REGEXP,
    trap: /exit code 2\nstderr:\n[^]*panic: it was asked to panic/,
    // what Go says of it itself is followed by more than is kept of stderr
    memory: /exit code 2, with nearly all of its memory taken \(128 MiB\)/,
    naming: "path",
  },
  {
    language: "c",
    name: "in_c",
    code: source("tool.c"),
    kind: "module",
    refusal: /no registry/,
    exit: EXIT_REGEXP,
    trap: TRAP_REGEXP,
    memory: /malloc: Out of memory/,
    naming: "path",
  },
  {
    language: "c++",
    name: "in_cpp",
    code: source("tool.cc"),
    files: { "json.hpp": source("json.hpp") },
    kind: "module",
    refusal: /no registry/,
    exit: EXIT_REGEXP,
    trap: TRAP_REGEXP,
    memory: /new: Out of memory/,
    naming: "path",
  },
  {
    language: "assemblyscript",
    name: "in_assemblyscript",
    code: source("tool.as.txt"),
    kind: "module",
    registry: { dependencies: ["json-as@1.6.0"], answer: [1500] },
    exit: EXIT_REGEXP,
    trap: /abort: it was asked to throw in src\.as\.ts\(\d+:\d+\)/,
    memory: /trapped: unreachable, with nearly all of its memory taken \(128 MiB\)/,
    naming: "below",
  },
  {
    language: "typescript",
    name: "in_typescript",
    code: source("tool.ts.txt"),
    kind: "bundle",
    registry: { dependencies: ["is-number@7.0.0"], answer: [true, false] },
    exit: /it was asked for: é🎉/,
    trap: /it was asked to throw/,
    memory: /memory/,
    naming: "path",
  },
  {
    language: "javascript",
    name: "in_javascript",
    code: source("tool.js.txt"),
    kind: "bundle",
    registry: { dependencies: ["ms@2.1.3"], answer: 172_800_000 },
    exit: /it was asked for: é🎉/,
    trap: /cannot read property 'missing' of undefined/,
    memory: /memory/,
    naming: "path",
  },
  {
    language: "wat",
    name: "in_wat",
    code: source("tool.wat"),
    kind: "module",
    refusal: /package/,
    exit: EXIT_REGEXP,
    trap: TRAP_REGEXP,
    memory: /there is no memory left/,
    naming: "below",
    isEchoing: true,
  },
];

/** A tool that answers at once. */
export const PING: LanguageTool = {
  language: "wat",
  name: "ping",
  code: source("ping.wat"),
  kind: "module",
  exit: EXIT_REGEXP,
  trap: TRAP_REGEXP,
  memory: /memory/,
  naming: "below",
};
