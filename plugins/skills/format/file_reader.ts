/**
 * Reads the files of a skill within bounds: none leads out of it, none is larger than it may be, and what cannot be read
 * is a finding.
 *
 * @module
 */
import { type Folder, type FolderEntry, isKernelError, messageOf } from "../../../kernel/mod.ts";
import { isEnvFile } from "../env/env_names.ts";
import type { Findings } from "./diagnostics.ts";
import { type Field, parseJson, refuse } from "./fields.ts";
import { normalizeLines } from "./front_matter.ts";
import { inQuotes } from "./quoting.ts";
import { readYaml } from "./yaml.ts";
import { nodeOfJson, type YamlNode } from "./yaml_tree.ts";

/** Largest size of a SKILL.md or a file that it names, in bytes. */
export const LARGEST_FILE = 1024 * 1024;
/** Most files that a pattern stands for. */
const MOST_MATCHES = 100;

const SIDECAR_REGEXP = /\.(?:ya?ml|json)$/i;
const PATTERN_REGEXP = /[*?]/;

/** A file that was read. */
export interface SkillText {
  /** Without a byte order mark, each line ending with `\n`. */
  readonly text: string;
  readonly hasByteOrderMark: boolean;
  /** For what is found in it. */
  readonly findings: Findings;
}

/** Reads the files of one skill. */
export class SkillFileReader {
  /** Files whose change matters, relative to the skill, in the order of reading. */
  readonly sources: Set<string> = new Set();
  readonly #folder: Folder;
  readonly #findings: Findings;

  /** @param findings Findings of any file, to make those of others from. */
  constructor(folder: Folder, findings: Findings) {
    this.#folder = folder;
    this.#findings = findings;
  }

  /**
   * Reads a text file; `undefined` when it is absent or cannot be read, the latter with a finding.
   *
   * @param path Relative to the skill.
   */
  async read(path: string): Promise<SkillText | undefined> {
    const findings = this.#findings.in(path);
    this.sources.add(path);
    if (isEnvFile(path)) {
      const message = `${inQuotes(path)} is a file of secrets, which is not read for anything else`;
      findings.error({ rule: "file-secret", message, remedy: "Name another file" });
      return undefined;
    }
    try {
      const [bytes] = await this.#folder.readMany([path], { mostBytes: LARGEST_FILE });
      if (bytes !== undefined) {
        const text = normalizeLines(decode(bytes, findings));
        return { text, hasByteOrderMark: startsWithMark(bytes), findings };
      }
      await this.#sayWhy(path, findings);
    } catch (thrown) {
      reportUnreadable(thrown, path, findings);
    }
    return undefined;
  }

  /** Adds the finding why a file could not be read, unless it is absent. */
  async #sayWhy(path: string, findings: Findings): Promise<void> {
    const target = await this.#target(path);
    const { size = 0 } = await this.#folder.stat(target) ?? {};
    if (size <= LARGEST_FILE) return void await this.#folder.readBytes(path);
    const message = `The file has ${size} bytes, and ${LARGEST_FILE} are allowed`;
    findings.error({ rule: "file-too-large", message, remedy: "Make it smaller" });
  }

  /** Follows a path to what it leads to. */
  async #target(path: string): Promise<string> {
    const real = await this.#folder.resolve(path);
    return real.slice(this.#folder.path.length).replaceAll("\\", "/").replace(/^\/+/, "") || ".";
  }

  /** Tells whether a path is a file of the skill, or leads to one. */
  async isFile(path: string): Promise<boolean> {
    try {
      return (await this.#folder.stat(await this.#target(path)))?.kind === "file";
    } catch {
      return false;
    }
  }

  /** Lists the files in a folder of the skill, sorted; those behind links only where these stay in the skill. */
  async list(path: string): Promise<readonly FolderEntry[]> {
    const findings = this.#findings.in(path);
    try {
      const files: FolderEntry[] = [];
      for (const entry of await this.#folder.list(path)) {
        if (entry.kind === "file" || entry.kind === "link" && await this.#isContained(`${path}/${entry.path}`)) {
          files.push(entry);
        }
      }
      return files;
    } catch (thrown) {
      reportUnreadable(thrown, path, findings);
      return [];
    }
  }

  async #isContained(path: string): Promise<boolean> {
    try {
      return (await this.#folder.stat(await this.#target(path)))?.kind === "file";
    } catch (thrown) {
      reportUnreadable(thrown, path, this.#findings.in(path));
      return false;
    }
  }

  /**
   * Reads the sidecar that a field names; `undefined` when it does not or cannot be read, with a finding.
   *
   * @param field Has a text.
   */
  async readSidecar(field: Field): Promise<Field | undefined> {
    const path = sidecarPath(field);
    return path === undefined ? undefined : await this.#readSidecarAt(path, field);
  }

  /** Reads the sidecars that a field names: one by its path, or some by a pattern with `*` and `?` in its last part. */
  async readSidecars(field: Field): Promise<Field[]> {
    const path = sidecarPath(field);
    if (path === undefined) return [];
    const paths = PATTERN_REGEXP.test(path) ? await this.#match(path, field) : [path];
    const read: Field[] = [];
    for (const it of paths) {
      const sidecar = await this.#readSidecarAt(it, field);
      if (sidecar !== undefined) read.push(sidecar);
    }
    return read;
  }

  async #readSidecarAt(path: string, { name, line, findings: from }: Field): Promise<Field | undefined> {
    const before = from.list.length;
    const file = await this.read(path);
    if (file === undefined) {
      // what is there and cannot be read was told
      if (from.list.length === before) {
        const message = `${inQuotes(name)} names the file ${inQuotes(path)}, which does not exist`;
        from.error({ rule: "sidecar-missing", message, remedy: "Add the file, or correct its name", line });
      }
      return undefined;
    }
    const { text, findings } = file;
    const value = path.toLowerCase().endsWith(".json")
      ? readJson(text, findings)
      : (await readYaml(text, { findings })).root;
    return value && { name: "", value, line: value.line, findings };
  }

  async #match(path: string, { name, line, findings }: Field): Promise<string[]> {
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
    this.sources.add(folder);
    const pattern = path.slice(path.lastIndexOf("/") + 1);
    const names = PATTERN_REGEXP.test(folder) ? [] : (await this.list(folder)).map((entry) => entry.path);
    const matches = names.filter((it) => SIDECAR_REGEXP.test(it) && matchesPattern(it, pattern));
    if (matches.length === 0 || matches.length > MOST_MATCHES) {
      const [rule, remedy] = matches.length === 0
        ? ["sidecar-missing", 'Add a file, or correct the pattern; only file names may have "*" and "?"']
        : ["sidecar-too-many", `Name at most ${MOST_MATCHES}; the others are left out`];
      const message = `${inQuotes(name)} names ${inQuotes(path)}, which stands for ${matches.length} files`;
      findings.error({ rule, message, remedy, line });
    }
    return matches.slice(0, MOST_MATCHES).map((it) => folder === "." ? it : `${folder}/${it}`);
  }
}

