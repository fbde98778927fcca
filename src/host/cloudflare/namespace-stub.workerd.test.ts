import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { namespaceStubs } from './namespace-stub';

const ONE_MACHINE = { ...env, ROLLCALL_ONE_MACHINE: 'true' };
const idOf = (stub: { id: DurableObjectId }) => stub.id.toString();

it('[N1] is the same object with and without a hint', () => {
  const plain = namespaceStubs(env, 'a', undefined);
  expect(idOf(namespaceStubs(env, 'a', { hint: 'weur' })())).toBe(idOf(plain()));
  expect(plain()).not.toBe(plain());
  expect(idOf(namespaceStubs(env, 'b', undefined)())).not.toBe(idOf(plain()));
});

it('[N1] has no effect on one machine, whose workerd refuses to speak of jurisdictions', () => {
  expect(idOf(namespaceStubs(ONE_MACHINE, 'a', { jurisdiction: 'eu' })())).toBe(
    idOf(namespaceStubs(env, 'a', undefined)()),
  );
});

it('[N1] is never another object than that of its jurisdiction', () => {
  expect(() => namespaceStubs(env, 'a', { jurisdiction: 'eu' })).toThrow();
});
