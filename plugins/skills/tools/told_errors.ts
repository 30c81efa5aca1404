/**
 * How failures are told by tools whose clients know them by their first word.
 *
 * @module
 */
import { type Call, isKernelError, isToolError, type JsonObject, ToolError } from "../../../kernel/mod.ts";

const WORD = "Error: ";

/**
 * Does the work of a call; has what fails in it begin with that word.
 *
 * @param facts What the data of each failure has, beside its own: that which the tool's output schema wants.
 */
export async function toldAsError<T>(
  { signal }: Pick<Call, "signal">,
  work: () => Promise<T>,
  facts?: JsonObject,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    // files fail with plain errors; mistakes of ours are of other classes, and no answer
    const isTold = isToolError(thrown) || isKernelError(thrown) || (thrown instanceof Error && thrown.name === "Error");
    if (!isTold || signal.aborted) throw thrown;
    const own = isToolError(thrown) ? thrown.data : undefined;
    const data = own || facts ? { ...facts, ...own } : undefined;
    throw new ToolError(WORD + thrown.message, { cause: thrown, ...(data && { data }) });
  }
}
