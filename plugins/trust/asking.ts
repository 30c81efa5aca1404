/**
 * Asks a person whether something is trusted: one question about it at a time, whoever wants to know.
 *
 * @module
 */
import { askDecision, type Call, canDecide, type DecisionRequest, LOCAL_PRINCIPAL } from "../../kernel/mod.ts";
import type { TrustSubject } from "./contract.ts";
import { plainText } from "./plain_text.ts";
import type { TrustRecord } from "./record.ts";

/** What came of a question; `failed` when there was no answer. */
type Outcome = "trusted" | "refused" | "failed";

/** What {@linkcode Asking} works with. */
export interface AskingOptions {
  readonly record: TrustRecord;
  /** Runs when a person has trusted something. */
  onTrusted(): Promise<void>;
}

/** The questions of one server, and what was refused while it lives. */
export class Asking {
  readonly #options: AskingOptions;
  readonly #running = new Map<string, Promise<Outcome>>();
  readonly #refused = new Set<string>();

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  /** Tells whether something is trusted, after a question if that is not known. */
  async ask(subject: TrustSubject, call: Call): Promise<boolean> {
    const key = JSON.stringify([subject.kind, subject.id, subject.digest ?? null]);
    while (!await this.#options.record.has(subject)) {
      if (this.#refused.has(key) || !isUserOfThisMachine(call) || !canDecide(call)) return false;
      call.signal.throwIfAborted();
      const running = this.#running.get(key);
      const outcome = await (running ?? this.#begin(key, subject, call));
      if (outcome !== "failed") return outcome === "trusted";
      // whoever asked got no answer; then the next one asks
      if (running === undefined) return false;
    }
    return true;
  }

  /** Forgets that something was refused. */
  forget({ kind, id }: TrustSubject): void {
    const prefix = JSON.stringify([kind, id]).slice(0, -1);
    for (const key of this.#refused) if (key.startsWith(`${prefix},`)) this.#refused.delete(key);
  }

  async #begin(key: string, subject: TrustSubject, call: Call): Promise<Outcome> {
    const question = this.#question(subject, call);
    // those who join are told of a failure, and do not fail by it
    this.#running.set(key, question.catch(() => "failed"));
    try {
      const outcome = await question;
      if (outcome === "refused") this.#refused.add(key);
      return outcome;
    } finally {
      this.#running.delete(key);
    }
  }

  async #question(subject: TrustSubject, call: Call): Promise<Outcome> {
    const decision = await askDecision(call, questionOf(subject));
    if ("failure" in decision) return "failed";
    if (decision.choice !== "trust") return "refused";
    await this.#options.record.add(subject);
    await this.#options.onTrusted();
    return "trusted";
  }
}

/** Tells whether a call may decide for this machine: what is trusted holds for all who use it. */
function isUserOfThisMachine({ principal }: Call): boolean {
  return principal === undefined || principal.id === LOCAL_PRINCIPAL.id;
}

function questionOf({ kind, id, digest, description, details = [] }: TrustSubject): DecisionRequest<"trust" | "no"> {
  const lines = [
    `Do you trust the ${kind} ${plainText(JSON.stringify(id))}?`,
    ...(description === undefined ? [] : [`${description}.`]),
    ...(digest === undefined ? [] : [`It has the digest ${digest.slice(0, 16)}; what is another is asked for anew.`]),
    "What is trusted can tell models what to do, and run programs.",
  ];
  return {
    message: [lines.join(" "), ...details.map(plainText)].join("\n"),
    choices: { trust: "Trust it from now on", no: "Do not trust it" },
  };
}
