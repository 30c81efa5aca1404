/**
 * What code says while it goes on, and how its requests are read and answered.
 *
 * @module
 */
import { ErrorCode, isObject, type JsonObject, messageOf } from "../../../kernel/mod.ts";
import { type ConversationOptions, CURRENT_VERSIONS } from "../../scripts/contract.ts";
import type { CodeRun } from "../contract.ts";
import type { Pacer } from "./pacer.ts";
import { Talk, type TalkOptions } from "./talk.ts";
import { writeReply } from "./thread.ts";

const MIB = 2 ** 20;
/** Most characters of a reply. */
const LONGEST_REPLY = 4 * MIB;
/** Most characters of a reply with a file in it. */
const LONGEST_FILE = 12 * MIB;
/** How many characters of a reply take time to write. */
const MANY_CHARACTERS = 16 * 1024;
/** How many characters a value has at least that is neither a text nor a list, with what separates it from the next one. */
const SHORTEST_VALUE = 2;
/** How much of what was logged is kept, in characters. */
const TAIL = 4_000;

/** What a {@linkcode CodeTalk} works with. */
export interface CodeTalkOptions extends TalkOptions {
  readonly pacer: Pacer;
}

/** Serves what one run of code says. */
export class CodeTalk extends Talk {
  readonly #pacer: Pacer;
  #logged = "";

  constructor(run: Pick<CodeRun, "name" | "toolbox" | "serve">, { pacer, conversation, ...options }: CodeTalkOptions) {
    super({ name: run.name }, { ...options, conversation: conversationOf(run, conversation) });
    this.#pacer = pacer;
  }

  /** The end of what it wrote to the console, as far as it was logged. */
  get logged(): string {
    return this.#logged;
  }

  override notify(method: string, params: JsonObject): void {
    const { message } = params;
    if (method === "log" && typeof message === "string") {
      this.#logged = `${this.#logged}${this.#logged === "" ? "" : "\n"}${message}`.slice(-TAIL);
    }
    super.notify(method, params);
  }

  protected override async serveNotice(method: string, params: JsonObject): Promise<void> {
    await this.#pacer.run(() => super.serveNotice(method, params));
  }

  /**
   * Serves a request.
   *
   * @param text The params as JSON.
   * @returns `{"result"}` or `{"error"}` as JSON.
   */
  async ask(method: string, text: string): Promise<string> {
    try {
      const reply = await this.#pacer.serve(() => this.request(method, readParams(text)));
      const longest = method.startsWith("files/") ? LONGEST_FILE : LONGEST_REPLY;
      if (!isLonger(reply, MANY_CHARACTERS)) return writeBounded(reply, longest);
      return await this.#pacer.run(() => writeBounded(reply, longest));
    } catch (thrown) {
      return refusal(messageOf(thrown));
    }
  }
}

function conversationOf(
  run: Pick<CodeRun, "toolbox" | "serve">,
  conversation: ConversationOptions,
): ConversationOptions {
  const serve = (method: string, params: JsonObject) => run.serve?.(method, params);
  const own = { toolbox: run.toolbox, library: CURRENT_VERSIONS, serve };
  return { ...conversation, ...own };
}

function readParams(text: string): JsonObject {
  const params: unknown = JSON.parse(text);
  if (!isObject(params)) throw new TypeError("Invalid request: its params are no object");
  return params as JsonObject;
}

function writeBounded(reply: JsonObject, longest: number): string {
  if (isLonger(reply, longest)) return tooLong(longest);
  const text = writeReply(reply);
  return text.length > longest ? tooLong(longest) : text;
}

function tooLong(longest: number): string {
  return refusal(`The answer is too large for code: it may have ${longest / MIB} MiB; ask for a part of it`);
}

function refusal(message: string): string {
  return JSON.stringify({ error: { code: ErrorCode.internalError, message } });
}

/** Tells of most values that are too long, without writing them. */
function isLonger(value: unknown, longest: number): boolean {
  const left: unknown[] = [value];
  let size = 0;
  while (left.length > 0 && size <= longest) {
    const it = left.pop();
    if (typeof it === "string") size += it.length;
    else if (typeof it !== "object" || it === null) size += SHORTEST_VALUE;
    else if (Array.isArray(it)) {
      size += SHORTEST_VALUE * it.length;
      if (size > longest) break;
      for (const member of it) if (isLong(member)) left.push(member);
    } else {
      for (const [key, member] of Object.entries(it)) {
        size += key.length + SHORTEST_VALUE;
        if (isLong(member)) left.push(member);
      }
    }
  }
  return size > longest;
}

function isLong(value: unknown): boolean {
  return typeof value === "string" || typeof value === "object" && value !== null;
}
