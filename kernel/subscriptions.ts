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
  readonly uri: string;
  /** The first call that listened; those of other principals are listeners of their own. */
  readonly call: Call;
  listeners: number;
  /** The watcher of the plugin; `undefined` while the resource is away. */
  watcher: { readonly key: string; readonly stop: Disposer | undefined } | undefined;
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
    // one URI may be something else for each principal
    const key = `${call.principal?.id ?? ""}\n${uri}`;
    const listened = this.#listened.get(key) ?? { uri, call, listeners: 0, watcher: watch(uri, found, call) };
    listened.listeners++;
    this.#listened.set(key, listened);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      listened.listeners--;
      if (listened.listeners > 0) return;
      this.#listened.delete(key);
      return listened.watcher?.stop?.();
    };
  }

  /** Stops the watchers of a resource that its plugin takes away; who listened is remembered. */
  async release(key: string): Promise<void> {
    for (const listened of this.#listened.values()) {
      if (listened.watcher?.key !== key) continue;
      const { stop } = listened.watcher;
      listened.watcher = undefined;
      await stop?.();
    }
  }

  /** Watches resources again that are back, as after their plugin was loaded anew. */
  renew(): void {
    for (const listened of this.#listened.values()) {
      const { uri } = listened;
      const found = listened.watcher === undefined ? this.resolve(uri) : undefined;
      if (found !== undefined) listened.watcher = watch(uri, found, listened.call);
    }
  }
}

function watch(uri: string, { entry: { key, definition } }: ResolvedResource, call: Call): Listened["watcher"] {
  return { key, stop: definition.subscribe?.(uri, call) };
}
