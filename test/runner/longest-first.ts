import { BaseSequencer, type TestSequencerConstructor, type TestSpecification } from 'vitest/node';

/**
 * Orders test files so that those begin first that take longest: what begins last is waited for alone.
 *
 * @param longest Parts of their paths, the longest first. A file belongs to the first that its path has.
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
