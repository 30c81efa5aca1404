/**
 * What is run: the artifact of a build, whatever language it came from.
 *
 * @module
 */

/**
 * How an artifact is run: `module` is a WebAssembly module over WASI preview 1, `bundle` is JavaScript for QuickJS, which
 * itself is WebAssembly, and `component` is a component of WASI preview 2.
 */
export type ArtifactKind = "module" | "bundle" | "component";

/** The outcome of a build. */
export interface Artifact {
  readonly kind: ArtifactKind;
  /** The module or component; of a bundle its text, as UTF-8. */
  readonly bytes: Uint8Array;
}

/** What is written about an artifact in the field `build` of a manifest. */
export interface BuildRecord {
  readonly kind: ArtifactKind;
  /** SHA-256 of the artifact, in hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of what it was built from, in hex: language, packages, sources and lock; absent for a finished module. */
  readonly source_digest?: string;
  /** Names compiler and version, such as `rustc 1.63.0`; absent for a finished module. */
  readonly compiler?: string;
  /** Such as `wasm32-wasip1`. */
  readonly target?: string;
  /** What it imports, as `module.name`, sorted; for a bundle those of the engine are left out. */
  readonly imports: readonly string[];
  /** Names the engine of a bundle and its version. */
  readonly engine?: string;
  /** SHA-256 of the engine, in hex. */
  readonly engine_digest?: string;
}

/** A folder or file that a tool was granted. */
export interface GrantedPath {
  /** Real path, absolute. */
  readonly path: string;
  readonly kind: "folder" | "file";
  readonly writable: boolean;
}

/** What a run reaches, and its bounds. */
export interface RunLimits {
  /** Most bytes of linear memory; of a bundle, of all that its engine takes. */
  readonly memoryBytes: number;
  /** Ends the run after this many milliseconds. */
  readonly timeoutMs: number;
  /** Most bytes of stdout; a run that writes more is ended. */
  readonly outputBytes: number;
}
