import { afterEach, beforeEach, describe } from 'vitest';
import { batches } from './namespace/batches';
import { conditions } from './namespace/conditions';
import { drains } from './namespace/drains';
import { leases } from './namespace/leases';
import type { Capabilities, LentNamespace } from './namespace/lent-namespace';
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
  past,
  transfers,
  leases,
  trouble,
  waking,
  rows,
  limits,
  names,
];

/** Tests the promises of every `NamespaceApi`. `lend` returns a fresh, empty namespace for each test. */
export function namespaceContract(
  name: string,
  capabilities: Capabilities,
  lend: () => LentNamespace | Promise<LentNamespace>,
): void {
  describe(`NamespaceApi: ${name}`, () => {
    let lent: LentNamespace;
    let scene: Scene;

    beforeEach(async () => {
      lent = await lend();
      scene = new Scene(lent);
    });
    afterEach(() => lent.close?.());

    for (const chapter of CHAPTERS) chapter(() => scene, capabilities);
  });
}
