/**
 * `structuredClone`.
 *
 * A script of the engine.
 */
((_, { define }) => {
  const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
  const BOXES = [Boolean, Number, String];

  function clone(value, seen) {
    if (typeof value === "function" || typeof value === "symbol") {
      throw new DOMException(`A ${typeof value} cannot be cloned`, "DataCloneError");
    }
    if (typeof value !== "object" || value === null) return value;
    return seen.get(value) ?? cloneObject(value, seen);
  }

  function cloneObject(value, seen) {
    const keep = (copy) => {
      seen.set(value, copy);
      return copy;
    };
    if (value instanceof Date) return keep(new Date(value.getTime()));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer) return keep(value.slice(0));
    if (value instanceof DataView) {
      return keep(new DataView(clone(value.buffer, seen), value.byteOffset, value.byteLength));
    }
    if (ArrayBuffer.isView(value)) {
      return keep(new value.constructor(clone(value.buffer, seen), value.byteOffset, value.length));
    }
    if (BOXES.some((type) => value instanceof type)) return keep(Object(value.valueOf()));
    if (value instanceof Error) return cloneError(value, { seen, keep });
    if (value instanceof Map) {
      const copy = keep(new Map());
      for (const [key, item] of [...value]) copy.set(clone(key, seen), clone(item, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = keep(new Set());
      for (const item of [...value]) copy.add(clone(item, seen));
      return copy;
    }
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
      throw new DOMException(`A ${value.constructor.name} cannot be cloned`, "DataCloneError");
    }
    const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) copy[key] = clone(value[key], seen);
    return copy;
  }

  function cloneError(error, { seen, keep }) {
    const copy = keep(Object.create((ERRORS[error.name] ?? Error).prototype));
    for (const key of ["message", "stack", "cause"]) {
      if (Object.hasOwn(error, key)) {
        Object.defineProperty(copy, key, { value: clone(error[key], seen), writable: true, configurable: true });
      }
    }
    return copy;
  }

  define({ structuredClone: (value) => clone(value, new Map()) });
});
