/**
 * URIs of one server that are offered under others, because somebody else has them.
 *
 * @module
 */
import {
  type CompiledTemplate,
  compileTemplate,
  type Content,
  isTemplate,
  type ResourceResult,
  type ToolResult,
  toolResult,
} from "../../../kernel/mod.ts";

/** Changes URIs to those that are offered, and back. Those that nobody else has are the same in both. */
export class UriMap {
  readonly #prefix: string;
  readonly #fixed = new Set<string>();
  readonly #templates = new Map<string, CompiledTemplate>();

  constructor(namespace: string) {
    this.#prefix = `upstream://${namespace}/`;
  }

  /** Gives the URI that is offered in place of one that is taken. */
  prefixed(own: string): string {
    return this.#prefix + own;
  }

  /** Notes whether a URI, or a template, of the server is offered in another place. */
  note(own: string, offered: string): void {
    this.forget(own);
    if (own === offered) return;
    if (isTemplate(own)) this.#templates.set(own, compileTemplate(own));
    else this.#fixed.add(own);
  }

  /** Forgets a URI that is no longer offered. */
  forget(own: string): void {
    this.#fixed.delete(own);
    this.#templates.delete(own);
  }

  /** Gives the URI that the server knows for one that is offered. */
  ownOf(offered: string): string {
    return offered.startsWith(this.#prefix) ? offered.slice(this.#prefix.length) : offered;
  }

  /** Gives the URI that is offered for one that the server knows. */
  offeredOf(own: string): string {
    if (this.#isEmpty) return own;
    const isMoved = this.#fixed.has(own) || [...this.#templates.values()].some((it) => it.match(own) !== undefined);
    return isMoved ? this.prefixed(own) : own;
  }

  /** Lets what was read name the URIs by which it is read here. */
  inRead(result: ResourceResult): ResourceResult {
    if (this.#isEmpty) return result;
    const contents = result.contents.map((it) =>
      typeof it.uri === "string" ? { ...it, uri: this.offeredOf(it.uri) } : it
    );
    return { ...result, contents };
  }

  /** Lets the links of a result lead to the server that wrote it, and not to whoever else has the URI. */
  inResult(result: ToolResult): ToolResult {
    if (this.#isEmpty) return result;
    return toolResult({ ...result, content: result.content.map((block) => this.#inBlock(block)) });
  }

  get #isEmpty(): boolean {
    return this.#fixed.size === 0 && this.#templates.size === 0;
  }

  #inBlock(block: Content): Content {
    if (block?.type === "resource_link" && typeof block.uri === "string") {
      return { ...block, uri: this.offeredOf(block.uri) };
    }
    return block;
  }
}
