/**
 * What is said of repeated measurements.
 *
 * @module
 */

/** Where a set of measurements lies, and how far it spreads. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  /** First and third quartile: half of the measurements lie between them. */
  readonly low: number;
  readonly high: number;
  readonly least: number;
  readonly most: number;
}

/** Two sides measured in turn, and what came of each pair. */
export interface Comparison {
  readonly own: Summary;
  readonly other: Summary;
  /** Of own to other, taken pair by pair: a machine that slows down slows both sides of a pair. */
  readonly ratio: Summary;
}

/**
 * Gives the value below which a share of sorted measurements lies, between neighbours by proportion.
 *
 * Source: definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996.
 *
 * @param sorted At least one value, ascending.
 * @param share From 0 to 1.
 */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) {
    throw new RangeError(`Cannot take a quantile: share ${share} of ${sorted.length} values`);
  }
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * Summarizes measurements, whose order does not matter.
 *
 * @throws {RangeError} when there are none.
 */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    least: quantile(sorted, 0),
    most: quantile(sorted, 1),
  };
}

/**
 * Compares two sides whose measurements were taken in turn.
 *
 * @throws {RangeError} when the sides have no measurements, or not the same number.
 */
export function compare(own: readonly number[], other: readonly number[]): Comparison {
  if (own.length !== other.length) {
    throw new RangeError(`Cannot compare: ${own.length} measurements against ${other.length}; they come in pairs`);
  }
  const ratios = own.map((value, i) => value / (other[i] ?? NaN));
  return { own: summarize(own), other: summarize(other), ratio: summarize(ratios) };
}
