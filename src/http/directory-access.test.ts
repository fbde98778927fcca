import { beforeEach, describe, expect, it } from 'vitest';
import { BY_ROOT } from '../../test/contracts/directory/test-directory';
import { NodeDirectory } from '../../test/fixtures/node-directory';
import { problemOf, ROOT_TOKEN, TestApp } from '../../test/fixtures/test-app';
import type { Grant } from '../model/grant';

/**
 * Authorization of the directory's routes, written by hand: a status for each line and token. 404 and 403 refuse; an
 * empty list shows nothing. A route to the directory that is missing here fails the test.
 *
 * `all`: admin of everything. `a`: admin of the namespace `a`. `ops`: operates everything. `own`: registers one service
 * of `a`. `rd`: reads `a`. `met`: reads metrics of everything. `b`: admin of `b` alone.
 */
const TABLE = `
                                                                   root all a    ops  own  rd   met  b
GET    /ns                                                         200  200 200  200  200  200  200  200
POST   /ns                       {"id":"c"}                        201  201 403  403  403  403  403  403
GET    /ns/a                                                       200  200 200  200  200  200  403  403
GET    /ns/gone                                                    404  404 403  404  403  403  403  403
PATCH  /ns/a                     {"title":"A"}                     200  200 200  403  403  403  403  403
PATCH  /ns/public                {"title":"P"}                     200  200 403  403  403  403  403  403
DELETE /ns/a                                                       204  204 403  403  403  403  403  403
DELETE /ns/public                                                  409  409 403  403  403  403  403  403
DELETE /ns/gone                                                    204  204 403  403  403  403  403  403
GET    /tokens                                                     200  200 200  200  200  200  200  200
POST   /tokens                   [read a]                          201  201 201  403  403  403  403  403
POST   /tokens                   [read a, read b]                  201  201 403  403  403  403  403  403
POST   /tokens                   [admin a]                         201  201 201  403  403  403  403  403
POST   /tokens                   [metrics *]                       201  201 403  403  403  403  403  403
GET    /token                                                      200  200 200  200  200  200  200  200
DELETE /tokens/:on-a                                               204  204 204  404  404  404  404  404
DELETE /tokens/:on-all                                             204  204 404  404  404  404  404  404
DELETE /tokens/gone                                                404  404 404  404  404  404  404  404
DELETE /tokens/root                                                409  409 409  409  409  409  409  409
POST   /tokens/:on-a/rotate      {}                                200  200 200  404  404  404  404  404
POST   /tokens/:on-all/rotate    {}                                200  200 404  404  404  404  404  404
POST   /tokens/root/rotate       {}                                404  404 404  404  404  404  404  404
POST   /tickets                                                    200  200 200  200  200  200  403  200
GET    /audit                                                      200  200 403  403  403  403  403  403
GET    /audit?ns=a                                                 200  200 200  403  403  403  403  403
`;

const COLUMNS: Record<string, Grant[]> = {
  all: [{ scope: 'admin', ns: '*' }],
  a: [{ scope: 'admin', ns: 'a' }],
  ops: [{ scope: 'operate', ns: '*' }],
  own: [{ scope: 'register', ns: 'a', services: ['g@@orders'] }],
  rd: [{ scope: 'read', ns: 'a' }],
  met: [{ scope: 'metrics', ns: '*' }],
  b: [{ scope: 'admin', ns: 'b' }],
};

interface Line {
  name: string;
  method: string;
  path: string;
  body: unknown;
  expected: string[];
}

const LINES: Line[] = TABLE.trim()
  .split('\n')
  .slice(1)
  .map((text) => {
    const [, head = '', cells = ''] = /^(.*?)((?: +\d{3})+)$/.exec(text) ?? [];
    const [, method = '', path = '', asked = ''] = /^(\w+) +(\S+) *(.*)$/.exec(head.trim()) ?? [];
    return {
      name: head.trim().replace(/ +/g, ' '),
      method,
      path,
      body: bodyOf(asked),
      expected: cells.trim().split(/ +/),
    };
  });

