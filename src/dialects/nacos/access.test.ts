import { describe, expect, it } from 'vitest';
import { BY_ROOT } from '../../../test/contracts/directory/test-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { TestApp } from '../../../test/fixtures/test-app';
import type { Grant, Scope } from '../../model/grant';
import { nacos } from './nacos';

/**
 * Authorization of this dialect, written by hand: `+` is allowed, `-` is 403. A route missing here fails the test,
 * and so does a line without a route. Each line is tested at all paths of its operation.
 *
 * Each scope is granted on the whole namespace (`all`), on the services that begin with `own` (`own`), on others (`oth`),
 * and on all of another namespace (`ns2`); `*` is admin of everything. Requests are about the service `own-orders`.
 */
const TABLE = `
                                                 admin      operate          register         read             metrics
                                                 *  all ns2 all own oth ns2  all own oth ns2  all own oth ns2  all ns2
v1 register instance          ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v1 remove instance            ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v1 beat                       ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v1 list instances             ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v1 update instance            ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v1 patch instance             ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v1 get instance               ?instance          +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v1 statuses (get)             ?statuses          +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v1 statuses (post)            ?statuses          +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v1 set metadata               ?metadata          +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v1 take back metadata         ?metadata          +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v1 create service             ?service           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v1 update service             ?threshold         +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v1 remove service             ?service           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v1 get service                ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v1 list services              ?group             +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v1 service names (get)        ?namespace         +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v1 service names (post)       ?namespace         +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v1 subscribers                ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v1 selector types             ?namespace         +   +   -   +   +   +   -    +   +   +   -    +   +   +   -    -   -
v1 update cluster             ?cluster           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v1 catalog of services        ?namespace         +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v1 catalog of a service       ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v1 catalog of instances       ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v2 catalog of instances       ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v1 set health                 ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v2 set health                 ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v1 metrics                    ?namespace         +   +   -   +   +   +   -    +   +   +   -    +   +   +   -    -   -
v1 metrics                    ?onlyStatus=false  +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v2 metrics                    ?namespace         +   +   -   +   +   +   -    +   +   +   -    +   +   +   -    -   -
v2 metrics                    ?onlyStatus=false  +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v3 metrics                    ?namespace         +   +   -   +   +   +   -    +   +   +   -    +   +   +   -    -   -
v3 metrics                    ?onlyStatus=false  +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v1 set switch                 ?switch            +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v2 set switch                 ?switch            +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v3 set switch                 ?switch            +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v1 set log level              ?switch            +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v2 set log level              ?switch            +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v3 set log level              ?switch            +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v2 register instance          ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v2 remove instance            ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v2 update instance            ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v2 patch instance             ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v2 get instance               ?instance          +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v2 list instances             ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v2 beat                       ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v2 statuses                   ?statuses          +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v2 set metadata               ?metadata          +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v2 take back metadata         ?metadata          +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v2 create service             ?service           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v2 update service             ?service           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v2 remove service             ?service           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v2 get service                ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v2 list services              ?group             +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v2 list clients               ?namespace         +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v2 get client                 ?client            +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v2 services of a client       ?client            +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v2 subscriptions of a client  ?client            +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v2 publishers of a service    ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v2 subscribers of a service   ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v3 register instance          ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v3 remove instance            ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v3 update instance            ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v3 patch instance             ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v3 get instance               ?instance          +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v3 list instances             ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v3 client register instance   ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v3 client register instance   ?heartBeat         +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v3 client remove instance     ?instance          +   +   -   +   +   -   -    +   +   -   -    -   -   -   -    -   -
v3 client list instances      ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v3 set metadata               ?metadata          +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v3 take back metadata         ?metadata          +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v3 create service             ?service           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v3 update service             ?service           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v3 remove service             ?service           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v3 get service                ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v3 list services              ?namespace         +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v3 subscribers                ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v3 update cluster             ?cluster           +   +   -   +   +   -   -    -   -   -   -    -   -   -   -    -   -
v3 selector types             ?namespace         +   +   -   +   +   +   -    +   +   +   -    +   +   +   -    -   -
v3 list clients               ?namespace         +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v3 get client                 ?client            +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v3 services of a client       ?client            +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v3 subscriptions of a client  ?client            +   +   -   -   -   -   -    -   -   -   -    +   -   -   -    -   -
v3 publishers of a service    ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
v3 subscribers of a service   ?service           +   +   -   -   -   -   -    -   -   -   -    +   +   -   -    -   -
login                         ?login             +   +   +   +   +   +   +    +   +   +   +    +   +   +   +    +   +
v1 namespaces                 ?                  +   +   +   +   +   +   +    +   +   +   +    +   +   +   +    +   +
v1 namespaces                 ?show              +   +   -   +   +   +   -    +   +   +   -    +   +   +   -    -   -
v1 create namespace           ?new               +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v1 rename namespace           ?named             +   +   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v1 remove namespace           ?gone              +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v2 namespaces                 ?                  +   +   +   +   +   +   +    +   +   +   +    +   +   +   +    +   +
v2 namespace                  ?namespace         +   +   -   +   +   +   -    +   +   +   -    +   +   +   -    -   -
v2 create namespace           ?new               +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v2 rename namespace           ?named             +   +   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v2 remove namespace           ?gone              +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v3 namespaces                 ?                  +   +   +   +   +   +   +    +   +   +   +    +   +   +   +    +   +
v3 namespace                  ?namespace         +   +   -   +   +   +   -    +   +   +   -    +   +   +   -    -   -
v3 count namespaces           ?namespace         +   +   -   +   +   +   -    +   +   +   -    +   +   +   -    -   -
v3 create namespace           ?new               +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v3 rename namespace           ?named             +   +   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
v3 remove namespace           ?gone              +   -   -   -   -   -   -    -   -   -   -    -   -   -   -    -   -
`;

