/**
 * `Date` of code that is not told the time: what asks for it is refused, and all else works. Who finds the `Date` of the
 * engine all the same has won nothing, since the clock of the engine stands still.
 *
 * A script of the engine, given functions of the host.
 */
((host, { defineNow }) => {
  const EngineDate = Date;
  const { construct, ownKeys } = Reflect;

  function RefusingDate(...parts) {
    if (new.target === undefined || parts.length === 0) host.refuse();
    return construct(EngineDate, parts, new.target);
  }
  for (const key of ownKeys(EngineDate)) {
    const property = Object.getOwnPropertyDescriptor(EngineDate, key);
    Object.defineProperty(RefusingDate, key, key === "now" ? { ...property, value: () => host.refuse() } : property);
  }
  EngineDate.prototype.constructor = RefusingDate;
  defineNow("Date", RefusingDate);
});
