/**
 * An OpenAPI document with the documents that it refers to, as it is kept and as it is read.
 *
 * @module
 */
import { decodeFragment, followPointer, isObject, type JsonObject, ToolError } from "../../../../kernel/mod.ts";

/** A part of a document, and the address of the document that it stands in, by which its references are read. */
export interface Located {
  readonly value: unknown;
  readonly address: string;
}

/** Documents by their addresses. */
export type DocumentSet = Readonly<Record<string, unknown>>;

// of references that lead to references
const MOST_STEPS = 64;
const VERSION_REGEXP = /^3\.[01]\.\d/;

/** A whole document. Parts of it are looked at as they are: what is no such thing is told where it is used. */
export class OpenApiDocument {
  readonly root: JsonObject;
  /** Of the main document; empty when it has none. */
  readonly address: string;
  readonly #documents: DocumentSet;

  /** @throws {ToolError} when the main document is no OpenAPI 3.0 or 3.1. */
  constructor(address: string, documents: DocumentSet) {
    this.address = address;
    this.#documents = documents;
    this.root = assertOpenApi(documents[address]);
  }

  /**
   * Reads what {@linkcode OpenApiDocument.write} wrote.
   *
   * @throws {ToolError} when it is no such thing.
   */
  static read(text: string): OpenApiDocument {
    const { address, documents } = JSON.parse(text) as { readonly address: string; readonly documents: DocumentSet };
    return new OpenApiDocument(address, documents);
  }

  /** Writes the document with those it refers to, as JSON. */
  write(): string {
    return JSON.stringify({ address: this.address, documents: this.#documents });
  }

  /** Whether schemas are those of 3.0, which are no JSON Schema yet. */
  get isOld(): boolean {
    return String(this.root["openapi"]).startsWith("3.0");
  }

  /** The title that the document has. */
  get title(): string {
    const { title } = this.#info;
    return typeof title === "string" ? title : "Web API";
  }

  /** The version of the API that the document names. */
  get version(): string {
    const { version } = this.#info;
    return typeof version === "string" ? version : "0";
  }

  /** A part of the main document. */
  at(...keys: readonly string[]): Located {
    let value: unknown = this.root;
    for (const key of keys) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    return { value, address: this.address };
  }

  /**
   * Follows references until there is none.
   *
   * @throws {ToolError} when one leads nowhere, or round in a circle.
   */
  follow(located: Located): Located {
    let found = located;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const { value } = found;
      if (!isObject(value) || typeof value["$ref"] !== "string") return found;
      found = this.resolve(value["$ref"], found.address).located;
    }
    throw new ToolError(`its references go round in a circle, or more than ${MOST_STEPS} steps`);
  }

  /**
   * Finds what one reference leads to.
   *
   * @returns `key` names the place, whichever way it is written.
   * @throws {ToolError} when there is nothing.
   */
  resolve(ref: string, address: string): { readonly located: Located; readonly key: string } {
    const { document, fragment } = splitReference(ref, address);
    const fail = (why: string) => new ToolError(`its reference "${ref.slice(0, 200)}" leads nowhere: ${why}`);
    if (!Object.hasOwn(this.#documents, document)) throw fail("the document was not read");
    if (fragment !== "" && !fragment.startsWith("/")) {
      throw fail("only those by JSON Pointer, such as #/a/b, are followed");
    }
    const value = followPointer(this.#documents[document], fragment);
    if (value === undefined) throw fail("there is no such place");
    return { located: { value, address: document }, key: `${document}#${fragment}` };
  }

  get #info(): JsonObject {
    const { info } = this.root;
    return isObject(info) ? info : {};
  }
}

/** Divides a reference into the address of a document, and the place in it. */
export function splitReference(
  ref: string,
  address: string,
): { readonly document: string; readonly fragment: string } {
  const at = ref.indexOf("#");
  const path = at < 0 ? ref : ref.slice(0, at);
  const fragment = decodeFragment(at < 0 ? "" : ref.slice(at + 1)) ?? "";
  if (path === "") return { document: address, fragment };
  return { document: URL.canParse(path, address) ? new URL(path, address).href : path, fragment };
}

function assertOpenApi(value: unknown): JsonObject {
  if (!isObject(value)) throw new ToolError("it is no object, expected an OpenAPI document");
  const { openapi, swagger } = value;
  if (typeof openapi === "string" && VERSION_REGEXP.test(openapi)) {
    if (isObject(value["paths"])) return value;
    throw new ToolError('it has no "paths", so there is nothing to call');
  }
  if (swagger !== undefined) {
    throw new ToolError(`it is Swagger ${JSON.stringify(swagger)}, expected OpenAPI 3.0 or 3.1; convert it first`);
  }
  throw new ToolError(`its "openapi" is ${JSON.stringify(openapi)}, expected 3.0 or 3.1`);
}
