/**
 * References in the texts of a definition: to secrets and to variables of the server's environment. They are kept as they
 * are written, and filled in each time the server is reached.
 *
 * `${secret:NAME}` is a secret; `${NAME}` and `${env:NAME}` are variables, `${NAME:-default}` one that may be absent;
 * `$${` is `${` as it stands.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import {
  isPlainAddress,
  type TargetAuth,
  titleOf,
  type UpstreamDefinition,
  type UpstreamTarget,
} from "../definition.ts";
import { mapOpenApiTexts } from "../openapi_target.ts";

const REFERENCE_REGEXP = /\$\$\{|\$\{([^}]*)\}/g;
const NAME = "[A-Za-z_][A-Za-z0-9_]{0,127}";
const SECRET_REGEXP = new RegExp(`^secret:(${NAME})$`);
const VARIABLE_REGEXP = new RegExp(`^(?:env:)?(${NAME})(?::-(.*))?$`, "s");

/** Where what is referred to is found. */
export interface ReferenceSources {
  /** Reads a variable of the server's environment. */
  variable(name: string): string | undefined;
  /** Gives secrets by name. */
  reveal(names: readonly string[]): Readonly<Record<string, string>>;
}

/** What a definition refers to, sorted. */
export interface References {
  readonly secrets: readonly string[];
  readonly variables: readonly string[];
}

type Reference =
  | { readonly kind: "literal" }
  | { readonly kind: "secret"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string; readonly fallback: string | undefined };

/** Writes a text so that nothing in it is a reference. */
export function literal(text: string): string {
  // by a function, since `$$` in a replacement is `$`
  return text.replaceAll("${", () => "$${");
}

/**
 * Lists what a definition refers to.
 *
 * @throws {ToolError} when something is no reference that there is.
 */
export function referencesOf({ target }: Pick<UpstreamDefinition, "target">): References {
  const secrets = new Set<string>();
  const variables = new Set<string>();
  mapTexts(target, (text) => {
    return text.replaceAll(REFERENCE_REGEXP, (found, inside: string | undefined) => {
      const reference = readReference(inside);
      if (reference.kind === "secret") secrets.add(reference.name);
      if (reference.kind === "variable") variables.add(reference.name);
      return found;
    });
  });
  return { secrets: [...secrets].sort(), variables: [...variables].sort() };
}

/**
 * Fills in what a definition refers to, and gives the values of its secrets beside it, so that they can be redacted.
 *
 * @throws {ToolError} naming the variable or secret that is not there.
 */
export function fillReferences(
  definition: UpstreamDefinition,
  { variable, reveal }: ReferenceSources,
): { readonly definition: UpstreamDefinition; readonly secrets: Readonly<Record<string, string>> } {
  const { secrets: names } = referencesOf(definition);
  const secrets = names.length === 0 ? {} : reveal(names);
  const target = mapTexts(
    definition.target,
    (text) =>
      text.replaceAll(REFERENCE_REGEXP, (_found, inside: string | undefined) => {
        const reference = readReference(inside);
        if (reference.kind === "literal") return "${";
        if (reference.kind === "secret") return secrets[reference.name]!;
        // an empty variable is one that was not set
        const value = variable(reference.name) || reference.fallback;
        if (value !== undefined) return value;
        throw new ToolError(
          `Cannot reach ${titleOf(definition)}: the variable "${reference.name}" is not set; set it where this ` +
            `server is started, or write "\${${reference.name}:-default}"`,
        );
      }),
  );
  if (target.kind === "http" && !(URL.canParse(target.url) && isPlainAddress(target.url))) {
    throw new ToolError(
      `Cannot reach ${titleOf(definition)}: with its variables filled in, its "url" is no http or https address`,
    );
  }
  return { definition: { ...definition, target }, secrets };
}

function readReference(inside: string | undefined): Reference {
  if (inside === undefined) return { kind: "literal" };
  const [, secret] = SECRET_REGEXP.exec(inside) ?? [];
  if (secret !== undefined) return { kind: "secret", name: secret };
  const [, name, fallback] = VARIABLE_REGEXP.exec(inside) ?? [];
  if (name !== undefined) return { kind: "variable", name, fallback };
  const shown = `\${${inside.slice(0, 80)}}`;
  if (inside.startsWith("input:")) {
    throw new ToolError(
      `Cannot fill in "${shown}": nobody is there to be asked for it when a server starts; keep the value as a secret, ` +
        `and write "\${secret:NAME}"`,
    );
  }
  throw new ToolError(
    `Cannot fill in "${shown}": expected \${NAME}, \${NAME:-default}, \${env:NAME} or \${secret:NAME}; ` +
      'write "$${" for "${" as it stands',
  );
}

/** Changes each text of a target that may hold references. */
function mapTexts(target: UpstreamTarget, change: (text: string) => string): UpstreamTarget {
  if (target.kind === "openapi") return mapOpenApiTexts(target, change);
  const changeAll = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, change(text)]));
  if (target.kind === "http") {
    const { url, headers, auth } = target;
    return {
      ...target,
      url: change(url),
      headers: changeAll(headers),
      ...(auth !== undefined && { auth: changeAuth(auth, change) }),
    };
  }
  const { command, args, env, cwd } = target;
  return {
    ...target,
    command: change(command),
    args: args.map(change),
    env: changeAll(env),
    ...(cwd !== undefined && { cwd: change(cwd) }),
  };
}

function changeAuth(auth: TargetAuth, change: (text: string) => string): TargetAuth {
  if (auth.kind === "bearer") return { ...auth, token: change(auth.token) };
  if (auth.kind === "client_credentials") {
    return { ...auth, clientId: change(auth.clientId), clientSecret: change(auth.clientSecret) };
  }
  const { clientId, clientSecret } = auth;
  return {
    ...auth,
    ...(clientId !== undefined && { clientId: change(clientId) }),
    ...(clientSecret !== undefined && { clientSecret: change(clientSecret) }),
  };
}
