/**
 * `${secret:NAME}` in values, which stands for a secret.
 *
 * @module
 */

const REFERENCE_REGEXP = /\$\{secret:([A-Za-z_][A-Za-z0-9_]{0,127})\}/g;

/** Lists the secrets that a value names; one that it names twice comes twice. */
export function secretsOf(value: string): readonly string[] {
  return [...value.matchAll(REFERENCE_REGEXP)].map(([, name]) => name!);
}

/**
 * Fills secrets in.
 *
 * @param secrets Values by name, of all that it names.
 */
export function fillSecrets(value: string, secrets: Readonly<Record<string, string>>): string {
  return value.replace(REFERENCE_REGEXP, (_, name: string) => secrets[name]!);
}
