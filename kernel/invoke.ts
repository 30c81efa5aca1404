/**
 * What happens around a handler: arguments are validated, interceptors run, the handler runs, its result is
 * validated.
 *
 * @module
 */
import type { Call, CallPatch } from "./call.ts";
import {
  failedResult,
  isObject,
  isWholeResult,
  type PromptResult,
  type ResourceContents,
  type ResourceResult,
  toBase64,
  type ToolResult,
  toolResult,
  toToolResult,
} from "./content.ts";
import { ErrorCode, isProtocolError, isToolError, KernelError, messageOf, ProtocolError } from "./errors.ts";
import type { FlightOptions, Flights } from "./flights.ts";
import { formatPath } from "./issue.ts";
import type { PromptEntry, ResourceEntry, ToolEntry } from "./items.ts";
import type { Interceptor, Invocation, ItemKind, Log, Outcome, PromptReturn, ResourceReturn } from "./plugin.ts";
import { type CompiledSchema, formatIssues } from "./schema.ts";

/** What invocations of one plugin's items need from the kernel. */
export interface InvokeHost {
  /** Outermost first. The array is replaced when one comes or goes, and never changed. */
  readonly interceptors: () => readonly Interceptor[];
  /** Calls in flight of the plugin that owns the item. */
  readonly flights: Flights;
  readonly log: Log;
  /** Whether the message of an unexpected error may reach the client. */
  readonly exposeErrors: boolean;
}

/** One invocation. */
export interface InvokeOptions {
  readonly host: InvokeHost;
  readonly call: Call;
  /** What of the call is to change for its handler. */
  readonly patch: CallPatch;
}

/** Calls a tool. Every failure is a result with `isError`, but for a {@linkcode ProtocolError} that the tool throws. */
export async function invokeTool(
  entry: ToolEntry,
  { args, call, patch, host }: InvokeOptions & { readonly args: unknown },
): Promise<ToolResult> {
  const { key: name, owner, definition, compiled } = entry;
  const parsing = compiled.input.parse(args ?? {});
  const parsed = parsing instanceof Promise ? await parsing : parsing;
  if (!parsed.ok) return failedResult(`Invalid arguments for tool "${name}": ${formatIssues(parsed.issues)}`);
  const input = parsed.value;
  const { elicit, sample, roots } = patch;
  const flight = {
    elicit,
    sample,
    roots,
    path: [...call.path, name],
    timeoutMs: definition.timeoutMs,
  } as FlightOptions;
  try {
    return await host.flights.run(
      call,
      flight,
      (flying) =>
        throughInterceptors({ kind: "tool", name, owner, input, call: flying }, host.interceptors(), async () => {
          const returned = await definition.run(input, flying);
          return await checkResult({ name, returned, schema: compiled.output, log: host.log });
        }),
    );
  } catch (thrown) {
    if (isProtocolError(thrown)) throw thrown;
    if (isToolError(thrown)) {
      const returned = failedResult(thrown.message, thrown.data);
      return await checkResult({ name, returned, schema: compiled.output, log: host.log });
    }
    host.log.error(`Tool "${name}" of plugin "${owner}" failed: ${messageOf(thrown)}`, { error: thrown });
    return failedResult(`Tool "${name}" failed${host.exposeErrors ? `: ${messageOf(thrown)}` : ""}`);
  }
}

interface Returned {
  readonly name: string;
  readonly returned: unknown;
  readonly schema: CompiledSchema | undefined;
  readonly log: Log;
}

async function checkResult({ name, returned, schema, log }: Returned): Promise<ToolResult> {
  const result = toToolResult(returned, schema !== undefined);
  if (schema === undefined) return result;
  const parsed = await schema.parse(result.structuredContent);
  if (result.isError) {
    const { structuredContent: _misfit, ...rest } = result;
    // clients hold a failed result to the schema as well, and would tell their own error in place of the tool's
    return parsed.ok ? result : toolResult(rest);
  }
  if (!parsed.ok) {
    const message = `Tool "${name}" gave a result that does not match its output schema`;
    // where, and not what: results are not for the log
    log.error(message, { at: parsed.issues.map(({ path }) => formatPath(path)) });
    return failedResult(`${message}: ${formatIssues(parsed.issues)}`);
  }
  if (parsed.value === result.structuredContent) return result;
  // a whole result keeps the content that its tool wrote
  return isWholeResult(returned)
    ? toolResult({ ...result, structuredContent: parsed.value })
    : toToolResult(parsed.value, true);
}

