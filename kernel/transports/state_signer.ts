/**
 * Signed states: what a client is handed and must bring back unchanged, in time, and with the same request.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../content.ts";

const ENCODER = new TextEncoder();
const HMAC = { name: "HMAC", hash: "SHA-256" };

/** What a state is good for. */
export interface StateTerms {
  /** What it belongs to, such as its principal and its request; it is signed, and not part of the state. */
  readonly binding: string;
  /** Milliseconds until it is void. */
  readonly ttlMs: number;
}

/**
 * Signs states by HMAC-SHA-256 (RFC 2104), under a key that lives as long as the process: what is parked does not
 * survive it either.
 */
export class StateSigner {
  #key: Promise<CryptoKey> | undefined;

  /** Signs a payload; the state has the form `payload.mac`, both in Base64, the payload with its end. */
  async sign(payload: string, { binding, ttlMs }: StateTerms): Promise<string> {
    const head = toBase64(ENCODER.encode(`${Date.now() + ttlMs} ${payload}`));
    const mac = await crypto.subtle.sign(HMAC, await this.#ownKey(), signedBytes(head, binding));
    return `${head}.${toBase64(new Uint8Array(mac))}`;
  }

  /** Gives the payload of a state that is ours, in time, and bound to this; else `undefined`. */
  async verify(state: string, binding: string): Promise<string | undefined> {
    const [head = "", mac = "", ...rest] = state.split(".");
    try {
      if (rest.length > 0) return undefined;
      const bytes = fromBase64(mac);
      // one signature has one spelling
      if (toBase64(bytes) !== mac) return undefined;
      const isOurs = await crypto.subtle.verify(HMAC, await this.#ownKey(), bytes, signedBytes(head, binding));
      if (!isOurs) return undefined;
      const [, end, payload] = /^(\d+) (.*)$/s.exec(new TextDecoder().decode(fromBase64(head))) ?? [];
      return Number(end) > Date.now() ? payload : undefined;
    } catch {
      // what is not Base64 is not ours
      return undefined;
    }
  }

  #ownKey(): Promise<CryptoKey> {
    return this.#key ??= crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), HMAC, false, [
      "sign",
      "verify",
    ]);
  }
}

function signedBytes(head: string, binding: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(`${head}.${binding}`);
}
