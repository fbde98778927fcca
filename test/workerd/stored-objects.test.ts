import { expect, test } from 'vitest';
import { objectId } from './stored-objects';

test('the id of an object equals the one that workerd computes', () => {
  // Names of files that workerd created; the proof with a running registry also finds its files by them.
  expect(objectId('rollcall-NamespaceObject', 'public')).toBe(
    'a08c5f52ff70d09197af0aada3fbdaf88606d65ff7a2ed3c3faa3c30898e8917',
  );
  expect(objectId('rollcall-NamespaceObject', 'team-a')).toBe(
    'b5af1c3449c6e0ece89c3440bd44af2bc3711704ea40375ec9b2a8113b3d8540',
  );
  expect(objectId('rollcall-DirectoryObject', 'directory')).toBe(
    'a341b56dbde7e5ef9f0b443be8bc9fc4368fd1e8e9da6d2b13c2da9123a54939',
  );
});
