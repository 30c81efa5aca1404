/**
 * What the command line needs to know of the program that it runs.
 *
 * @module
 */
import type { Plugin } from "../plugin.ts";
import type { ServerInfo } from "../transports/engine.ts";

/** A program: what it says of itself, where it is, and what ships with it. */
export interface Program {
  readonly info: ServerInfo;
  /** URL of its main module, which is what plugins import as "collet". */
  readonly url: string;
  /** Loads the plugins that ship, when they are needed. */
  plugins(): Promise<ShippedPlugins>;
}

/** The plugins that ship with a program. */
export interface ShippedPlugins {
  /** Those that are used unless the configuration leaves them out. */
  readonly shipped: readonly Plugin[];
  /** Narrows what lists show; used unless `--expose all` is given. */
  readonly exposure: Plugin;
}
