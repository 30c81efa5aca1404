/**
 * Clients of revision 2026-07-28 that listen to resources: the plugins of those are told.
 *
 * @module
 */
import type { Call } from "../call.ts";
import { isObject } from "../content.ts";
import { isProtocolError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Disposer } from "../plugin.ts";

/** Most resources that one client listens to, or one `subscriptions/listen` request. */
export const MAX_LISTENED = 1_000;

/**
 * Subscribes to the resources that a `subscriptions/listen` request names; the disposer ends that. Beyond
 * {@linkcode MAX_LISTENED} the client is told of changes, but plugins are not asked to watch for them.
 */
export function subscribeListed(kernel: Kernel, message: unknown, call: Call): Disposer | undefined {
  if (!isObject(message) || message["method"] !== "subscriptions/listen" || !isObject(message["params"])) {
    return undefined;
  }
  const { notifications } = message["params"];
  const uris = isObject(notifications) ? notifications["resourceSubscriptions"] : undefined;
  if (!Array.isArray(uris)) return undefined;
  const disposers = uris.slice(0, MAX_LISTENED).flatMap((uri) => {
    try {
      return [kernel.subscribe(String(uri), call)];
    } catch (thrown) {
      // listening to what is not there yet is no error: it may come
      if (isProtocolError(thrown)) return [];
      throw thrown;
    }
  });
  return async () => {
    for (const dispose of disposers) await dispose();
  };
}
