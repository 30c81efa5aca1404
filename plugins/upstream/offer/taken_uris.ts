/**
 * Which URIs are somebody's: of two resources that would answer to one, the first keeps it.
 *
 * @module
 */
import { type Catalog, type CompiledTemplate, compileTemplate, createCall, isTemplate } from "../../../kernel/mod.ts";

interface TakenTemplate {
  readonly owner: string;
  readonly compiled: CompiledTemplate;
}

/** URIs of all servers, and the templates of everybody else; one for all offers. */
export class TakenUris {
  readonly #catalog: Catalog;
  /** Owners of fixed URIs. */
  readonly #fixed = new Map<string, string>();
  readonly #templates = new Map<string, TakenTemplate>();
  #foreign: readonly CompiledTemplate[] = [];

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /**
   * Looks which templates there are that are of no server: before URIs are taken, since that is too much for each. Fixed
   * URIs need not be known: nobody can register one twice, and they win over templates.
   */
  look(): void {
    this.#foreign = this.#catalog.listTemplates(createCall())
      .filter(({ uriTemplate }) => !this.#templates.has(uriTemplate))
      .map(({ uriTemplate }) => compileTemplate(uriTemplate));
  }

  /**
   * Takes a URI or template for a server.
   *
   * @param owner Names the server; what is its own is no clash.
   * @returns Whether it was free: nobody else answers to it, or to a URI that it would answer to.
   * @throws {KernelError} `NAME_INVALID` when it is a malformed template.
   */
  take(uri: string, owner: string): boolean {
    const compiled = isTemplate(uri) ? compileTemplate(uri) : undefined;
    const templates = [...this.#templates.values()].filter((it) => it.owner !== owner).map((it) => it.compiled);
    const others = [...templates, ...this.#foreign];
    if (compiled === undefined) {
      if ((this.#fixed.get(uri) ?? owner) !== owner || others.some((it) => it.match(uri) !== undefined)) return false;
      this.#fixed.set(uri, owner);
      return true;
    }
    if (others.some((it) => canMeet(it, compiled))) return false;
    for (const [fixed, other] of this.#fixed) if (other !== owner && compiled.match(fixed) !== undefined) return false;
    this.#templates.set(uri, { owner, compiled });
    return true;
  }

  /** Gives back what a server took. */
  release(uri: string, owner: string): void {
    if (this.#fixed.get(uri) === owner) this.#fixed.delete(uri);
    if (this.#templates.get(uri)?.owner === owner) this.#templates.delete(uri);
  }
}

// two templates may answer to one URI when what is before their parameters agrees
function canMeet({ template: one }: CompiledTemplate, { template: other }: CompiledTemplate): boolean {
  const [start, otherStart] = [fixedStart(one), fixedStart(other)];
  return start.startsWith(otherStart) || otherStart.startsWith(start);
}

function fixedStart(template: string): string {
  return template.slice(0, template.indexOf("{"));
}
