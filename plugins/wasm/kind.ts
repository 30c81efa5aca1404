/**
 * Tools of the kind `wasm`, as the library loads them.
 *
 * @module
 */
import { type Call, type Folder, isToolError, type Lazy, ToolError } from "../../kernel/mod.ts";
import type { LoadedTool, LoadOptions, Manifest, ManifestDraft, ToolKind } from "../library/contract.ts";
import { requiredServices, type Services } from "../services/contract.ts";
import type { Builder, Built } from "./build/builder.ts";
import type { Source } from "./build/compiler.ts";
import { BUILD_FILES } from "./build/source_files.ts";
import type { DefaultLimits } from "./page.ts";
import type { ArtifactKind, BuildRecord } from "./program.ts";
import type { GivenToRun, WasmGrants } from "./run/wasm_grants.ts";
import type { WasmRuntime } from "./run/runtime.ts";
import { type FoundArtifact, isMissingToolchain, readBuild } from "./stored_build.ts";
import { digestOfSource, entryFor, entryOf, filesOf, hasSource } from "./tool_files.ts";

/** What the kind works with. */
export interface WasmKindOptions {
  readonly builder: Lazy<Builder>;
  readonly runtime: Lazy<WasmRuntime>;
  readonly grants: WasmGrants;
  /** Of tools that ask for none. */
  readonly limits: DefaultLimits;
  /** What starts services, if there is such a thing. */
  readonly services: Services | undefined;
}

/** Makes the kind. */
export function wasmKind(options: WasmKindOptions): ToolKind {
  return {
    kind: "wasm",
    prepared: BUILD_FILES,
    prepare: (manifest, staging, call) => prepareTool(manifest, staging, { ...options, call }),
    load: (manifest, folder, loading) => loadTool(manifest, folder, { ...options, ...loading }),
    async describe(manifest, folder) {
      const { describeBuild } = await import("./page.ts");
      return await describeBuild(manifest, folder, options.limits);
    },
  };
}

/** Compiles what came without its artifact, or was changed since; of the rest it makes the record true. */
async function prepareTool(
  manifest: ManifestDraft,
  staging: Folder,
  { builder, grants, call }: WasmKindOptions & { readonly call: Call },
): Promise<ManifestDraft> {
  grants.read(manifest.grants);
  const { artifact, source } = await readBuild(manifest, staging).catch((error) => {
    throw isToolError(error) ? new ToolError(`Cannot save tool "${manifest.name}": ${error.message}`) : error;
  });
  if (source === undefined) return withRecord(manifest, artifact!.record);
  const built = await buildOr(artifact, { builder, source, call });
  if (built === undefined) return withRecord(manifest, artifact!.record);
  const locked = { ...source, lock: built.lock ?? source.lock };
  const entry = entryFor(manifest.name, built.record.kind);
  for (const [path, text] of Object.entries(filesOf(locked))) {
    if (await staging.readText(path) !== text) await staging.writeAtomic(path, text);
  }
  if (entryOf(manifest) !== entry) await staging.remove(entryOf(manifest));
  await staging.writeAtomic(entry, built.bytes);
  const record = { ...built.record, source_digest: await digestOfSource(locked) };
  return withRecord({ ...manifest, entry_file: entry, language: source.language }, record);
}

function withRecord(manifest: ManifestDraft, record: BuildRecord): ManifestDraft {
  return { ...manifest, build: { ...record } };
}

/** Builds a changed source; `undefined` when its compiler is not there, and the artifact from before still is. */
async function buildOr(
  artifact: FoundArtifact | undefined,
  { builder, source, call }: Pick<WasmKindOptions, "builder"> & { readonly source: Source; readonly call: Call },
): Promise<Built | undefined> {
  try {
    return await (await builder.get()).build(source, call);
  } catch (error) {
    if (artifact === undefined || !isMissingToolchain(error)) throw error;
    call.log("warning", `"${source.name}" runs as it was built before: its source was changed, and ${reasonOf(error)}`);
    return undefined;
  }
}

function reasonOf({ message }: ToolError): string {
  return message.split("\n")[0]!.replace(/^Cannot build "[^"]*" from/, "it cannot be built here:");
}

async function loadTool(
  manifest: Manifest,
  folder: Folder,
  { builder, runtime, grants, services, memory }: WasmKindOptions & LoadOptions,
): Promise<LoadedTool> {
  const { name, protocol, output_schema: output, requires_services: required = [] } = manifest;
  const ensureServices = requiredServices(required, services);
  const entry = entryOf(manifest);
  if (await folder.stat(entry) === undefined && !await hasSource(manifest, folder)) {
    throw new Error(`its file "${entry}" is missing`);
  }
  const program = new LoadedProgram(manifest, { folder, builder });
  return {
    async run(args, call) {
      const artifact = await program.open(call);
      const given = await grants.give(manifest, { folder, digest: artifact.digest, call });
      const ready = await ensureServices?.({ call, secrets: secretsOf(given) });
      const env = { ...given.env, ...ready?.env };
      const run = { name, ...artifact, ...given, env, args, memory, protocol, isJsonWanted: output !== undefined };
      return await (await runtime.get()).run(run, call);
    },
  };
}

function secretsOf({ env, secrets }: GivenToRun): Readonly<Record<string, string>> {
  return Object.fromEntries(secrets.map((name) => [name, env[name]!]));
}

/** What a run needs of an artifact. */
interface OpenedArtifact {
  readonly kind: ArtifactKind;
  readonly digest: string;
  load(): Promise<Uint8Array>;
}

/** The artifact of a loaded tool: looked at when it is first called, and read again when it is not kept compiled. */
class LoadedProgram {
  readonly #manifest: Manifest;
  readonly #options: { readonly folder: Folder; readonly builder: Lazy<Builder> };
  #opening: ReturnType<typeof readBuild> | undefined;
  #opened: Pick<OpenedArtifact, "kind" | "digest"> | undefined;

  constructor(manifest: Manifest, options: { readonly folder: Folder; readonly builder: Lazy<Builder> }) {
    this.#manifest = manifest;
    this.#options = options;
  }

  async open(call: Call): Promise<OpenedArtifact> {
    if (this.#opened !== undefined) return { ...this.#opened, load: () => this.#readAgain(call) };
    const { bytes, record: { kind, digest } } = await this.#find(call);
    this.#opened = { kind, digest };
    // those of who asked first are at hand
    return { kind, digest, load: () => Promise.resolve(bytes) };
  }

  async #find(call: Call): Promise<FoundArtifact> {
    const { artifact, source } = await this.#read();
    if (source === undefined) return artifact!;
    return await buildOr(artifact, { ...this.#options, source, call }) ?? artifact!;
  }

  // many calls at once read it once
  async #read(): ReturnType<typeof readBuild> {
    const { folder } = this.#options;
    const reading = this.#opening ??= readBuild(this.#manifest, folder).finally(() => this.#opening = undefined);
    try {
      return await reading;
    } catch (error) {
      throw isToolError(error)
        ? new ToolError(`Cannot run "${this.#manifest.name}": ${error.message}`, { cause: error })
        : error;
    }
  }

  async #readAgain(call: Call): Promise<Uint8Array> {
    const before = this.#opened!;
    const { bytes, record: { kind, digest } } = await this.#find(call);
    if (digest === before.digest) return bytes;
    // the next call is one of what is there now
    this.#opened = { kind, digest };
    throw new ToolError(`Cannot run "${this.#manifest.name}": its file was changed while it was called; call it again`);
  }
}
