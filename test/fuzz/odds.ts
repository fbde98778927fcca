import fc from 'fast-check';

/** Generates `usual` in a share of all cases and `other` in the rest, and shrinks to `usual`. */
export function mostly<Usual, Other>(
  share: number,
  usual: fc.Arbitrary<Usual>,
  other: fc.Arbitrary<Other>,
): fc.Arbitrary<Usual | Other> {
  const percent = Math.round(share * 100);
  return fc.oneof(
    { withCrossShrink: true },
    { arbitrary: usual, weight: percent },
    { arbitrary: other, weight: 100 - percent },
  );
}

/** Generates a value in a share of all cases, and undefined in the rest; shrinks to undefined. */
export function maybe<Value>(share: number, value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return mostly(1 - share, fc.constant(undefined), value);
}

/** Generates some of these values, in their order: each in a share of all cases. */
export function some<Value>(share: number, values: readonly fc.Arbitrary<Value>[]): fc.Arbitrary<Value[]> {
  const each = values.map((value) =>
    maybe(
      share,
      value.map((present) => [present]),
    ),
  );
  return fc.tuple(...each).map((present) => present.flatMap((value) => value ?? []));
}