/** A body as it is written in the table: as JSON, or as the grants of a token. */
function bodyOf(asked: string): unknown {
  if (!asked.startsWith('[')) return asked === '' ? undefined : JSON.parse(asked);
  const grants = asked
    .slice(1, -1)
    .split(', ')
    .map((text) => text.split(' '));
  return { name: 'new', grants: grants.map(([scope, ns]) => ({ scope, ns })) };
}

let directory: NodeDirectory;
let test: TestApp;
/** Ids of tokens that lines are about, by their name in the path. */
let subjects: Record<string, string>;

const give = (grants: Grant[]) => directory.api.createToken(BY_ROOT, { name: 't', grants, pathWrite: false });

async function begin(): Promise<void> {
  directory = new NodeDirectory();
  test = new TestApp({ directory: directory.api });
  for (const id of ['a', 'b']) await directory.api.createNamespace(BY_ROOT, { id });
  const onA = await give([{ scope: 'read', ns: 'a' }]);
  const onAll = await give([{ scope: 'read', ns: '*' }]);
  subjects = { ':on-a': onA.id, ':on-all': onAll.id };
}

async function statusOf({ method, path, body }: Line, token: string | undefined): Promise<string> {
  const filled = path.replace(/:[\w-]+/, (name) => subjects[name] ?? name);
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await test.send(method, `/api/v1${filled}`, {
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.status === 403) expect((await problemOf(response)).code).toBe('FORBIDDEN');
  return String(response.status);
}

/** Everything that a refused call must leave as it was. */
const stored = () =>
  ['namespace', 'token', 'audit', 'errand'].flatMap((table) =>
    directory.platform.storage.rows(`SELECT * FROM ${table}`).map((row) => row.join()),
  );

describe('the table of authorization for the directory', () => {
  beforeEach(begin);

  it('[I9] lists every route to the directory, and no other', () => {
    const ofDirectory = test.app.routes.filter(
      ({ chapter, scope }) => scope !== 'open' && (chapter === 'Namespaces' || chapter === 'Access'),
    );
    const found = ofDirectory.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    const lines = LINES.map(({ method, path }) => {
      const inTable = path
        .replace(/\?.*/, '')
        .replace(/\/ns\/\w+/, '/ns/:ns')
        .replace(/\/tokens\/[:\w-]+/, '/tokens/:id');
      return `${method} /api/v1${inTable}`;
    });
    expect(found.sort()).toEqual([...new Set(lines)].sort());
  });

  it.each(LINES)('[A22, A27, A63, N11] $name', async (line) => {
    const got: string[] = [];
    for (const [, grants] of [['root', null] as const, ...Object.entries(COLUMNS)]) {
      await begin();
      const token = grants === null ? ROOT_TOKEN : (await give(grants)).token;
      await statusOf({ ...line, method: 'GET', path: '/ns', body: undefined }, token); // its use is written down now
      const before = stored();
      const status = await statusOf(line, token);
      if (status.startsWith('4')) expect(stored()).toEqual(before);
      got.push(status);
    }
    const named = (cells: string[]) =>
      ['root', ...Object.keys(COLUMNS)].map((holder, index) => `${holder}: ${cells[index]}`);
    expect(named(got)).toEqual(named(line.expected));
  });

  it('[A63] a token for metrics lists no namespace and no token', async () => {
    const { token } = await give([{ scope: 'metrics', ns: '*' }]);
    const listed = async (path: string) =>
      (await test.send('GET', `/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
    expect(await listed('/ns')).toEqual({ namespaces: [] });
    expect(await listed('/tokens')).toEqual({ tokens: [] });
  });

  it.each(LINES)('[A2] $name is refused without a token', async (line) => {
    const before = stored();
    for (const token of [undefined, `${ROOT_TOKEN}x`, 'rc_nobody_nothing']) {
      expect(await statusOf(line, token)).toBe('401');
    }
    expect(stored()).toEqual(before);
  });
});
