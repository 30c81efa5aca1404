/**
 * Pieces of TypeScript: types, names of members, and comments that nothing written in them can end.
 *
 * @module
 */

/** A type as text; `isCompound` when it needs parentheses within another. */
export interface TypeText {
  readonly text: string;
  readonly isCompound: boolean;
}

/** What is known of a type: `undefined` is nothing, so that it may be any JSON. */
export type MaybeType = TypeText | undefined;

/** The type of which nothing is known: whatever code reads of it may be there, and is no mistake. */
export const ANY_JSON = "Json";
/** Declares {@linkcode ANY_JSON}. */
export const JSON_DECLARATION = `type ${ANY_JSON} = any; // JSON of any kind`;

const IDENTIFIER_REGEXP = /^[A-Za-z_$][\w$]*$/;
// also what turns the direction of text, and with it the order in which a reader sees it
const UNSEEN_REGEXP = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

/** Makes a type of text that needs no parentheses. */
export function atom(text: string): TypeText {
  return { text, isCompound: false };
}

/** Writes a type, known or not. */
export function textOf(type: MaybeType): string {
  return type?.text ?? ANY_JSON;
}

/** Unites types: nothing is known of the whole when nothing is known of one. */
export function unionOf(types: readonly MaybeType[]): MaybeType {
  if (types.includes(undefined)) return undefined;
  return join(types as readonly TypeText[], " | ") ?? atom("never");
}

/** Intersects types: those of which nothing is known add nothing. */
export function intersectionOf(types: readonly MaybeType[]): MaybeType {
  return join(types.filter((it) => it !== undefined), " & ");
}

function join(types: readonly TypeText[], separator: string): MaybeType {
  const distinct = [...new Map(types.map((it) => [it.text, it])).values()];
  if (distinct.length <= 1) return distinct[0];
  return { text: distinct.map(grouped).join(separator), isCompound: true };
}

/** Writes a type as part of another. */
export function grouped({ text, isCompound }: TypeText): string {
  return isCompound ? `(${text})` : text;
}

/** Makes the type of a list. */
export function listOf(type: MaybeType): TypeText {
  return atom(`${grouped(type ?? atom(ANY_JSON))}[]`);
}

/** Writes the name of a member. */
export function memberName(name: string): string {
  // before parameters, `new` without quotes is a constructor
  return IDENTIFIER_REGEXP.test(name) && name !== "new" ? name : JSON.stringify(name);
}

/** Cuts a text that is longer than it should be, and no character in half. */
function clip(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Makes text fit for one line of a comment. */
export function commentText(text: string, longest: number): string {
  const plain = text.slice(0, longest * 2).replaceAll(/\s+/g, " ").replaceAll(UNSEEN_REGEXP, "").trim();
  return clip(plain, longest).replaceAll("*/", "*\\/");
}

/** Gives the first sentence of a description, for a comment of one line. */
export function firstSentence(description: string, longest: number): string {
  const [paragraph = ""] = description.trim().slice(0, 4 * longest).split(/\n\s*\n/);
  const text = commentText(paragraph, 4 * longest);
  const [sentence = ""] = /^.*?[^.][.!?](?= [\p{Lu}`"(])|^.*/u.exec(text) ?? [];
  return clip(sentence, longest);
}

/** Writes a comment of documentation, each line indented; nothing when there is nothing to say. */
export function docComment(lines: readonly string[], indent: string): string {
  if (lines.length === 0) return "";
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((it) => `${indent} * ${it}\n`).join("")}${indent} */\n`;
}
