/**
 * Skills for programs that embed them: find, read, load and serve them without a server of your own making.
 *
 * @example Find the skills of a folder, and load one
 * ```ts
 * import { SkillCatalog, ToolRegistry } from "collet/skills";
 * import assert from "node:assert/strict";
 *
 * const skills = await Deno.makeTempDir();
 * await Deno.mkdir(`${skills}/maya-geometry/scripts`, { recursive: true });
 * await Deno.writeTextFile(
 *   `${skills}/maya-geometry/SKILL.md`,
 *   "---\nname: maya-geometry\ndescription: Polygon modeling\ntools: [create_sphere]\n---\n",
 * );
 * await Deno.writeTextFile(`${skills}/maya-geometry/scripts/create_sphere.py`, "print('{}')\n");
 *
 * const catalog = new SkillCatalog(new ToolRegistry());
 * assert.ok(await catalog.discover([skills], "maya") >= 1);
 * assert.deepEqual(await catalog.loadSkill("maya-geometry"), ["maya_geometry__create_sphere"]);
 * assert.equal(catalog.searchSkills({ query: "polygon" })[0]?.name, "maya-geometry");
 * assert.equal(await catalog.unloadSkill("maya-geometry"), 1);
 * ```
 *
 * @module
 */
import { statSync } from "node:fs";
import type { Folder } from "../../kernel/mod.ts";
import { createEnvironment } from "../../kernel/platform/environment.ts";
import { createFiles } from "../../kernel/platform/files.ts";
import { createProcessesOnDemand } from "../../kernel/platform/on_demand.ts";
import { SkillCatalog as Catalog } from "./catalog/catalog.ts";
import type { CatalogOptions, DiscoverRequest } from "./catalog/catalog_options.ts";
import { type OrderedSkills, orderLeniently, orderStrictly } from "./catalog/order.ts";
import type { ToolRegistry } from "./catalog/registry.ts";
import type { ResolveOptions } from "./catalog/resolver.ts";
import { Requirements, type RequirementsOptions } from "./catalog/requirements.ts";
import { TaskQueue } from "./catalog/task_queue.ts";
import type { Discovery } from "./discovery/found.ts";
import type { DiscoveryHost } from "./discovery/host.ts";
import * as paths from "./discovery/path_functions.ts";
import { Scanner } from "./discovery/scanner.ts";
import type { SkillScope } from "./discovery/scope.ts";
import { SkillScanner as HostedScanner } from "./discovery/skill_scanner.ts";
import { SkillWatcher as HostedWatcher } from "./discovery/watcher.ts";
import { withoutSecrets } from "./env/guarded_folder.ts";
import type { SkillMetadata } from "./format/metadata.ts";
import { type ParsedSkill, parseSkill } from "./format/parse.ts";
import { type SkillValidationReport, validateSkill as validateFolder } from "./format/validate.ts";
import { createRunMain, type RunMain } from "./results/mod.ts";
import { scriptProcess } from "./results/script_process.ts";

