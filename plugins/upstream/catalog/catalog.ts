/**
 * What a server offers, also while it does not run.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";

/** What a server offers, as it sent it. */
export interface CatalogEntries {
  /** All but those that are held. */
  readonly tools: readonly JsonObject[];
  readonly resources: readonly JsonObject[];
  readonly templates: readonly JsonObject[];
  readonly prompts: readonly JsonObject[];
  /** When it was listed, in milliseconds since 1970. */
  readonly fetchedAt: number;
}

/** A tool that is not what it was. */
export interface ChangedTool {
  readonly name: string;
  /** Of the tool as it was first seen, or last allowed. */
  readonly oldDigest: string;
  readonly newDigest: string;
}

/** A tool that changed, and is not offered until it is allowed. */
export type HeldTool = ChangedTool;

/** Hears what a server offers now, and which of its tools are not what they were. */
export type CatalogListener = (entries: CatalogEntries, changed: readonly ChangedTool[]) => void;

/** What a server offers. */
export interface Catalog {
  /** As last listed, in an earlier process too; `undefined` when it never was. */
  readonly entries: CatalogEntries | undefined;
  /** Resolves, never rejects, when what an earlier process listed has been read. */
  readonly restored: Promise<void>;
  /** Why the entries are not all, or not those of now; `undefined` when they are. */
  readonly problem: string | undefined;
  /** Tools that changed and wait to be allowed; none where the definition is not strict. */
  readonly held: readonly HeldTool[];
  /**
   * Lists anew, once for however many ask at a time, and starts the server if need be. Where a list fails its old entries
   * stay, and {@linkcode Catalog.problem} says why.
   *
   * @throws {ToolError} when the server cannot be reached, or all it offers cannot be listed.
   * @throws the reason of `signal` when it aborts.
   */
  refresh(signal: AbortSignal): Promise<CatalogEntries>;
  /** Calls back when the entries change; what it gives ends that. */
  onChange(listener: CatalogListener): () => void;
  /**
   * Offers held tools as they are now, all by default.
   *
   * @throws {ToolError} when a name is of no tool that is held.
   */
  allow(tools?: readonly string[]): Promise<void>;
}
