import { afterEach, beforeEach, describe } from 'vitest';
import { batches } from './namespace/batches';
import { conditions } from './namespace/conditions';
import { dialectData } from './namespace/dialect-data';
import { drains } from './namespace/drains';
import { entries } from './namespace/entries';
import { entryLocks } from './namespace/entry-locks';
import { entryPast } from './namespace/entry-past';
import { grantedLeases } from './namespace/granted-leases';
import { layouts } from './namespace/layouts';
import { leases } from './namespace/leases';
import { limits } from './namespace/limits';
import { listing } from './namespace/listing';
import { names } from './namespace/names';
import { overrides } from './namespace/overrides';
import { past } from './namespace/past';
import { registrations } from './namespace/registrations';
import { resolving } from './namespace/resolving';
import { rows } from './namespace/rows';
import { Scene } from './namespace/scene';
import { services } from './namespace/services';
import type { Capabilities, TestNamespace } from './namespace/test-namespace';
import { transactions } from './namespace/transactions';
import { transfers } from './namespace/transfers';
import { trouble } from './namespace/trouble';
import { waking } from './namespace/waking';

/** Chapters of the contract. Each registers its cases for the namespace of the running test. */
const CHAPTERS: ((stage: () => Scene, capabilities: Capabilities) => void)[] = [
  registrations,
  overrides,
  drains,
  resolving,
  listing,
  services,
  batches,
  conditions,
  entries,
  entryPast,
  transactions,
  past,
  transfers,
  leases,
  grantedLeases,
  entryLocks,
  dialectData,
  layouts,
  trouble,
  waking,
  rows,
  limits,
  names,
];

/** Tests the promises of every `NamespaceApi`. `create` returns a fresh, empty namespace for each test. */
export function namespaceContract(
  name: string,
  capabilities: Capabilities,
  create: () => TestNamespace | Promise<TestNamespace>,
): void {
  describe(`NamespaceApi: ${name}`, () => {
    let subject: TestNamespace;
    let scene: Scene;

    beforeEach(async () => {
      subject = await create();
      scene = new Scene(subject);
    });
    afterEach(() => subject.close?.());

    for (const chapter of CHAPTERS) chapter(() => scene, capabilities);
  });
}
