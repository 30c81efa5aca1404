/**
 * What `search_tools` answers with: entries, or declarations of TypeScript for whoever calls tools from code.
 *
 * @module
 */
import * as v from "valibot";
import type { Toolbox } from "../../kernel/mod.ts";
import { declareTools, type Detail, DETAILS } from "./declarations/declarations.ts";
import { type Described, entryOf, type ToolEntry } from "./listing.ts";

/** The parameters that say how tools are described. */
export const FORMAT_PARAMETERS = {
  format: v.optional(
    v.pipe(
      v.picklist(["json", "typescript"]),
      v.description("typescript: as functions of execute_code"),
    ),
    "json",
  ),
  detail: v.optional(
    v.pipe(
      v.picklist(DETAILS),
      v.description("How much typescript tells"),
    ),
    "signatures",
  ),
} as const;

/** How tools are described; as the parameters are, with {@linkcode FORMAT_PARAMETERS} among them. */
export interface FoundToolsOptions {
  readonly format: "json" | "typescript";
  readonly detail: Detail;
  /** Whether entries have schemas. */
  readonly schemas: boolean;
  readonly toolbox: Toolbox;
}

/** What an answer says of tools, by its format. */
export type FoundTools =
  | { readonly tools: readonly ToolEntry[]; readonly declarations?: undefined }
  | { readonly declarations: string };

/** Describes tools as entries, or declares those of them that can be called. */
export function foundTools(
  described: readonly Described[],
  { format, detail, schemas, toolbox }: FoundToolsOptions,
): FoundTools {
  if (format === "json") return { tools: described.map((it) => entryOf(it, schemas)) };
  const callable = described.map((it) => it.summary).filter((it) => it !== undefined);
  return { declarations: callable.length === 0 ? "" : declareTools(callable, { detail, all: toolbox.list() }) };
}
