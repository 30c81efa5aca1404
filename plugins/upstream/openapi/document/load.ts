/**
 * Documents, read with all that they refer to.
 *
 * @module
 */
import { type Call, isObject, messageOf, ToolError } from "../../../../kernel/mod.ts";
import { checkDocument } from "./check.ts";
import { OpenApiDocument, splitReference } from "./document.ts";
import { fetchText, MOST_BYTES, type NamedSource, readSource, type SourceOptions, type SourceText } from "./source.ts";

/** Most documents that one refers to. */
const MOST_DOCUMENTS = 50;
/** Deeper ones are no documents that anybody wrote. */
const DEEPEST = 200;

/** A document that was read. */
export interface LoadedDocument {
  readonly document: OpenApiDocument;
  /** What is not as it should be, and may matter. */
  readonly warnings: readonly string[];
}

/**
 * Reads a document. What it refers to at its own origin is read as well; what lies elsewhere is not, and what needs it
 * cannot be called.
 *
 * @throws {ToolError} when it cannot be had, or is no OpenAPI 3.0 or 3.1.
 */
export async function loadDocument(source: NamedSource, options: SourceOptions, call: Call): Promise<LoadedDocument> {
  const main = await readSource(source, options, call);
  const documents: Record<string, unknown> = { [main.address]: await parseText(main.text) };
  const { address } = main;
  void new OpenApiDocument(address, documents);
  const warnings = await gather(documents, main, { options, call });
  const document = new OpenApiDocument(address, documents);
  return { document, warnings: [...warnings, ...await checkDocument(document.root)] };
}

async function parseText(text: string): Promise<unknown> {
  // a byte order mark is no part of either form
  const bare = text.replace(/^\uFEFF/, "");
  const value = /^\s*\{/.test(bare) ? readJson(bare) ?? await readYaml(bare) : await readYaml(bare);
  assertDepth(value, 0);
  // what YAML repeats by anchors stands there in full, and what JSON cannot carry is left out
  return JSON.parse(JSON.stringify(value) ?? "null");
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readYaml(text: string): Promise<unknown> {
  const { parse } = await import("yaml");
  try {
    return parse(text, { logLevel: "error" });
  } catch (thrown) {
    // the lines behind the first show the text itself, which nobody has allowed to be shown yet
    throw new ToolError(`it is neither JSON nor YAML: ${messageOf(thrown).split("\n", 1)[0]}`, { cause: thrown });
  }
}

function assertDepth(value: unknown, depth: number): void {
  if (depth > DEEPEST) throw new ToolError(`it is nested more than ${DEEPEST} levels deep`);
  if (typeof value !== "object" || value === null) return;
  for (const it of Object.values(value)) assertDepth(it, depth + 1);
}

interface Gathering {
  readonly options: SourceOptions;
  readonly call: Call;
}

/** Reads what documents refer to, each once; gives what was not read, and why. */
async function gather(
  documents: Record<string, unknown>,
  main: SourceText,
  { options, call }: Gathering,
): Promise<readonly string[]> {
  const warnings: string[] = [];
  let bytes = main.text.length;
  const queue = externalsOf(documents[main.address], main.address);
  const seen = new Set([main.address, ...queue]);
  for (const address of queue) {
    const refusal = refusalOf(address, main.address) ??
      (Object.keys(documents).length > MOST_DOCUMENTS
        ? `it refers to more than ${MOST_DOCUMENTS} documents`
        : undefined) ??
      (bytes > MOST_BYTES ? `all documents together are larger than ${MOST_BYTES} bytes` : undefined);
    try {
      if (refusal !== undefined) throw new ToolError(refusal);
      const text = await fetchText(address, options, call);
      bytes += text.length;
      documents[address] = await parseText(text);
    } catch (thrown) {
      call.signal.throwIfAborted();
      warnings.push(`"${address.slice(0, 200)}", which it refers to, was not read: ${messageOf(thrown)}`);
      continue;
    }
    for (const next of externalsOf(documents[address], address)) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return warnings;
}

function refusalOf(address: string, main: string): string | undefined {
  if (main === "") return "only a document that has an address may refer to others; join them into one";
  if (URL.canParse(address) && new URL(address).origin === new URL(main).origin) return undefined;
  return `only what lies at ${new URL(main).origin} is read; join the documents into one`;
}

/** Addresses of other documents that a document refers to, each once. */
function externalsOf(value: unknown, address: string): string[] {
  const found = new Set<string>();
  const walk = (it: unknown): void => {
    if (Array.isArray(it)) return it.forEach(walk);
    if (!isObject(it)) return;
    const { $ref: ref } = it;
    if (typeof ref === "string" && !ref.startsWith("#")) found.add(splitReference(ref, address).document);
    Object.entries(it).forEach(([key, inner]) => key === "example" || key === "examples" ? undefined : walk(inner));
  };
  walk(value);
  found.delete(address);
  return [...found];
}
