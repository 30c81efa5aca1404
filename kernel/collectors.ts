/**
 * Collectors: small plugins that provide `Http`, `Commands` and `Diagnostics`, and whose harvest the HTTP app, the
 * command line and `doctor` read.
 *
 * @module
 */
import { Commands, type CommandVerb, Diagnostics, Http, type HttpApp, type Probe } from "./contracts.ts";
import { KernelError } from "./errors.ts";
import { definePlugin, type Disposer, type Plugin } from "./plugin.ts";
import type { Contract } from "./token.ts";

/** A collector: the plugin to use, and what it has gathered so far. */
export interface Collector<T> {
  readonly plugin: Plugin<void>;
  readonly items: readonly T[];
}

/** A sub-app and the path it is mounted at. */
export interface MountedApp {
  readonly path: string;
  readonly app: HttpApp;
}

function collector<T, C>(token: Contract<C>, make: (add: (item: T) => Disposer) => C): Collector<T> {
  const items: T[] = [];
  const add = (item: T): Disposer => {
    items.push(item);
    let isHeld = true;
    return () => {
      if (isHeld) items.splice(items.indexOf(item), 1);
      isHeld = false;
    };
  };
  const plugin = definePlugin({
    name: `collected_${token.id}`,
    version: "1.0.0",
    provides: [token],
    setup: ({ provide }) => void provide(token, make(add)),
  });
  return { plugin, items };
}

/** Collects command-line verbs. */
export function collectCommands(): Collector<CommandVerb> {
  return collector<CommandVerb, Commands>(Commands, (add) => ({ add }));
}

/** Collects the probes of `doctor`. */
export function collectDiagnostics(): Collector<Probe> {
  return collector<Probe, Diagnostics>(Diagnostics, (add) => ({ add }));
}

const MOUNT_REGEXP = /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9_.-]+)+$/;

/** Collects HTTP routes. */
export function collectRoutes(): Collector<MountedApp> {
  return collector<MountedApp, Http>(Http, (add) => ({
    mount(path, app) {
      if (!MOUNT_REGEXP.test(path)) {
        throw new KernelError("NAME_INVALID", `Cannot mount "${path}": a path is like "/console"`);
      }
      return add({ path, app });
    },
  }));
}
