/**
 * The address that a request goes to.
 *
 * @module
 */
import { type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import type { Operation } from "../operations/operation.ts";
import { type Pair, writeInPath, writeInQuery } from "./style.ts";

/**
 * Makes the address of a request out of its arguments.
 *
 * @param credentials Pairs of the query that say who asks, encoded.
 * @throws {ToolError} when an argument would lead to another place than the operation's.
 */
export function addressOf(operation: Operation, args: JsonObject, credentials: readonly Pair[]): URL {
  const { path, server, parameters } = operation;
  const filled = path.replaceAll(/\{([^{}]*)\}/g, (found, name: string) => {
    const parameter = parameters.find((it) => it.place === "path" && it.name === name);
    if (parameter === undefined) return found;
    const written = writeInPath(args[parameter.argument], parameter);
    if (written !== "") return written;
    throw new ToolError(`Argument "${parameter.argument}" is empty, and stands in the path ${path}; give it a value`);
  });
  if (filled.split("/").some((it) => /^(?:\.|%2e){1,2}$/i.test(it))) {
    throw new ToolError(`The arguments make a part of the path ${path} "." or "..", which would lead to another place`);
  }
  const pairs = parameters.filter((it) => it.place === "query" && isGiven(args[it.argument]))
    .flatMap((it) => writeInQuery(args[it.argument], it));
  const query = [...pairs, ...credentials].map(([name, value]) => `${name}=${value}`).join("&");
  const place = filled.includes("?") ? "&" : "?";
  return new URL(`${server}${filled}${query === "" ? "" : `${place}${query}`}`);
}

/** Tells whether an argument says something. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
