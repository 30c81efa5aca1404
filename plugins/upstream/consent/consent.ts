/**
 * Whether a server may be reached that a model named, or that came with a tool: the operator allowed it beforehand, or a
 * person does so when asked.
 *
 * @module
 */
import { type Call, createCall, isToolError, messageOf, sha256, ToolError } from "../../../kernel/mod.ts";
import type { GrantPolicy } from "../../grants/contract.ts";
import { plainText, type Trust, type TrustSubject } from "../../trust/contract.ts";
import type { ChangedTool } from "../catalog/catalog.ts";
import { digestOfTarget, digestOfTrusted, type UpstreamDefinition } from "../definition.ts";
import { referencesOf } from "../definitions/references.ts";
import { describeOpenApiTarget } from "../openapi_target.ts";
import { isAllowedBy, reachOf } from "./reach.ts";

/** Kind of what is trusted. */
const SUBJECT_KIND = "MCP server";

/** What {@linkcode Consent} works with. */
export interface ConsentOptions {
  /** Patterns of what may be reached without a question; see `isAllowedBy`. */
  readonly allow: readonly string[];
  /** Remembers what persons allowed; without it only what `allow` has may be reached. */
  readonly trust: Trust | undefined;
  /** Decides on secrets and variables of what `allow` has; without it such servers get none. */
  readonly policy: GrantPolicy | undefined;
}

/** Knows which servers may be reached. */
export class Consent {
  readonly #options: ConsentOptions;

  constructor(options: ConsentOptions) {
    this.#options = options;
  }

  /**
   * Asks whether a server may be reached, if that is not known; a person is asked in any case whether one in whose place
   * it comes, and which held tools that changed, is to be followed by one that does not.
   *
   * @throws {ToolError} when it may not, with the line of configuration that would allow it.
   */
  async ask(definition: UpstreamDefinition, call: Call, before?: UpstreamDefinition): Promise<void> {
    const { trust } = this.#options;
    const isLoosened = before?.isStrict === true && !definition.isStrict;
    if (!isLoosened && this.#isAllowed(definition)) return await this.#authorize(definition, call);
    if (await trust?.ask(await subjectOf(definition), call)) return;
    throw new ToolError(this.#refusal(definition));
  }

  /**
   * Asks whether tools of a strict server may be offered as they are now.
   *
   * @throws {ToolError} when they may not.
   */
  async askChanged({ name }: UpstreamDefinition, tools: readonly ChangedTool[], call: Call): Promise<void> {
    const names = tools.map((it) => it.name).join(", ");
    const subject: TrustSubject = {
      kind: "changed tools of an MCP server",
      id: name,
      digest: await sha256(JSON.stringify(tools.map((it) => [it.name, it.newDigest]).sort())),
      description: "What they say of themselves, or take and give, is not what it was; models go by it",
      details: [`tools: ${names}`],
    };
    if (await this.#options.trust?.ask(subject, call)) return;
    throw new ToolError(
      `Cannot allow ${names} of MCP server "${name}": the user refused it or this client cannot ask; mcp_servers with the ` +
        "action remove forgets what they were, and the server can be imported anew",
    );
  }

  /**
   * Asks whether something may be fetched from where an address leads, if that is not known: a request tells it something,
   * and an inner one may do more.
   *
   * @throws {ToolError} when it may not, with the line of configuration that would allow it.
   */
  async askAddress(url: string, call: Call): Promise<void> {
    const { allow, trust } = this.#options;
    const { origin } = new URL(url);
    if (allow.some((pattern) => isAllowedBy(pattern, url) || isAllowedBy(pattern, origin))) return;
    const description = "A document is fetched from there, whose address a model named";
    if (await trust?.ask({ kind: "address", id: origin, description, details: [`address: ${url}`] }, call)) return;
    throw new ToolError(
      `Cannot fetch "${plainText(url)}": nobody allowed that, and the user refused it or this client cannot ask; the ` +
        `operator allows it in collet.json by "plugins": {"upstream": {"allow": [${JSON.stringify(origin)}]}}`,
    );
  }

  /** Tells why a server may not be reached, without asking anybody; `undefined` when it may. */
  async problem(definition: UpstreamDefinition): Promise<string | undefined> {
    try {
      if (this.#isAllowed(definition)) {
        await this.#authorize(definition, createCall());
        return undefined;
      }
      if (await this.#options.trust?.isTrusted(await subjectOf(definition))) return undefined;
      return `${this.#refusal(definition)}; a client that can ask does so at {"action": "restart"} of mcp_servers`;
    } catch (thrown) {
      if (isToolError(thrown)) return messageOf(thrown);
      throw thrown;
    }
  }

  /** Forgets that a person allowed a server. */
  async forget(definition: UpstreamDefinition): Promise<void> {
    await this.#options.trust?.revoke(await subjectOf(definition));
  }

  #isAllowed(definition: UpstreamDefinition): boolean {
    const line = reachOf(definition);
    return this.#options.allow.some((pattern) => isAllowedBy(pattern, line));
  }

  /** A pattern allows a program, not every secret that whoever names the program would like it to have. */
  async #authorize(definition: UpstreamDefinition, call: Call): Promise<void> {
    const { secrets, variables } = referencesOf(definition);
    if (secrets.length === 0 && variables.length === 0) return;
    const { policy } = this.#options;
    if (policy === undefined) {
      throw new ToolError(
        `Cannot give MCP server "${definition.name}" secrets or variables: nothing here decides on grants; the plugin ` +
          '"grants" does',
      );
    }
    const grants = policy.read({
      ...(secrets.length > 0 && { secrets }),
      ...(variables.length > 0 && { env: variables }),
    });
    await policy.authorize({ tool: definition.name, digest: () => digestOfTarget(definition), grants }, call);
  }

  #refusal(definition: UpstreamDefinition): string {
    const what = definition.target.kind === "stdio" ? "start" : "reach";
    const line = reachOf(definition);
    return `Cannot ${what} MCP server "${definition.name}": nobody allowed "${
      plainText(line)
    }" as it is now, and the ` +
      "user refused it or this client cannot ask; the operator allows it in collet.json by " +
      `"plugins": {"upstream": {"allow": [${JSON.stringify(line)}]}}`;
  }
}

async function subjectOf(definition: UpstreamDefinition): Promise<TrustSubject> {
  const { name, target, isSandboxed } = definition;
  const { secrets, variables } = referencesOf(definition);
  const given = [...secrets.map((it) => `secret ${it}`), ...variables.map((it) => `variable ${it}`)];
  const description = target.kind !== "stdio"
    ? "It is reached at its address, its tools are offered, and what they are called with is sent to it"
    : `Its program is started on this machine, ${
      isSandboxed ? "in the sandbox" : "with all rights of this user"
    }, and ` +
      "its tools are offered";
  return {
    kind: SUBJECT_KIND,
    id: name,
    digest: await digestOfTrusted(definition),
    description,
    details: [...detailsOf(definition), ...(given.length === 0 ? [] : [`it is given: ${given.join(", ")}`])],
  };
}

function detailsOf(definition: UpstreamDefinition): readonly string[] {
  const { target } = definition;
  if (target.kind === "stdio") return [`program: ${reachOf(definition)}`];
  if (target.kind === "openapi") return describeOpenApiTarget(target);
  const { url, headers, auth } = target;
  return [`address: ${url}`, ...headerLines(headers), ...(auth === undefined ? [] : [`authorization: ${auth.kind}`])];
}

function headerLines(headers: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(headers);
  return names.length === 0 ? [] : [`headers: ${names.join(", ")}`];
}
