/**
 * The security schemes of a document, and what was given for them.
 *
 * @module
 */
import { didYouMean, isObject, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import { type ApiCredential, isApiAddress } from "../openapi_target.ts";
import type { OpenApiDocument } from "./document/document.ts";

/** What is given for one scheme: a key or token, or what its kind wants. */
export type GivenCredential = string | JsonObject;

/** Where addresses that are relative are read from. */
export interface SchemeOptions {
  /** Address that requests go to. */
  readonly server: string;
}

/**
 * Reads what was given for security schemes.
 *
 * @throws {ToolError} when it does not fit what the document says of the scheme, or holds a secret as it stands.
 */
export function readCredentials(
  document: OpenApiDocument,
  given: Readonly<Record<string, GivenCredential>>,
  options: SchemeOptions,
): Readonly<Record<string, ApiCredential>> {
  const { value: schemes, address } = document.at("components", "securitySchemes");
  const known = isObject(schemes) ? schemes : {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      if (!Object.hasOwn(known, name)) {
        const names = Object.keys(known);
        const there = names.length === 0 ? 'it has none; use "headers"' : `there are ${names.join(", ")}`;
        throw new ToolError(`the document has no security scheme "${name}"${didYouMean(name, names)}; ${there}`);
      }
      const scheme = document.follow({ value: known[name], address });
      const credential = readCredential(isObject(scheme.value) ? scheme.value : {}, value, {
        ...options,
        name,
        document,
      });
      assertReferred(name, credential);
      return [name, credential];
    }),
  );
}

/** Tells whether a text gets its secret from where secrets are kept. */
export function isReferred(text: string): boolean {
  return /\$\{(?:secret|env):/.test(text);
}

interface Reading extends SchemeOptions {
  readonly name: string;
  readonly document: OpenApiDocument;
}

function readCredential(scheme: JsonObject, given: GivenCredential, reading: Reading): ApiCredential {
  const { type, in: place, name: key } = scheme;
  const { name } = reading;
  const kind = type === "http" ? String(scheme["scheme"]).toLowerCase() : type;
  const fail = (why: string) => new ToolError(`"auth" for "${name}", which is ${JSON.stringify(kind)}, ${why}`);
  switch (kind) {
    case "apiKey":
      if (typeof given !== "string") throw fail('has to be a text such as "${secret:NAME}"');
      return { kind: "api_key", in: place, name: key, value: given } as ApiCredential;
    case "basic": {
      const { username, password } = fieldsOf(given);
      if (username === undefined || password === undefined) {
        throw fail('has to be {"username": "…", "password": "${secret:NAME}"}');
      }
      return { kind, username, password };
    }
    case "bearer":
      if (typeof given !== "string") throw fail('has to be a text such as "${secret:NAME}"');
      return { kind, token: given };
    case "oauth2":
    case "openIdConnect":
      return typeof given === "string"
        ? { kind: "bearer", token: given }
        : readClient(scheme, given, { ...reading, fail });
    default:
      throw fail("is of a kind that is not supported; leave it out");
  }
}

function readClient(
  { flows }: JsonObject,
  given: JsonObject,
  { server, document, fail }: Reading & { readonly fail: (why: string) => ToolError },
): ApiCredential {
  const { client_id: clientId, client_secret: clientSecret } = fieldsOf(given);
  const { scopes = [] } = given;
  if (clientId === undefined || clientSecret === undefined || !isTexts(scopes)) {
    throw fail(
      'has to be {"client_id": "…", "client_secret": "${secret:NAME}", "scopes": ["…"]}, or a token as a text',
    );
  }
  const flow = isObject(flows) ? flows["clientCredentials"] : undefined;
  const written = isObject(flow) ? flow["tokenUrl"] : undefined;
  if (typeof written !== "string") throw fail("has no flow for client credentials; pass a token as a text");
  const base = document.address === "" ? `${server}/` : document.address;
  const tokenUrl = URL.canParse(written, base) ? new URL(written, base).href : written;
  if (!isApiAddress(tokenUrl)) throw fail(`gets its tokens from "${written.slice(0, 200)}", which is no address`);
  return { kind: "client_credentials", tokenUrl, clientId, clientSecret, scopes };
}

function fieldsOf(given: GivenCredential): Readonly<Record<string, string>> {
  if (!isObject(given)) return {};
  return Object.fromEntries(Object.entries(given).filter((it): it is [string, string] => typeof it[1] === "string"));
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((it) => typeof it === "string");
}

function assertReferred(name: string, credential: ApiCredential): void {
  const secret = credential.kind === "api_key"
    ? credential.value
    : credential.kind === "basic"
    ? credential.password
    : credential.kind === "bearer"
    ? credential.token
    : credential.clientSecret;
  if (isReferred(secret)) return;
  throw new ToolError(
    `"auth" for "${name}" holds a secret as it stands, which would be kept in a file; keep it as a secret of this ` +
      'server, and write "${secret:NAME}"',
  );
}