/**
 * Reads a resource.
 *
 * @throws {ProtocolError} with the reason when the handler fails.
 */
export async function readResource(
  { owner, definition }: ResourceEntry,
  { uri, params, call, patch, host }: InvokeOptions & {
    readonly uri: string;
    readonly params: Readonly<Record<string, string>>;
  },
): Promise<ResourceResult> {
  return await protocolErrors(
    `resource "${uri}"`,
    { owner, host },
    () =>
      host.flights.run(call, { ...patch, timeoutMs: undefined }, (flying) =>
        throughInterceptors(
          { kind: "resource", name: uri, owner, input: params, call: flying },
          host.interceptors(),
          async () => {
            const returned = await definition.read(params, Object.assign(flying, { uri }));
            return toResourceResult(uri, definition.mimeType, returned);
          },
        )),
  );
}

/**
 * Renders a prompt.
 *
 * @throws {ProtocolError} when the arguments do not fit, or with the reason when the handler fails.
 */
export async function renderPrompt(
  { key: name, owner, definition, compiled }: PromptEntry,
  { args, call, patch, host }: InvokeOptions & { readonly args: unknown },
): Promise<PromptResult> {
  const parsed = await (compiled.args?.parse(args ?? {}) ?? { ok: true as const, value: {} });
  if (!parsed.ok) {
    const issues = formatIssues(parsed.issues);
    throw new ProtocolError(ErrorCode.invalidParams, `Invalid arguments for prompt "${name}": ${issues}`);
  }
  const input = parsed.value;
  return await protocolErrors(
    `prompt "${name}"`,
    { owner, host },
    () =>
      host.flights.run(
        call,
        { ...patch, timeoutMs: undefined },
        (flying) =>
          throughInterceptors(
            { kind: "prompt", name, owner, input, call: flying },
            host.interceptors(),
            async () => toPromptResult(definition.description, await definition.render(input, flying)),
          ),
      ),
  );
}

/** Runs what has no result that can say "failed": an error is the answer, and it tells no more than it may. */
export async function protocolErrors<T>(
  what: string,
  { owner, host: { log, exposeErrors } }: { readonly owner: string; readonly host: InvokeHost },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (isProtocolError(thrown)) throw thrown;
    if (isToolError(thrown)) throw new ProtocolError(ErrorCode.internalError, thrown.message, thrown.data);
    log.error(`The ${what} of plugin "${owner}" failed: ${messageOf(thrown)}`, { error: thrown });
    const detail = exposeErrors ? `: ${messageOf(thrown)}` : "";
    throw new ProtocolError(ErrorCode.internalError, `The ${what} failed${detail}`);
  }
}

function throughInterceptors<K extends ItemKind>(
  invocation: Invocation<K>,
  interceptors: readonly Interceptor[],
  innermost: () => Promise<Outcome<K>>,
): Promise<Outcome<K>> {
  if (interceptors.length === 0) return innermost();
  const step = (i: number): Promise<Outcome<K>> => {
    const interceptor = interceptors[i];
    if (interceptor === undefined) return innermost();
    let used = false;
    return interceptor(invocation, () => {
      if (used) {
        const message = `Cannot call next() twice in an interceptor around ${invocation.kind} "${invocation.name}"`;
        return Promise.reject(new KernelError("NEXT_REPEATED", message));
      }
      used = true;
      return step(i + 1);
    });
  };
  return step(0);
}

function toResourceResult(uri: string, mimeType: string | undefined, returned: ResourceReturn): ResourceResult {
  const base = { uri, ...(mimeType !== undefined && { mimeType }) };
  if (typeof returned === "string") return { contents: [{ ...base, text: returned }] };
  if (returned instanceof Uint8Array) return { contents: [{ ...base, blob: toBase64(returned) }] };
  if (areContents(returned)) return { contents: returned };
  if (isObject(returned) && areContents(returned["contents"])) return returned as unknown as ResourceResult;
  throw new TypeError(`Cannot answer with what resource "${uri}" read: it is neither text, bytes nor contents`);
}

function areContents(value: unknown): value is readonly ResourceContents[] {
  return Array.isArray(value) && value.every((it) => isObject(it) && typeof it["uri"] === "string");
}

function toPromptResult(description: string, returned: PromptReturn): PromptResult {
  if (typeof returned === "string") {
    return { description, messages: [{ role: "user", content: { type: "text", text: returned } }] };
  }
  return "messages" in returned ? returned : { description, messages: returned };
}
