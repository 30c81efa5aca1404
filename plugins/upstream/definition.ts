/**
 * What is known of another MCP server before it is reached: how, under which namespace, and within which bounds.
 *
 * @module
 */
import * as v from "valibot";
import { compileSchema, formatIssues, sha256, ToolError } from "../../kernel/mod.ts";
import { type OpenApiTarget, OpenApiTargetSchema } from "./openapi_target.ts";

/** A program that speaks MCP on its stdin and stdout. */
export interface StdioTarget {
  readonly kind: "stdio";
  /** A name to find in PATH, or an absolute path; never a shell line. */
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the minimal environment. Values may refer to secrets and variables, which are put in when it starts. */
  readonly env: Readonly<Record<string, string>>;
  /** Working folder, absolute; a private temporary folder by default. */
  readonly cwd?: string;
}

/** A server behind an address. */
export interface HttpTarget {
  readonly kind: "http";
  /** An http or https address without user and password. */
  readonly url: string;
  /** Values may refer to secrets and variables, which are put in when it is reached. */
  readonly headers: Readonly<Record<string, string>>;
  /** `auto` tries Streamable HTTP, and the older HTTP+SSE where that is not spoken. */
  readonly transport: "auto" | "streamable" | "sse";
  readonly auth?: TargetAuth;
}

/** How one says who one is to a server behind an address. */
export type TargetAuth = BearerAuth | CodeAuth | ClientAuth;

/** A token that is sent with each request. */
export interface BearerAuth {
  readonly kind: "bearer";
  /** May refer to a secret. */
  readonly token: string;
}

/** OAuth by a person's browser: authorization code with PKCE. */
export interface CodeAuth {
  readonly kind: "oauth";
  readonly scope?: string;
  /** Of a client that was registered by hand; the server is asked to register one otherwise. */
  readonly clientId?: string;
  /** May refer to a secret. */
  readonly clientSecret?: string;
}

/** OAuth without a person: client credentials. */
export interface ClientAuth {
  readonly kind: "client_credentials";
  readonly clientId: string;
  /** May refer to a secret. */
  readonly clientSecret: string;
  readonly scope?: string;
}

/** What is reached: a program, a server behind an address, or a web API that looks like a server from here. */
export type UpstreamTarget = StdioTarget | HttpTarget | OpenApiTarget;

/** One other MCP server. */
export interface UpstreamDefinition {
  /** Matches `^[A-Za-z0-9_-]{1,64}$`; names one definition among all. */
  readonly name: string;
  /** What its tools are named by, as in `<namespace>_<tool>`, at most 48 characters; the name by default. */
  readonly namespace: string;
  readonly target: UpstreamTarget;
  /** Names of the server's own tools, `*` as a wildcard; all by default. */
  readonly include?: readonly string[];
  /** Names of the server's own tools, `*` as a wildcard; none by default. Wins over `include`. */
  readonly exclude?: readonly string[];
  /** Other names for tools of the server, without the namespace. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Whether a tool whose description or schema changes is held until it is allowed; `false` by default. */
  readonly isStrict: boolean;
  /** Whether its program runs in the sandbox; `false` by default, since most need the user's credentials and network. */
  readonly isSandboxed: boolean;
  /** Time limit of one request, in milliseconds; 120,000 by default. */
  readonly timeoutMs: number;
  /** Time without a call after which it is stopped, in milliseconds; 900,000 by default, 0 for never. */
  readonly idleMs: number;
  /** Time after its start after which it is started anew, in milliseconds; 86,400,000 by default, 0 for never. */
  readonly lifetimeMs: number;
  /** `import_mcp`, `collet.json`, or the path of the file that named it. */
  readonly origin: string;
  /** Whether it stays listed and is not started; `false` by default. */
  readonly isDisabled: boolean;
}

/** The `origin` of servers that a tool imported. */
export const IMPORT_ORIGIN = "import_mcp";

/** Names that a definition, and so a namespace, may have. */
export const DEFINITION_NAME_REGEXP = /^[A-Za-z0-9_-]{1,64}$/;

/** Times of a definition that names none, in milliseconds. */
export const DEFAULT_TIMES = { timeoutMs: 120_000, idleMs: 900_000, lifetimeMs: 86_400_000 } as const;

