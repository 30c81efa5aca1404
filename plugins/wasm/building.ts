/**
 * From what `build_tool` was given to a saved tool.
 *
 * @module
 */
import { type Call, type Lazy, type Log, textOf, type Toolbox, ToolError } from "../../kernel/mod.ts";
import type { ManifestDraft, ToolLibrary } from "../library/contract.ts";
import type { BuildAnswer } from "./answer.ts";
import type { Builder } from "./build/builder.ts";
import type { Source } from "./build/compiler.ts";
import { type BuildRequest, prepareBuild, type RegistrationOptions } from "./registration.ts";
import { digestOfSource, entryFor, filesOf } from "./tool_files.ts";
import { type StoredSource, StoredTools } from "./unchanged.ts";

/** What {@linkcode Building} works with. */
export interface BuildingOptions extends RegistrationOptions {
  readonly log: Log;
  readonly library: ToolLibrary;
  readonly toolbox: Toolbox;
  readonly builder: Lazy<Builder>;
}

/** A request, and how it is saved. */
export interface BuildOrder extends BuildRequest {
  readonly overwrite: boolean;
  readonly verify: boolean;
}

/** Builds tools, and saves them. */
export class Building {
  readonly #options: BuildingOptions;
  readonly #stored: StoredTools;

  constructor(options: BuildingOptions) {
    this.#options = options;
    this.#stored = new StoredTools(options.library);
  }

  /**
   * Builds a tool and saves it, unless it is that already.
   *
   * @throws {ToolError} so that nothing is saved.
   */
  async run(given: BuildOrder, call: Call): Promise<BuildAnswer> {
    const { overwrite, verify, name } = given;
    const { source: bare, draft } = await prepareBuild(given, { ...this.#options, call });
    const before = overwrite ? await this.#stored.read(name) : undefined;
    const source = { ...bare, lock: before && lockFor(bare, before) };
    const same = before && await this.#findSame(before, { draft, source, call });
    if (same === undefined) return { ...await this.#build(source, { draft, given, call }), isVerified: verify };
    if (verify) await this.#verifyAsItIs(name, call);
    return { ...same, isVerified: verify };
  }

  async #build(
    source: Source,
    { draft, given, call }: { readonly draft: ManifestDraft; readonly given: BuildOrder; readonly call: Call },
  ): Promise<Omit<BuildAnswer, "isVerified">> {
    const { library, builder, log } = this.#options;
    const { name, overwrite, verify } = given;
    // before anything is compiled for it
    await library.check(draft, { overwrite });
    const built = await (await builder.get()).build(source, call);
    const locked = { ...source, lock: built.lock };
    const entry = entryFor(name, built.record.kind);
    const digest = source.language === "wasm" ? undefined : await digestOfSource(locked);
    const record = { ...built.record, ...(digest !== undefined && { source_digest: digest }) };
    const saved = await library.save(
      { ...draft, entry_file: entry, build: record },
      { ...filesOf(locked), [entry]: built.bytes },
      { overwrite, verify, call },
    );
    log.info(`Tool "${name}" ${saved.manifest.version} was built`, { language: source.language });
    return { ...saved, built, isUnchanged: false };
  }

  /** Finds the tool, if a build would change nothing of it. */
  async #findSame(
    before: StoredSource,
    { draft, source, call }: { readonly draft: ManifestDraft; readonly source: Source; readonly call: Call },
  ): Promise<Omit<BuildAnswer, "isVerified"> | undefined> {
    const built = await (await this.#options.builder.get()).find(source, call);
    if (built === undefined || !await this.#stored.isSame(before, { draft, source, built })) return undefined;
    const { manifest, folder } = before;
    return { manifest, path: folder.path, replaced: undefined, built: { ...built, isCached: true }, isUnchanged: true };
  }

  async #verifyAsItIs(name: string, call: Call): Promise<void> {
    const tested = await this.#options.toolbox.call("test_tool", { tool_name: name }, call);
    if (!tested.isError) return;
    throw new ToolError(`Tool "${name}" is what it was, and its examples do not pass\n\n${textOf(tested)}`);
  }
}

/** Gives the lock of the tool as it is, when the same packages are to be taken. */
function lockFor({ language, dependencies }: Source, { source: stored }: StoredSource): string | undefined {
  if (stored?.language !== language) return undefined;
  return JSON.stringify(stored.dependencies) === JSON.stringify(dependencies) ? stored.lock : undefined;
}
