/**
 * Event streams that are answers to HTTP requests: bounded, since a client may read slowly or not at all.
 *
 * @module
 */
import type { Disposer } from "../plugin.ts";

/** What a client may leave unread before its stream ends: 16 MiB. */
export const MAX_UNREAD_BYTES: number = 16 * 1024 * 1024;

/** Tells whether a response is an event stream. */
export function isEventStream({ body, headers }: Response): boolean {
  return body !== null && headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/**
 * Ends an event stream once more than {@linkcode MAX_UNREAD_BYTES} wait to be read. The client resumes it by
 * `Last-Event-ID`; in 2026-07-28, where there is no such thing, the end of its stream cancels the call.
 *
 * @param onEnd Runs once, when the stream has ended from either side.
 * @returns The same response when it is no event stream.
 */
export function boundStream(response: Response, onEnd: Disposer = () => {}): Response {
  if (response.body === null || !isEventStream(response)) return response;
  const source = response.body.getReader();
  const pump = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      for (let { done, value } = await source.read(); !done; { done, value } = await source.read()) {
        controller.enqueue(value!);
        if ((controller.desiredSize ?? 0) < 0) await source.cancel();
      }
      controller.close();
    } catch (thrown) {
      // without effect when the client has left
      controller.error(thrown);
    } finally {
      await onEnd();
    }
  };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void pump(controller),
    cancel: (reason) => source.cancel(reason),
  }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }));
  return new Response(body, { status: response.status, headers: response.headers });
}
