/**
 * Asks a person before a model uses a skill that says it is not for models to choose.
 *
 * @module
 */
import {
  type Call,
  canAsk,
  type ClientView,
  elicitQuestion,
  type ElicitRequest,
  isProtocolError,
  isToolError,
} from "../../../kernel/mod.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";

/** Asks for the use of skills. */
export class Consent {
  /** Skills that the user of a client has refused: a model must not ask until he gives in. */
  readonly #refused = new WeakMap<ClientView, Set<string>>();

  /**
   * Tells whether skills may be used: their authors leave it to models, or the person behind the call allows it, who is
   * asked once for all of them.
   */
  async ask(skills: readonly CatalogSkill[], call: Call): Promise<boolean> {
    const names = skills.filter(({ metadata }) => !metadata.isImplicitInvocationAllowed()).map(({ name }) => name);
    if (names.length === 0) return true;
    const refused = this.#refused.get(call.client) ?? new Set();
    const request = questionOf(names);
    if (names.some((name) => refused.has(name)) || !canAsk(elicitQuestion(request), call.client.capabilities)) {
      return false;
    }
    if (await isAccepted(request, call)) return true;
    for (const name of names) refused.add(name);
    this.#refused.set(call.client, refused);
    return false;
  }
}

function questionOf(names: readonly string[]): ElicitRequest {
  const [first] = names;
  const skills = names.length === 1 ? `the skill "${first}"` : `the skills ${names.map((it) => `"${it}"`).join(", ")}`;
  return {
    key: "use_skill",
    message: `The model wants to use ${skills}, which by what its author wrote only a person starts. Is it allowed to?`,
    requestedSchema: {
      type: "object",
      properties: {
        decision: { type: "string", title: "Decision", enum: ["yes", "no"], enumNames: ["Allow", "Refuse"] },
      },
      required: ["decision"],
    },
  };
}

async function isAccepted(request: ElicitRequest, call: Call): Promise<boolean> {
  try {
    const { action, content } = await call.elicit(request);
    return action === "accept" && content?.["decision"] === "yes";
  } catch (thrown) {
    if (call.signal.aborted || !(isToolError(thrown) || isProtocolError(thrown))) throw thrown;
    return false;
  }
}
