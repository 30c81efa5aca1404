/**
 * One entry of `mcpServers`, in the form that clients share, with what Collet adds to it.
 *
 * @module
 */
import { didYouMean, isObject, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import {
  checkDefinition,
  DEFAULT_TIMES,
  type HttpTarget,
  IMPORT_ORIGIN,
  type StdioTarget,
  type TargetAuth,
  type UpstreamDefinition,
  type UpstreamTarget,
} from "../definition.ts";
import { type OpenApiTarget, readOpenApiTarget, writeOpenApiTarget } from "../openapi_target.ts";
import { referencesOf } from "./references.ts";

/** Fields that say how a server is reached: those that clients share, and how one says who one is. */
const TARGET_FIELDS = ["type", "transport", "command", "args", "env", "cwd", "url", "headers", "auth"] as const;
/** What `import_openapi` keeps of a web API. */
const OPENAPI_FIELD = "openapi";
/** Fields that Collet adds. */
const OWN_FIELDS = [
  "namespace",
  "include",
  "exclude",
  "rename",
  "strict",
  "sandbox",
  "timeout_ms",
  "idle_ms",
  "lifetime_ms",
  "disabled",
  "description",
] as const;
const FIELDS: readonly string[] = [...TARGET_FIELDS, ...OWN_FIELDS];

/** What clients call the ways to reach a server. */
const TRANSPORTS: Readonly<Record<string, "stdio" | HttpTarget["transport"]>> = {
  stdio: "stdio",
  local: "stdio",
  auto: "auto",
  // what VS Code calls so may be the older one as well
  http: "auto",
  remote: "auto",
  streamable: "streamable",
  "streamable-http": "streamable",
  streamable_http: "streamable",
  streamablehttp: "streamable",
  sse: "sse",
};

/** Whose entry it is. */
export interface EntryOptions {
  readonly name: string;
  readonly origin: string;
  /** Whether what is not known is refused, as in Collet's own files, or left out, since it concerns another client. */
  readonly isOurs: boolean;
}

/**
 * Reads an entry.
 *
 * @throws {ToolError} saying what does not fit, and what is expected.
 */
export async function readEntry(entry: unknown, options: EntryOptions): Promise<UpstreamDefinition> {
  const { name, origin, isOurs } = options;
  const fail = (why: string) => new ToolError(`Cannot use MCP server "${name}": ${why}`);
  if (!isObject(entry)) throw fail(`found ${JSON.stringify(entry)}, expected an object with "command" or "url"`);
  if (isOurs) assertKnown(entry, fail);
  const own = isOurs ? entry : {};
  const definition = {
    name,
    namespace: own["namespace"] ?? name,
    target: readTarget(entry, { ...options, fail }),
    ...optional("include", own["include"]),
    ...optional("exclude", own["exclude"]),
    ...optional("rename", own["rename"]),
    isStrict: own["strict"] ?? false,
    isSandboxed: own["sandbox"] ?? false,
    timeoutMs: own["timeout_ms"] ?? DEFAULT_TIMES.timeoutMs,
    idleMs: own["idle_ms"] ?? DEFAULT_TIMES.idleMs,
    lifetimeMs: own["lifetime_ms"] ?? DEFAULT_TIMES.lifetimeMs,
    origin,
    isDisabled: entry["disabled"] ?? (entry["enabled"] === false),
  };
  const checked = await checkDefinition(definition as UpstreamDefinition);
  referencesOf(checked);
  assertUnseen(checked, fail);
  return checked;
}

/** Writes what {@linkcode readEntry} reads, without what is by default. */
export function writeEntry(definition: UpstreamDefinition): JsonObject {
  const { name, namespace, include, exclude, rename, isStrict, isSandboxed, isDisabled } = definition;
  const times = { timeout_ms: definition.timeoutMs, idle_ms: definition.idleMs, lifetime_ms: definition.lifetimeMs };
  const defaults = {
    timeout_ms: DEFAULT_TIMES.timeoutMs,
    idle_ms: DEFAULT_TIMES.idleMs,
    lifetime_ms: DEFAULT_TIMES.lifetimeMs,
  };
  return {
    ...writeTarget(definition.target),
    ...(namespace !== name && { namespace }),
    ...optional("include", include),
    ...optional("exclude", exclude),
    ...optional("rename", rename),
    ...(isStrict && { strict: true }),
    ...(isSandboxed && { sandbox: true }),
    ...Object.fromEntries(
      Object.entries(times).filter(([key, value]) => value !== defaults[key as keyof typeof defaults]),
    ),
    ...(isDisabled && { disabled: true }),
  };
}

type Fail = (why: string) => ToolError;

/** What a program is called with is shown to everybody on a machine. */
function assertUnseen({ target, origin }: UpstreamDefinition, fail: Fail): void {
  if (target.kind !== "stdio") return;
  const { secrets, variables } = referencesOf({ target: { ...target, env: {} } });
  // what a person wrote into a file may well be no secret; a model does not know
  const seen = origin === IMPORT_ORIGIN ? [...secrets, ...variables] : secrets;
  const [name] = seen;
  if (name === undefined) return;
  throw fail(
    `"\${${
      secrets.includes(name) ? "secret" : "env"
    }:${name}}" stands in its command line, which everybody on this machine can read; give it by a variable ` +
      'under "env"',
  );
}

function assertKnown(entry: JsonObject, fail: Fail): void {
  const unknown = Object.keys(entry).find((key) => !FIELDS.includes(key) && key !== OPENAPI_FIELD);
  if (unknown === undefined) return;
  throw fail(
    `there is no field "${unknown.slice(0, 80)}"${didYouMean(unknown, FIELDS)}; there are ${FIELDS.join(", ")}`,
  );
}

function readTarget(entry: JsonObject, options: EntryOptions & { readonly fail: Fail }): UpstreamTarget {
  const { fail, isOurs } = options;
  if (isOurs && entry[OPENAPI_FIELD] !== undefined) return readOpenApiTarget(entry[OPENAPI_FIELD]) as OpenApiTarget;
  const { command, url } = entry;
  const wanted = readTransport(entry, fail);
  if (command !== undefined && url !== undefined) throw fail('it has "command" and "url"; expected one of them');
  if (command === undefined && url === undefined) throw fail('it has neither "command" nor "url"');
  if (!isOurs && entry["envFile"] !== undefined) {
    throw fail('"envFile" is not read; write its variables under "env", or keep them as secrets');
  }
  if (command !== undefined) {
    if (wanted !== undefined && wanted !== "stdio") throw fail(`its type is "${wanted}", which goes with "url"`);
    const { args = [], env = {}, cwd } = entry;
    return { kind: "stdio", command, args, env: textsOf(env), ...optional("cwd", cwd) } as StdioTarget;
  }
  if (wanted === "stdio") throw fail('its type is "stdio", which goes with "command"');
  const auth = readAuth(entry, options);
  const { headers = {} } = entry;
  return { kind: "http", url, headers, transport: wanted ?? "auto", ...optional("auth", auth) } as HttpTarget;
}

function readTransport(entry: JsonObject, fail: Fail): "stdio" | HttpTarget["transport"] | undefined {
  const written = entry["transport"] ?? entry["type"];
  if (written === undefined) return undefined;
  const key = String(written).toLowerCase();
  if (Object.hasOwn(TRANSPORTS, key)) return TRANSPORTS[key];
  throw fail(`its type is ${JSON.stringify(written)}; expected "stdio", "auto", "streamable" or "sse"`);
}

/** Other clients take numbers and truth values as well. */
function textsOf(env: unknown): unknown {
  if (!isObject(env)) return env;
  const isPlain = (value: unknown) => typeof value === "number" || typeof value === "boolean";
  return Object.fromEntries(Object.entries(env).map(([key, value]) => [key, isPlain(value) ? String(value) : value]));
}

const AUTH_FIELDS: Readonly<Record<string, readonly string[]>> = {
  bearer: ["token"],
  oauth: ["scope", "client_id", "client_secret"],
  client_credentials: ["client_id", "client_secret", "scope"],
};

function readAuth(entry: JsonObject, { fail, isOurs }: { readonly fail: Fail; readonly isOurs: boolean }): unknown {
  const { auth } = entry;
  if (!isOurs) return readForeignAuth(entry);
  if (auth === undefined) return undefined;
  const kinds = Object.keys(AUTH_FIELDS);
  if (!isObject(auth)) throw fail(`"auth" is ${JSON.stringify(auth)}; expected {"type": "bearer", "token": "…"}`);
  const { type, ...fields } = auth;
  const known = typeof type === "string" && Object.hasOwn(AUTH_FIELDS, type) ? AUTH_FIELDS[type]! : undefined;
  if (known === undefined) {
    throw fail(`"auth.type" is ${JSON.stringify(type)}; expected ${kinds.map((it) => `"${it}"`).join(", ")}`);
  }
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) throw fail(`"auth" of type "${type}" has no "${unknown}"; it has ${known.join(", ")}`);
  const { client_id: clientId, client_secret: clientSecret, ...rest } = fields;
  return { kind: type, ...rest, ...optional("clientId", clientId), ...optional("clientSecret", clientSecret) };
}

