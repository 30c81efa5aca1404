/**
 * `TextEncoder`, `TextDecoder`, `atob`, `btoa` and `crypto`.
 *
 * A script of the engine, given functions of the host.
 */
((host, { define }) => {
  const { parse, stringify } = JSON;
  const MOST_RANDOM_BYTES = 65_536;
  const INTEGERS = [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
  ];

  /** Copies what a view shows, or a whole buffer. */
  function bufferOf(source) {
    if (source === undefined) return new ArrayBuffer(0);
    if (source instanceof ArrayBuffer) return source;
    if (!ArrayBuffer.isView(source)) throw new TypeError("What is decoded must be an ArrayBuffer or a view of one");
    return source.buffer.slice(source.byteOffset, source.byteOffset + source.byteLength);
  }

  class TextEncoder {
    get encoding() {
      return "utf-8";
    }
    encode(text = "") {
      return new Uint8Array(host.encode(stringify(`${text}`)));
    }
    encodeInto(text, target) {
      let [read, written] = [0, 0];
      for (const character of `${text}`) {
        const code = character.codePointAt(0);
        const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        if (written + size > target.length) break;
        target.set(this.encode(character), written);
        read += character.length;
        written += size;
      }
      return { read, written };
    }
  }

  /** How many bytes at the end begin a character of UTF-8 that is not whole. */
  function countUnfinished(bytes) {
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
      const byte = bytes[bytes.length - back];
      if (byte < 0x80) return 0;
      if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
    }
    return 0;
  }

  class TextDecoder {
    #kept = new Uint8Array(0);
    #hasBegun = false;
    constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
      Object.defineProperties(this, {
        encoding: { value: host.encodingOf(`${label}`), enumerable: true },
        fatal: { value: Boolean(fatal), enumerable: true },
        ignoreBOM: { value: Boolean(ignoreBOM), enumerable: true },
      });
    }
    decode(source, { stream = false } = {}) {
      let bytes = new Uint8Array(bufferOf(source));
      if (this.#kept.length > 0) {
        const joined = new Uint8Array(this.#kept.length + bytes.length);
        joined.set(this.#kept);
        joined.set(bytes, this.#kept.length);
        bytes = joined;
      }
      const unfinished = stream && this.encoding === "utf-8" ? countUnfinished(bytes) : 0;
      this.#kept = bytes.slice(bytes.length - unfinished);
      const whole = unfinished === 0 ? bytes : bytes.slice(0, bytes.length - unfinished);
      const ignoreBOM = this.ignoreBOM || this.#hasBegun;
      this.#hasBegun = stream && (this.#hasBegun || whole.length > 0);
      return parse(host.decode(bufferOf(whole), this.encoding, this.fatal, ignoreBOM));
    }
  }

  function getRandomValues(array) {
    if (!INTEGERS.some((type) => array instanceof type)) {
      throw new TypeError("Random values are written to a typed array of integers");
    }
    if (array.byteLength > MOST_RANDOM_BYTES) {
      throw new RangeError(`${array.byteLength} random bytes are too many at once: ${MOST_RANDOM_BYTES} at most`);
    }
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(new Uint8Array(host.random(array.byteLength)));
    return array;
  }

  define({
    TextEncoder,
    TextDecoder,
    atob: (text) => parse(host.atob(stringify(`${text}`))),
    btoa: (text) => parse(host.btoa(stringify(`${text}`))),
    crypto: { getRandomValues, randomUUID: () => host.uuid() },
  });
});
