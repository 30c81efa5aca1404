/**
 * Calls of servers that want to know who asks: the user is sent to the page where that is told, and the call goes on.
 *
 * @module
 */
import { type Call, canAsk, elicitQuestion, type ElicitRequest } from "../../../kernel/mod.ts";
import { AuthorizationNeeded } from "../connection/auth/authorization.ts";
import { heed } from "../heed.ts";
import { reportWhile } from "../report.ts";

const REPORT_MS = 5_000;

/**
 * Does work, and does it once more when the user has agreed to what it needed. Only work that fails before it reached the
 * server, or that the server refused unread, ends with that need.
 *
 * @throws {AuthorizationNeeded} with the address to open, when the client cannot be asked so, or the user does not want to.
 * @throws what the work throws, and what the page was answered with.
 */
export async function withAgreement<T>(call: Call, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof AuthorizationNeeded)) throw thrown;
    await agree(thrown, call);
  }
  return await work();
}

async function agree(needed: AuthorizationNeeded, call: Call): Promise<void> {
  const { server, url, done } = needed;
  const message =
    `MCP server "${server}" wants to know who you are. Open its page in a browser of this machine, and agree`;
  const request: ElicitRequest = { key: "authorization", mode: "url", message, url };
  if (!canAsk(elicitQuestion(request), call.client.capabilities)) throw needed;
  const { action } = await call.elicit(request);
  if (action !== "accept") throw needed;
  const waiting = { everyMs: REPORT_MS, message: () => `Waiting for you to agree at the page of "${server}"` };
  await reportWhile(call, waiting, () => heed(done, call.signal));
}
