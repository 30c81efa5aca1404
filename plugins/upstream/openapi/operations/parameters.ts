/**
 * Parameters of an operation, as arguments of a tool.
 *
 * @module
 */
import { isObject, type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import type { Located, OpenApiDocument } from "../document/document.ts";
import type { Parameter, ParameterPlace, ParameterStyle } from "./operation.ts";

/** A parameter, and what the document says of its value. */
export interface ReadParameter {
  readonly parameter: Parameter;
  readonly isRequired: boolean;
  readonly description: string | undefined;
  readonly schema: Located;
}

/** Something that a parameter is not asked for, since it goes with each request by itself. */
export type Given = Readonly<{ place: ParameterPlace; name: string }>;

const PLACES: readonly ParameterPlace[] = ["path", "query", "header", "cookie"];
const STYLES: Readonly<Record<ParameterPlace, readonly ParameterStyle[]>> = {
  path: ["simple", "label", "matrix"],
  query: ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
  header: ["simple"],
  cookie: ["form"],
};
/** What the document has no say in: the first three by the specification, others since they are of the connection. */
const OWN_HEADERS = new Set([
  ...["accept", "content-type", "authorization"],
  ...["cookie", "host", "content-length", "transfer-encoding", "connection", "proxy-authorization", "te", "upgrade"],
]);
const HEADER_REGEXP = /^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/;

// clients refuse other names of arguments
const MOST_CHARACTERS = 64;

/**
 * Reads the parameters of an operation; those of the path stand for all of its operations.
 *
 * @param lists Parameters of the path, and of the operation, which win.
 * @throws {ToolError} when one cannot be used.
 */
export function readParameters(
  document: OpenApiDocument,
  lists: readonly Located[],
  given: readonly Given[],
): readonly ReadParameter[] {
  const byPlace = new Map<string, Located>();
  for (const { value, address } of lists) {
    if (!Array.isArray(value)) continue;
    for (const it of value) {
      const located = document.follow({ value: it, address });
      if (!isObject(located.value)) throw new ToolError("a parameter of it is no object");
      byPlace.set(`${located.value["in"]} ${located.value["name"]}`, located);
    }
  }
  const read = [...byPlace.values()].map(readParameter).filter((it) => it !== undefined);
  return withArguments(read.filter(({ parameter }) => !isGiven(parameter, given)));
}

function readParameter({ value, address }: Located): ReadParameter | undefined {
  const { name, in: place, required, description, content } = value as JsonObject;
  if (typeof name !== "string" || name === "") throw new ToolError("a parameter of it has no name");
  if (!isPlace(place)) {
    throw new ToolError(`its parameter "${name}" is in ${JSON.stringify(place)}, expected ${PLACES.join(", ")}`);
  }
  if (place === "header" && (OWN_HEADERS.has(name.toLowerCase()) || !HEADER_REGEXP.test(name))) return undefined;
  const media = isObject(content) ? Object.values(content)[0] : undefined;
  const described = isObject(media) ? media : value as JsonObject;
  return {
    parameter: { ...writingOf(value as JsonObject, { name, place, isJson: isObject(media) }), place, argument: name },
    isRequired: required === true || place === "path",
    description: typeof description === "string" ? description : undefined,
    schema: { value: described["schema"], address },
  };
}

function writingOf(
  { style: written, explode, allowReserved }: JsonObject,
  { name, place, isJson }: { readonly name: string; readonly place: ParameterPlace; readonly isJson: boolean },
) {
  const [fallback] = STYLES[place];
  const style: ParameterStyle = isJson ? "json" : STYLES[place].find((it) => it === written) ?? fallback!;
  return {
    name,
    style,
    isExploded: typeof explode === "boolean" ? explode : style === "form" || style === "deepObject",
    allowsReserved: allowReserved === true,
  };
}

/** Gives each parameter the name of an argument: its own, as far as clients take it and no other has it. */
function withArguments(parameters: readonly ReadParameter[]): readonly ReadParameter[] {
  const taken = new Set<string>();
  return parameters.map((it) => {
    const { name, place } = it.parameter;
    const argument = freeName([name, `${place}_${name}`], taken);
    taken.add(argument);
    return { ...it, parameter: { ...it.parameter, argument } };
  });
}

/** Finds a name of an argument that is free: the first of the wishes that is, or one with a number. */
export function freeName(wishes: readonly string[], taken: ReadonlySet<string>): string {
  const names = wishes.map((it) => it.replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, MOST_CHARACTERS));
  const free = names.find((it) => !taken.has(it));
  if (free !== undefined) return free;
  const stem = names.at(-1)!.slice(0, MOST_CHARACTERS - 4);
  let number = 2;
  while (taken.has(`${stem}_${number}`)) number++;
  return `${stem}_${number}`;
}

function isGiven({ place, name }: Parameter, given: readonly Given[]): boolean {
  const same = (other: string) => place === "header" ? other.toLowerCase() === name.toLowerCase() : other === name;
  return given.some((it) => it.place === place && same(it.name));
}

function isPlace(value: unknown): value is ParameterPlace {
  return PLACES.some((it) => it === value);
}
