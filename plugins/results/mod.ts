/**
 * Large results: what is too long for one answer is kept for a while, and the answer has its head and a link.
 *
 * @example Use it
 * ```ts
 * import { Kernel } from "collet";
 * import results from "./mod.ts";
 *
 * await using kernel = await new Kernel().use(results, { inline_characters: 1_000 }).start();
 * if (!kernel.inspect().some((plugin) => plugin.owns.includes("interceptor"))) throw new Error("unexpected");
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  definePlugin,
  ErrorCode,
  type Interceptor,
  isToolError,
  pieceOf,
  type Plugin,
  ProtocolError,
  rankCompletions,
  Toolbox,
  ToolError,
  type ToolResult,
  toolResult,
} from "../../kernel/mod.ts";
import { AnswerLimit } from "./contract.ts";
import { KeptResults } from "./kept_results.ts";
import { shorten, sizeOf } from "./shorten.ts";

// a shorter answer has no room for a piece of a text and for where it stands
const LEAST_ANSWER = 1_000;
/** The tool by which clients read resources that do not do it themselves. */
const READER = "read_resource";

const count = (fallback: number) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), fallback);

/** Configuration of the plugin. */
export interface ResultsConfig {
  /** Most characters of one answer; 1,000,000 by default. */
  readonly inline_characters?: number | undefined;
  /** Characters of a longer one that are sent; 2,000 by default. */
  readonly head_characters?: number | undefined;
  /** Most characters kept in all; 67,108,864 by default. */
  readonly kept_characters?: number | undefined;
  /** Milliseconds that a result is kept; one hour by default. */
  readonly kept_ms?: number | undefined;
}

const results: Plugin<ResultsConfig> = definePlugin({
  name: "results",
  version: "1.0.0",
  description: "Keeps large results behind a resource link",
  config: v.strictObject({
    inline_characters: v.optional(v.pipe(v.number(), v.integer(), v.minValue(LEAST_ANSWER)), 1_000_000),
    head_characters: count(2_000),
    kept_characters: count(64 * 1024 * 1024),
    kept_ms: count(3_600_000),
  }),
  requires: { toolbox: Toolbox },
  provides: [AnswerLimit],
  setup(ctx) {
    const { config, deps: { toolbox } } = ctx;
    const kept = new KeptResults({ maxSize: config.kept_characters, maxAgeMs: config.kept_ms });
    ctx.own("kept results", () => kept.clear());
    const limit = config.inline_characters;
    ctx.provide(AnswerLimit, { characters: limit });
    ctx.resource({
      uri: "collet://results/{id}{?offset,length}",
      name: "result",
      title: "Large result",
      description: "The whole of a result that was too long for one answer, or a piece of its text (in characters)",
      complete: (argument, value, { principal }) =>
        argument === "id" ? rankCompletions(value, kept.idsOf(principal?.id)) : [],
      read({ id, offset, length }, { uri, principal }) {
        const part = kept.find(id, principal?.id);
        if (part === undefined) {
          throw new ProtocolError(ErrorCode.resourceNotFound, "Resource not found: results are kept for a time", {
            uri,
          });
        }
        if ("blob" in part) return [{ uri, ...part }];
        const range = { ...pieceNumber("offset", offset), ...pieceNumber("length", length) };
        return [{ uri, mimeType: part.mimeType, text: pieceOf(part.text, range).text }];
      },
    });
    ctx.intercept(
      (async (invocation, next) => {
        // tools that call tools get the whole
        if (invocation.kind !== "tool" || invocation.call.path.length > 1) return await next();
        const hasOutputSchema = () => toolbox.get(invocation.name)?.outputSchema !== undefined;
        const result = await outcomeOf(next as () => Promise<ToolResult>, { limit, hasOutputSchema });
        const size = sizeOf(result);
        if (size <= limit) return result;
        return shorten(result, {
          tool: invocation.name,
          limit,
          head: config.head_characters,
          hasOutputSchema: hasOutputSchema(),
          reader: toolbox.get(READER) === undefined ? undefined : READER,
          keep: (parts) => {
            const ids = kept.keep(parts, invocation.call.principal?.id);
            if (ids !== undefined) return ids.map((id) => `collet://results/${id}`);
            throw new ToolError(
              `Cannot answer: the result of "${invocation.name}" has ${size} characters, too many to keep; ask for less`,
            );
          },
        });
      }) as Interceptor,
    );
  },
});

export default results;

// a failure that is short stays as it was thrown
async function outcomeOf(
  next: () => Promise<ToolResult>,
  { limit, hasOutputSchema }: { readonly limit: number; hasOutputSchema(): boolean },
): Promise<ToolResult> {
  try {
    return await next();
  } catch (thrown) {
    if (!isToolError(thrown)) throw thrown;
    const failed = toolResult({
      content: [{ type: "text", text: thrown.message }],
      isError: true,
      // clients hold the data of a failure to the schema as well
      ...(thrown.data !== undefined && !hasOutputSchema() && { structuredContent: thrown.data }),
    });
    if (sizeOf(failed) <= limit) throw thrown;
    return failed;
  }
}

function pieceNumber<K extends "offset" | "length">(name: K, text: string | undefined): { readonly [N in K]?: number } {
  if (text === undefined || text === "") return {};
  if (/^\d{1,15}$/.test(text)) return { [name]: Number(text) } as { readonly [N in K]: number };
  throw new ProtocolError(ErrorCode.invalidParams, `Cannot read a piece: ${name} is "${text}", expected a number`);
}
