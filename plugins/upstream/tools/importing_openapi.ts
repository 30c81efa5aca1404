/**
 * How `import_openapi` makes an API known: its document read, what it offers chosen, and all of it imported as a server.
 *
 * @module
 */
import { type Call, isToolError, ToolError } from "../../../kernel/mod.ts";
import { DEFAULT_TIMES, IMPORT_ORIGIN, type UpstreamDefinition } from "../definition.ts";
import { isSelected } from "../offer/selection.ts";
import type { OpenApiDefinition } from "../openapi/connection.ts";
import type { OpenApiDocument } from "../openapi/document/document.ts";
import { DOCUMENT_FILE, type KeptDocuments } from "../openapi/document/kept_documents.ts";
import { loadDocument } from "../openapi/document/load.ts";
import type { SourceOptions } from "../openapi/document/source.ts";
import { type OperationOptions, type ReadOperations, readOperations } from "../openapi/operations/operations.ts";
import { schemesFor } from "../openapi/request/credentials.ts";
import { isReferred, readCredentials } from "../openapi/schemes.ts";
import { isApiAddress, type OpenApiTarget, type OperationSelection } from "../openapi_target.ts";
import type { ImportOpenApiRequest } from "./import_openapi.ts";
import type { DefinitionToImport, Imported } from "./importing.ts";

/** What importing works with. */
export interface OpenApiImportOptions extends SourceOptions {
  readonly documents: KeptDocuments;
  /** Checks a definition, has it allowed, tries it, and keeps it. */
  readonly importDefinition: (request: DefinitionToImport, call: Call) => Promise<Imported>;
}

/** An API that was imported. */
export interface ImportedApi extends Imported {
  readonly document: OpenApiDocument;
  readonly target: OpenApiTarget;
  /** What a person may want to know of the document, and of what is left out of it. */
  readonly warnings: readonly string[];
}

/**
 * Imports an API.
 *
 * @throws {ToolError} when its document cannot be used, or nothing of it is offered, or it is not allowed; nothing is kept
 * then.
 */
export async function importOpenApi(
  request: ImportOpenApiRequest,
  options: OpenApiImportOptions,
  call: Call,
): Promise<ImportedApi> {
  const { name } = request;
  try {
    const { document, warnings } = await loadDocument(sourceOf(request), options, call);
    const { target, notes } = await targetOf(request, document);
    const text = document.write();
    const { digest, release } = await options.documents.hold(name, text);
    try {
      const definition = definitionOf(request, { ...target, document: digest });
      const imported = await options.importDefinition({
        definition,
        description: request.description ?? `Tools of the web API "${document.title}"`,
        overwrite: request.overwrite,
        files: { [DOCUMENT_FILE]: text },
      }, call);
      return { ...imported, document, target: definition.target, warnings: [...warnings, ...notes] };
    } finally {
      release();
    }
  } catch (thrown) {
    if (!isToolError(thrown) || thrown.message.startsWith("Cannot ")) throw thrown;
    throw new ToolError(`Cannot import "${name}": ${thrown.message}`, { cause: thrown });
  }
}

function sourceOf({ document, file, url }: ImportOpenApiRequest) {
  const text = document === undefined || typeof document === "string" ? document : JSON.stringify(document);
  if (url !== undefined && !isApiAddress(url)) {
    throw new ToolError('"url" has to be an http or https address without user and password');
  }
  return { document: text, file, url };
}

async function targetOf(
  request: ImportOpenApiRequest,
  document: OpenApiDocument,
): Promise<{ readonly target: Omit<OpenApiTarget, "document">; readonly notes: readonly string[] }> {
  const { headers = {}, base_url: override } = request;
  assertHeaders(headers);
  if (override !== undefined && !isApiAddress(override)) {
    throw new ToolError('"base_url" has to be an http or https address without user and password');
  }
  const baseUrl = override?.replace(/[?#].*$/, "").replace(/\/+$/, "");
  const options: OperationOptions = { select: selectionOf(request), auth: {}, headers, baseUrl };
  const { operations, notes } = await readOperations(document, options);
  const offered = operations.filter((it) => isSelected(it.name, chosenOf(request)));
  const [first] = offered;
  if (first === undefined) throw new ToolError(nothingOffered({ operations, notes }));
  const auth = readCredentials(document, request.auth ?? {}, { server: first.server });
  const servers = [...new Set(offered.map((it) => it.server))];
  const missing = offered.filter((it) => !schemesFor(it, auth).isSatisfied);
  const wanted = [...new Set(missing.flatMap(({ security }) => security.flatMap((it) => Object.keys(it))))]
    .filter((it) => !Object.hasOwn(auth, it));
  const missed = missing.length === 0
    ? []
    : [`${missing.length} operations want "auth" for ${wanted.join(", ")}, and are called without`];
  return {
    target: { kind: "openapi", servers, isOverridden: baseUrl !== undefined, headers, auth, select: options.select },
    notes: [...notes, ...missed],
  };
}

function nothingOffered({ operations, notes }: ReadOperations): string {
  if (operations.length > 0) {
    const names = operations.slice(0, 20).map((it) => it.name).join(", ");
    return `"include" and "exclude" leave nothing of its ${operations.length} operations, such as ${names}`;
  }
  const why = notes.length === 0 ? "" : `: ${notes.slice(0, 5).join("; ")}`;
  return `the document has no operation that can be offered; look at tags, methods and paths that were asked for${why}`;
}

function definitionOf(
  request: ImportOpenApiRequest,
  target: OpenApiTarget,
): OpenApiDefinition {
  const { name, rename, strict, timeout_ms: timeoutMs } = request;
  return {
    name,
    namespace: name,
    target,
    ...chosenOf(request),
    ...(rename !== undefined && { rename }),
    isStrict: strict ?? false,
    isSandboxed: false,
    ...DEFAULT_TIMES,
    ...(timeoutMs !== undefined && { timeoutMs }),
    origin: IMPORT_ORIGIN,
    isDisabled: false,
  };
}

function chosenOf({ include, exclude }: ImportOpenApiRequest): Pick<UpstreamDefinition, "include" | "exclude"> {
  return { ...(include !== undefined && { include }), ...(exclude !== undefined && { exclude }) };
}

function selectionOf(request: ImportOpenApiRequest): OperationSelection {
  const { tags, methods, paths, exclude_tags: excludedTags, exclude_paths: excludedPaths } = request;
  const given = { tags, methods, paths, excludedTags, excludedPaths };
  return Object.fromEntries(Object.entries(given).filter(([, it]) => it !== undefined));
}

function assertHeaders(headers: Readonly<Record<string, string>>): void {
  const plain = Object.entries(headers).find(([name, value]) =>
    /authorization|cookie|key|token|secret|password/i.test(name) && !isReferred(value)
  );
  if (plain === undefined) return;
  throw new ToolError(
    `header "${plain[0]}" holds a secret as it stands, which would be kept in a file; keep it as a secret of this ` +
      'server, and write "${secret:NAME}"',
  );
}
