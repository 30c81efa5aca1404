/**
 * The kernel's public surface.
 *
 * @example A kernel with one plugin
 * ```ts
 * import { definePlugin, Kernel } from "collet";
 * import * as v from "valibot";
 *
 * const hello = definePlugin({
 *   name: "hello",
 *   version: "1.0.0",
 *   setup: ({ tool }) =>
 *     void tool({
 *       name: "hello",
 *       description: "Greet someone",
 *       input: v.object({ name: v.string() }),
 *       run: ({ name }) => `Hello, ${name}`,
 *     }),
 * });
 * await using kernel = await new Kernel().use(hello).start();
 * const { content } = await kernel.call("hello", { name: "Ada" });
 * if (JSON.stringify(content) !== '[{"type":"text","text":"Hello, Ada"}]') throw new Error("unexpected");
 * ```
 *
 * @module
 */
export {
  type AskOptions,
  type Call,
  type CallPatch,
  type ClientView,
  createCall,
  type ElicitRequest,
  type ElicitResult,
  LOCAL_PRINCIPAL,
  LOG_LEVELS,
  type LogLevel,
  type Principal,
  type Root,
  type SampleRequest,
  type SampleResult,
} from "./call.ts";
export { onAbort } from "./cancellation.ts";
export { collectCommands, collectDiagnostics, type Collector, collectRoutes, type MountedApp } from "./collectors.ts";
export { type CompletionRef, rankCompletions, type Typed } from "./completion.ts";
export {
  type Annotations,
  type Content,
  type EmbeddedResource,
  fromBase64,
  type Icon,
  isObject,
  type Json,
  type JsonObject,
  type MediaContent,
  pieceOf,
  type PromptMessage,
  type PromptResult,
  type ResourceContents,
  type ResourceLink,
  type ResourceResult,
  type TextContent,
  textOf,
  type TextPiece,
  toBase64,
  type ToolAnnotations,
  type ToolResult,
  toolResult,
  valueOf,
} from "./content.ts";
export {
  Catalog,
  type Command,
  type CommandIo,
  Commands,
  type CommandVerb,
  type ConnectOptions,
  Diagnostics,
  type Enforcement,
  type Enforcer,
  type EntryWish,
  Environment,
  Fetch,
  type FetchInit,
  Files,
  type FileStat,
  type Finding,
  type Folder,
  type FolderEntry,
  Http,
  type HttpApp,
  type LogChange,
  LogFilter,
  type LogText,
  type Probe,
  type Process,
  Processes,
  type ProcessExit,
  type ProcessResult,
  type PromptArgument,
  type PromptListing,
  type Socket,
  type SocketListener,
  Sockets,
  type TemplateListing,
  Toolbox,
  type ToolSummary,
  type View,
  type Viewer,
  Visibility,
} from "./contracts.ts";
export { askDecision, canDecide, type Decision, type DecisionRequest } from "./decision.ts";
export {
  ErrorCode,
  isKernelError,
  isProtocolError,
  isToolError,
  KernelError,
  type KernelErrorCode,
  type KernelErrorOptions,
  messageOf,
  ProtocolError,
  ToolError,
  type ToolErrorOptions,
} from "./errors.ts";
export {
  KernelStarted,
  KernelStopping,
  PluginLoaded,
  PluginUnloaded,
  RegistryChanged,
  type ResourceUpdate,
  ResourceUpdated,
  type ViewChange,
  ViewChanged,
} from "./events.ts";
export {
  type CompiledPrompt,
  type CompiledResource,
  type CompiledTool,
  isItemName,
  type PromptEntry,
  type ResourceEntry,
  type ToolEntry,
} from "./items.ts";
export { type ConfigArgs, Kernel, type KernelOptions } from "./kernel.ts";
export type { PluginReport, PluginState } from "./loaded_plugin.ts";
export {
  createLog,
  type FilteredLog,
  LOG_THRESHOLDS,
  type LogOptions,
  type LogThreshold,
  type NamedLog,
} from "./log.ts";
export { sha256, toHex } from "./digest.ts";
export { findJsonError, type JsonError } from "./json_position.ts";
export { decodeFragment, followPointer } from "./json_schema/pointer.ts";
export { Lazy } from "./lazy.ts";
export { OwnPackages } from "./own_packages.ts";
export { didYouMean, nearNames } from "./near_names.ts";
export { assertNestable, type Nesting, relay } from "./nesting.ts";
export {
  type AnyPrompt,
  type AnyResource,
  type AnyTool,
  type CompletionCall,
  definePlugin,
  type Disposable,
  type Disposer,
  type Interceptor,
  type Invocation,
  isPlugin,
  type ItemKind,
  type Log,
  type Outcome,
  type Outcomes,
  type Plugin,
  type PluginContext,
  type PluginSpec,
  type PromptDefinition,
  type PromptReturn,
  type Registration,
  type ResourceDefinition,
  type ResourceListing,
  type ResourceReturn,
  type ToolDefinition,
  type ToolReturn,
} from "./plugin.ts";
export {
  type AroundToolCall,
  type ExtensionNotification,
  type Extensions,
  type LegacyExtension,
  Protocol,
  type ProtocolExtension,
  type ProtocolMethod,
  type Recipients,
  type ToolRequest,
} from "./protocol.ts";
export {
  canAsk,
  describeQuestion,
  elicitQuestion,
  isAnswer,
  type Question,
  ROOTS_QUESTION,
  sampleQuestion,
} from "./questions.ts";
export type { Addition, Entry, Registry, RegistryOptions } from "./registry.ts";
export {
  type CompiledSchema,
  type CompileOptions,
  compileSchema,
  formatIssues,
  formatPath,
  type Input,
  type Issue,
  type JsonSchema,
  type Output,
  type ParseResult,
  type Schema,
  type StandardIssue,
  type StandardProperties,
  type StandardResult,
  type StandardSchema,
} from "./schema.ts";
export { SharedWork, type Waiter } from "./shared_work.ts";
export {
  Sql,
  type SqlDatabase,
  SqlError,
  type SqlFault,
  sqlFault,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
} from "./sql.ts";
export {
  type Contract,
  contract,
  type Event,
  event,
  optional,
  type OptionalContract,
  type Requires,
  type Resolved,
} from "./token.ts";
export { type CompiledTemplate, compileTemplate, isTemplate, type UriParams } from "./uri_template.ts";
export {
  type SyncEntry,
  type SyncFile,
  type SyncFolder,
  type SyncOpenOptions,
  type SyncStat,
  type SyncTimes,
  type Worker,
  type WorkerMain,
  type WorkerOptions,
  Workers,
  type WorkerScope,
} from "./workers.ts";
