/**
 * The three kinds of error and their readers: {@linkcode KernelError} for the operator, {@linkcode ToolError} for
 * the model, {@linkcode ProtocolError} for the client program.
 *
 * Two copies of the kernel in one process are normal, so `instanceof` is not relied on: each error carries a brand
 * under a registered symbol.
 *
 * @module
 */

const BRAND = Symbol.for("collet.error");

/** Lists every code of a {@linkcode KernelError}; the README has the meaning and the remedy of each. */
export type KernelErrorCode =
  | "CONFIG_INVALID"
  | "CONFIG_UNREADABLE"
  | "CONTRACT_CYCLE"
  | "CONTRACT_DUPLICATE"
  | "CONTRACT_MISSING"
  | "CONTRACT_UNDECLARED"
  | "HOME_UNUSABLE"
  | "KERNEL_STATE"
  | "NAME_INVALID"
  | "NAME_TAKEN"
  | "NEXT_REPEATED"
  | "OPTION_INVALID"
  | "PATH_ESCAPED"
  | "PLUGIN_DUPLICATE"
  | "PLUGIN_INVALID"
  | "PLUGIN_SETUP_FAILED"
  | "PLUGIN_TIMEOUT"
  | "PLUGIN_UNKNOWN"
  | "PLUGIN_UNLOADABLE"
  | "PORT_UNAVAILABLE"
  | "PROCESS_UNSTARTED"
  | "SCHEMA_INVALID"
  | "SCOPE_CLOSED"
  | "STATE_NEWER"
  | "STATE_UNREADABLE";

/** What a {@linkcode KernelError} carries beside its message. */
export interface KernelErrorOptions {
  /** Names the plugin concerned. */
  readonly plugin?: string | undefined;
  readonly cause?: unknown;
  /** Adds what was found, one fact a line. */
  readonly details?: readonly string[];
  /** Says what the reader can do. */
  readonly fix?: string;
}

/** Reports a mistake in composition, configuration or use of the kernel, for the operator or plugin author. */
export class KernelError extends Error {
  override readonly name = "KernelError";
  readonly [BRAND] = "kernel";
  readonly code: KernelErrorCode;
  readonly plugin: string | undefined;
  readonly details: readonly string[];
  readonly fix: string | undefined;

  constructor(code: KernelErrorCode, message: string, options: KernelErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.plugin = options.plugin;
    this.details = options.details ?? [];
    this.fix = options.fix;
  }

  /** Formats the error as the command line prints it: `error[CODE] message`, details, cause and fix. */
  format(): string {
    const lines = [`error[${this.code}] ${this.message}`, ...this.details.map((line) => `  ${line}`)];
    for (let cause = this.cause; cause !== undefined && cause !== null; cause = (cause as { cause?: unknown }).cause) {
      lines.push(`  cause: ${messageOf(cause)}`);
    }
    if (this.fix !== undefined) lines.push(`  fix: ${this.fix}`);
    return lines.join("\n");
  }
}

/** What a {@linkcode ToolError} carries beside its message. */
export interface ToolErrorOptions {
  readonly cause?: unknown;
  /** Becomes the structured content of the failed result, unless the tool has an output schema that it does not fit. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/**
 * Reports an expected failure of a tool to the model: the call's result has `isError` and this message as written.
 *
 * @example Refuse an argument
 * ```ts
 * import { isToolError, ToolError } from "collet";
 *
 * const error = new ToolError('Cannot open "a.txt": no such file; call list_files to see what exists');
 * if (!isToolError(error)) throw new Error("unexpected");
 * ```
 */
export class ToolError extends Error {
  override readonly name: string = "ToolError";
  readonly [BRAND] = "tool";
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(message: string, options: ToolErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.data = options.data;
  }
}

/** Names of the JSON-RPC error codes that the kernel and its transports use. */
export type ErrorCodeName =
  | "parseError"
  | "invalidRequest"
  | "methodNotFound"
  | "invalidParams"
  | "internalError"
  | "headerMismatch"
  | "missingClientCapability"
  | "unsupportedProtocolVersion"
  | "resourceNotFound";

/** JSON-RPC error codes that the kernel and its transports use. */
export const ErrorCode: Readonly<Record<ErrorCodeName, number>> = Object.freeze({
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  missingClientCapability: -32021,
  unsupportedProtocolVersion: -32022,
  resourceNotFound: -32002,
});

/** Answers a request with a JSON-RPC error instead of a result. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly [BRAND] = "protocol";
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

function hasBrand(value: unknown, brand: string): boolean {
  return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === brand;
}

/** Tells whether a value is a {@linkcode KernelError} of any copy of the kernel. */
export function isKernelError(value: unknown): value is KernelError {
  return hasBrand(value, "kernel");
}

/** Tells whether a value is a {@linkcode ToolError} of any copy of the kernel. */
export function isToolError(value: unknown): value is ToolError {
  return hasBrand(value, "tool");
}

/** Tells whether a value is a {@linkcode ProtocolError} of any copy of the kernel. */
export function isProtocolError(value: unknown): value is ProtocolError {
  return hasBrand(value, "protocol");
}

/** Gives the message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
