/**
 * Which variables of the server's environment an installer gets: those by which operators name indexes, proxies,
 * certificates and credentials for them, and no others.
 *
 * @module
 */
import type { Environment } from "../../kernel/mod.ts";
import type { PackageLanguage } from "./contract.ts";

/** Proxies, certificates, and where programs look for their settings. */
const COMMON: readonly string[] = [
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"],
];
const NPM: readonly string[] = [
  ...["REGISTRY", "USERCONFIG", "GLOBALCONFIG", "CAFILE", "PROXY", "HTTPS_PROXY", "NOPROXY", "STRICT_SSL"]
    .flatMap((name) => [`NPM_CONFIG_${name}`, `npm_config_${name.toLowerCase()}`]),
  ...["NPM_TOKEN", "NODE_AUTH_TOKEN", "NODE_EXTRA_CA_CERTS"],
];
const PASSED: Readonly<Record<PackageLanguage, readonly string[]>> = {
  python: [
    ...["INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "TRUSTED_HOST", "CERT", "CLIENT_CERT", "CONFIG_FILE"]
      .map((name) => `PIP_${name}`),
    ...["PIP_DEFAULT_TIMEOUT", "PIP_RETRIES", "PIP_PROXY", "PIP_KEYRING_PROVIDER", "REQUESTS_CA_BUNDLE"],
    ...["DEFAULT_INDEX", "INDEX", "INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "INDEX_STRATEGY"]
      .map((name) => `UV_${name}`),
    ...["KEYRING_PROVIDER", "NATIVE_TLS", "SYSTEM_CERTS", "INSECURE_HOST", "HTTP_TIMEOUT", "CONFIG_FILE"]
      .map((name) => `UV_${name}`),
    ...["UV_EXCLUDE_NEWER", "UV_PYTHON_INSTALL_DIR"],
  ],
  node: NPM,
  deno: [...NPM, "JSR_URL", "DENO_CERT", "DENO_TLS_CA_STORE", "DENO_AUTH_TOKENS"],
  ruby: ["GEMRC"],
};
/** `UV_INDEX_<NAME>_USERNAME` and `UV_INDEX_<NAME>_PASSWORD`. */
const INDEX_CREDENTIALS = "UV_INDEX_";

/**
 * Gives the variables that the installer of a language gets.
 *
 * @param more Names of others that the operator lists.
 */
export function installerVariables(
  language: PackageLanguage,
  environment: Pick<Environment, "variable" | "variables">,
  more: readonly string[] = [],
): Readonly<Record<string, string>> {
  const found: Record<string, string> = language === "python" ? { ...environment.variables(INDEX_CREDENTIALS) } : {};
  for (const name of [...COMMON, ...PASSED[language], ...more]) {
    const value = environment.variable(name);
    if (value !== undefined && value !== "") found[name] = value;
  }
  return { ...found, ...indexesForUv(found), ...certificatesForDeno(language, found) };
}

// where uv looks, when only pip was told: uv reads no variables of pip
function indexesForUv(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isTold = ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_CONFIG_FILE", "UV_NO_INDEX"]
    .some((name) => variables[name] !== undefined);
  if (isTold) return {};
  const pairs: readonly (readonly [string, string | undefined])[] = [
    ["UV_INDEX_URL", variables["PIP_INDEX_URL"]],
    ["UV_EXTRA_INDEX_URL", variables["PIP_EXTRA_INDEX_URL"]],
    ["UV_FIND_LINKS", variables["UV_FIND_LINKS"] ?? variables["PIP_FIND_LINKS"]?.replace(/\s+/g, ",")],
    ["UV_NO_INDEX", variables["PIP_NO_INDEX"]],
  ];
  return Object.fromEntries(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}

// where Deno finds certificates, when only other programs were told: it reads no SSL_CERT_FILE
function certificatesForDeno(
  language: PackageLanguage,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { DENO_CERT: own, DENO_TLS_CA_STORE: store, NODE_EXTRA_CA_CERTS: node, SSL_CERT_FILE: file } = variables;
  const isTold = own !== undefined || store !== undefined || node !== undefined;
  return language !== "deno" || isTold || file === undefined ? {} : { DENO_CERT: file };
}
