/**
 * Where secrets come from: variables of the server's environment, and a file.
 *
 * @module
 */
import { type Environment, type Files, type FileStat, type Folder, isObject, messageOf } from "../../kernel/mod.ts";

/** Values by name. */
export type Values = Readonly<Record<string, string>>;

const OWN_PREFIX = "COLLET_SECRET_";
/** Variables of skillz, which are secrets under their whole names. */
const SKILLZ_PREFIX = "SKILLZ_";
/** Those that are settings. */
const SETTINGS: readonly string[] = ["SKILLZ_ROOTS", "SKILLZ_SANDBOX", "SKILLZ_SANDBOX_NETWORK"];
const NAME_REGEXP = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const MOST_SECRETS = 1_000;
const LONGEST_VALUE = 65_536;
/** Bits by which group and others read or write. */
const OTHERS = 0o066;

/** The file of secrets, in the home unless the configuration says otherwise. */
export const SECRETS_FILE = "secrets.json";

/** Reads secrets from the variables of the server. */
export function secretsOfEnvironment({ variables }: Pick<Environment, "variables">): Values {
  const skillz = Object.entries(variables(SKILLZ_PREFIX)).filter(([name]) => !SETTINGS.includes(name));
  const own = Object.entries(variables(OWN_PREFIX)).map(([name, value]) => [name.slice(OWN_PREFIX.length), value]);
  // an empty variable is one that was not set
  return Object.fromEntries([...skillz, ...own].filter(([name = "", value]) => value && NAME_REGEXP.test(name)));
}

/** What is known of the file of secrets. */
export interface FileState {
  readonly values: Values;
  /** Why it is not used, if it is not. */
  readonly problem: string | undefined;
  /** Says what to do about the problem. */
  readonly remedy: string | undefined;
  readonly isThere: boolean;
}

const ABSENT: FileState = { values: {}, problem: undefined, remedy: undefined, isThere: false };

/** The file of secrets: a JSON object of texts that its owner alone can read. */
export class SecretsFile {
  /** Absolute path, for messages. */
  readonly path: string;
  readonly #files: Files;
  readonly #folder: Folder;
  readonly #name: string;
  #fingerprint: string | undefined;

  /** @param path Absolute; the file in the home when it is left out. */
  constructor(files: Files, path?: string) {
    this.#files = files;
    const [folder, name] = path === undefined ? [files.path, SECRETS_FILE] : splitLast(path);
    this.#folder = path === undefined ? files : files.open(folder);
    this.#name = name;
    this.path = path ?? `${folder}/${name}`;
  }

  /** Reads the file if it is another than the last time. */
  async readChanged(): Promise<FileState | undefined> {
    try {
      const stat = await this.#stat();
      // not every runtime tells by the fingerprint that permissions were changed
      const fingerprint = stat === undefined ? "absent" : `${stat.fingerprint} ${stat.mode}`;
      if (fingerprint === this.#fingerprint) return undefined;
      const state = await this.check(stat);
      this.#fingerprint = fingerprint;
      return state;
    } catch (thrown) {
      const fingerprint = messageOf(thrown);
      if (fingerprint === this.#fingerprint) return undefined;
      this.#fingerprint = fingerprint;
      return refuse(fingerprint, "make it a file that the user of this server can read");
    }
  }

  /** Reads the file, and judges it. */
  async check(stat?: FileStat): Promise<FileState> {
    const found = stat ?? await this.#stat();
    if (found === undefined) return ABSENT;
    const { mode } = found;
    if (mode !== undefined && (mode & OTHERS) !== 0) {
      return refuse(`others can read or write it (mode ${mode.toString(8)})`, `run chmod 600 "${this.path}"`);
    }
    const text = await this.#folder.readText(this.#name);
    return text === undefined ? ABSENT : parse(text);
  }

  // the permissions of a link tell nothing
  async #stat(): Promise<FileStat | undefined> {
    const stat = await this.#folder.stat(this.#name);
    if (stat?.kind !== "link") return stat;
    const [folder, name] = splitLast(await this.#folder.resolve(this.#name));
    return await this.#files.open(folder).stat(name);
  }
}

function splitLast(path: string): readonly [folder: string, name: string] {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return [path.slice(0, at) || "/", path.slice(at + 1)];
}

function refuse(problem: string, remedy: string): FileState {
  return { values: {}, problem, remedy, isThere: true };
}

function parse(text: string): FileState {
  const remedy = 'write one JSON object of texts, such as {"OPENAI_KEY": "sk-…"}';
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    // the error of the parser quotes the text
    return refuse("it is not valid JSON", remedy);
  }
  if (!isObject(value)) return refuse("it is no JSON object", remedy);
  const entries = Object.entries(value);
  if (entries.length > MOST_SECRETS) return refuse(`it has more than ${MOST_SECRETS} secrets`, "remove some");
  for (const [name, secret] of entries) {
    if (!NAME_REGEXP.test(name)) {
      return refuse(`${JSON.stringify(name.slice(0, 40))} is no name`, "name secrets by letters, digits and _");
    }
    const problem = problemOf(secret);
    if (problem !== undefined) return refuse(`the value of "${name}" ${problem}`, remedy);
  }
  return { values: value as Values, problem: undefined, remedy: undefined, isThere: true };
}

function problemOf(secret: unknown): string | undefined {
  if (typeof secret !== "string") return "is no text";
  if (secret === "") return "is empty";
  if (secret.includes("\0")) return "holds a NUL character";
  return secret.length > LONGEST_VALUE ? `has more than ${LONGEST_VALUE} characters` : undefined;
}
