/**
 * Results in the words of each revision.
 *
 * @module
 */
import { type Content, isObject, type JsonObject, type PromptResult, type ToolResult } from "../content.ts";
import { ENVELOPE, type Revision } from "./revisions.ts";

// of a client that has not said which revision it speaks
const ASSUMED_VERSION = "2025-11-25";

/**
 * Cuts a result to what a protocol revision knows: structured content that is no object only in 2026-07-28, links
 * since 2025-06-18, sound since 2025-03-26. What a revision lacks is told as text, so that nothing is lost.
 */
export function resultFor(result: ToolResult, { version = ASSUMED_VERSION, era }: Revision): JsonObject {
  if (era === "modern") return { ...result };
  const { structuredContent, content, ...rest } = result;
  return {
    ...rest,
    content: content.map((block) => contentFor(block, version)),
    ...(isObject(structuredContent) && { structuredContent }),
  };
}

/** Cuts the messages of a prompt to what a protocol revision knows, as {@linkcode resultFor} does. */
export function promptFor(result: PromptResult, { version = ASSUMED_VERSION, era }: Revision): JsonObject {
  if (era === "modern") return { ...result };
  const messages = result.messages.map(({ role, content }) => ({ role, content: contentFor(content, version) }));
  return { ...result, messages };
}

function contentFor(block: Content, version: string): Content {
  if (block.type === "resource_link" && version < "2025-06-18") {
    const about = block.description === undefined ? "" : ` - ${block.description}`;
    return { type: "text", text: `${block.title ?? block.name}: ${block.uri}${about}` };
  }
  if (block.type === "audio" && version < "2025-03-26") {
    const blob = { uri: "audio:", mimeType: block.mimeType, blob: block.data };
    return { type: "resource", resource: blob };
  }
  return block;
}

/** How long a client may keep a result of 2026-07-28, and whether it may share it. */
export interface CacheHint {
  /** Milliseconds. */
  readonly ttlMs: number;
  readonly cacheScope: "public" | "private";
}

/** Writes results of 2026-07-28: each says that it is complete, and whose it is. */
export class ModernResults {
  readonly #server: JsonObject;
  readonly #stamp: string;

  constructor({ name, version }: { readonly name: string; readonly version: string }) {
    // name and version identify a server; the rest is told once, by `server/discover`
    this.#server = { name, version };
    this.#stamp = `"resultType":"complete","_meta":${JSON.stringify({ [ENVELOPE.serverInfo]: this.#server })}`;
  }

  /** Writes a result, with a cache hint if the method has one. */
  encode(result: JsonObject, hint?: CacheHint): string {
    const { _meta, resultType = "complete" } = result;
    if (_meta === undefined && result["resultType"] === undefined) return this.extend(JSON.stringify(result), hint);
    return JSON.stringify({
      ...result,
      resultType,
      ...(resultType === "complete" && hint),
      _meta: { [ENVELOPE.serverInfo]: this.#server, ...(isObject(_meta) && _meta) },
    });
  }

  /** Adds what every result says to one that is JSON already, and has none of it. */
  extend(json: string, hint?: CacheHint): string {
    const cache = hint === undefined ? "" : `"ttlMs":${hint.ttlMs},"cacheScope":"${hint.cacheScope}",`;
    const comma = json === "{}" ? "" : ",";
    return `${json.slice(0, -1)}${comma}${cache}${this.#stamp}}`;
  }
}
