/**
 * Resources by URI, and who listens to them.
 *
 * @module
 */
import type { Call } from "./call.ts";
import { ErrorCode, ProtocolError } from "./errors.ts";
import type { CompiledResource, ResourceEntry } from "./items.ts";
import type { AnyResource, Disposer } from "./plugin.ts";
import type { Registry } from "./registry.ts";

/** A registered resource and the parameters by which a URI fits its template. */
export interface ResolvedResource {
  readonly entry: ResourceEntry;
  readonly params: Readonly<Record<string, string>>;
}

interface Listened {
  /** Key of the resource in its registry. */
  readonly key: string;
  readonly stop: Disposer | undefined;
  listeners: number;
}

/** Finds resources, and lets their plugins watch what at least one client listens to. */
export class Subscriptions {
  readonly #resources: Registry<AnyResource, CompiledResource>;
  readonly #listened = new Map<string, Listened>();

  constructor(resources: Registry<AnyResource, CompiledResource>) {
    this.#resources = resources;
  }

  /** Finds the resource with this URI; else the template that fits with the longest fixed part. */
  resolve(uri: string): ResolvedResource | undefined {
    const exact = this.#resources.get(uri);
    if (exact !== undefined && exact.compiled.template === undefined) return { entry: exact, params: {} };
    let best: { found: ResolvedResource; fixed: number } | undefined;
    for (const entry of this.#resources.entries()) {
      const { template } = entry.compiled;
      if (template === undefined || template.fixedLength <= (best?.fixed ?? -1)) continue;
      const params = template.match(uri);
      if (params !== undefined) best = { found: { entry, params }, fixed: template.fixedLength };
    }
    return best?.found;
  }

  /**
   * Adds a listener.
   *
   * @throws {ProtocolError} when there is no such resource.
   */
  add(uri: string, call: Call): Disposer {
    const found = this.resolve(uri);
    if (found === undefined) {
      throw new ProtocolError(ErrorCode.resourceNotFound, `Resource not found: ${uri}`, { uri });
    }
    const { key, definition } = found.entry;
    const listened = this.#listened.get(uri) ?? { key, listeners: 0, stop: definition.subscribe?.(uri, call) };
    listened.listeners++;
    this.#listened.set(uri, listened);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      listened.listeners--;
      return listened.listeners > 0 ? undefined : this.#stop(uri, listened);
    };
  }

  /** Stops the watchers of a resource that its plugin takes away. */
  async release(key: string): Promise<void> {
    for (const [uri, listened] of [...this.#listened]) if (listened.key === key) await this.#stop(uri, listened);
  }

  #stop(uri: string, listened: Listened): void | Promise<void> {
    if (this.#listened.get(uri) !== listened) return;
    this.#listened.delete(uri);
    return listened.stop?.();
  }
}