// timers count to 2^31 - 1 milliseconds
const LONGEST_MS = 2_147_483_647;
const MOST_ITEMS = 1_000;
const LONGEST_TEXT = 32_768;
const ABSOLUTE_REGEXP = /^(?:\/|[A-Za-z]:[/\\]|\\\\)/;
const HEADER_REGEXP = /^[!#$%&'*+.^_`|~A-Za-z0-9-]{1,128}$/;
const VARIABLE_REGEXP = /^[^=\0]{1,256}$/;

const Text = v.pipe(
  v.string(),
  v.maxLength(LONGEST_TEXT, `expected at most ${LONGEST_TEXT} characters`),
  v.check((text) => !text.includes("\0"), "expected no NUL character"),
);
const FilledText = v.pipe(Text, v.nonEmpty("expected a text that is not empty"));
const Texts = v.pipe(v.array(Text), v.maxLength(MOST_ITEMS, `expected at most ${MOST_ITEMS} items`));
const Name = v.pipe(v.string(), v.regex(DEFINITION_NAME_REGEXP, "expected 1 to 64 of A-Z a-z 0-9 _ -"));
// so that something of the names of tools is left
const Namespace = v.pipe(Name, v.maxLength(48, "expected at most 48 characters"));
const Milliseconds = (least: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(LONGEST_MS, `expected at most ${LONGEST_MS}`));
const Variables = v.record(v.pipe(v.string(), v.regex(VARIABLE_REGEXP, "expected a name without =")), Text);
const HeaderValue = v.pipe(Text, v.check((text) => !/[\r\n]/.test(text), "expected a value of one line"));
const Headers = v.record(v.pipe(v.string(), v.regex(HEADER_REGEXP, "expected the name of a header")), HeaderValue);

const StdioTargetSchema = v.strictObject({
  kind: v.literal("stdio"),
  command: FilledText,
  args: Texts,
  env: Variables,
  cwd: v.exactOptional(v.pipe(FilledText, v.regex(ABSOLUTE_REGEXP, "expected an absolute path"))),
});

const AuthSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("bearer"), token: FilledText }),
  v.strictObject({
    kind: v.literal("oauth"),
    scope: v.exactOptional(FilledText),
    clientId: v.exactOptional(FilledText),
    clientSecret: v.exactOptional(FilledText),
  }),
  v.strictObject({
    kind: v.literal("client_credentials"),
    clientId: FilledText,
    clientSecret: FilledText,
    scope: v.exactOptional(FilledText),
  }),
]);

const HttpTargetSchema = v.strictObject({
  kind: v.literal("http"),
  url: v.pipe(FilledText, v.check(isPlainAddress, "expected an http or https address without user and password")),
  headers: Headers,
  transport: v.picklist(["auto", "streamable", "sse"]),
  auth: v.exactOptional(AuthSchema),
});

/** Checks a definition, whichever way it came. */
const UpstreamDefinitionSchema: v.GenericSchema<unknown, UpstreamDefinition> = v.strictObject({
  name: Name,
  namespace: Namespace,
  target: v.variant("kind", [StdioTargetSchema, HttpTargetSchema, OpenApiTargetSchema]),
  include: v.exactOptional(Texts),
  exclude: v.exactOptional(Texts),
  rename: v.exactOptional(v.record(v.string(), Name)),
  isStrict: v.boolean(),
  isSandboxed: v.boolean(),
  timeoutMs: Milliseconds(1),
  idleMs: Milliseconds(0),
  lifetimeMs: Milliseconds(0),
  origin: v.string(),
  isDisabled: v.boolean(),
});

const SCHEMA = compileSchema(UpstreamDefinitionSchema, { what: "an MCP server", direction: "input" });

/** Tells whether a text is an address as targets have it; one with references is looked at once they are filled in. */
export function isPlainAddress(text: string): boolean {
  if (text.includes("${")) return true;
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/**
 * Computes the SHA-256 of what a definition reaches, in hex: another one means that it has to be reached anew. References
 * count as they are written, not what they stand for; where the definition is from does not count.
 */
export function digestOfDefinition({ origin: _origin, ...definition }: UpstreamDefinition): Promise<string> {
  return digestOf(definition);
}

/** Names a server for messages, such as `MCP server "git"` or `web API "pets"`. */
export function titleOf({ name, target }: Pick<UpstreamDefinition, "name" | "target">): string {
  return `${target.kind === "openapi" ? "web API" : "MCP server"} "${name}"`;
}

/**
 * Computes the SHA-256 of how a server is reached and what it is given, in hex: two of one digest are the same server.
 */
export function digestOfTarget({ target, isSandboxed }: UpstreamDefinition): Promise<string> {
  return digestOf({ target, isSandboxed });
}

/** Computes the SHA-256 of what a person who is asked decides on, in hex: the target, and whether changed tools are held. */
export function digestOfTrusted({ target, isSandboxed, isStrict }: UpstreamDefinition): Promise<string> {
  return digestOf({ target, isSandboxed, ...(isStrict && { isStrict }) });
}

/**
 * Checks a definition.
 *
 * @throws {ToolError} naming each value that does not fit, after `Cannot use MCP server "…": `.
 */
export async function checkDefinition(definition: UpstreamDefinition): Promise<UpstreamDefinition> {
  const parsed = await SCHEMA.parse(definition);
  if (parsed.ok) return parsed.value as UpstreamDefinition;
  throw new ToolError(`Cannot use MCP server "${definition.name}": ${formatIssues(parsed.issues)}`);
}

async function digestOf(value: unknown): Promise<string> {
  return await sha256(JSON.stringify(sorted(value)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, it]) => it !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, it]) => [key, sorted(it)]));
}
