/**
 * What a session has sent lately, so that a client which lost its stream can have the rest (`Last-Event-ID`).
 *
 * @module
 */
import type { EventId, EventStore, JSONRPCMessage, StreamId } from "@modelcontextprotocol/server";

interface StoredEvent {
  readonly id: number;
  readonly streamId: StreamId;
  readonly message: JSONRPCMessage;
  readonly bytes: number;
}

/** The last events of one session, bounded in number and size. */
export class RecentEvents implements EventStore {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #events: StoredEvent[] = [];
  #bytes = 0;
  #lastId = 0;

  /** Keeps 1,000 events and 1 MiB by default, whichever is less. */
  constructor({ maxEvents = 1_000, maxBytes = 1024 * 1024 }: { maxEvents?: number; maxBytes?: number } = {}) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  storeEvent(streamId: StreamId, message: JSONRPCMessage): Promise<EventId> {
    const id = ++this.#lastId;
    const bytes = JSON.stringify(message).length;
    this.#events.push({ id, streamId, message, bytes });
    this.#bytes += bytes;
    while (this.#events.length > this.#maxEvents || (this.#bytes > this.#maxBytes && this.#events.length > 1)) {
      this.#bytes -= this.#events.shift()!.bytes;
    }
    return Promise.resolve(`${id}_${streamId}`);
  }

  getStreamIdForEventId(eventId: EventId): Promise<StreamId | undefined> {
    return Promise.resolve(parseEventId(eventId)?.streamId);
  }

  async replayEventsAfter(
    lastEventId: EventId,
    { send }: { send(eventId: EventId, message: JSONRPCMessage): Promise<void> },
  ): Promise<StreamId> {
    const last = parseEventId(lastEventId);
    if (last === undefined) throw new Error("Cannot replay events: the event id is not one of ours");
    for (const { id, streamId, message } of this.#events) {
      // an event without a message only opened its stream
      if (id <= last.id || streamId !== last.streamId || !("jsonrpc" in message)) continue;
      await send(`${id}_${streamId}`, message);
    }
    return last.streamId;
  }
}

function parseEventId(eventId: EventId): { readonly id: number; readonly streamId: StreamId } | undefined {
  const [, id, streamId] = /^(\d{1,15})_(.+)$/.exec(eventId) ?? [];
  return id === undefined || streamId === undefined ? undefined : { id: Number(id), streamId };
}
