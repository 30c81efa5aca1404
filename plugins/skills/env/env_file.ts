/**
 * Files of environment variables, such as the `.env` of a skill: read as python-dotenv 1 reads them, and edited without
 * loss.
 *
 * @module
 */
import { type Folder, messageOf, ToolError } from "../../../kernel/mod.ts";
import { cutEnv, type EntryPiece, type Piece, quoteEnvValue, textOfPiece, withValue } from "./env_grammar.ts";
import { ENV_FILE } from "./env_names.ts";
import { cutReferences } from "./references.ts";

/** Most bytes of such a file. */
export const MOST_ENV_BYTES = 1_000_000;
/** Most characters of all values together, references replaced: each may double what the one before it gave. */
const MOST_CHARACTERS = 1_000_000;

const KEY_REGEXP = /^[A-Za-z_][A-Za-z0-9_]*$/;
const HALF_CHARACTER_REGEXP = /\p{Surrogate}/u;

/** A file of environment variables. */
export class EnvFile {
  #pieces: readonly Piece[];

  private constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** Reads a file; lines that cannot be read are kept and mean nothing. */
  static parse(text: string): EnvFile {
    return new EnvFile(cutEnv(text));
  }

  /** Lists the names of all variables that have a value, sorted, each once. */
  keys(): string[] {
    return [...this.#written()].flatMap(([key, value]) => value === undefined ? [] : [key]).sort();
  }

  /**
   * Gives the values by name, references replaced by what stands before them in the file, else by what `lookup` gives,
   * else by their default, else by nothing. Of a name that stands there twice the last value counts; names without `=`
   * have none.
   *
   * @param lookup Gives the variables that are known besides; none by default.
   * @throws {ToolError} when the values are more than 1,000,000 characters together.
   */
  values(lookup: (name: string) => string | undefined = () => undefined): Record<string, string> {
    const values = new Map<string, string | undefined>();
    let left = MOST_CHARACTERS;
    for (const { key, value } of this.#entries()) {
      const parts = value === undefined ? [] : cutReferences(value);
      const replaced = parts.map((part) => {
        if (typeof part === "string") return part;
        return values.has(part.name) ? values.get(part.name) ?? "" : lookup(part.name) ?? part.fallback;
      });
      left -= replaced.reduce((sum, it) => sum + it.length, 0);
      if (left < 0) {
        throw new ToolError(`Cannot read variables: their values have more than ${MOST_CHARACTERS} characters`);
      }
      values.set(key, value === undefined ? undefined : replaced.join(""));
    }
    return Object.fromEntries([...values].filter((it): it is [string, string] => it[1] !== undefined));
  }

  /**
   * Sets variables: in their place when they are there, the last where there are several, else at the end. Everything
   * else stays byte for byte. Values are read back as they are given here: `${` in them refers to nothing.
   *
   * @throws {ToolError} when a name is none, a value cannot be one, or a quote that nothing closes would swallow it;
   * then nothing has changed.
   */
  set(values: Readonly<Record<string, string>>): void {
    const wanted = new Map(Object.entries(values));
    for (const [key, value] of wanted) checkVariable(key, value);
    const left = new Map(wanted);
    const texts: string[] = [];
    for (const piece of [...this.#pieces].reverse()) {
      const value = piece.kind === "entry" ? left.get(piece.key) : undefined;
      texts.push(piece.kind === "entry" && value !== undefined ? withValue(piece, value) : textOfPiece(piece));
      if (piece.kind === "entry") left.delete(piece.key);
    }
    let text = texts.reverse().join("");
    const lineEnd = /\r?\n/.exec(text)?.[0] ?? "\n";
    if (left.size > 0 && text !== "" && !/[\r\n]$/.test(text)) text += lineEnd;
    // as the caller gave them
    for (const key of wanted.keys()) {
      if (left.has(key)) text += `${key}=${quoteEnvValue(left.get(key)!)}${lineEnd}`;
    }
    this.#replace(text, wanted);
  }

  /** Removes variables, with all lines that set them; gives how many of the names were there. */
  delete(keys: readonly string[]): number {
    const unwanted = new Set(keys);
    const found = new Set(this.#entries().filter(({ key }) => unwanted.has(key)).map(({ key }) => key));
    this.#pieces = this.#pieces.filter((piece) => piece.kind !== "entry" || !unwanted.has(piece.key));
    return found.size;
  }

  /** Removes everything, comments as well. */
  clear(): void {
    this.#pieces = [];
  }

  /** Writes the file. */
  toString(): string {
    return this.#pieces.map(textOfPiece).join("");
  }

  #entries(): readonly EntryPiece[] {
    return this.#pieces.filter((piece) => piece.kind === "entry");
  }

  /** Gives what is written for each name. */
  #written(): Map<string, string | undefined> {
    return new Map(this.#entries().map(({ key, value }) => [key, value]));
  }

  /** Takes over a new text, unless a quote that was open changes what it means. */
  #replace(text: string, wanted: ReadonlyMap<string, string>): void {
    const next = EnvFile.parse(text);
    const expected = this.#written();
    for (const [key, value] of wanted) expected.set(key, value.replaceAll("${", "${:-$}{"));
    const read = next.#written();
    const other = [...expected].find(([key, value]) => !read.has(key) || read.get(key) !== value)?.[0];
    if (other === undefined && read.size === expected.size) {
      this.#pieces = next.#pieces;
      return;
    }
    const line = this.#brokenLine();
    throw new ToolError(
      `Cannot set variables: ${line === undefined ? "a line" : `line ${line}`} of the file cannot be read, and with ` +
        'these values it would swallow others; mend that line, or begin anew with operation "clear"',
    );
  }

  /** Gives the number, from 1, of the first line that cannot be read. */
  #brokenLine(): number | undefined {
    let line = 1;
    for (const piece of this.#pieces) {
      const text = textOfPiece(piece);
      if (piece.kind === "other" && /\S/.test(text) && !text.trimStart().startsWith("#")) return line;
      line += text.match(/\r\n|\n|\r/g)?.length ?? 0;
    }
    return undefined;
  }
}

