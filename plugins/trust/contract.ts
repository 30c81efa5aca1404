/**
 * The contract `Trust`: what a person said to trust, remembered.
 *
 * @module
 */
import { type Call, type Contract, contract, type Disposer, type Files } from "../../kernel/mod.ts";

export { plainText } from "./plain_text.ts";

/** What may be trusted. */
export interface TrustSubject {
  readonly kind: "project" | "repository" | (string & Record<never, never>);
  /** Names it among its kind: a real path, a URL. */
  readonly id: string;
  /** Of what was allowed; where there is another now, that is not trusted. */
  readonly digest?: string | undefined;
  /** Which version of it that is, such as a commit: kept with what is remembered, and compared with nothing. */
  readonly version?: string | undefined;
  /** Says in a question what trusting it allows, such as `Its 3 skills are loaded`. */
  readonly description?: string | undefined;
  /** Lines below the question, such as what it has, or how it differs from what was trusted before. */
  readonly details?: readonly string[] | undefined;
  /** What one answer is about when it is about many: these are remembered, in place of it. */
  readonly parts?: readonly TrustPart[] | undefined;
}

/** One of many things that are trusted together, of the kind of the whole. */
export type TrustPart = Pick<TrustSubject, "id" | "digest" | "version">;

/** Something that is trusted. */
export interface TrustEntry {
  readonly kind: string;
  readonly id: string;
  readonly digest?: string | undefined;
  readonly version?: string | undefined;
  /** When it was allowed, as ISO 8601. */
  readonly trustedAt: string;
}

/** Knows what a person trusts, for all servers with one home. */
export interface Trust {
  /**
   * Tells whether something is trusted.
   *
   * @throws {ToolError} when the record cannot be read, which means that nothing is.
   */
  isTrusted(subject: TrustSubject): Promise<boolean>;
  /**
   * Tells whether something is trusted, and asks the person behind a call if that is not known: once, however many ask
   * at the same time. A refusal holds until this server ends.
   *
   * @returns `false` also where the client cannot ask.
   */
  ask(subject: TrustSubject, call: Call): Promise<boolean>;
  /** Remembers that something is trusted. */
  trust(subject: TrustSubject): Promise<void>;
  /** Remembers another version of what is trusted by the same digest; what is not trusted so stays as it is. */
  renew(subject: TrustSubject): Promise<void>;
  /** Forgets that something is trusted, whatever its digest; tells whether it was. */
  revoke(subject: TrustSubject): Promise<boolean>;
  /** Lists what is trusted, by kind and name. */
  list(): Promise<readonly TrustEntry[]>;
  /** Calls back after each change of the record, also by another process. */
  onChange(listener: () => void): Disposer;
}
export const Trust: Contract<Trust> = contract("trust");

/**
 * Names a project.
 *
 * @param path Absolute path of its folder, whose real path counts.
 */
export function projectSubject(files: Pick<Files, "open">, path: string, description?: string): TrustSubject {
  return { kind: "project", id: files.open(path).path, description };
}
