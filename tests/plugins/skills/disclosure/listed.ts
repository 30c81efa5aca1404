/**
 * The list of tools as it is on the wire.
 *
 * @module
 */
import type { JsonObject, Kernel } from "../../../../kernel/mod.ts";
import { createApp } from "../../../../kernel/transports/mod.ts";
import { answerOf, modern, post } from "../../../support/raw.ts";

/** A tool as `tools/list` has it. */
export interface ListedTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
  readonly annotations?: JsonObject;
  readonly _meta?: JsonObject;
}

/** Asks for all pages of the list over HTTP, as the user of this machine. */
export async function serveListed(kernel: Kernel): Promise<readonly ListedTool[]> {
  const app = createApp(kernel, { name: "listed", version: "1.0.0" });
  const tools: ListedTool[] = [];
  let cursor: string | undefined;
  do {
    const { body, headers } = modern("tools/list", cursor === undefined ? {} : { cursor });
    const { result } = await answerOf(await post(app.fetch, body, { headers }));
    tools.push(...result.tools);
    cursor = result.nextCursor;
  } while (cursor !== undefined);
  await app.close();
  return tools;
}
