/**
 * From what `build_tool` was given to a source and a manifest.
 *
 * @module
 */
import {
  type Call,
  type Environment,
  type Files,
  type JsonObject,
  messageOf,
  sha256,
  toBase64,
  ToolError,
} from "../../kernel/mod.ts";
import type { GrantPolicy } from "../grants/contract.ts";
import type { ManifestDraft, ToolExample } from "../library/contract.ts";
import type { Language, Source } from "./build/compiler.ts";
import { recogniseLanguage } from "./build/recognise.ts";
import { isSourcePath, mainFileOf } from "./build/source_files.ts";
import type { WasmGrants } from "./run/wasm_grants.ts";

/** As in skillz, which knew no other. */
const DEFAULT_LANGUAGE: Language = "rust";
const PATH_REGEXP = /^[^\n]+\.wasm$/;
const MOST_FILES = 200;

/** What `build_tool` was given. */
export interface BuildRequest {
  readonly name: string;
  readonly description: string;
  /** The main file; of a finished module its Base64, or its path. */
  readonly code: string;
  readonly language?: Language | undefined;
  readonly files?: Readonly<Record<string, string>> | undefined;
  readonly input_schema?: JsonObject | undefined;
  readonly output_schema?: JsonObject | undefined;
  readonly annotations?: JsonObject | undefined;
  readonly dependencies: readonly string[];
  readonly grants?: JsonObject | undefined;
  readonly timeout_ms?: number | undefined;
  readonly memory_mb?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly examples?: readonly ToolExample[] | undefined;
  readonly protocol?: 1 | 2 | undefined;
}

/** A tool that can be built. */
export interface PreparedBuild {
  /** Without a lock. */
  readonly source: Source;
  /** Without what the build adds to it: `entry_file` and `build`. */
  readonly draft: ManifestDraft;
}

/** What requests are checked with. */
export interface RegistrationOptions {
  readonly environment: Environment;
  readonly files: Files;
  readonly grants: Pick<WasmGrants, "read">;
  /** Decides which modules of this machine may be read; without it none may. */
  readonly policy: GrantPolicy | undefined;
}

/**
 * Makes source and manifest of a request.
 *
 * @throws {ToolError} saying what to change.
 */
export async function prepareBuild(
  given: BuildRequest,
  { call, ...options }: RegistrationOptions & { readonly call: Call },
): Promise<PreparedBuild> {
  const { name, code, dependencies, files = {} } = given;
  const fail = (why: string) => new ToolError(`Cannot build "${name}": ${why}`);
  if (code.trim() === "") throw fail('"code" is empty');
  if (given.description.trim() === "") throw fail('"description" is empty; it is how a model chooses the tool');
  const language = given.language ?? recogniseLanguage(code) ?? DEFAULT_LANGUAGE;
  checkFiles(files, { language, fail });
  const { timeout_ms: timeout, memory_mb: memory } = given;
  const grants = options.grants.read({
    ...given.grants,
    ...(timeout !== undefined && { timeout_ms: timeout }),
    ...(memory !== undefined && { memory_mb: memory }),
  });
  const source = {
    name,
    language,
    code: language === "wasm" ? await readModule(code, { ...options, name, call, fail }) : code,
    files,
    dependencies,
  };
  const draft = {
    name,
    description: given.description,
    tool_type: "wasm",
    input_schema: given.input_schema ?? { type: "object", properties: {} },
    output_schema: given.output_schema,
    annotations: given.annotations,
    wasm_dependencies: dependencies.length === 0 ? undefined : dependencies,
    language,
    tags: given.tags,
    examples: given.examples,
    protocol: given.protocol,
    grants: Object.keys(grants).length === 0 ? undefined : grants,
  };
  return { source, draft: withoutUndefined(draft) };
}

function checkFiles(
  files: Readonly<Record<string, string>>,
  { language, fail }: { readonly language: Language; readonly fail: (why: string) => ToolError },
): void {
  const paths = Object.keys(files);
  if (paths.length > MOST_FILES) throw fail(`"files" has ${paths.length} entries, expected ${MOST_FILES} at most`);
  if (language === "wasm" && paths.length > 0) throw fail('a finished module has no "files"');
  for (const path of paths) {
    if (!isSourcePath(path)) {
      throw fail(
        `"files" has ${JSON.stringify(path)}, expected a path beside the main file, such as "util/text.rs": ` +
          'letters, digits and "._@+-" in each part, none that begins or ends with a dot or names a device',
      );
    }
    if (path.toLowerCase() === mainFileOf(language)) {
      throw fail(`"files" has "${path}", which is the main file: that is "code"`);
    }
    const parent = paths.find((it) => it.startsWith(`${path}/`));
    if (parent !== undefined) throw fail(`"files" has "${path}" as a file, and as a folder in "${parent}"`);
  }
  const lower = new Map<string, string>();
  for (const path of paths) {
    const alike = lower.get(path.toLowerCase());
    if (alike !== undefined) {
      throw fail(`"files" has "${alike}" and "${path}", which some file systems cannot tell apart`);
    }
    lower.set(path.toLowerCase(), path);
  }
}

interface ModuleOptions extends Omit<RegistrationOptions, "grants"> {
  readonly name: string;
  readonly call: Call;
  readonly fail: (why: string) => ToolError;
}

/** Gives a finished module as Base64: as it was given, or as the file is that was named. */
async function readModule(code: string, options: ModuleOptions): Promise<string> {
  const path = code.trim();
  return PATH_REGEXP.test(path) ? toBase64(await readNamedModule(path, options)) : code;
}

async function readNamedModule(
  given: string,
  { name, call, policy, environment, files, fail }: ModuleOptions,
): Promise<Uint8Array> {
  if (policy === undefined) {
    throw fail(
      '"code" is a path, and nothing here decides which files may be read (the plugin "grants" does); ' +
        "give the module as Base64",
    );
  }
  const path = environment.expand(given);
  // what was allowed is this file, whatever is built of it
  const digest = await sha256(path);
  const { read: [real = path] = [] } = await policy.authorize({ tool: name, digest, grants: { read: [path] } }, call);
  const [, folder = "/", file = ""] = /^(.*[/\\])([^/\\]+)$/.exec(real) ?? [];
  const { readModuleFile } = await import("./build/finished_module.ts");
  return await readModuleFile(files.open(folder), file).catch((error) => {
    throw fail(messageOf(error));
  });
}

// what a schema leaves out is `undefined` in its output type, and absent in its value
function withoutUndefined(draft: { readonly [K in keyof ManifestDraft]: unknown }): ManifestDraft {
  return Object.fromEntries(
    Object.entries(draft).filter(([, value]) => value !== undefined),
  ) as unknown as ManifestDraft;
}
