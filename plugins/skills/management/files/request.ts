/**
 * What `skill_files_crud` is asked, and what it answers.
 *
 * @module
 */
import * as v from "valibot";
import { type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import { operationField } from "../fields.ts";
import type { SkillPlaces } from "../skill_places.ts";
import type { SkillTurns } from "../skill_turns.ts";

/** What the tool does. */
export const OPERATIONS = ["read", "create", "update", "delete", "restore", "move", "list"] as const;
/** How bytes are written as text. */
const ENCODINGS = ["utf-8", "base64"] as const;
/** Most files of one call. */
const MOST_FILES = 200;
/** Most characters of a path. */
const LONGEST_PATH = 1_024;
const DIGEST_REGEXP = /^(?:sha256:)?[0-9a-f]{64}$/i;

const Path = v.pipe(v.string(), v.maxLength(LONGEST_PATH));
const Digest = v.pipe(
  v.string(),
  v.regex(DIGEST_REGEXP, "A digest is 64 hexadecimal digits, as sha256 of an answer has them"),
  v.transform((text) => text.toLowerCase().replace("sha256:", "")),
);
const Encoding = v.nullish(
  v.pipe(v.picklist(ENCODINGS), v.description("utf-8 for text, base64 for any file")),
  "utf-8",
);
const EXPECTED =
  "update, delete, move: sha256 that the file must have, as it was read; it is left alone if it has another";

const FileSpec = v.strictObject({
  path: v.pipe(Path, v.description("Relative path within skill directory")),
  content: v.pipe(v.string(), v.description("File content")),
  encoding: Encoding,
  expected_digest: v.nullish(v.pipe(Digest, v.description(EXPECTED))),
});

/** The arguments of the tool. `null` counts as left out. */
export const Input = v.strictObject({
  operation: operationField(OPERATIONS),
  skill_name: v.pipe(v.string(), v.description("Name of the skill")),
  file_path: v.nullish(
    v.pipe(Path, v.description("One file: its path in the skill, such as scripts/process.py; list: a folder")),
  ),
  content: v.nullish(v.pipe(v.string(), v.description("create, update of one file: all of it; may be empty"))),
  files: v.nullish(
    v.pipe(v.array(FileSpec), v.maxLength(MOST_FILES), v.description("create, update of several files")),
  ),
  file_paths: v.nullish(
    v.pipe(v.array(Path), v.maxLength(MOST_FILES), v.description("read of several files: their paths")),
  ),
  atomic: v.nullish(
    v.pipe(
      v.boolean(),
      v.description("create, update of several files: all or nothing; if false, what can be done is done and kept"),
    ),
    true,
  ),
  encoding: Encoding,
  offset: v.nullish(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.description("read of one file: lines to skip, with encoding base64 bytes to skip; list: files to skip"),
    ),
  ),
  limit: v.nullish(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.description("read of one file: most lines, with encoding base64 most bytes; list: most files, 200 by default"),
    ),
  ),
  new_path: v.nullish(v.pipe(Path, v.description("move: the path that the file gets, which must be free"))),
  expected_digest: v.nullish(v.pipe(Digest, v.description(EXPECTED))),
});

/** The arguments of one call. */
export type Request = v.InferOutput<typeof Input>;

/** A file to write. */
export type WantedFile = Pick<v.InferOutput<typeof FileSpec>, "path" | "content" | "encoding" | "expected_digest">;

const File = v.object({
  path: v.string(),
  size: v.optional(v.number()),
  sha256: v.optional(v.string()),
  modified: v.optional(v.string()),
  is_link: v.optional(v.boolean()),
  content: v.optional(v.string()),
  encoding: v.optional(v.picklist(ENCODINGS)),
  offset: v.optional(v.number()),
  next_offset: v.optional(v.number()),
  total_lines: v.optional(v.number()),
  moved_from: v.optional(v.string()),
  kept_until: v.optional(v.string()),
});
const Failure = v.object({
  path: v.string(),
  message: v.string(),
  code: v.optional(v.string()),
  sha256: v.optional(v.string()),
  expected_digest: v.optional(v.string()),
});

/** What the tool answers, beside its text. A call that failed as a whole has the fields of its failure. */
export const Output = v.object({
  operation: v.picklist(OPERATIONS),
  skill_name: v.string(),
  files: v.optional(v.array(File)),
  errors: v.optional(v.array(Failure)),
  warnings: v.optional(v.array(v.string())),
  total: v.optional(v.number()),
  offset: v.optional(v.number()),
  next_offset: v.optional(v.number()),
  left_out: v.optional(v.array(v.string())),
  is_cut: v.optional(v.boolean()),
  ...v.partial(Failure).entries,
});

/** A file, as an answer tells of it. */
export type FileFacts = v.InferOutput<typeof File>;
/** Why something could not be done with a file. */
export type FileFailure = v.InferOutput<typeof Failure>;

/** What an operation answers. */
export interface Answer {
  readonly text: string;
  /** Fields of {@linkcode Output} beside operation and skill. */
  readonly data: JsonObject;
  readonly isError?: boolean;
}

/** What operations work with. */
export interface Surroundings {
  readonly places: Pick<SkillPlaces, "find" | "writable" | "root">;
  readonly turns: SkillTurns;
  readonly mostBytes: number;
  readonly signal: AbortSignal;
  refresh(path: string): Promise<void>;
}

/** Makes the error that refuses arguments. */
export function argumentError(message: string): ToolError {
  return new ToolError(message, { data: { code: "ARGUMENT_INVALID" } });
}

/** Makes the error that says why something cannot be done with a file. */
export function fileError(code: string, message: string, more: JsonObject = {}): ToolError {
  return new ToolError(message, { data: { code, ...more } });
}

/** Gives the path that an operation on one file must have. */
export function requirePath({ file_path: path, operation }: Request): string {
  if (path) return path;
  throw argumentError(`file_path is required for '${operation}' operation`);
}
