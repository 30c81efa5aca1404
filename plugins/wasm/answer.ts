/**
 * What `build_tool` answers.
 *
 * @module
 */
import type { JsonObject } from "../../kernel/mod.ts";
import type { SavedTool } from "../library/contract.ts";
import type { KeptBuild } from "./build/build_cache.ts";
import { warningsData, warningsText } from "./build/diagnostics_text.ts";
import type { ArtifactKind } from "./program.ts";

/** What came of a build. */
export interface BuildAnswer extends SavedTool {
  readonly built: KeptBuild & { readonly isCached: boolean };
  /** Whether the tool was that already. */
  readonly isUnchanged: boolean;
  readonly isVerified: boolean;
}

const KINDS: Readonly<Record<ArtifactKind, string>> = {
  module: "WebAssembly module",
  bundle: "JavaScript bundle",
  component: "WebAssembly component",
};

/** Writes an answer for people. */
export function answerText(answer: BuildAnswer): string {
  const { manifest, path, built: { record, isCached, warnings }, isUnchanged, isVerified } = answer;
  const { name, language, wasm_dependencies: packages = [], examples = [] } = manifest;
  const { timeout_ms: _timeout, memory_mb: _memory, ...asked } = manifest.grants ?? {};
  const compiler = record.compiler === undefined ? "" : `, ${record.compiler}`;
  const facts = [
    `Language: ${language}${compiler}${record.target === undefined ? "" : ` for ${record.target}`}`,
    `Folder: ${path}`,
    `Artifact: ${KINDS[record.kind]}, ${record.size.toLocaleString("en")} bytes, SHA-256 ${record.digest}`,
    ...(packages.length > 0 ? [`Packages: ${packages.join(", ")}`] : []),
    ...(isCached && !isUnchanged ? ["Taken from the cache of builds; nothing was compiled"] : []),
    ...(Object.keys(asked).length > 0
      ? [
        `Asks for: ${
          JSON.stringify(asked)
        }; what exceeds the server's limits the user is asked about when it is called`,
      ]
      : []),
    ...(isVerified ? [`Verified: ${examples.length} of ${examples.length} examples passed`] : []),
    "Confined: no network, no files beyond what it is granted, a fresh instance for each call",
  ];
  const said = warnings.length === 0 ? "" : `\nWarnings:\n${warningsText(warnings)}\n`;
  return `${firstLine(answer)}

${facts.map((fact) => `- ${fact}`).join("\n")}
${said}
Call it as \`${name}\`, or with \`call_tool\`: \`{"tool_name": "${name}", "arguments": {…}}\`.`;
}

function firstLine({ manifest: { name, version }, replaced, isUnchanged }: BuildAnswer): string {
  if (isUnchanged) return `WASM tool "${name}" ${version} is the same already; nothing was changed.`;
  return replaced === undefined
    ? `Built WASM tool "${name}" ${version}.`
    : `Updated WASM tool "${name}" to ${version}; version ${replaced} is kept.`;
}

/** Writes an answer for programs. */
export function dataOf({ manifest, path, replaced, built, isUnchanged }: BuildAnswer): JsonObject {
  const { name, version, language = "", entry_file: entryFile = "", wasm_dependencies: packages = [] } = manifest;
  const { record: { compiler, target, kind, size, digest }, isCached, warnings } = built;
  return {
    name,
    version,
    ...(replaced !== undefined && { replaced }),
    unchanged: isUnchanged,
    language,
    ...(compiler !== undefined && { compiler }),
    ...(target !== undefined && { target }),
    kind,
    size,
    digest,
    cached: isCached,
    path,
    entry_file: entryFile,
    ...(packages.length > 0 && { dependencies: packages }),
    ...(warnings.length > 0 && { warnings: warningsData(warnings), total_warnings: warnings.length }),
  } as JsonObject;
}
