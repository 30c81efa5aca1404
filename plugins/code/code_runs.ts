/**
 * Runs of code, from what was asked for to the result.
 *
 * @module
 */
import {
  type Call,
  type Catalog,
  isToolError,
  type Lazy,
  type ResourceLink,
  type Toolbox,
  ToolError,
  type ToolResult,
  toolResult,
} from "../../kernel/mod.ts";
import { declareTools } from "../library/contract.ts";
import type { CodeLanguage, CodeOutcome, CodeRun } from "../wasm/contract.ts";
import type { Approvals } from "./approvals.ts";
import type { CodeSettings } from "./config.ts";
import type { KeptFiles } from "./files/kept_files.ts";
import { RunFiles } from "./files/messages.ts";
import { type LanguageName, languageOf, runnerOf, type Runners } from "./languages.ts";
import { PersonClock } from "./person_clock.ts";
import { limitToolbox, type ReachedTools, type ToolNames } from "./reached_tools.ts";
import type { Sessions } from "./sessions.ts";
import type { TypeChecker } from "./type_check/type_checker.ts";

/** The name of the tool, and of its code in messages. */
export const RUNNER = "execute_code";
const MIB = 1024 * 1024;
/** Stands in the place of what a run neither returned nor printed. */
const NOTHING = '(nothing was returned or printed; "return" at top level gives the result)';

/** Code to run, as a client asks for it. */
export interface CodeRequest {
  readonly code: string;
  readonly language: LanguageName;
  /** Names of tools; all by default. */
  readonly tools?: readonly string[] | undefined;
  /** Seconds; as long as the operator set by default. */
  readonly timeout?: number | undefined;
  /** Whether types are checked before it runs. */
  readonly check: boolean;
  /** Names the object that is kept for the next run. */
  readonly session?: string | undefined;
  /** URIs of resources, by the names under which the code reads them. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/** What {@linkcode CodeRuns} work with. */
export interface CodeRunsOptions {
  readonly toolbox: Toolbox;
  readonly catalog: Catalog;
  readonly runners: Runners;
  readonly names: ToolNames;
  readonly approvals: Approvals;
  readonly sessions: Sessions;
  readonly files: KeptFiles;
  /** Loads what checks types, where compilers can be had. */
  readonly typeChecker: Lazy<TypeChecker> | undefined;
  readonly settings: CodeSettings;
}

/** What a run is made of, beside what was asked for. */
interface RunParts {
  readonly language: CodeLanguage;
  readonly reached: ReachedTools;
  readonly clock: PersonClock;
  readonly files: RunFiles;
  readonly call: Call;
}

/** Runs code. */
export class CodeRuns {
  readonly #options: CodeRunsOptions;

  constructor(options: CodeRunsOptions) {
    this.#options = options;
  }

  /**
   * Runs code to its end.
   *
   * @throws {ToolError} with what went wrong in the code, before it, or at its limits.
   */
  async run(request: CodeRequest, call: Call): Promise<ToolResult> {
    const { names, approvals, catalog, files: kept, settings } = this.#options;
    const language = languageOf(request.language);
    const reached = names.reach(language, request.tools);
    if (request.check) await this.#check(request, { language, reached, call });
    const clock = new PersonClock(settings.wait_ms);
    const begun = approvals.begin(call.derive({ elicit: clock.counted(call.elicit) }));
    try {
      const files = new RunFiles({ kept, catalog, given: request.files ?? {}, call: begun.call });
      const run = this.#runOf(request, { language, reached, clock, files, call });
      const outcome = await this.#runIn(request.session, run, begun.call).catch((thrown) => asFailure(thrown, files));
      return "content" in outcome ? outcome : resultOf(outcome, files.links);
    } finally {
      begun.end();
    }
  }

  async #runIn(session: string | undefined, run: CodeRun, call: Call): Promise<CodeOutcome> {
    const runner = await runnerOf(run.language, this.#options.runners);
    // without a name it ends with the run
    if (session === undefined) return await runner.run({ ...run, session: {} }, { call });
    return await this.#options.sessions.use({
      name: session,
      call,
      run: (kept) => runner.run({ ...run, session: kept }, { call }),
    });
  }

  #runOf(
    { code, timeout }: CodeRequest,
    { language, reached, clock, files, call }: RunParts,
  ): CodeRun {
    const { toolbox, settings } = this.#options;
    return {
      name: RUNNER,
      language,
      code,
      tools: reached.tools,
      clock: settings.clock,
      limits: {
        timeoutMs: timeout === undefined ? settings.timeout_ms : timeout * 1000,
        waitedMs: canAskUser(call) ? () => clock.waitedMs : undefined,
        memoryBytes: settings.memory_mb * MIB,
        outputBytes: settings.output_bytes,
        calls: settings.calls,
      },
      toolbox: limitToolbox(toolbox, { reaches: (name) => reached.has(name), calls: settings.calls }),
      serve: (method, params) => files.serve(method, params),
    };
  }

  async #check(
    { code }: CodeRequest,
    { language, reached, call }: Pick<RunParts, "language" | "reached" | "call">,
  ): Promise<void> {
    const { typeChecker } = this.#options;
    if (typeChecker === undefined) {
      throw new ToolError(
        'Cannot check types: the plugin "wasm" has the compiler, and is not there; leave out "check"',
      );
    }
    const tools = reached.all.filter(({ name }) => reached.has(name));
    const declarations = declareTools(tools, { detail: "signatures", all: reached.all, isWhole: true });
    const problems = await (await typeChecker.get()).check({ language, code, declarations }, {
      signal: call.signal,
      report: (line) => void call.log("info", line, undefined, RUNNER),
    });
    if (problems.length === 0) return;
    const { problemsText } = await import("./type_check/type_problems.ts");
    throw new ToolError(`The code was not run: its types do not fit\n${problemsText(problems, code)}`, {
      data: { problems },
    });
  }
}

// who waits for nobody is ended by the clock of its own thread
function canAskUser({ client }: Call): boolean {
  return client.capabilities["elicitation"] !== undefined;
}

function resultOf({ value, printed, warning }: CodeOutcome, links: readonly ResourceLink[]): ToolResult {
  const text = value === undefined ? withoutLineEnd(printed) || NOTHING : textOfValue(value);
  const isStructured = value !== undefined && typeof value !== "string";
  return toolResult({
    // a text stands alone, since it is the value for whoever calls this
    content: [
      { type: "text", text },
      ...(isStructured && warning ? [{ type: "text" as const, text: warning }] : []),
      ...links,
    ],
    ...(isStructured && { structuredContent: value }),
  });
}

function textOfValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function withoutLineEnd(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** Gives the failed result of a run that wrote files; what else was thrown is thrown again. */
function asFailure(thrown: unknown, { links }: RunFiles): ToolResult {
  if (!isToolError(thrown) || links.length === 0) throw thrown;
  const { message, data } = thrown;
  return toolResult({
    content: [{ type: "text", text: message }, ...links],
    isError: true,
    ...(data !== undefined && { structuredContent: data }),
  });
}
