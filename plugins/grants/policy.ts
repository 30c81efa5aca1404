/**
 * Decides what tools get: by the ceiling, by what was allowed before, or by a question.
 *
 * @module
 */
import {
  askDecision,
  type Call,
  canDecide,
  type ClientView,
  type DecisionRequest,
  type Environment,
  type Files,
  messageOf,
  ToolError,
} from "../../kernel/mod.ts";
import { type Ceiling, type CeilingConfig, configurationFor, describeExcess, excessOf, withLimits } from "./ceiling.ts";
import type { GrantPolicy, GrantRequest, Grants } from "./grants.ts";
import { type Decisions, idOf, keyOf, type Subject } from "./decisions.ts";
import { PATH_FIELDS, readGrants } from "./shape.ts";

/** What a {@linkcode Policy} works with. */
export interface PolicyOptions {
  readonly ceiling: Ceiling;
  /** As the operator wrote it. */
  readonly config: CeilingConfig;
  readonly decisions: Decisions;
  /** Gives the real path of a checked one. */
  resolve(path: string): string;
  /** Runs when something was allowed for good. */
  onAllowed(): void;
}

/** What came of a question; `failed` when there was no answer. */
type Outcome = "allowed" | "refused" | "failed";

/** Decides by the ceiling, and asks at most one question about a tool at a time. */
export class Policy implements GrantPolicy {
  readonly #options: PolicyOptions;
  /** Questions that are being asked, by whom and about what. */
  readonly #asking = new Map<string, Promise<Outcome>>();
  /** What was refused over a connection; it goes with it. */
  readonly #refused = new WeakMap<ClientView, Set<string>>();

  constructor(options: PolicyOptions) {
    this.#options = options;
  }

  read(grants: unknown): Grants {
    return readGrants(grants);
  }

  async authorize({ tool, digest, grants }: GrantRequest, call: Call): Promise<Grants> {
    const { ceiling } = this.#options;
    const asked = this.#resolve(readGrants(grants));
    const excess = excessOf(asked, ceiling);
    if (Object.keys(excess).length > 0) {
      await this.#allow({ tool, digest: typeof digest === "string" ? digest : await digest(), excess }, call);
    }
    return withLimits(asked, ceiling);
  }

  #resolve(grants: Grants): Grants {
    const paths = PATH_FIELDS.filter((field) => grants[field] !== undefined).map((field) => [
      field,
      [...new Set(grants[field]!.map(this.#options.resolve))].sort(),
    ]);
    return { ...grants, ...Object.fromEntries(paths) };
  }

  async #allow(subject: Subject, call: Call): Promise<void> {
    const key = await keyOf(subject, idOf(call.principal));
    while (!await this.#options.decisions.isAllowed(subject, call)) {
      if (this.#refused.get(call.client)?.has(key)) throw this.#refusal(subject, "the user refused it");
      call.signal.throwIfAborted();
      const running = this.#asking.get(key);
      if (running === undefined) return await this.#ask(subject, key, call);
      // whoever asked may not have got an answer; then the next one asks
      const outcome = await running;
      if (outcome === "allowed") return;
      if (outcome === "refused") throw this.#refusal(subject, "the user refused it");
    }
  }

  async #ask(subject: Subject, key: string, call: Call): Promise<void> {
    const { promise, resolve } = newOutcome();
    this.#asking.set(key, promise);
    let outcome: Outcome = "failed";
    try {
      const answer = await this.#question(subject, call);
      if (answer === "always") {
        await this.#options.decisions.allow(subject, call);
        this.#options.onAllowed();
      }
      outcome = answer === "no" ? "refused" : "allowed";
    } finally {
      this.#asking.delete(key);
      resolve(outcome);
    }
    if (outcome === "allowed") return;
    const refused = this.#refused.get(call.client) ?? new Set();
    this.#refused.set(call.client, refused.add(key));
    throw this.#refusal(subject, "the user refused it");
  }

  async #question(subject: Subject, call: Call): Promise<Answer> {
    if (!canDecide(call)) throw this.#refusal(subject, "the client cannot ask its user");
    const decision = await askDecision(call, questionOf(subject, this.#options.ceiling));
    if ("failure" in decision) throw this.#refusal(subject, `the user could not be asked: ${decision.failure}`);
    return decision.choice ?? "no";
  }

  #refusal({ tool, excess }: Subject, why: string): ToolError {
    const { ceiling, config } = this.#options;
    const asked = describeExcess(excess, ceiling).join("; ");
    const fix = configurationFor(excess, config);
    return new ToolError(
      `Cannot run "${tool}": it asks to ${asked}; this is more than the server allows, and ${why}. ` +
        `To allow it to every tool, write this into collet.json: ${fix}`,
      { data: { refused: excess } },
    );
  }
}

type Answer = "always" | "once" | "no";

function questionOf({ tool, digest, excess }: Subject, ceiling: Ceiling): DecisionRequest<Answer> {
  const lines = describeExcess(excess, ceiling).map((line) => `- ${line}`).join("\n");
  return {
    message: `The tool "${tool}" asks for more than this server allows by itself. It wants to\n${lines}\n\n` +
      `Its code has the digest ${digest.slice(0, 16)}; another code is asked for anew.`,
    choices: { always: "Allow this code, always", once: "Allow this call", no: "Refuse" },
  };
}

function newOutcome(): { readonly promise: Promise<Outcome>; resolve(outcome: Outcome): void } {
  let resolve!: (outcome: Outcome) => void;
  const promise = new Promise<Outcome>((settle) => resolve = settle);
  return { promise, resolve };
}

/**
 * Makes what gives the real path of a checked one.
 *
 * @throws {ToolError} when it cannot be told.
 */
export function pathResolver(
  { environment, files }: { readonly environment: Environment; readonly files: Files },
): (path: string) => string {
  return (path) => {
    try {
      // a link must not lead out of a folder that is allowed
      return files.open(environment.expand(path)).path;
    } catch (thrown) {
      throw new ToolError(`Cannot use path ${JSON.stringify(path)}: ${messageOf(thrown)}`, { cause: thrown });
    }
  };
}
