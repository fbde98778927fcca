import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { clientTypes } from '../../scripts/client-types';
import type { Registered } from '../../src/client/wire/answers';
import type { BatchOperation, InstanceBody } from '../../src/client/wire/bodies';
import type { WatchedEntry } from '../../src/client/wire/entry-frames';
import type { WatchedChange, WatchFrame } from '../../src/client/wire/frames';
import type { HistoryChange, WhyReport } from '../../src/client/wire/history-answers';
import type { NamespacePatchBody, Stats } from '../../src/client/wire/namespace-answers';
import type { InstanceDefinition } from '../../src/client/wire/registration';
import type { FieldError, RollcallErrorCode } from '../../src/client/wire/rollcall-error';
import type { WireFrame } from '../../src/client/wire/wire-frame';
import type * as batch from '../../src/model/batch';
import type { RegistryErrorCode } from '../../src/model/errors';
import type * as frames from '../../src/model/frames';
import type * as history from '../../src/model/history';
import type * as instance from '../../src/model/instance';
import type * as namespace from '../../src/model/namespace';
import type * as stats from '../../src/model/stats';
import { PROJECT_ROOT } from '../house/source-tree';

/** Removes everything that a formatter decides: spaces, line breaks, and the signs that go with them. */
const unformatted = (text: string): string =>
  text
    .replace(/\s+\*\s/g, ' ')
    .replace(/\s/g, '')
    .replace(/([=:(<])\|/g, '$1')
    .replace(/;}/g, '}')
    .replace(/,>/g, '>');

describe('the types of the client', () => {
  it('are generated from the schemas; `npm run client-types` writes them', () => {
    const files = clientTypes();
    expect(files.size).toBeGreaterThan(5);
    for (const [name, text] of files) {
      const committed = readFileSync(join(PROJECT_ROOT, `src/client/wire/${name}.ts`), 'utf8');
      expect(unformatted(committed), name).toBe(unformatted(text));
    }
  });
});

it('the package has the same types under the module resolution `node10`, which ignores `exports`', () => {
  // `as`: our own
  const { exports, typesVersions } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, { types?: string }>;
    typesVersions: { '*': { client: string[]; 'client/*': string[] } };
  };
  const { client, 'client/*': others } = typesVersions['*'];
  for (const [name, { types }] of Object.entries(exports)) {
    if (types === undefined) continue;
    const other = /^\.\/client\/(.+)$/.exec(name)?.[1];
    expect(other === undefined ? client : others.map((path) => path.replace('*', other)), name).toEqual([types]);
  }
});

/** True if each is assignable to the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Members of one type that another lacks. Assignability alone misses optional ones. */
type Missing<A, B> = Exclude<keyof A, keyof B>;

/** True if two types have the same members, and each is assignable to the other. */
type Equal<A, B> = [Missing<A, B> | Missing<B, A>] extends [never] ? Same<A, B> : false;

/**
 * True if two types have the same members, and the first is assignable to the second: a map's schema accepts any input at
 * first.
 */
type Fits<A, B> = [Missing<A, B> | Missing<B, A>] extends [never] ? ([A] extends [B] ? true : false) : false;

/** None of this runs; `npm run typecheck` fails if they differ. */
describe('compared by the compiler with the types that zod infers', () => {
  it('generated types of each kind are equal', () => {
    expectTypeOf<Equal<Registered, instance.Registration>>().toEqualTypeOf<true>();
    expectTypeOf<Equal<Stats, stats.Stats>>().toEqualTypeOf<true>();
    expectTypeOf<Equal<Stats['sinceStart'], stats.Stats['sinceStart']>>().toEqualTypeOf<true>();
    expectTypeOf<Same<HistoryChange, history.HistoryChange>>().toEqualTypeOf<true>();
    expectTypeOf<Equal<WhyReport, history.WhyReport>>().toEqualTypeOf<true>();
    expectTypeOf<Same<WatchedChange | WatchedEntry, frames.WatchedChange>>().toEqualTypeOf<true>();
    expectTypeOf<Equal<NamespacePatchBody, z.input<typeof namespace.NamespacePatch>>>().toEqualTypeOf<true>();
    expectTypeOf<Fits<InstanceBody, instance.InstanceDefinitionInput>>().toEqualTypeOf<true>();
    expectTypeOf<Fits<BatchOperation, z.input<typeof batch.Batch>['operations'][number]>>().toEqualTypeOf<true>();
  });

  it('a watch of services has no changes of entries, which have neither an id nor a service', () => {
    type Changes = Extract<WatchFrame, { type: 'changes' }>['changes'][number];
    expectTypeOf<Changes>().toEqualTypeOf<WatchedChange>();
    expectTypeOf<Changes['kind']>().toEqualTypeOf<'instance' | 'service'>();
    expectTypeOf<Changes['id']>().toEqualTypeOf<string>();
    expectTypeOf<Extract<WatchFrame, { type: 'snapshot' }>>().not.toHaveProperty('entries');
  });

  it('hand-written types are compatible', () => {
    expectTypeOf<InstanceDefinition>().toExtend<instance.InstanceDefinitionInput>();
    expectTypeOf<Same<WireFrame, frames.ServerFrame>>().toEqualTypeOf<true>();
    expectTypeOf<RollcallErrorCode>().toEqualTypeOf<RegistryErrorCode | 'UNREACHABLE'>();
    expectTypeOf<FieldError>().toEqualTypeOf<{ path: string; message: string }>();
  });
});
