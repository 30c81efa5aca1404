/**
 * The messages by which code reads and writes files. They are no part of the script protocol: a runner of code hands them
 * to `CodeRun.serve`.
 *
 * | method        | params                                    | result                                        |
 * | ------------- | ----------------------------------------- | --------------------------------------------- |
 * | `files/write` | `name`, `text` or `blob`, `mimeType`?     | `name`, `uri`, `mimeType`, `size`             |
 * | `files/read`  | `name`, `as`: `text` (default) or `bytes` | `name`, `mimeType`?, `text` or `blob`         |
 * | `files/list`  | none                                      | `files`: of each `name`, `uri`, `mimeType`?, `size`? |
 *
 * A `blob` is base64, a `size` is in bytes.
 *
 * @module
 */
import {
  type Call,
  type Catalog,
  fromBase64,
  type JsonObject,
  messageOf,
  type ResourceContents,
  type ResourceLink,
  toBase64,
  ToolError,
} from "../../../kernel/mod.ts";
import type { KeptFiles, StoredFile } from "./kept_files.ts";

/** Most files that one run writes. */
const MOST_WRITTEN = 100;
const NAME_REGEXP = /^(?!\.\.?$)[^/\\\p{C}\p{Zl}\p{Zp}]{1,128}$/u;
const MIME_TYPE_REGEXP = /^[\w.+-]+\/[\w.+-]+(?:; ?[\w.-]+=[\w.-]+)?$/;

/** What a {@linkcode RunFiles} works with. */
export interface RunFilesOptions {
  readonly kept: KeptFiles;
  readonly catalog: Pick<Catalog, "readResource">;
  /** URIs of resources by the names under which the code reads them. */
  readonly given: Readonly<Record<string, string>>;
  readonly call: Call;
}

/** A file as lists have it that the run was given. */
interface GivenFile extends JsonObject {
  readonly name: string;
  readonly uri: string;
}

/** A file as lists have it that the run wrote. */
interface WrittenFile extends GivenFile {
  readonly mimeType: string;
  readonly size: number;
}

/** The files of one run: those that it was given, and those that it writes. */
export class RunFiles {
  readonly #options: RunFilesOptions;
  readonly #id = crypto.randomUUID();
  readonly #written = new Map<string, WrittenFile>();
  /** Names of what was written, and of what is being: several messages are served at once. */
  readonly #names = new Set<string>();

  /** @throws {ToolError} when a given file has a name that no file may have. */
  constructor(options: RunFilesOptions) {
    this.#options = options;
    for (const name of Object.keys(options.given)) checkName(name, "files");
  }

  /** Serves a message; `undefined` when it is none of these. */
  serve(method: string, params: JsonObject): Promise<JsonObject> | undefined {
    switch (method) {
      case "files/write":
        return this.#write(params);
      case "files/read":
        return this.#read(params);
      case "files/list":
        return Promise.resolve({ files: this.#list() });
      default:
        return undefined;
    }
  }

  /** Links to what was written, in order of the first writing. */
  get links(): readonly ResourceLink[] {
    return [...this.#written.values()].map((file) => ({ type: "resource_link", ...file }));
  }

  #list(): readonly GivenFile[] {
    const given = Object.entries(this.#options.given).map(([name, uri]) => ({ name, uri }));
    return [...given.filter(({ name }) => !this.#written.has(name)), ...this.#written.values()];
  }

  async #write(params: JsonObject): Promise<JsonObject> {
    const name = checkName(params["name"], "files.write");
    const isNew = !this.#names.has(name);
    if (isNew && this.#names.size >= MOST_WRITTEN) {
      throw new ToolError(`Cannot write file "${name}": the run has written ${MOST_WRITTEN} files, which is the limit`);
    }
    const { kept, call } = this.#options;
    const file = readFile(name, params);
    this.#names.add(name);
    const uri = await kept.keep({ id: this.#id, name, file }, call.principal).catch((thrown) => {
      if (isNew) this.#names.delete(name);
      throw thrown;
    });
    const listed = { name, uri, mimeType: file.mimeType, size: file.size };
    this.#written.set(name, listed);
    return listed;
  }

  async #read(params: JsonObject): Promise<JsonObject> {
    const { name } = params;
    const { given, kept, catalog, call } = this.#options;
    const wanted = params["as"] === "bytes" ? "bytes" : "text";
    if (typeof name === "string" && this.#written.has(name)) {
      const file = await kept.find(this.#id, name, call.principal);
      if (file !== undefined) return contentOf(name, file, wanted);
    }
    const uri = typeof name === "string" && Object.hasOwn(given, name) ? given[name] : undefined;
    if (uri === undefined) {
      const names = this.#list().map((it) => it.name).join(", ");
      throw new ToolError(
        `Cannot read file ${JSON.stringify(name)}: ${names === "" ? "there are none" : `there are ${names}`}`,
      );
    }
    const [contents] = await catalog.readResource(uri, call);
    if (contents === undefined) throw new ToolError(`Cannot read file "${name}": the resource ${uri} is empty`);
    return contentOf(String(name), contents, wanted);
  }
}

function checkName(name: unknown, where: string): string {
  if (typeof name === "string" && NAME_REGEXP.test(name)) return name;
  throw new ToolError(
    `Cannot use the file name ${
      JSON.stringify(name)
    } in ${where}: expected 1 to 128 characters without slashes, such as "report.csv"`,
  );
}

function readFile(name: string, { text, blob, mimeType }: JsonObject): StoredFile {
  if (mimeType !== undefined && (typeof mimeType !== "string" || !MIME_TYPE_REGEXP.test(mimeType))) {
    throw new ToolError(
      `Cannot write file "${name}": its type is ${JSON.stringify(mimeType)}, expected one such as "text/csv"`,
    );
  }
  if (typeof text === "string") {
    return { mimeType: mimeType ?? "text/plain", size: new TextEncoder().encode(text).length, text };
  }
  if (typeof blob !== "string") throw new ToolError(`Cannot write file "${name}": expected a text or bytes`);
  try {
    return { mimeType: mimeType ?? "application/octet-stream", size: fromBase64(blob).length, blob };
  } catch (cause) {
    throw new ToolError(`Cannot write file "${name}": its bytes are no base64`, { cause });
  }
}

function contentOf(
  name: string,
  { mimeType, ...content }:
    & Pick<ResourceContents, "mimeType">
    & ({ readonly text: string } | { readonly blob: string }),
  wanted: "text" | "bytes",
): JsonObject {
  const head = { name, ...(mimeType !== undefined && { mimeType }) };
  if (wanted === "text") return { ...head, text: "text" in content ? content.text : decoded(name, content.blob) };
  return { ...head, blob: "text" in content ? toBase64(new TextEncoder().encode(content.text)) : content.blob };
}

function decoded(name: string, blob: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(fromBase64(blob));
  } catch (cause) {
    throw new ToolError(`Cannot read file "${name}" as text: it is not UTF-8 (${messageOf(cause)}); read its bytes`, {
      cause,
    });
  }
}