/** Operations about the server, which are open to all authenticated callers. */
const OF_SERVER = [
  ...['server list', 'v1 server state', 'v3 server state', 'v1 announcement', 'v1 health', 'v2 health'],
  ...['v1 server health', 'v1 health checkers', 'v3 health checkers', 'v1 nodes', 'v1 simple nodes', 'v1 node'],
  ...['v1 node health', 'v1 servers', 'v2 nodes', 'v2 node', 'v2 node health', 'v1 switches', 'v2 switches'],
  ...['v1 push state', 'v1 responsible server', 'v3 responsible server'],
];

const SERVICE = 'namespaceId=public&serviceName=g%40%40own-orders';
/** The service as a path may name it. */
const KEY = 'public%23%23g%40%40own-orders';
const QUERIES: Record<string, string> = {
  '?': '',
  '?instance': `${SERVICE}&port=80&healthy=true`,
  '?service': SERVICE,
  '?statuses': `key=${KEY}`,
  '?metadata': `${SERVICE}&metadata=a%3D1`,
  '?threshold': `${SERVICE}&protectThreshold=0`,
  '?group': 'namespaceId=public&groupName=g&pageNo=1&pageSize=1',
  '?cluster': `${SERVICE}&clusterName=DEFAULT`,
  '?namespace': 'namespaceId=public',
  '?onlyStatus=false': 'namespaceId=public&onlyStatus=false',
  '?switch': 'entry=lightBeatEnabled&value=true',
  '?show': 'show=all&namespaceId=public',
  '?new': 'customNamespaceId=new&namespaceId=new&namespaceName=New',
  '?named': 'namespace=public&namespaceId=public&namespaceName=Main&namespaceShowName=Main',
  '?gone': 'namespaceId=gone',
  '?heartBeat': `${SERVICE}&port=80&heartBeat=true`,
  '?client': 'namespaceId=public&clientId=x',
};

const COLUMNS: Grant[] = [
  { scope: 'admin', ns: '*' },
  ...(['admin', 'operate', 'register', 'read', 'metrics'] as const).flatMap((scope: Scope): Grant[] => {
    const isPartly = scope !== 'admin' && scope !== 'metrics';
    return [
      { scope, ns: 'public' },
      ...(isPartly ? [{ scope, ns: 'public', services: ['g@@own*'] }] : []),
      ...(isPartly ? [{ scope, ns: 'public', services: ['g@@other*', 'h@@own*', 'g@@own'] }] : []),
      { scope, ns: 'ns2' },
    ];
  }),
];

const LINES = TABLE.trim()
  .split('\n')
  .slice(2)
  .map((text) => {
    const [, operation = '', query = '', cells = ''] = /^(.+?) +(\?\S*) +(.*)$/.exec(text) ?? [];
    return { operation, query, expected: cells.replaceAll(' ', '') };
  });

const directory = new NodeDirectory().api;
const app = new TestApp({ dialects: [nacos], directory, calls: new NodeNamespace().api });
const cards = app.app.dialectRoutes;
const tokens = directory
  .createNamespace(BY_ROOT, { id: 'ns2' })
  .then(() =>
    Promise.all(
      COLUMNS.map((grant) => directory.createToken(BY_ROOT, { name: 't', grants: [grant], pathWrite: false })),
    ),
  );

describe('the authorization table for Nacos', () => {
  it('[I9] has a row for every route, and a route for every row', () => {
    const operations = (names: string[]) => [...new Set(names)].sort();
    expect(operations([...LINES.map(({ operation }) => operation), ...OF_SERVER])).toEqual(
      operations(cards.map(({ operation }) => operation)),
    );
  });

  it.each(LINES)('[I9] lists who may do $operation $query', async ({ operation, query, expected }) => {
    for (const { method, path } of cards.filter((card) => card.operation === operation)) {
      let got = '';
      for (const [index, { token }] of (await tokens).entries()) {
        // Each has an instance of its own: the namespace checks the owner.
        const asked = query === '?login' ? `username=u&password=${token}` : `${QUERIES[query]}&ip=10.0.0.${index}`;
        const { status } = await app.send(method.toUpperCase(), `${path.replace(':key', KEY)}?${asked}`, {
          headers: { accessToken: token },
        });
        got += status === 403 ? '-' : '+';
      }
      expect(`${path} ${got}`).toBe(`${path} ${expected}`);
    }
  });

  it.each(['/nacos/v1/ns/instance/list', '/nacos/v1/nothing/like/it', '/n/not-there/nacos/v1/ns/instance/list'])(
    '[A2] denies %s without a valid token as Nacos does, whether or not it exists',
    async (path) => {
      for (const headers of [{}, { accessToken: 'rc_wrong_token' }]) {
        const response = await app.send('GET', `${path}?serviceName=s`, { headers });
        expect([response.status, response.headers.has('www-authenticate')]).toEqual([403, false]);
        expect(await response.json()).toMatchObject({ status: 403, error: 'Forbidden', message: 'token invalid!' });
      }
    },
  );

  it('[I9] shows the server’s state to every holder of a token, and to no other caller', async () => {
    const token = (await tokens).at(-1)?.token ?? '';
    for (const { operation, path } of cards.filter((card) => OF_SERVER.includes(card.operation))) {
      const allowed = await app.send('GET', path, { headers: { accessToken: token } });
      const refused = await app.send('GET', path);
      expect([operation, allowed.status, refused.status]).toEqual([operation, 200, 403]);
    }
  });
});
