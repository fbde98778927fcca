import { describe, expect, it } from 'vitest';
import { clientInstance } from '../../../test/fixtures/client-instance';
import { readCachedService } from '../resolve/cached-service';
import { RegistryHttp } from '../wire/registry-http';
import { REAL_TIME } from '../wire/time';
import { wholeList } from './whole-list';

/** A registry whose list of a service has three pages; it is at another position with each answer. */
function begin() {
  const asked: string[] = [];
  const pages: Record<string, { ids: string[]; next?: string }> = {
    '': { ids: ['a', 'b'], next: 'b' },
    b: { ids: ['c'], next: 'c' },
    c: { ids: ['d'] },
  };
  const fetch = async (url: string) => {
    const { pathname, searchParams } = new URL(url);
    if (!pathname.endsWith('/instances')) return Response.json({ protectThreshold: 0.5 });
    asked.push([searchParams.get('after'), searchParams.get('at'), searchParams.get('consistency')].join(' '));
    const { ids, next } = pages[searchParams.get('after') ?? ''] ?? { ids: [] };
    const headers = { 'Rollcall-Cursor': `cursor-${asked.length}`, ETag: `"cursor-${asked.length}"` };
    return Response.json({ instances: ids.map((id) => clientInstance(id)), next }, { headers });
  };
  return { http: new RegistryHttp({ url: 'https://registry.example', fetch }), asked };
}

describe('wholeList', () => {
  it('[V9] reads later pages as of the time of the first', async () => {
    const { http, asked } = begin();
    const path = `${http.namespacePath}/groups/g/services/s/instances`;
    const instances = await wholeList(http, path, await http.request('GET', path), {});
    expect(instances.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    expect(asked).toEqual(['  ', 'b cursor-1 ', 'c cursor-1 ']);
  });

  it('[V9] gives resolvers in Workers all instances, under the ETag of the first page', async () => {
    const { http, asked } = begin();
    const service = await readCachedService(http, REAL_TIME, 'orders', 5_000, undefined);
    expect([service.instances.length, service.etag]).toEqual([4, '"cursor-1"']);
    expect(asked).toEqual(
      [' cached', 'b cursor-1 cached', 'c cursor-1 cached'].map((each) => each.replace(/^ /, '  ')),
    );
  });
});
