/**
 * The bearer token of HTTP: given by the operator, or made at the first start and kept in the home.
 *
 * @module
 */
import { toBase64 } from "../content.ts";
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { KernelError } from "../errors.ts";
import { codeOf } from "../platform/real_path.ts";
import { isLoopback } from "./app_options.ts";
import { type Settings, TOKEN_VARIABLE } from "./settings.ts";

/** The token, and where it comes from. */
export interface FoundToken {
  /** `undefined` when there is none, by the operator's wish. */
  readonly token: string | undefined;
  /** Such as `kept in /home/ada/.collet/token`. */
  readonly source: string;
  /** Whether it was made just now. */
  readonly isNew: boolean;
  /** Says that others can read its file. */
  readonly warning?: string;
}

/** What decides on the token. */
export interface TokenOptions {
  readonly settings: Pick<Settings, "host" | "noToken" | "tokenFile">;
  readonly home: string;
  variable(name: string): string | undefined;
  /** Makes nothing, and says what would be made. */
  readonly isDryRun?: boolean;
}

// what a header can carry (RFC 6750 allows less)
const TOKEN_REGEXP = /^[\x21-\x7e]+$/;
const OTHERS_MODE = 0o077;
const TOKEN_BYTES = 32;

/** Gives the file in which a token is kept that was made here. */
export function tokenPath(home: string): string {
  return join(home, "token");
}

/**
 * Finds the token, and makes one when there is none and the server is reached from this machine only.
 *
 * @throws {KernelError} `OPTION_INVALID` when a token is missing, empty or unusable for the address to listen on.
 */
export async function findToken({ settings, home, variable, isDryRun = false }: TokenOptions): Promise<FoundToken> {
  const { host, noToken, tokenFile } = settings;
  const given = variable(TOKEN_VARIABLE);
  if (noToken) return withoutToken(host, given !== undefined || tokenFile !== undefined);
  if (given !== undefined) {
    return { token: check(given, `variable ${TOKEN_VARIABLE}`), source: `given by ${TOKEN_VARIABLE}`, isNew: false };
  }
  if (tokenFile !== undefined) return await readToken(tokenFile);
  if (!isLoopback(host)) {
    throw new KernelError(
      "OPTION_INVALID",
      `Cannot serve HTTP on ${host}: others can reach it, and no token was given`,
      {
        fix: `set ${TOKEN_VARIABLE} or --token-file; or listen on this machine only, with --host 127.0.0.1`,
      },
    );
  }
  const path = tokenPath(home);
  const isThere = await stat(path).then(() => true, () => false);
  if (isThere) return await readToken(path);
  if (isDryRun) return { token: undefined, source: `made at the first start, in ${path}`, isNew: false };
  const isNew = await keepToken(path);
  return { ...await readToken(path), isNew };
}

function withoutToken(host: string, isGiven: boolean): FoundToken {
  if (!isLoopback(host)) {
    throw new KernelError("OPTION_INVALID", `Cannot use --no-token with host "${host}": others can reach it`, {
      fix: `give a token by ${TOKEN_VARIABLE} or --token-file, or listen on 127.0.0.1`,
    });
  }
  if (isGiven) {
    throw new KernelError("OPTION_INVALID", "Cannot use --no-token: a token is given as well", {
      fix: `leave out --no-token, or ${TOKEN_VARIABLE} and --token-file`,
    });
  }
  return { token: undefined, source: "not asked for (--no-token)", isNew: false };
}

async function readToken(path: string): Promise<FoundToken> {
  const text = await readFile(path, "utf8").catch((thrown) => {
    throw new KernelError("OPTION_INVALID", `Cannot read token file "${path}"`, {
      cause: thrown,
      fix: "correct --token-file, or make the file",
    });
  });
  const warning = await warnOfReaders(path);
  return {
    token: check(text, `token file "${path}"`),
    source: `kept in ${path}`,
    isNew: false,
    ...(warning !== undefined && { warning }),
  };
}

function check(text: string, what: string): string {
  const token = text.trim();
  if (TOKEN_REGEXP.test(token)) return token;
  const found = token === "" ? "it is empty" : "it holds characters that a header cannot carry";
  throw new KernelError("OPTION_INVALID", `Cannot use the token of ${what}: ${found}`, {
    fix: "use a long random text of letters and digits, or remove it to have one made",
  });
}

async function warnOfReaders(path: string): Promise<string | undefined> {
  if (process.platform === "win32") return undefined;
  const { mode } = await stat(path);
  return (mode & OTHERS_MODE) === 0 ? undefined : `Other users can read ${path}; run "chmod 600 ${path}"`;
}

function makeToken(): string {
  const base64 = toBase64(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// two servers may start at the same time: a link is made whole or not at all, and by one of them only
async function keepToken(path: string): Promise<boolean> {
  const folder = dirname(path);
  const temporary = join(folder, `.collet-temp-${crypto.randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(temporary, `${makeToken()}\n`, { mode: 0o600, flag: "wx" });
    await link(temporary, path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === "EEXIST") return false;
    throw new KernelError("HOME_UNUSABLE", `Cannot keep a token in "${path}"`, {
      cause: thrown,
      fix: "make the home folder writable, or choose another with --home",
    });
  } finally {
    await rm(temporary, { force: true });
  }
}
