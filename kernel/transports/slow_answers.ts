/**
 * Answers that take long: what has not been answered in a moment is answered by an event stream. A stream shows when
 * the client has left, which not every runtime tells of a request that waits (Deno 2.9 does not when the body came in a
 * packet of its own), and its comments keep proxies from giving up.
 *
 * @module
 */

// long for a call that computes, short for one that waits
const SLOW_MS = 250;
const KEEP_ALIVE_MS = 15_000;

/** Serves a request whose answer is JSON when it is quick, and an event stream when it is slow. */
export async function streamWhenSlow(
  request: Request,
  serve: (request: Request) => Promise<Response>,
): Promise<Response> {
  if (!(request.headers.get("accept") ?? "").includes("text/event-stream")) return await serve(request);
  const left = new AbortController();
  const leave = () => left.abort(request.signal.reason);
  request.signal.addEventListener("abort", leave, { once: true });
  if (request.signal.aborted) leave();
  const answer = serve(new Request(request, { signal: left.signal }));
  const quick = await withinMoment(answer);
  return quick ?? streamOf(answer, () => left.abort());
}

async function withinMoment(answer: Promise<Response>): Promise<Response | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const moment = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), SLOW_MS));
  try {
    return await Promise.race([answer, moment]);
  } finally {
    clearTimeout(timer);
  }
}

function streamOf(answer: Promise<Response>, abandon: () => void): Response {
  const encoder = new TextEncoder();
  let keepAlive: ReturnType<typeof setInterval> | undefined;
  let events: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // the first bytes send the head, so that the client sees at once that it is being served
      controller.enqueue(encoder.encode(": working\n\n"));
      keepAlive = setInterval(() => controller.enqueue(encoder.encode(": keep-alive\n\n")), KEEP_ALIVE_MS);
      const stop = () => clearInterval(keepAlive);
      answer.then(stop, stop);
    },
    async pull(controller) {
      const response = await answer;
      if (events === undefined && response.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
        controller.enqueue(encoder.encode(`event: message\ndata: ${await response.text()}\n\n`));
        return controller.close();
      }
      events ??= response.body?.getReader();
      const { done, value } = await events?.read() ?? { done: true as const, value: undefined };
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      clearInterval(keepAlive);
      abandon();
      await events?.cancel(reason);
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
  });
}
