/**
 * Asks a person before a model uses a skill that says it is not for models to choose.
 *
 * @module
 */
import { askDecision, type Call, canDecide, type ClientView, type DecisionRequest } from "../../../kernel/mod.ts";
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
    if (names.some((name) => refused.has(name)) || !canDecide(call)) return false;
    const decision = await askDecision(call, questionOf(names));
    if ("choice" in decision && decision.choice === "yes") return true;
    for (const name of names) refused.add(name);
    this.#refused.set(call.client, refused);
    return false;
  }
}

function questionOf(names: readonly string[]): DecisionRequest<"yes" | "no"> {
  const [first] = names;
  const skills = names.length === 1 ? `the skill "${first}"` : `the skills ${names.map((it) => `"${it}"`).join(", ")}`;
  return {
    key: "use_skill",
    message: `The model wants to use ${skills}, which by what its author wrote only a person starts. Is it allowed to?`,
    choices: { yes: "Allow", no: "Refuse" },
  };
}
