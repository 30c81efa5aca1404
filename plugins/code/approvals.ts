/**
 * Approvals: a tool that says that it destroys is called by code only when a person allows it.
 *
 * Calls are looked at wherever they come from within a run, so that what code has another tool call is asked for as well;
 * what a tool does that was allowed itself is allowed with it.
 *
 * @module
 */
import {
  askDecision,
  type Call,
  canDecide,
  type DecisionRequest,
  type Interceptor,
  type JsonObject,
  type Toolbox,
  ToolError,
} from "../../kernel/mod.ts";
import { plainText } from "../trust/contract.ts";
import type { ApprovalPolicy } from "./config.ts";

/** Key in the `_meta` of a call within a run: names the run to this process, and is not to be guessed. */
const RUN_META = "collet/code-run";
/** Hands a call on: what it calls is asked for, and not it itself. */
const PASSES_ON = "call_tool";
/** Most characters of arguments that a question shows. */
const MOST_SHOWN = 1_000;

/** What {@linkcode Approvals} work with. */
export interface ApprovalsOptions {
  readonly toolbox: Pick<Toolbox, "get">;
  readonly policy: ApprovalPolicy;
  /** The tool whose runs these are. */
  readonly runner: string;
}

/** A call of a tool within a run. */
interface Attempt {
  readonly name: string;
  readonly args: unknown;
  readonly call: Call;
}

/** Asks for what the runs of a server call. */
export class Approvals {
  readonly #options: ApprovalsOptions;
  readonly #runs = new Map<string, RunApprovals>();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** Begins a run: gives its call, and what ends it. */
  begin(call: Call): { readonly call: Call; end(): void } {
    if (this.#options.policy === "off") return { call, end: () => {} };
    const ticket = crypto.randomUUID();
    this.#runs.set(ticket, new RunApprovals(this.#options.policy));
    return {
      call: call.derive({ meta: { ...call.meta, [RUN_META]: ticket } }),
      end: () => void this.#runs.delete(ticket),
    };
  }

  /** Looks at every call of a tool within a run, and asks first where that is needed. */
  readonly around: Interceptor = async ({ kind, name, input, call }, next) => {
    if (kind === "tool" && call.path.length > 1 && this.#isAskedFor(name, input, call)) {
      const run = this.#runs.get(String(call.meta[RUN_META]));
      // what a tool began may go on behind the run
      if (run === undefined) throw refusal(name, "the code that began it has ended");
      await run.approve({ name, args: input, call });
      // nobody waits any more for what was cancelled while a person thought
      call.signal.throwIfAborted();
    }
    return await next();
  };

  #isAskedFor(name: string, input: unknown, { path }: Call): boolean {
    const runner = path.lastIndexOf(this.#options.runner, -2);
    if (runner === -1 || !this.#isDestructive(name)) return false;
    const above = path.slice(runner + 1, -1);
    if (above.some((it) => this.#isDestructive(it))) return false;
    // another version of a tool is called past everything that looks at calls
    return name !== PASSES_ON || (input as JsonObject)["version"] !== undefined;
  }

  #isDestructive(name: string): boolean {
    return this.#options.toolbox.get(name)?.annotations?.destructiveHint === true;
  }
}

type Answer = "once" | "all" | "no";

/** What a person said of one run. */
class RunApprovals {
  readonly #policy: ApprovalPolicy;
  /** Tools that need no question any more. */
  readonly #allowed = new Set<string>();
  /** The question that was put last: there is one at a time. */
  #last: Promise<void> = Promise.resolve();

  constructor(policy: ApprovalPolicy) {
    this.#policy = policy;
  }

  /** @throws {ToolError} when the tool may not be called. */
  async approve(attempt: Attempt): Promise<void> {
    if (this.#allowed.has(attempt.name)) return;
    const before = this.#last;
    const asking = (async () => {
      await before;
      // the one before may have been about the same tool
      if (!this.#allowed.has(attempt.name)) await this.#decide(attempt);
    })();
    this.#last = asking.catch(() => {});
    await asking;
  }

  async #decide({ name, args, call }: Attempt): Promise<void> {
    if (!canDecide(call)) {
      if (this.#policy === "require") {
        throw refusal(name, "it may destroy something, and the client cannot ask its user");
      }
      this.#allowed.add(name);
      await call.log(
        "notice",
        `Tool "${name}" may destroy something, and is called without having been allowed: the client cannot ask its user`,
      );
      return;
    }
    call.signal.throwIfAborted();
    const decision = await askDecision(call, questionOf(name, args));
    if ("failure" in decision) throw refusal(name, `the user could not be asked: ${decision.failure}`);
    if (decision.choice === "all") this.#allowed.add(name);
    else if (decision.choice !== "once") throw refusal(name, "the user did not allow it");
  }
}

function refusal(name: string, why: string): ToolError {
  return new ToolError(`Cannot call tool "${name}": ${why}`, { data: { refused: name } });
}

function questionOf(name: string, args: unknown): DecisionRequest<Answer> {
  const shown = JSON.stringify(args) ?? "";
  const cut = shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}…` : shown;
  return {
    key: `approve_${name}`,
    message: `Code wants to call the tool "${name}", which may change or delete things, with ${plainText(cut)}`,
    choices: { once: "Allow this call", all: `Allow every call of ${name} in this run`, no: "Refuse" },
  };
}