/** Gives the path that a field names; `undefined` with a finding when it leads out of the skill, or to no sidecar. */
function sidecarPath(field: Field): string | undefined {
  const { name, value, line, findings } = field;
  if (value.kind !== "scalar") return refuse(field, "a list, or the path of a file");
  const path = value.text.trim().replace(/^(?:\.\/)+/, "");
  if (!isContainedPath(path)) {
    const message = `${inQuotes(name)} names ${inQuotes(path)}, which is no path within the skill; it is not read`;
    findings.error({ rule: "sidecar-path", message, remedy: 'Write a path relative to the skill, without ".."', line });
    return undefined;
  }
  if (!SIDECAR_REGEXP.test(path)) {
    const message = `${inQuotes(name)} names ${inQuotes(path)}, which is no .yaml, .yml or .json file; it is not read`;
    findings.error({ rule: "sidecar-type", message, line });
    return undefined;
  }
  return path;
}

/** Tells whether a path is relative and stays below where it begins, as far as its text tells. */
export function isContainedPath(path: string): boolean {
  return path !== "" && !path.startsWith("/") && !/[\0\\]/.test(path) && !/^[A-Za-z]:/.test(path) &&
    !path.split("/").includes("..");
}

/** Tells whether a name fits a pattern with `*` and `?`; never takes longer than the product of their lengths. */
export function matchesPattern(name: string, pattern: string): boolean {
  let [at, wanted] = [0, 0];
  let star: { readonly pattern: number; readonly name: number } | undefined;
  while (at < name.length) {
    if (pattern[wanted] === "*") {
      star = { pattern: ++wanted, name: at };
    } else if (wanted < pattern.length && (pattern[wanted] === "?" || pattern[wanted] === name[at])) {
      at++;
      wanted++;
    } else if (star !== undefined) {
      // the last star takes one character more
      star = { pattern: star.pattern, name: star.name + 1 };
      [at, wanted] = [star.name, star.pattern];
    } else {
      return false;
    }
  }
  while (pattern[wanted] === "*") wanted++;
  return wanted === pattern.length;
}

function reportUnreadable(thrown: unknown, path: string, findings: Findings): void {
  const isOutside = isKernelError(thrown) && thrown.code === "PATH_ESCAPED";
  findings.error({
    rule: isOutside ? "link-outside" : "file-unreadable",
    message: isOutside
      ? `${inQuotes(path)} leads out of the skill; it is not read`
      : `${inQuotes(path)} cannot be read: ${messageOf(thrown)}`,
    ...(isOutside && { remedy: "Put a copy in its place" }),
  });
}

const DECODER = new TextDecoder("utf-8", { fatal: true });
const LENIENT_DECODER = new TextDecoder();

function decode(bytes: Uint8Array, findings: Findings): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    const remedy = "Save the file as UTF-8";
    findings.warning({ rule: "encoding", message: "The file is not UTF-8; what is none was replaced", remedy });
    return LENIENT_DECODER.decode(bytes);
  }
}

function startsWithMark([first, second, third]: Uint8Array): boolean {
  return first === 0xef && second === 0xbb && third === 0xbf;
}

function readJson(text: string, findings: Findings): YamlNode | undefined {
  const json = parseJson(text);
  const node = json === undefined ? undefined : nodeOfJson(json);
  if (node === undefined) findings.error({ rule: "json-syntax", message: "This is not JSON, or nested too deep" });
  return node;
}
