import { afterEach, beforeEach, describe } from 'vitest';
import { audit } from './directory/audit';
import { namespaces } from './directory/namespaces';
import { redemptions } from './directory/redemptions';
import type { TestDirectory } from './directory/test-directory';
import { tickets } from './directory/tickets';
import { tokens } from './directory/tokens';

/** Tests the promises of every `DirectoryApi`. `create` returns a fresh directory for each test. */
export function directoryContract(name: string, create: () => TestDirectory | Promise<TestDirectory>): void {
  describe(`DirectoryApi: ${name}`, () => {
    let subject: TestDirectory;

    beforeEach(async () => {
      subject = await create();
    });
    afterEach(() => subject.close?.());

    for (const chapter of [namespaces, tokens, tickets, redemptions, audit]) chapter(() => subject);
  });
}
