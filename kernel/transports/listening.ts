/**
 * Clients of revision 2026-07-28 that listen to resources: their plugins are told, for as long as the stream is open.
 *
 * @module
 */
import type { Call } from "../call.ts";
import { isObject } from "../content.ts";
import { isProtocolError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Disposer } from "../plugin.ts";

/** Subscribes to the resources that a `subscriptions/listen` request names; the disposer ends that. */
export function subscribeListed(kernel: Kernel, message: unknown, call: Call): Disposer | undefined {
  if (!isObject(message) || message["method"] !== "subscriptions/listen" || !isObject(message["params"])) return undefined;
  const { notifications } = message["params"];
  const uris = isObject(notifications) ? notifications["resourceSubscriptions"] : undefined;
  if (!Array.isArray(uris)) return undefined;
  const disposers = uris.flatMap((uri) => {
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

/** Ties the subscriptions of a listen request to the stream that answers it. */
export function followListen(
  kernel: Kernel,
  { message, response, call }: { readonly message: unknown; readonly response: Response; readonly call: Call },
): Response {
  if (response.body === null || !response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
  const dispose = subscribeListed(kernel, message, call);
  if (dispose === undefined) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      controller.close();
      await dispose();
    },
    async cancel(reason) {
      await reader.cancel(reason);
      await dispose();
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
