/**
 * Where documents are kept: in the folder of the tool that stands for an API, and in memory while it is being imported.
 *
 * @module
 */
import { messageOf, sha256, ToolError } from "../../../../kernel/mod.ts";
import type { ToolLibrary } from "../../../library/contract.ts";
import { OpenApiDocument } from "./document.ts";

/** The file of a tool's folder that holds its document. */
export const DOCUMENT_FILE = "openapi.json";

/** Documents of imported APIs. */
export class KeptDocuments {
  readonly #library: Pick<ToolLibrary, "files">;
  readonly #held = new Map<string, ReadonlySet<string>>();

  constructor(library: Pick<ToolLibrary, "files">) {
    this.#library = library;
  }

  /** Keeps a document in memory until `release` is called; gives its SHA-256 in hex. */
  async hold(name: string, text: string): Promise<{ readonly digest: string; release(): void }> {
    const digest = await sha256(text);
    const change = (texts: readonly string[]) => void this.#held.set(name, new Set(texts));
    change([...this.#textsOf(name), text]);
    const release = () => {
      change(this.#textsOf(name).filter((it) => it !== text));
      if (this.#textsOf(name).length === 0) this.#held.delete(name);
    };
    return { digest, release };
  }

  /**
   * Reads the document of a tool.
   *
   * @param digest SHA-256 that it has to have: what was allowed is this document and no other.
   * @throws {ToolError} when it is not there, or another.
   */
  async open(name: string, digest: string): Promise<OpenApiDocument> {
    const fail = (why: string) =>
      new ToolError(`Cannot use the OpenAPI document of "${name}": ${why}; import it again with import_openapi`);
    for (const held of this.#textsOf(name)) if (await sha256(held) === digest) return OpenApiDocument.read(held);
    const text = await (await this.#library.files(name)).readText(DOCUMENT_FILE);
    if (text === undefined) throw fail(`there is no file ${DOCUMENT_FILE} in its folder`);
    if (await sha256(text) !== digest) throw fail(`its file ${DOCUMENT_FILE} is not what was imported`);
    try {
      return OpenApiDocument.read(text);
    } catch (thrown) {
      throw fail(messageOf(thrown));
    }
  }

  #textsOf(name: string): readonly string[] {
    return [...this.#held.get(name) ?? []];
  }
}
