/**
 * Which variables of the server's environment a step gets that fetches packages: those by which operators name
 * registries, proxies, certificates and credentials for them, and no others.
 *
 * @module
 */
import type { Environment } from "../../../kernel/mod.ts";

/** Proxies, certificates, and passwords by host. */
const COMMON: readonly string[] = [
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "NETRC"],
];

/** Gives the variables of a step that fetches packages: the usual ones, and those of its tool. */
export function operatorVariables(
  environment: Pick<Environment, "variable" | "variables">,
  { names = [], prefixes = [] }: { readonly names?: readonly string[]; readonly prefixes?: readonly string[] },
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const prefix of prefixes) Object.assign(found, environment.variables(prefix));
  for (const name of [...COMMON, ...names]) {
    const value = environment.variable(name);
    if (value !== undefined && value !== "") found[name] = value;
  }
  return found;
}
