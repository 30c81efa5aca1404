/**
 * One operation of an API: what it takes, where that goes, and what it answers with.
 *
 * @module
 */
import type { JsonObject } from "../../../../kernel/mod.ts";

/** Where a parameter goes. */
export type ParameterPlace = "path" | "query" | "header" | "cookie";

/** How a value is written where it goes. */
export type ParameterStyle =
  | "simple"
  | "label"
  | "matrix"
  | "form"
  | "spaceDelimited"
  | "pipeDelimited"
  | "deepObject"
  /** As JSON. */
  | "json";

/** How a value of a parameter or form field is written. */
export interface Writing {
  /** As the API knows it. */
  readonly name: string;
  readonly style: ParameterStyle;
  /** Whether parts of a value stand one by one. */
  readonly isExploded: boolean;
  /** Whether characters such as `/` and `?` stay as they are. */
  readonly allowsReserved: boolean;
}

/** A parameter. */
export interface Parameter extends Writing {
  readonly place: ParameterPlace;
  /** Name of the argument. */
  readonly argument: string;
}

/** One field of a form. */
export interface FormField extends Writing {
  /** Media type of its part in a multipart body; by what its value is, when left out. */
  readonly mediaType: string | undefined;
  /** Whether it is a file, or a list of files. */
  readonly isFile: boolean;
}

/** The body of a request. */
export interface Body {
  readonly kind: "json" | "form" | "multipart" | "text" | "binary";
  readonly mediaType: string;
  /** Name of the argument. */
  readonly argument: string;
  readonly isRequired: boolean;
  /** Fields of forms that the document describes. */
  readonly fields: readonly FormField[];
}

/** Security schemes of which all are needed, with their scopes. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>;

/** An operation. */
export interface Operation {
  /** Name of the tool, without the namespace. */
  readonly name: string;
  /** In lower case. */
  readonly method: string;
  /** As the document writes it. */
  readonly path: string;
  /** Base address, without `/` at its end. */
  readonly server: string;
  readonly parameters: readonly Parameter[];
  readonly body: Body | undefined;
  /** Media types of answers, for `Accept`; any when empty. */
  readonly accepts: readonly string[];
  /** Ways to say who one is, one of which suffices. */
  readonly security: readonly SecurityRequirement[];
  /** The tool, as an MCP server would list it. */
  readonly tool: JsonObject;
}
