/**
 * From what a client wrote to a script of the engine, and from places in that script back to lines of the client.
 *
 * @module
 */
import { ScriptFailure } from "../javascript/failures.ts";
import type { CodeTask } from "../messages.ts";
import { fenceRemedy, syntaxRemedy } from "./remedies.ts";

/** The global by which a script hands over its function; it is gone before that is called. */
export const ENTRY = "__collet_code";

/** What stands before the code, in its first line. */
const HEAD = `${ENTRY}(async()=>{`;
/** Most characters of a line that an error shows. */
const LONGEST_LINE = 120;

const WORD_REGEXP = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;
const NAMESPACE_REGEXP = /^[ \t]*(?:export\s+)?(?:namespace|module)\s+[\w.]+\s*\{/m;
/** A place in the code, as stacks have it. */
const PLACE_REGEXP = /\(?(code\.[jt]s):(\d+)(?::(\d+))?\)?/;
/** How sucrase ends what it says of a place. */
const SUCRASE_PLACE_REGEXP = / \((\d+):(\d+)\)$/;

/** The source of one run. */
export class Source {
  readonly #code: string;
  readonly #isTypeScript: boolean;
  /** As places call it. */
  readonly fileName: string;

  constructor({ code, language }: Pick<CodeTask, "code" | "language">) {
    this.#code = code;
    this.#isTypeScript = language === "typescript";
    this.fileName = this.#isTypeScript ? "code.ts" : "code.js";
  }

  /** Lists what may be names in the code; words in comments and texts are among them. */
  words(): ReadonlySet<string> {
    return new Set(this.#code.match(WORD_REGEXP));
  }

  /**
   * Gives the script.
   *
   * @throws {ScriptFailure} when the TypeScript cannot be read, or this is no code.
   */
  async script(): Promise<string> {
    const fence = fenceRemedy(this.#code);
    if (fence !== undefined) throw this.#syntaxFailure(fence, this.#code.split("```")[0]!.split("\n").length);
    const code = this.#isTypeScript ? await this.#withoutTypes() : this.#code;
    return `${HEAD}${code}\n})`;
  }

  async #withoutTypes(): Promise<string> {
    // sucrase would leave it out without a word
    if (NAMESPACE_REGEXP.test(this.#code)) throw this.#namespaceFailure();
    const { stripTypes } = await import("./strip_types.ts");
    try {
      return stripTypes(this.#code);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const [place, line, column] = SUCRASE_PLACE_REGEXP.exec(message) ?? [];
      const what = message.slice(0, place === undefined ? undefined : -place.length).replace(
        /^Error transforming [^:]*: /,
        "",
      );
      throw this.#syntaxFailure(what, Number(line), Number(column));
    }
  }

  #namespaceFailure(): ScriptFailure {
    const line = this.#code.slice(0, NAMESPACE_REGEXP.exec(this.#code)!.index).split("\n").length;
    return this.#syntaxFailure("namespaces are not there in code; write an object or functions", line);
  }

  /** Tells why the engine could not read the script, from what it threw. */
  async syntaxError(failure: ScriptFailure): Promise<ScriptFailure> {
    if (!failure.message.startsWith("SyntaxError: ")) return failure;
    const { line, column } = this.#placeIn(failure.scriptStack ?? "") ?? {};
    const what = failure.message.slice("SyntaxError: ".length);
    const hint = await this.#hasTypes() ? '; this looks like TypeScript, which is the language "typescript"' : "";
    return this.#syntaxFailure(`${what}${hint}`, line, column);
  }

  /** Tells whether this was said to be JavaScript, and has types. */
  async #hasTypes(): Promise<boolean> {
    if (this.#isTypeScript) return false;
    const { stripTypes } = await import("./strip_types.ts");
    try {
      return stripTypes(this.#code) !== this.#code;
    } catch {
      return false;
    }
  }

  #syntaxFailure(what: string, line?: number, column?: number): ScriptFailure {
    const lines = this.#code.split("\n");
    const shown = lines[(line ?? 0) - 1];
    const last = Math.min(line ?? 1, lines.length);
    const remedy = syntaxRemedy({ lines, what, line, column });
    if (line === undefined || Number.isNaN(line)) return new ScriptFailure(`SyntaxError: ${remedy ?? what}`);
    const where = `line ${last}${column === undefined || shown === undefined ? "" : `, column ${column}`}`;
    return new ScriptFailure(`SyntaxError in ${where}: ${remedy ?? what}\n${shownLine(lines, last)}`);
  }

  /** Gives the lines of a stack with places in the code, as the client counts them, and the first of these lines. */
  placesOf(stack: string): string {
    let first: number | undefined;
    const places = stack.split("\n").flatMap((frame) => {
      const place = this.#placeIn(frame);
      if (place === undefined) return [];
      first ??= place.line;
      const [, name = ""] = /^\s*at (.*?) ?\(/.exec(frame) ?? [];
      const at = `${this.fileName}:${place.line}${place.column === undefined ? "" : `:${place.column}`}`;
      return [name === "" || name === "<anonymous>" ? `    at ${at}` : `    at ${name} (${at})`];
    });
    const lines = this.#code.split("\n");
    if (first !== undefined && first <= lines.length) places.push(shownLine(lines, first));
    return places.join("\n");
  }

  #placeIn(text: string): { readonly line: number; readonly column?: number } | undefined {
    const [, file, line, column] = PLACE_REGEXP.exec(text) ?? [];
    if (file !== this.fileName || line === undefined) return undefined;
    // columns of TypeScript are those without types
    if (column === undefined || this.#isTypeScript) return { line: Number(line) };
    const own = Number(column) - (line === "1" ? HEAD.length : 0);
    // the engine may name the place where the whole function begins
    return own < 1 ? { line: Number(line) } : { line: Number(line), column: own };
  }
}

function shownLine(lines: readonly string[], line: number): string {
  return `  ${line} | ${(lines[line - 1] ?? "").slice(0, LONGEST_LINE).trimEnd()}`;
}