export type {
  CatalogOptions,
  DiscoverRequest,
  ExtraPath,
  InProcessExecutor,
  SkillSearch,
  SkillStatus,
} from "./catalog/catalog_options.ts";
export type { CatalogChange, CatalogDiagnostic, CatalogSkill, SkillState } from "./catalog/catalog_skill.ts";
export {
  isSkillValueError,
  type SkillErrorCode,
  type SkillErrorOptions,
  SkillRuntimeError,
  SkillValueError,
} from "./catalog/errors.ts";
export type { GroupChoice, GroupState } from "./catalog/groups.ts";
export type { LoadSkillOptions } from "./catalog/loader.ts";
export { actionName } from "./catalog/naming.ts";
export type { OrderedSkills } from "./catalog/order.ts";
export type { Refusal } from "./catalog/refusal.ts";
export {
  type RegisteredTool,
  type RegistrationReport,
  type RegistryChange,
  type ToolRegistration,
  ToolRegistry,
} from "./catalog/registry.ts";
export { Requirements, type RequirementsOptions, type UseOptions } from "./catalog/requirements.ts";
export {
  type Dependent,
  expandTransitiveDependencies,
  resolveDependencies,
  type ResolveOptions,
  validateDependencies,
} from "./catalog/resolver.ts";
export { type SkillDetail, type SkillDetailGroup, SkillSummary } from "./catalog/summary.ts";
export type { Discovery, FoundSkill, SkippedFolder, UntrustedPath } from "./discovery/found.ts";
export type { AppSkillPathsOptions } from "./discovery/path_functions.ts";
export type { SkillScope } from "./discovery/scope.ts";
export type { SearchPath } from "./discovery/search_paths.ts";
export type { Diagnostic, Severity } from "./format/diagnostics.ts";
export {
  type DeclaredAnnotations,
  type NextTools,
  type ThreadAffinity,
  ToolDeclaration,
  type ToolDeclarationFields,
  type ToolExecution,
} from "./format/declaration.ts";
export { SkillMetadata, type SkillMetadataFields } from "./format/metadata.ts";
export type {
  ExternalDependency,
  PromptArgumentDeclaration,
  PromptDeclaration,
  SkillGroup,
  SkillPolicy,
} from "./format/metadata_parts.ts";
export type { ParsedSkill } from "./format/parse.ts";
export type { SkillValidationReport } from "./format/validate.ts";
export {
  deserializeResult,
  errorResult,
  type ExceptionOptions,
  type FailureOptions,
  fromException,
  type ResultDict,
  type ResultJson,
  type ResultOptions,
  type RunMain,
  SerializeFormat,
  serializeResult,
  skillEntry,
  skillError,
  skillException,
  type SkillFunction,
  skillSuccess,
  skillWarning,
  successResult,
  type ToJsonOptions,
  ToolResult,
  type ToolResultFields,
  validateActionResult,
  type WarningOptions,
} from "./results/mod.ts";
export {
  createSkillServer,
  type McpHttpConfig,
  McpHttpServer,
  type McpServerHandle,
  type SkillServerOptions,
} from "./server/mod.ts";

/** What a catalog on this machine can be told; what is left out is as the machine has it. */
export interface SkillCatalogOptions extends Partial<CatalogOptions> {
  /** What this program is: skills for other products are not loaded. Every skill fits when left out. */
  readonly products?: readonly string[] | undefined;
  /** Tells whether a tool or an MCP server of a name is there; tools of the registry are when left out. */
  readonly hasTool?: RequirementsOptions["hasTool"];
}

/**
 * The catalog of skills on this machine: finds them where {@linkcode collectSkillPaths} says, searches them, loads them.
 */
export class SkillCatalog extends Catalog {
  /** @throws {TypeError} when the registry is none. */
  constructor(registry: ToolRegistry, options: SkillCatalogOptions = {}) {
    const scan = makeScan();
    super(registry, {
      open: openFolder,
      discover: (request) => scan(request),
      requirements: new Requirements({
        environment: createEnvironment(),
        processes: createProcessesOnDemand(),
        products: options.products,
        hasTool: options.hasTool ?? ((name) => registry.get(name) !== undefined),
      }),
      ...options,
    });
  }
}

/**
 * Finds the folders of skills on this machine.
 *
 * @example
 * ```ts
 * import { SkillScanner } from "collet/skills";
 *
 * const scanner = new SkillScanner();
 * const folders = await scanner.scan([await Deno.makeTempDir()]);
 * if (scanner.discoveredSkills.length !== folders.length) throw new Error("unexpected");
 * ```
 */
export class SkillScanner extends HostedScanner {
  constructor() {
    super(thisMachine());
  }
}

/** Watches folders of skills on this machine, and reads skills anew when their files change. */
export class SkillWatcher extends HostedWatcher {
  /**
   * @param debounceMs Milliseconds of quiet before skills are read anew; default 300, 0 allowed.
   * @throws {TypeError} when it is negative or no number.
   */
  constructor(debounceMs = 300) {
    super(thisMachine(), debounceMs);
  }
}

/**
 * Reads the skill of a folder.
 *
 * @param skillDir The folder, or its `SKILL.md`.
 * @returns what its files say; `null` when there is none, or none that can be used.
 */
export async function parseSkillMd(skillDir: string): Promise<SkillMetadata | null> {
  return (await parseSkillMdDetailed(skillDir)).metadata ?? null;
}

/** Reads the skill of a folder, and tells what is wrong or unusual in its files. */
export async function parseSkillMdDetailed(skillDir: string): Promise<ParsedSkill> {
  return await parseSkill(openFolder(skillFolder(skillDir)));
}

