/**
 * Which instructions a session has been given, so that they are not sent twice.
 *
 * @module
 */
import type { Call } from "../../../kernel/mod.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";

type Told = Pick<CatalogSkill, "name"> & { readonly found: Pick<CatalogSkill["found"], "fingerprint"> };
type Listener = Pick<Call, "sessionId" | "principal">;

// what is forgotten is told again
const MAX_KEPT = 10_000;

/** Remembers which skills were told to whom, as they were then. */
export class ToldSkills {
  readonly #fingerprints = new Map<string, string>();

  has(listener: Listener, skill: Told): boolean {
    return this.#fingerprints.get(keyOf(listener, skill)) === skill.found.fingerprint;
  }

  add(listener: Listener, skill: Told): void {
    const key = keyOf(listener, skill);
    this.#fingerprints.delete(key);
    this.#fingerprints.set(key, skill.found.fingerprint);
    if (this.#fingerprints.size > MAX_KEPT) this.#fingerprints.delete(this.#fingerprints.keys().next().value!);
  }
}

// without a session, whoever is served has one for as long as the server runs
function keyOf({ sessionId, principal }: Listener, { name }: Told): string {
  return JSON.stringify([sessionId, principal?.id, name]);
}
