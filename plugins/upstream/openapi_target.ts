/**
 * Web APIs as what a definition reaches: an OpenAPI document, the addresses it is used at, and what says who one is.
 *
 * @module
 */
import * as v from "valibot";
import { isObject, type JsonObject } from "../../kernel/mod.ts";

/** What says who one is, by one security scheme of the document. Texts may refer to secrets. */
export type ApiCredential = KeyCredential | BasicCredential | BearerCredential | ClientCredential;

/** A key that goes with each request. */
export interface KeyCredential {
  readonly kind: "api_key";
  readonly in: "header" | "query" | "cookie";
  /** Of the header, parameter or cookie. */
  readonly name: string;
  readonly value: string;
}

/** User and password. */
export interface BasicCredential {
  readonly kind: "basic";
  readonly username: string;
  readonly password: string;
}

/** A token that goes with each request. */
export interface BearerCredential {
  readonly kind: "bearer";
  readonly token: string;
}

/** OAuth without a person: client credentials. */
export interface ClientCredential {
  readonly kind: "client_credentials";
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
}

/** Which operations are offered; what is left out narrows nothing. */
export interface OperationSelection {
  /** Tags, of which an operation has to have one. */
  readonly tags?: readonly string[];
  /** Methods in lower case. */
  readonly methods?: readonly string[];
  /** Paths as the document writes them; `*` stands for any characters. */
  readonly paths?: readonly string[];
  readonly excludedTags?: readonly string[];
  readonly excludedPaths?: readonly string[];
}

/** A web API that an OpenAPI document describes. */
export interface OpenApiTarget {
  readonly kind: "openapi";
  /** SHA-256 of the document as it is kept, in hex. */
  readonly document: string;
  /** Base addresses that requests go to, and no others. */
  readonly servers: readonly string[];
  /** Whether `servers` holds one address for all operations, in place of those of the document. */
  readonly isOverridden: boolean;
  /** Sent with each request. Values may refer to secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** By the names of the security schemes of the document. */
  readonly auth: Readonly<Record<string, ApiCredential>>;
  readonly select: OperationSelection;
}

const Text = v.pipe(
  v.string(),
  v.maxLength(32_768),
  v.check((it) => !/[\0\r\n]/.test(it), "expected a text of one line"),
);
const FilledText = v.pipe(Text, v.nonEmpty("expected a text that is not empty"));
const Texts = v.pipe(v.array(Text), v.maxLength(1_000));
const Token = v.pipe(Text, v.regex(/^[!#$%&'*+.^_`|~A-Za-z0-9-]{1,128}$/, "expected the name of a header"));
const Address = v.pipe(
  FilledText,
  v.check(isApiAddress, "expected an http or https address without user and password"),
);

const Credential = v.variant("kind", [
  v.strictObject({ kind: v.literal("api_key"), in: v.literal("header"), name: Token, value: FilledText }),
  v.strictObject({
    kind: v.literal("api_key"),
    in: v.picklist(["query", "cookie"]),
    name: FilledText,
    value: FilledText,
  }),
  v.strictObject({ kind: v.literal("basic"), username: Text, password: Text }),
  v.strictObject({ kind: v.literal("bearer"), token: FilledText }),
  v.strictObject({
    kind: v.literal("client_credentials"),
    tokenUrl: Address,
    clientId: FilledText,
    clientSecret: FilledText,
    scopes: Texts,
  }),
]);

/** Checks a target. */
export const OpenApiTargetSchema = v.strictObject({
  kind: v.literal("openapi"),
  document: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in hex")),
  servers: v.pipe(v.array(Address), v.minLength(1, "expected an address"), v.maxLength(100)),
  isOverridden: v.boolean(),
  headers: v.record(Token, Text),
  auth: v.record(v.string(), Credential),
  select: v.strictObject({
    tags: v.exactOptional(Texts),
    methods: v.exactOptional(Texts),
    paths: v.exactOptional(Texts),
    excludedTags: v.exactOptional(Texts),
    excludedPaths: v.exactOptional(Texts),
  }),
});

/** Tells whether requests can go to an address. */
export function isApiAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/** Writes a target as the `openapi` of a manifest. */
export function writeOpenApiTarget({ kind: _kind, ...target }: OpenApiTarget): JsonObject {
  return { ...target };
}

/** Reads the `openapi` of a manifest; the schema checks what it gives. */
export function readOpenApiTarget(written: unknown): unknown {
  return isObject(written) ? { ...written, kind: "openapi" } : written;
}

/** Changes each text of a target that may hold references. */
export function mapOpenApiTexts(target: OpenApiTarget, change: (text: string) => string): OpenApiTarget {
  const changeAll = (texts: Readonly<Record<string, string>>, kept: readonly string[] = []) =>
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, kept.includes(key) ? text : change(text)]));
  const credentials = Object.entries(target.auth).map(([name, credential]): [string, ApiCredential] => {
    if (credential.kind === "api_key") return [name, { ...credential, value: change(credential.value) }];
    if (credential.kind === "client_credentials") {
      const { clientId, clientSecret } = credential;
      return [name, { ...credential, clientId: change(clientId), clientSecret: change(clientSecret) }];
    }
    return [name, changeAll({ ...credential }, ["kind"]) as unknown as ApiCredential];
  });
  return { ...target, headers: changeAll(target.headers), auth: Object.fromEntries(credentials) };
}

/** Says for persons where requests go, and by what one is known there; never a value. */
export function describeOpenApiTarget({ servers, headers, auth }: OpenApiTarget): readonly string[] {
  const names = Object.keys(headers);
  return [
    ...servers.map((it) => `address: ${it}`),
    ...(names.length === 0 ? [] : [`headers: ${names.join(", ")}`]),
    ...Object.entries(auth).map(([name, it]) =>
      it.kind === "client_credentials" ? `token for ${name} from: ${it.tokenUrl}` : `credential: ${name} (${it.kind})`
    ),
  ];
}
