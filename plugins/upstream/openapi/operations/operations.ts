/**
 * The operations of a document, as tools.
 *
 * @module
 */
import { isObject, type JsonObject, type JsonSchema, messageOf } from "../../../../kernel/mod.ts";
import type { Located, OpenApiDocument } from "../document/document.ts";
import type { OpenApiTarget } from "../../openapi_target.ts";
import { readAnswers } from "./answers.ts";
import { type ReadBody, readBody, writeBody } from "./bodies.ts";
import { nameOperations } from "./names.ts";
import type { Operation, SecurityRequirement } from "./operation.ts";
import { freeName, type Given, type ReadParameter, readParameters } from "./parameters.ts";
import { writeWithin } from "./schemas.ts";
import { isSelectedOperation } from "./selection.ts";
import { serverOf } from "./servers.ts";

/** Key in the `_meta` of a tool: the method and path that it stands for. */
const OPERATION_META = "collet/operation";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** What operations are read by. */
export type OperationOptions = Pick<OpenApiTarget, "select" | "auth" | "headers"> & {
  /** The address of all operations, in place of those of the document. */
  readonly baseUrl: string | undefined;
};

/** What came of reading. */
export interface ReadOperations {
  readonly operations: readonly Operation[];
  /** Operations that are left out, or not named as the document has it, and why. */
  readonly notes: readonly string[];
}

/** An operation as it is found, before it has a name. */
export interface FoundOperation {
  readonly method: string;
  readonly path: string;
  readonly value: JsonObject;
  readonly address: string;
  /** The path that it belongs to. */
  readonly item: Located;
}

/** Reads the operations that are selected; one that cannot be used keeps no other from it. */
export async function readOperations(document: OpenApiDocument, options: OperationOptions): Promise<ReadOperations> {
  const notes: string[] = [];
  const found = findOperations(document, notes).filter((it) => isSelectedOperation(it, options.select));
  const operations: Operation[] = [];
  for (const { operation, name, note } of await nameOperations(found)) {
    // others are served meanwhile
    await pause();
    try {
      operations.push(readOperation(document, { ...operation, name }, options));
      if (note !== undefined) notes.push(note);
    } catch (thrown) {
      notes.push(`${placeOf(operation)} is left out: ${messageOf(thrown)}`);
    }
  }
  return { operations, notes };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Writes where an operation is, such as `GET /pets/{id}`. */
export function placeOf({ method, path }: Pick<FoundOperation, "method" | "path">): string {
  return `${method.toUpperCase()} ${path}`;
}

function findOperations(document: OpenApiDocument, notes: string[]): readonly FoundOperation[] {
  const { value: paths, address } = document.at("paths");
  if (!isObject(paths)) return [];
  return Object.entries(paths).flatMap(([path, value]): FoundOperation[] => {
    if (!path.startsWith("/")) return [];
    try {
      const item = document.follow({ value, address });
      if (!isObject(item.value)) return [];
      const { value: operations } = item as { readonly value: JsonObject };
      return METHODS.filter((method) => isObject(operations[method])).map((method) => ({
        method,
        path,
        value: operations[method] as JsonObject,
        address: item.address,
        item,
      }));
    } catch (thrown) {
      notes.push(`${path} is left out: ${messageOf(thrown)}`);
      return [];
    }
  });
}

function readOperation(
  document: OpenApiDocument,
  operation: FoundOperation & { readonly name: string },
  options: OperationOptions,
): Operation {
  const { name, method, path, value, address, item } = operation;
  const shared = (item.value as JsonObject)["parameters"];
  const lists = [{ value: shared, address: item.address }, { value: value["parameters"], address }];
  const parameters = readParameters(document, lists, givenBy(options));
  const read = readBody(document, { value: value["requestBody"], address });
  const taken = new Set(parameters.map(({ parameter }) => parameter.argument));
  const argument = freeName(["body", "request_body"], taken);
  const { accepts, schema: output } = readAnswers(document, { value: value["responses"], address });
  const { security = document.root["security"] } = value;
  return {
    name,
    method,
    path,
    server: options.baseUrl ?? serverOf(document, [value["servers"], (item.value as JsonObject)["servers"]]),
    parameters: parameters.map(({ parameter }) => parameter),
    body: read && { ...read.body, argument },
    accepts,
    security: Array.isArray(security) ? security.filter((it): it is SecurityRequirement => isObject(it)) : [],
    tool: {
      name,
      ...textsOf(operation),
      inputSchema: inputOf(document, { parameters, read, argument }),
      ...(output !== undefined && { outputSchema: output }),
      annotations: annotationsOf(method),
      _meta: { [OPERATION_META]: placeOf(operation) },
    },
  };
}

function textsOf({ value, ...place }: FoundOperation): { readonly title?: string; readonly description: string } {
  const { summary, description } = value;
  const title = typeof summary === "string" && summary !== "" ? summary : undefined;
  const text = typeof description === "string" && description !== "" ? description : undefined;
  return { ...(title !== undefined && { title }), description: text ?? title ?? placeOf({ ...place }) };
}

interface InputOptions {
  readonly parameters: readonly ReadParameter[];
  readonly read: ReadBody | undefined;
  readonly argument: string;
}

function inputOf(document: OpenApiDocument, { parameters, read, argument }: InputOptions): JsonSchema {
  return writeWithin({ document, direction: "input" }, (writer) => {
    const properties = parameters.map(({ parameter, schema, description }): [string, unknown] => {
      const written = writer.write(schema);
      const text = description === undefined ? {} : { description };
      return [parameter.argument, isObject(written) ? { ...written, ...text } : text];
    });
    const required = parameters.filter((it) => it.isRequired).map(({ parameter }) => parameter.argument);
    if (read !== undefined) {
      const { description } = read;
      properties.push([argument, { ...writeBody(writer, read), ...(description !== undefined && { description }) }]);
      if (read.body.isRequired) required.push(argument);
    }
    return {
      type: "object",
      properties: Object.fromEntries(properties),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    };
  });
}

function annotationsOf(method: string): JsonObject {
  return {
    readOnlyHint: ["get", "head", "options", "trace"].includes(method),
    ...(method === "delete" && { destructiveHint: true }),
    ...((method === "put" || method === "delete") && { idempotentHint: true }),
    openWorldHint: true,
  };
}

/** What goes with each request is not asked for. */
function givenBy({ auth, headers }: OperationOptions): readonly Given[] {
  return [
    ...Object.keys(headers).map((name): Given => ({ place: "header", name })),
    ...Object.values(auth).flatMap((it): Given[] => it.kind === "api_key" ? [{ place: it.in, name: it.name }] : []),
  ];
}
