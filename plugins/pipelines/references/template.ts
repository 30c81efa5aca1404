/**
 * JSON with references in its texts, read once and filled in as often as it is needed.
 *
 * A text that is one reference and nothing else becomes the value, of whatever type. In a longer text a reference
 * becomes text: a text as it is, anything else as JSON. `$$` is a dollar. Keys of objects are never references.
 *
 * @module
 */
import { formatPath, ToolError } from "../../../kernel/mod.ts";
import type { Path, ProblemText } from "../problems.ts";
import { isReferenceAt, readReference, type Reference } from "./reference.ts";
import { lookUp, type Values } from "./values.ts";

/** A reference that was found, and where. */
export interface FoundReference {
  readonly reference: Reference;
  /** The text that holds it, from the root of the definition. */
  readonly path: Path;
  /** The text is the reference and nothing else, so that its value is taken over with its type. */
  readonly isWhole: boolean;
}

/** A text that cannot be read. */
export interface Fault extends ProblemText {
  readonly path: Path;
}

/** What bounds the filling of a template. */
export interface FillOptions {
  /** Most characters that texts with references may come to, all together; 8,000,000 by default. */
  readonly mostCharacters?: number;
}

/** Most characters of texts with references. */
const MOST_CHARACTERS = 8_000_000;
/** Levels of lists and objects. */
const MOST_LEVELS = 100;

/** A text, cut where it refers to something: texts, and references. */
type Pieces = readonly (string | Reference)[];

/** A part of a template. */
type Part =
  | { readonly kind: "constant"; readonly value: unknown }
  | { readonly kind: "reference"; readonly reference: Reference }
  | { readonly kind: "text"; readonly pieces: Pieces; readonly path: Path }
  | { readonly kind: "list"; readonly parts: readonly Part[] }
  | { readonly kind: "object"; readonly parts: readonly (readonly [string, Part])[] };

/** JSON with references. */
export class Template {
  /** In the order in which they stand. */
  readonly references: readonly FoundReference[];
  /** What keeps it from being filled. */
  readonly faults: readonly Fault[];
  readonly #root: Part;

  private constructor({ references, faults }: Reader, root: Part) {
    this.references = references;
    this.faults = faults;
    this.#root = root;
  }

  /**
   * Reads a template, in time that is linear in its size.
   *
   * @param value JSON.
   * @param path Where it stands, for messages and for what is found: such as `["steps", 2, "args"]`.
   */
  static parse(value: unknown, path: Path): Template {
    const reader = new Reader();
    return new Template(reader, reader.read(value, path));
  }

  /**
   * Puts values in the place of references. What has no references is shared, not copied.
   *
   * @throws {ToolError} when a value is missing, texts get too long, or the template has faults.
   */
  fill(values: Values, { mostCharacters = MOST_CHARACTERS }: FillOptions = {}): unknown {
    const [fault] = this.faults;
    if (fault !== undefined) throw new ToolError(formatFault(fault));
    return fillPart(this.#root, { values, charactersLeft: mostCharacters, mostCharacters });
  }
}

/** Formats a fault as one line: `Cannot read args.text: expected …; write …`. */
export function formatFault({ path, message, fix }: Fault): string {
  const place = path.length === 0 ? "the text" : formatPath(path);
  return `Cannot read ${place}: ${message}; ${fix}`;
}

class Reader {
  readonly references: FoundReference[] = [];
  readonly faults: Fault[] = [];

  read(value: unknown, path: Path, level = 0): Part {
    if (typeof value === "string") return this.#readText(value, path);
    if (typeof value !== "object" || value === null) return { kind: "constant", value };
    if (level === MOST_LEVELS) {
      this.faults.push({
        path,
        message: `lists and objects are nested deeper than ${MOST_LEVELS} levels`,
        fix: "pass such data through $input or a step",
      });
      return { kind: "constant", value };
    }
    return Array.isArray(value)
      ? this.#readList(value, path, level)
      : this.#readObject(value as Readonly<Record<string, unknown>>, path, level);
  }

  #readList(items: readonly unknown[], path: Path, level: number): Part {
    const parts = items.map((item, index) => this.read(item, [...path, index], level + 1));
    const isSame = parts.every((part, index) => part.kind === "constant" && part.value === items[index]);
    return isSame ? { kind: "constant", value: items } : { kind: "list", parts };
  }

  #readObject(object: Readonly<Record<string, unknown>>, path: Path, level: number): Part {
    const parts = Object.entries(object).map(([key, item]) =>
      [key, this.read(item, [...path, key], level + 1)] as const
    );
    const isSame = parts.every(([key, part]) => part.kind === "constant" && part.value === object[key]);
    return isSame ? { kind: "constant", value: object } : { kind: "object", parts };
  }

  #readText(text: string, path: Path): Part {
    const pieces = this.#cut(text, path);
    const [only = ""] = pieces;
    if (pieces.length > 1) return { kind: "text", pieces, path };
    return typeof only === "string" ? { kind: "constant", value: only } : { kind: "reference", reference: only };
  }

  #cut(text: string, path: Path): Pieces {
    const pieces: (string | Reference)[] = [];
    let [plain, from] = ["", 0];
    for (let at = text.indexOf("$"); at !== -1; at = text.indexOf("$", from)) {
      plain += text.slice(from, at);
      if (!isReferenceAt(text, at)) {
        plain += "$";
        from = at + (text[at + 1] === "$" ? 2 : 1);
        continue;
      }
      const reference = readReference(text, at, "text");
      if ("message" in reference) {
        this.faults.push({
          path,
          message: `${reference.message} at character ${reference.at + 1}`,
          fix: reference.fix,
        });
        return [text];
      }
      if (plain !== "") pieces.push(plain);
      pieces.push(reference);
      const isWhole = reference.text.length === text.length;
      this.references.push({ reference, path, isWhole });
      [plain, from] = ["", at + reference.text.length];
    }
    plain += text.slice(from);
    return plain === "" ? pieces : [...pieces, plain];
  }
}

interface Filling {
  readonly values: Values;
  readonly mostCharacters: number;
  charactersLeft: number;
}

function fillPart(part: Part, filling: Filling): unknown {
  switch (part.kind) {
    case "constant":
      return part.value;
    case "reference":
      return lookUp(part.reference, filling.values);
    case "text":
      return fillText(part, filling);
    case "list":
      return part.parts.map((it) => fillPart(it, filling));
    case "object":
      // defines each key, even one that has a meaning to objects
      return Object.fromEntries(part.parts.map(([key, it]) => [key, fillPart(it, filling)]));
  }
}

function fillText({ pieces, path }: { readonly pieces: Pieces; readonly path: Path }, filling: Filling): string {
  let filled = "";
  for (const piece of pieces) {
    const text = typeof piece === "string" ? piece : textOf(lookUp(piece, filling.values));
    filling.charactersLeft -= text.length;
    if (filling.charactersLeft < 0) {
      throw new ToolError(
        `Cannot fill in ${formatPath(path)}: the texts come to more than ${filling.mostCharacters} characters; ` +
          `refer to a part of the value, or pass the whole value by a text that is the reference alone`,
      );
    }
    filled += text;
  }
  return filled;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
