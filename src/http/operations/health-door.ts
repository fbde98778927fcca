import { z } from 'zod';
import { openDoor, type Surface } from '../pipeline/route';
import { COMMON_HEADERS } from '../response/common-headers';

/** What runs here. */
export interface Build {
  version: string;
  /** Where the deployer told it. */
  commit?: string | undefined;
}

const Health = z
  .object({ status: z.literal('ok'), version: z.string(), commit: z.string().optional() })
  .meta({ id: 'Health' });

/** Liveness: the Worker answers for itself, and asks nobody. */
export function addHealthDoor(surface: Surface, { version, commit }: Build): void {
  const body = JSON.stringify({ status: 'ok', version, commit } satisfies z.output<typeof Health>);
  openDoor(surface, {
    operation: 'readHealth',
    method: 'get',
    path: '/health',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Tell that the Worker is alive, and its version',
    description: 'Asks no namespace. The only route that answers before a root token is set.',
    input: {},
    answers: { 200: { description: 'It is alive', schema: Health } },
    beforeSetup: true,
    answer: () => new Response(body, { headers: { ...COMMON_HEADERS, 'Content-Type': 'application/json' } }),
  });
}
