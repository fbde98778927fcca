import { afterEach, beforeEach, describe } from 'vitest';
import { audit } from './directory/audit';
import type { LentDirectory } from './directory/lent-directory';
import { namespaces } from './directory/namespaces';
import { tickets } from './directory/tickets';
import { tokens } from './directory/tokens';

/** Tests the promises of every `DirectoryApi`. `lend` returns a fresh directory for each test. */
export function directoryContract(name: string, lend: () => LentDirectory | Promise<LentDirectory>): void {
  describe(`DirectoryApi: ${name}`, () => {
    let lent: LentDirectory;

    beforeEach(async () => {
      lent = await lend();
    });
    afterEach(() => lent.close?.());

    for (const chapter of [namespaces, tokens, tickets, audit]) chapter(() => lent);
  });
}