function checkVariable(key: string, value: string): void {
  if (!KEY_REGEXP.test(key)) {
    throw new ToolError(
      `Cannot set variable ${
        JSON.stringify(key)
      }: a name has letters, digits and "_" only, and does not begin with a digit`,
    );
  }
  const problem = value.includes("\0")
    ? "its value holds a NUL character, which no variable can"
    : HALF_CHARACTER_REGEXP.test(value)
    ? "its value holds half a character, which is no text"
    : undefined;
  if (problem !== undefined) throw new ToolError(`Cannot set variable "${key}": ${problem}`);
}

/** Reads the `.env` of a skill; there are no variables when it has none. */
export async function openSkillEnv(folder: Folder): Promise<EnvFile> {
  try {
    const stat = await folder.stat(ENV_FILE);
    // a virtual environment of Python may have the name
    if (stat === undefined || stat.kind === "folder") return EnvFile.parse("");
    const bytes = stat.size > MOST_ENV_BYTES ? undefined : await folder.readBytes(ENV_FILE) ?? new Uint8Array();
    if (bytes === undefined || bytes.length > MOST_ENV_BYTES) {
      throw new Error(`it has ${bytes?.length ?? stat.size} bytes, and at most ${MOST_ENV_BYTES} are read`);
    }
    return EnvFile.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (thrown) {
    const reason = thrown instanceof TypeError ? "it is not UTF-8" : messageOf(thrown);
    throw new ToolError(`Cannot read the ${ENV_FILE} of the skill in "${folder.path}": ${reason}`, { cause: thrown });
  }
}

/**
 * Reads the variables of a skill's `.env`; there are none when it has none.
 *
 * @param lookup Gives the variables that references may name besides; none by default.
 * @throws {ToolError} when it cannot be read.
 */
export async function readSkillEnv(
  folder: Folder,
  lookup?: (name: string) => string | undefined,
): Promise<Record<string, string>> {
  return (await openSkillEnv(folder)).values(lookup);
}
