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
  type Plugin,
  ProtocolError,
  Toolbox,
  type ToolResult,
} from "../../kernel/mod.ts";
import { KeptResults } from "./kept_results.ts";
import { shorten, sizeOf, wholeOf } from "./shorten.ts";

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
    inline_characters: count(1_000_000),
    head_characters: count(2_000),
    kept_characters: count(64 * 1024 * 1024),
    kept_ms: count(3_600_000),
  }),
  requires: { toolbox: Toolbox },
  setup(ctx) {
    const { config, deps: { toolbox } } = ctx;
    const kept = new KeptResults({ maxSize: config.kept_characters, maxAgeMs: config.kept_ms });
    ctx.own("kept results", () => kept.clear());
    ctx.resource({
      uri: "collet://results/{id}{?offset,length}",
      name: "result",
      title: "Large result",
      description: "The whole of a result that was too long for one answer, or a piece of it (in characters)",
      read({ id, offset, length }, { uri, principal }) {
        const found = kept.find(id, principal?.id);
        if (found === undefined) {
          throw new ProtocolError(ErrorCode.resourceNotFound, "Resource not found: results are kept for a time", {
            uri,
          });
        }
        const start = pieceNumber(offset, 0);
        const text = found.text.slice(start, start + pieceNumber(length, found.text.length));
        return [{ uri, mimeType: found.mimeType, text }];
      },
    });
    ctx.intercept(
      (async (invocation, next) => {
        const outcome = await next();
        // tools that call tools get the whole
        if (invocation.kind !== "tool" || invocation.call.path.length > 1) return outcome;
        const result = outcome as ToolResult;
        if (sizeOf(result) <= config.inline_characters) return outcome;
        const whole = wholeOf(result);
        const id = kept.keep({ ...whole, principalId: invocation.call.principal?.id });
        if (id === undefined) throw new RangeError(`the result has ${whole.text.length} characters, too many to keep`);
        return shorten(result, {
          tool: invocation.name,
          uri: `collet://results/${id}`,
          whole,
          head: config.head_characters,
          hasOutputSchema: toolbox.get(invocation.name)?.outputSchema !== undefined,
        });
      }) as Interceptor,
    );
  },
});

export default results;

function pieceNumber(text: string | undefined, fallback: number): number {
  if (text === undefined || text === "") return fallback;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ProtocolError(ErrorCode.invalidParams, `Cannot read a piece: "${text}" is not a number of characters`);
}
