import { BaseSequencer, type TestSequencerConstructor, type TestSpecification } from 'vitest/node';

/**
 * Orders test files so that the longest start first: one that starts last would run alone at the end.
 *
 * @param longest Parts of their paths, the longest first. A file belongs to the first part in its path.
 */
export function longestFirst(longest: readonly string[]): TestSequencerConstructor {
  const rankOf = ({ moduleId }: TestSpecification): number => {
    const rank = longest.findIndex((part) => moduleId.includes(part));
    return rank === -1 ? longest.length : rank;
  };
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const sorted = await super.sort(files);
      return sorted.sort((one, other) => rankOf(one) - rankOf(other));
    }
  };
}
