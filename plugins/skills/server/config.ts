/**
 * Settings of a skill server.
 *
 * @module
 */
import * as v from "valibot";
import { compileSchema, formatIssues, type Log, type Principal } from "../../../kernel/mod.ts";
import { SkillValueError } from "../catalog/errors.ts";

/** Settings of {@linkcode createSkillServer}, as a caller writes them. */
export interface McpHttpConfig {
  /** Port to listen on; 8765 by default, 0 takes any free one. */
  readonly port?: number | undefined;
  /** Address to listen on; 127.0.0.1 by default. Any that other machines reach needs a `token`. */
  readonly host?: string | undefined;
  /** Path of the protocol; `/mcp` by default. */
  readonly endpointPath?: string | undefined;
  /** What the server calls itself; `{app}-mcp` by default. */
  readonly serverName?: string | undefined;
  /** Its version; 1.0.0 by default. */
  readonly serverVersion?: string | undefined;
  /** Most sessions; 100 by default. */
  readonly maxSessions?: number | undefined;
  /** Ends a session that has sent nothing for this many seconds; 3,600 by default. */
  readonly sessionTtlSecs?: number | undefined;
  /** Ends the script of a tool that sets no limit of its own, in milliseconds; 30,000 by default. */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * Lets pages of `allowedOrigins` ask, without those all that show the token; by default where origins are named.
   * Pages of this machine may ask in any case.
   */
  readonly enableCors?: boolean | undefined;
  /** Origins of pages that may ask, such as `https://app.example`. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Names that requests may address; those of this machine by default, and any where a token is required. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** The bearer token that clients have to show; none by default, which needs an address of this machine alone. */
  readonly token?: string | undefined;
  /** Lists skills and groups that are not loaded as `__skill__NAME` and `__group__NAME`; `true` by default. */
  readonly stubs?: boolean | undefined;
  /** Finds the skills that ship as well, which are about making tools and skills; `false` by default. */
  readonly bundledSkills?: boolean | undefined;
  /** Folder of the server's state, `~` allowed; that of `COLLET_HOME` by default, else `~/.collet`. */
  readonly home?: string | undefined;
}

/** What {@linkcode createSkillServer} can be told beside its settings. */
export interface SkillServerOptions {
  /** Folders of skills that come before all others. */
  readonly extraPaths?: readonly string[] | null | undefined;
  /** The application by which skills are looked for; that of the server by default. */
  readonly dccName?: string | null | undefined;
  /** Names who asks, in place of the token; `undefined` refuses the request. */
  readonly authenticate?: (request: Request) => Principal | undefined | Promise<Principal | undefined>;
  /** Where the log goes; warnings to stderr by default. */
  readonly log?: Log | undefined;
}

/** Settings with all defaults. */
export interface ServerSettings {
  readonly port: number;
  readonly host: string;
  readonly endpointPath: string;
  readonly serverName: string;
  readonly serverVersion: string;
  readonly maxSessions: number;
  readonly sessionTtlSecs: number;
  readonly requestTimeoutMs: number;
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[] | "*";
  readonly token: string | undefined;
  readonly stubs: boolean;
  readonly bundledSkills: boolean;
  readonly home: string | undefined;
}

const LOOPBACK_REGEXP = /^(?:localhost|::1|127(?:\.\d{1,3}){3})$/;
const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
const APP_REGEXP = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;
const PATH_REGEXP = /^(?:\/[A-Za-z0-9._~-]+)+$/;

const Text = v.pipe(v.string(), v.minLength(1));
const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
const Config = v.strictObject({
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 8765),
  host: v.optional(Text, "127.0.0.1"),
  endpointPath: v.optional(v.pipe(v.string(), v.regex(PATH_REGEXP, "expected a path such as /mcp")), "/mcp"),
  serverName: v.optional(Text),
  serverVersion: v.optional(Text, "1.0.0"),
  maxSessions: v.optional(Count, 100),
  sessionTtlSecs: v.optional(Count, 3_600),
  requestTimeoutMs: v.optional(Count, 30_000),
  enableCors: v.optional(v.boolean()),
  allowedOrigins: v.optional(v.array(Text)),
  allowedHosts: v.optional(v.array(Text)),
  token: v.optional(Text),
  stubs: v.optional(v.boolean(), true),
  bundledSkills: v.optional(v.boolean(), false),
  home: v.optional(Text),
});

/**
 * Checks the settings of a server, and adds the defaults.
 *
 * @param appName The application, such as `maya`.
 * @param config Settings.
 * @param options Whether somebody else vouches for those who ask.
 * @throws {SkillValueError} `ARGUMENT_INVALID` when the name is no possible one, `CONFIG_INVALID` when a setting is
 * wrong or unknown, or would open the server to anybody.
 */
export async function checkConfig(
  appName: string,
  config: McpHttpConfig,
  { authenticate }: Pick<SkillServerOptions, "authenticate"> = {},
): Promise<ServerSettings> {
  if (typeof appName !== "string" || !APP_REGEXP.test(appName)) {
    throw new SkillValueError(
      "ARGUMENT_INVALID",
      `Cannot make a skill server for "${appName}": the name has to be letters, digits, "-" and "_", such as "maya"`,
    );
  }
  const parsed = await compileSchema(Config, { what: "the settings of a skill server" }).parse(config);
  if (!parsed.ok) throw invalid(formatIssues(parsed.issues));
  const { serverName, allowedOrigins = [], enableCors = allowedOrigins.length > 0, ...others } = parsed.value;
  const { allowedHosts, token, home, ...rest } = others;
  const isOpen = token === undefined && authenticate === undefined;
  if (isOpen && !LOOPBACK_REGEXP.test(rest.host)) {
    throw invalid(`"host": other machines reach "${rest.host}", so that a "token" has to be set`);
  }
  if (enableCors && allowedOrigins.length === 0 && isOpen) {
    throw invalid('"enableCors": any page could call the tools; name "allowedOrigins", or set a "token"');
  }
  const origins = enableCors && allowedOrigins.length === 0 ? ["*"] : allowedOrigins;
  const hosts = LOOPBACK_REGEXP.test(rest.host) ? [...new Set([...LOOPBACK_HOSTS, rest.host])] : "*";
  return {
    ...rest,
    serverName: serverName ?? `${appName}-mcp`,
    allowedOrigins: enableCors ? origins : [],
    allowedHosts: allowedHosts ?? hosts,
    token,
    home,
  };
}

function invalid(what: string): SkillValueError {
  return new SkillValueError("CONFIG_INVALID", `Cannot make a skill server: ${what}`);
}
