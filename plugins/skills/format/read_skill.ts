/**
 * Reads all that the files of a skill say, for those who use it and those who check it.
 *
 * @module
 */
import type { Folder, FolderEntry } from "../../../kernel/mod.ts";
import { readDepends } from "./depends.ts";
import { type Diagnostic, Findings } from "./diagnostics.ts";
import type { Extensions } from "./dialects.ts";
import { type Field, FieldMap } from "./fields.ts";
import { splitFrontMatter } from "./front_matter.ts";
import { readFrontMatter } from "./front_matter_reader.ts";
import type { SkillMetadata } from "./metadata.ts";
import { readPrompts } from "./prompt_reader.ts";
import { isScript } from "./scripts.ts";
import { SkillFileReader, type SkillText } from "./file_reader.ts";
import { type DeclaredTool, readGroups, readTools } from "./tool_reader.ts";
import { type ReadYaml, readYaml } from "./yaml.ts";
import type { YamlMap } from "./yaml_tree.ts";

/** What the caller knows already. */
export interface ReadOptions {
  /** The entries of the skill's folder, when they were just listed. */
  readonly entries?: readonly FolderEntry[] | undefined;
}

/** What the files of a skill say, and how they say it. */
export interface SkillReading {
  readonly diagnostics: Diagnostic[];
  readonly files: SkillFileReader;
  /** What is in the skill's folder. */
  readonly entries: readonly FolderEntry[];
  /** `SKILL.md` or `skill.md`; absent when neither can be read. */
  fileName?: string;
  file?: SkillText;
  /** What follows the front matter. */
  body: string;
  yaml?: ReadYaml;
  /** The front matter; absent when it is no mapping. */
  root?: YamlMap;
  extensions?: Extensions;
  /** Absent when the skill cannot be used. */
  metadata?: SkillMetadata;
  tools: readonly DeclaredTool[];
  /** Names that `metadata/depends.md` adds to those of the front matter. */
  addedDepends: readonly string[];
}

/** The names that a skill's file may have, the right one first. */
const FILE_NAMES = ["SKILL.md", "skill.md"] as const;

/** Reads a skill from a folder opened at it. */
export async function readSkill(folder: Folder, options: ReadOptions = {}): Promise<SkillReading> {
  const diagnostics: Diagnostic[] = [];
  const files = new SkillFileReader(folder, new Findings(".", diagnostics));
  const entries = options.entries ?? await folder.list();
  const reading: SkillReading = { diagnostics, files, entries, body: "", tools: [], addedDepends: [] };
  await readFile(reading);
  if (reading.file === undefined) return reading;
  await readHead(reading, reading.file);
  if (reading.root === undefined) return reading;
  const { findings } = reading.file;
  const context = { folderName: folderNameOf(folder), body: reading.body, findings };
  const { metadata, extensions } = readFrontMatter(reading.root, context);
  reading.extensions = extensions;
  if (metadata === undefined) return reading;
  reading.metadata = metadata;
  await readDeclarations(metadata, reading, extensions);
  await readFolders(metadata, reading, folder);
  return reading;
}

async function readFile(reading: SkillReading): Promise<void> {
  const { diagnostics, files, entries } = reading;
  const fileName = FILE_NAMES.find((name) => entries.some(({ path, kind }) => path === name && kind !== "folder"));
  const file = fileName && await files.read(fileName);
  if (fileName !== undefined && file !== undefined) {
    reading.fileName = fileName;
    reading.file = file;
  } else if (diagnostics.length === 0) {
    // what is there and cannot be read was told
    const message = `There is no ${FILE_NAMES[0]}`;
    new Findings(FILE_NAMES[0], diagnostics).error({ rule: "file-missing", message, remedy: "Add one" });
  }
  if (fileName === FILE_NAMES[1]) {
    const message = `Other programs look for ${FILE_NAMES[0]} only`;
    new Findings(fileName, diagnostics).warning({ rule: "file-name", message, remedy: "Rename it" });
  }
}

/** Largest size of a front matter, in characters. */
const LARGEST_FRONT_MATTER = 256 * 1024;

