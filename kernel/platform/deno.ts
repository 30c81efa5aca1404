/**
 * The platform of Deno, which has the builtins of Node: only its name and version differ.
 *
 * @module
 */
import type { Plugin } from "../plugin.ts";
import type { EnvironmentOptions, Runtime } from "./environment.ts";
import { createNodePlatform } from "./node.ts";

/** Tells the version of Deno. */
export function detectRuntime(): Runtime {
  const { Deno } = globalThis as { Deno?: { readonly version: { readonly deno: string } } };
  return { runtime: "deno", runtimeVersion: Deno?.version.deno ?? "unknown" };
}

/** Makes the platform plugin: files, processes, requests, environment and SQLite. */
export function createDenoPlatform(options: EnvironmentOptions = {}): Plugin<void> {
  return createNodePlatform(options, detectRuntime());
}
