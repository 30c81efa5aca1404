/**
 * What the page of a tool says of its build.
 *
 * @module
 */
import { type Folder, messageOf } from "../../kernel/mod.ts";
import { codeBlock, type Manifest } from "../library/contract.ts";
import { lockFileOf, mainFileOf } from "./build/source_files.ts";
import type { Language } from "./build/compiler.ts";
import type { ArtifactKind, BuildRecord } from "./program.ts";
import { readBuild } from "./stored_build.ts";
import { entryOf, filesOf, readSource } from "./tool_files.ts";

/** Characters of source that are shown. */
const MOST_SOURCE = 100_000;

const KINDS: Readonly<Record<ArtifactKind, string>> = {
  module: "WebAssembly module",
  bundle: "JavaScript for an engine that is WebAssembly",
  component: "WebAssembly component",
};

/** What a tool is given that asks for nothing else. */
export interface DefaultLimits {
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

/** Describes the build of a tool, in Markdown. */
export async function describeBuild(manifest: Manifest, folder: Folder, limits: DefaultLimits): Promise<string> {
  const facts = [...await buildFacts(manifest, folder), ...grantFacts(manifest, limits)];
  return `## Build\n\n${facts.map((fact) => `- ${fact}`).join("\n")}\n\n${await sourceText(manifest, folder)}`;
}

async function buildFacts(manifest: Manifest, folder: Folder): Promise<readonly string[]> {
  const { wasm_dependencies: packages = [] } = manifest;
  const source = await readSource(manifest, folder);
  const language = `Language: ${source?.language ?? manifest.language ?? "unknown"}`;
  const needed = packages.length === 0 ? [] : [`Packages: ${packages.join(", ")}`];
  try {
    const { artifact, source: changed } = await readBuild(manifest, folder);
    const state = artifact === undefined
      ? ["Not built yet: its first call does that"]
      : recordFacts(artifact.record, entryOf(manifest));
    const news = artifact !== undefined && changed !== undefined
      ? ["The source was changed since: the next call builds it where its compiler is there"]
      : [];
    return [language, ...needed, ...state, ...news];
  } catch (error) {
    return [language, ...needed, `Cannot be run: ${messageOf(error)}`];
  }
}

function recordFacts(record: BuildRecord, entry: string): readonly string[] {
  const { kind, size, digest, imports, compiler, target, engine, engine_digest: engineDigest } = record;
  return [
    ...(compiler === undefined ? [] : [`Compiler: ${compiler}${target === undefined ? "" : `, target ${target}`}`]),
    `Artifact: \`${entry}\`, ${KINDS[kind]}, ${size.toLocaleString("en")} bytes`,
    `SHA-256: \`${digest}\``,
    ...(engine === undefined ? [] : [`Engine: ${engine}, SHA-256 \`${engineDigest}\``]),
    ...(kind === "module" ? [`Imports: ${imports.map((it) => `\`${it}\``).join(", ") || "none"}`] : []),
  ];
}

function grantFacts({ grants = {} }: Manifest, { timeoutMs, memoryMb }: DefaultLimits): readonly string[] {
  const { timeout_ms: timeout = timeoutMs, memory_mb: memory = memoryMb, ...others } = grants;
  return [
    `Limits: ${timeout / 1000} s and ${memory} MiB a call, unless the server allows less`,
    `Grants that it asks for: ${Object.keys(others).length === 0 ? "none" : `\`${JSON.stringify(others)}\``}`,
  ];
}

async function sourceText(manifest: Manifest, folder: Folder): Promise<string> {
  const source = await readSource(manifest, folder);
  if (source === undefined) return "## Source\n\nNone is kept: the tool is a finished module.\n";
  const { [mainFileOf(source.language)]: code = "", ...files } = filesOf(source);
  let left = MOST_SOURCE;
  const show = ([path, text]: readonly [path: string, text: string]) => {
    const shown = text.slice(0, Math.max(0, left));
    left -= text.length;
    const cut = shown.length < text.length ? `\n\n${text.length - shown.length} more characters are not shown.` : "";
    return `\`${path}\`:\n\n${codeBlock(fenceOf(source.language), shown)}${cut}\n`;
  };
  const others = Object.entries(files).filter(([path]) => path !== lockFileOf(source.language));
  const shown = [[mainFileOf(source.language), code] as const, ...others].map(show);
  return `## Source\n\n${shown.join("\n")}`;
}

/** Names a language as blocks of code do. */
function fenceOf(language: Language): string {
  return language === "c++" ? "cpp" : language === "assemblyscript" ? "typescript" : language;
}