/** What Cursor has under `auth`, and Claude under `oauth`. */
function readForeignAuth({ auth, oauth }: JsonObject): TargetAuth | undefined {
  const found = isObject(auth) ? auth : isObject(oauth) ? oauth : undefined;
  if (found === undefined) return undefined;
  const text = (value: unknown) => typeof value === "string" && value !== "" ? value : undefined;
  const { scopes } = found;
  return {
    kind: "oauth",
    ...optional("clientId", text(found["CLIENT_ID"] ?? found["clientId"])),
    ...optional("clientSecret", text(found["CLIENT_SECRET"] ?? found["clientSecret"])),
    ...optional("scope", Array.isArray(scopes) ? text(scopes.join(" ")) : text(scopes)),
  };
}

function writeTarget(target: UpstreamTarget): JsonObject {
  if (target.kind === "openapi") return { [OPENAPI_FIELD]: writeOpenApiTarget(target) };
  if (target.kind === "stdio") {
    const { command, args, env, cwd } = target;
    return { command, args, env, ...optional("cwd", cwd) };
  }
  const { url, headers, transport, auth } = target;
  return {
    url,
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(transport !== "auto" && { transport }),
    ...(auth !== undefined && { auth: writeAuth(auth) }),
  };
}

function writeAuth(auth: TargetAuth): JsonObject {
  if (auth.kind === "bearer") return { type: auth.kind, token: auth.token };
  const { kind, clientId, clientSecret, scope } = auth;
  return {
    type: kind,
    ...optional("client_id", clientId),
    ...optional("client_secret", clientSecret),
    ...optional("scope", scope),
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : { [key]: value } as { readonly [P in K]?: V };
}