async function readHead(reading: SkillReading, { text: file, findings }: SkillText): Promise<void> {
  const { text, body, isOpened } = splitFrontMatter(file);
  reading.body = body;
  if (text === undefined) {
    findings.error({
      rule: isOpened ? "front-matter-unclosed" : "front-matter-missing",
      message: isOpened ? "No line that is only --- closes the front matter" : "The first line is not ---",
      remedy: 'Begin the file with a line "---", then "name" and "description", then a line "---"',
      line: 1,
    });
    return;
  }
  if (text.length > LARGEST_FRONT_MATTER) {
    const message = `The front matter has ${text.length} characters, and ${LARGEST_FRONT_MATTER} are allowed`;
    findings.error({ rule: "front-matter-too-large", message, remedy: "Move parts of it to other files", line: 1 });
    return;
  }
  const yaml = await readYaml(text, { firstLine: 2, findings });
  reading.yaml = yaml;
  if (yaml.root?.kind === "map") {
    reading.root = yaml.root;
  } else if (yaml.isRead) {
    const message = "The front matter is no mapping of keys to values";
    findings.error({ rule: "front-matter-type", message, remedy: 'Write lines such as "name: …"', line: 2 });
  }
}

function folderNameOf({ path }: Folder): string {
  const end = path.length > 1 && /[/\\]$/.test(path) ? path.length - 1 : path.length;
  return path.slice(Math.max(path.lastIndexOf("/", end - 1), path.lastIndexOf("\\", end - 1)) + 1, end);
}

/** Reads tools, groups and prompts, written in the front matter or in sidecars. */
async function readDeclarations(metadata: SkillMetadata, reading: SkillReading, extensions: Extensions): Promise<void> {
  const { files } = reading;
  const tools = await openDeclaration(extensions.get("tools"), "tools", files);
  const groups = await openDeclaration(extensions.get("groups"), "groups", files);
  reading.tools = readTools(tools?.list);
  metadata.tools = reading.tools.map(({ tool }) => tool);
  // the sidecar of tools may have groups too
  metadata.groups = readGroups(groups?.list ?? tools?.beside?.get("groups"));
  const fields = { prompts: extensions.get("prompts"), workflows: extensions.get("workflows") };
  metadata.prompts = await readPrompts(fields, { files, skillName: metadata.name });
}

/** Lists scripts and notes, and reads `metadata/depends.md`. */
async function readFolders(metadata: SkillMetadata, reading: SkillReading, folder: Folder): Promise<void> {
  const { files, entries } = reading;
  metadata.skillPath = folder.path;
  const has = (name: string) => entries.some(({ path, kind }) => path === name && kind !== "file");
  if (has("scripts")) {
    const scripts = await files.list("scripts");
    metadata.scripts = pathsIn(folder, "scripts", scripts.filter(({ path }) => isScript(path)));
  }
  if (!has("metadata")) return;
  const notes = (await files.list("metadata")).filter(({ path }) => path.toLowerCase().endsWith(".md"));
  metadata.metadataFiles = pathsIn(folder, "metadata", notes);
  if (!notes.some(({ path }) => path === "depends.md")) return;
  reading.addedDepends = (await readDepends(files)).filter((name) => !metadata.depends.includes(name));
  metadata.depends = [...metadata.depends, ...reading.addedDepends];
}

/** Gives absolute paths, which come sorted. */
function pathsIn({ path }: Folder, name: string, entries: readonly FolderEntry[]): string[] {
  const separator = path.includes("\\") && !path.startsWith("/") ? "\\" : "/";
  const base = path.endsWith(separator) ? path : path + separator;
  return entries.map((entry) => `${base}${name}${separator}${entry.path}`);
}

/** Gives the list that a field is, or that stands under `key` in the sidecar that it names, with what is beside it. */
async function openDeclaration(
  field: Field | undefined,
  key: string,
  files: SkillFileReader,
): Promise<{ readonly list: Field | undefined; readonly beside?: FieldMap | undefined } | undefined> {
  if (field === undefined) return undefined;
  if (field.value.kind === "list") return { list: field };
  const sidecar = await files.readSidecar(field);
  if (sidecar === undefined) return { list: undefined };
  if (sidecar.value.kind !== "map") return { list: { ...sidecar, name: key } };
  const beside = FieldMap.of(sidecar)!;
  const list = beside.get(key);
  if (list === undefined) {
    const { findings } = sidecar;
    findings.warning({ rule: "sidecar-empty", message: `The file has no "${key}"`, remedy: `Add a list "${key}"` });
  }
  return { list, beside };
}
