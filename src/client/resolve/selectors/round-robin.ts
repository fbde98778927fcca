import type { Selector } from '../selector';

/** One after the other, whatever their weight. Starts anywhere, so that many clients do not begin with the same one. */
export function roundRobin(): Selector {
  let turn: number | undefined;
  return {
    pick(endpoints, { random }) {
      turn = turn === undefined ? Math.floor(random() * endpoints.length) : turn + 1;
      return endpoints[turn % endpoints.length];
    },
  };
}