/** Checks the skill of a folder strictly, as for publishing. */
export async function validateSkill(skillDir: string): Promise<SkillValidationReport> {
  return await validateFolder(openFolder(skillFolder(skillDir)));
}

/** Lists the folders of skills, as a new {@linkcode SkillScanner} finds them. */
export async function scanSkillPaths(
  extraPaths?: readonly string[] | null,
  dccName?: string | null,
): Promise<string[]> {
  return await new SkillScanner().scan(extraPaths, dccName);
}

/**
 * Finds skills, reads them, and puts each after those that it depends on.
 *
 * @returns the skills, and the folders whose skill cannot be used.
 * @throws {SkillValueError} `DEPENDENCY_MISSING` or `DEPENDENCY_CYCLE`.
 */
export async function scanAndLoad(
  extraPaths?: readonly string[] | null,
  dccName?: string | null,
  options: ResolveOptions = {},
): Promise<OrderedSkills> {
  return orderStrictly(await makeScan()({ extraPaths: extraPaths ?? [], dccName: dccName ?? undefined }), options);
}

/**
 * Does the same without skills that miss a dependency, directly or by others: their folders are among those that are
 * skipped, and `onDiagnostic` is told.
 *
 * @throws {SkillValueError} `DEPENDENCY_CYCLE`.
 */
export async function scanAndLoadLenient(
  extraPaths?: readonly string[] | null,
  dccName?: string | null,
  options: ResolveOptions = {},
): Promise<OrderedSkills> {
  return orderLeniently(await makeScan()({ extraPaths: extraPaths ?? [], dccName: dccName ?? undefined }), options);
}

/**
 * Lists the folders that the variables of an application name, `DCC_MCP_{APP}_SKILL_PATHS` and
 * `COLLET_{APP}_SKILL_PATHS`, of those that exist; variables are read when this is called.
 *
 * @param app In any letter case.
 */
export function getAppSkillPathsFromEnv(app: string, options: paths.AppSkillPathsOptions = {}): string[] {
  return paths.getAppSkillPathsFromEnv(thisMachine(), app, options);
}

/** Lists where skills are looked for, of what exists: extra paths, variables, then folders of the platform. */
export function collectSkillPaths(extraPaths?: readonly string[] | null, dccName?: string | null): string[] {
  return paths.collectSkillPaths(thisMachine(), extraPaths, dccName);
}

/**
 * Gives the platform's folder for skills, or that of an application in it; it need not exist.
 *
 * @throws {SkillValueError} `NAME_INVALID` when the application's name cannot be part of a path.
 */
export function getSkillsDir(dccName?: string | null): string {
  return paths.getSkillsDir(createEnvironment(), dccName);
}

/** Runs a function as the program of a skill's tool, in this process; see {@linkcode RunMain}. */
export const runMain: RunMain = (main, argv) => createRunMain(scriptProcess())(main, argv);

/** Gives what is known of this machine; variables are read when they are asked for. */
function thisMachine(): DiscoveryHost {
  const environment = createEnvironment();
  return { environment, files: createFiles(environment.home), isFolder };
}

function openFolder(path: string): Folder {
  const { environment, files } = thisMachine();
  return withoutSecrets(files.open(environment.expand(path)));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // what cannot be looked at cannot be looked into
    return false;
  }
}

/** Gives the folder of a `SKILL.md`; other paths are folders of skills. */
function skillFolder(path: string): string {
  return /(^|[\\/])SKILL\.md$/.test(path) && !isFolder(path) ? path.slice(0, -"SKILL.md".length) || "." : path;
}

/** Makes a way to find skills that reads again only what changed. */
function makeScan(): (request: DiscoverRequest) => Promise<Discovery> {
  const host = thisMachine();
  const scanner = new Scanner(host);
  const queue = new TaskQueue();
  return ({ extraPaths, dccName }) => {
    const scopes = new Map<string, SkillScope>();
    for (const it of extraPaths) if (typeof it !== "string") scopes.set(host.environment.expand(it.path), it.scope);
    const texts = extraPaths.map((it) => typeof it === "string" ? it : it.path).filter((path) => path !== "");
    const searched = paths.searchPathsOf(host, texts, dccName).map((it) => {
      const scope = it.origin === "extra" ? scopes.get(it.path) : undefined;
      return scope === undefined ? it : { ...it, scope };
    });
    return queue.run(() => scanner.scan(searched));
  };
}
