/**
 * The older layout of skillz: one `manifest.json` for all tools and their files in `scripts/`. It is turned into a folder
 * for each tool, once; the old manifest becomes `manifest.json.bak`, and `scripts/` stays as it is.
 *
 * Each tool is made in the staging folder and put in place by one rename, and the old manifest is renamed last: whatever
 * interrupts it, the next start goes on with the tools that are missing.
 *
 * @module
 */
import { isObject, type JsonObject, type Log, messageOf } from "../../kernel/mod.ts";
import type { FileSet } from "./contract.ts";
import { isToolName, MANIFEST_FILE } from "./layout.ts";
import type { ToolStorage } from "./storage.ts";

const SCRIPTS_FOLDER = "scripts";
/** Fields under which an entry may name its file; those that are no fields of today's manifests are left out of it. */
const FILE_FIELDS = ["entry_file", "script_path", "wasm_path", "path", "file", "script"] as const;
const TEXT_FIELDS = ["description", "tool_type", "interpreter"] as const;
// skillz makes its scripts executable, and those without an interpreter have to be
const MODE = 0o755;

/** One tool of the old manifest, not looked at yet. */
interface OldTool {
  readonly name: unknown;
  readonly entry: unknown;
}

/** A tool whose entry can be used. */
interface Named {
  readonly name: string;
  readonly entry: JsonObject;
}

/** What came of the tools of an old manifest. */
interface Outcome {
  readonly made: string[];
  readonly there: string[];
  /** Names, with the reason. */
  readonly failed: string[];
}

/** Turns the older layout of skillz into today's, if it is there. Trouble is logged, and met again at the next start. */
export async function migrateOldLayout(storage: ToolStorage, log: Log): Promise<void> {
  const { folder } = storage;
  const place = { file: `${folder.path}/${MANIFEST_FILE}` };
  try {
    if (await folder.stat(MANIFEST_FILE) === undefined) return;
    await storage.locked(async () => {
      const text = await folder.readText(MANIFEST_FILE);
      // another server was faster
      if (text === undefined) return;
      const tools = readTools(text);
      if (tools === undefined) {
        return log.warn("Left alone what is no manifest of skillz's older layout: it is no map of tools", place);
      }
      const outcome = await makeTools(storage, tools);
      const backup = await keepOldManifest(storage);
      report(outcome, { log, place: { folder: folder.path, backup } });
    });
  } catch (error) {
    log.warn(`Cannot take over skillz's older layout: ${messageOf(error)}`, place);
  }
}

/** Lists the tools of an old manifest: a map by name, or a list, alone or under `tools`; `undefined` when it is neither. */
function readTools(text: string): readonly OldTool[] | undefined {
  const json = JSON.parse(text) as unknown;
  if (!isObject(json)) return undefined;
  const listed = isOldEntry(json["tools"]) ? json : json["tools"] ?? json;
  const tools = Array.isArray(listed)
    ? listed.map((entry) => ({ name: isObject(entry) ? entry["name"] : undefined, entry }))
    : Object.entries(listed).map(([name, entry]) => ({ name, entry }));
  return tools.length === 0 || tools.some(({ entry }) => isOldEntry(entry)) ? tools : undefined;
}

// the manifest of one tool, put into the wrong folder, holds schemas and the like, which say nothing of themselves
function isOldEntry(entry: unknown): entry is JsonObject {
  return isObject(entry) && [...TEXT_FIELDS, ...FILE_FIELDS].some((field) => typeof entry[field] === "string");
}

async function makeTools(storage: ToolStorage, tools: readonly OldTool[]): Promise<Outcome> {
  const outcome: Outcome = { made: [], there: [], failed: [] };
  for (const { name, entry } of tools) {
    try {
      if (!isToolName(name)) throw new Error("a name has 1 to 64 of A-Z a-z 0-9 _ -");
      if (!isOldEntry(entry)) throw new Error("it does not describe a tool");
      if (await storage.folder.stat(name) !== undefined) outcome.there.push(name);
      else {
        await makeTool(storage, { name, entry });
        outcome.made.push(name);
      }
    } catch (error) {
      outcome.failed.push(`${JSON.stringify(name)}: ${messageOf(error)}`);
    }
  }
  return outcome;
}

async function makeTool(storage: ToolStorage, { name, entry }: Named): Promise<void> {
  const found = await findFile(storage, { name, entry });
  const isWasm = found?.path.endsWith(".wasm") ?? false;
  const given = Object.entries(entry).filter(([field]) => field === "entry_file" || !isFileField(field));
  const manifest: JsonObject = {
    ...Object.fromEntries(given),
    name,
    description: entry["description"] ?? "",
    tool_type: entry["tool_type"] ?? (isWasm ? "wasm" : "script"),
    ...(found !== undefined && !isWasm && { entry_file: found.file }),
  };
  const files: Record<string, FileSet[string]> = {
    [MANIFEST_FILE]: `${JSON.stringify(manifest, null, 2)}\n`,
    ...(found !== undefined && { [isWasm ? `${name}.wasm` : found.file]: { data: found.data, mode: MODE } }),
  };
  const staged = await storage.stage(name, files);
  try {
    await storage.folder.move(staged.path, name);
  } finally {
    await staged.discard();
  }
}

function isFileField(field: string): boolean {
  return (FILE_FIELDS as readonly string[]).includes(field);
}

/** Finds the file of a tool: where its entry says, else by its name; `undefined` leaves a tool that is listed as broken. */
async function findFile({ folder }: ToolStorage, { name, entry }: Named) {
  const named = FILE_FIELDS.map((field) => entry[field]).filter((it): it is string => typeof it === "string");
  const scripts = (await folder.list(SCRIPTS_FOLDER)).filter((it) => it.kind === "file").map((it) => it.path);
  const alike = scripts.filter((it) => it === name || it.replace(/\.[^.]*$/, "") === name);
  const candidates = [
    ...named.flatMap((path) => {
      const base = path.split(/[/\\]/).at(-1) ?? "";
      // the folder may have been somewhere else when the path was written
      return [path.startsWith(`${folder.path}/`) ? path.slice(folder.path.length + 1) : path, `scripts/${base}`, base];
    }),
    ...alike.map((it) => `${SCRIPTS_FOLDER}/${it}`),
    `${name}.wasm`,
  ];
  for (const path of candidates) {
    // a path that leads out of the folder is none of its files
    const data = await folder.readBytes(path).catch(() => undefined);
    const file = path.split("/").at(-1)!;
    if (data !== undefined && file !== MANIFEST_FILE) return { path, file, data };
  }
  return undefined;
}

/** Renames the old manifest; a backup that is there already is never overwritten. */
async function keepOldManifest({ folder }: ToolStorage): Promise<string> {
  for (let i = 0;; i++) {
    const backup = `${MANIFEST_FILE}.bak${i === 0 ? "" : `.${i}`}`;
    if (await folder.stat(backup) !== undefined) continue;
    await folder.move(MANIFEST_FILE, backup);
    return backup;
  }
}

function report(
  { made, there, failed }: Outcome,
  { log, place }: { readonly log: Log; readonly place: JsonObject },
): void {
  const facts = { ...place, tools: made.join(" "), ...(there.length > 0 && { there: there.join(" ") }) };
  log.info(`Took over ${made.length} tools of skillz's older layout, each into a folder of its own`, facts);
  if (failed.length > 0) log.warn(`Not taken over of skillz's older layout: ${failed.join("; ")}`, place);
}
