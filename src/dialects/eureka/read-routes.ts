import { serviceOf } from '../../codecs/eureka/app-names';
import type { Format } from '../../codecs/eureka/document';
import { NamespaceCopies } from '../../http/dialect-calls/namespace-copy';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { RegistryError } from '../../model/errors';
import type { NamespaceApi } from '../../model/namespace-api';
import { bodyAnswer, documentAnswer, formatFor, takesGzip } from './answers';
import { DELTA_WINDOW_MS, Fleet, type Member } from './fleet';
import { addressList, application, deltaList, FullLists, single } from './lists';

/** Names in the path of a read; empty if absent. */
interface ReadRequest {
  app: string;
  id: string;
  address: string;
}

const readPath = (_request: Request, { app = '', id = '', address = '' }: Record<string, string>): ReadRequest => ({
  app: app.toUpperCase(),
  id,
  address,
});

/** Returns the service of the application in a path. */
const target = ({ app }: ReadRequest) => ({ service: serviceOf(app) });

const notFound = (what: string): RegistryError => new RegistryError('INSTANCE_NOT_FOUND', `there is no ${what}`);

/** Adds the read routes. All of them read the same copy of the namespace, at its newest revision. */
export function addReadRoutes(door: DialectDoor): void {
  const fleets = new NamespaceCopies({
    api: 'Eureka',
    create: (contents) => new Fleet(contents),
    pastMs: DELTA_WINDOW_MS,
  });
  const fullLists = new FullLists();
  const fleetOf = (calls: NamespaceApi, { namespace: id, tokenId, surroundings }: RouteCall): Promise<Fleet> =>
    fleets.of({ id, calls, tokenId, now: surroundings.now() });
  /** Returns a document of the copy in the format that its reader accepts. */
  const respond = async (call: RouteCall, write: (format: Format) => string): Promise<Response> => {
    const format = formatFor(call.request);
    return documentAnswer(call.request, format, write(format));
  };
  /** Returns the members of an application. Names that differ in case are one in Eureka, and different ones for a token. */
  const membersOf = (fleet: Fleet, { app }: ReadRequest, call: RouteCall): Member[] =>
    fleet.filter(({ info, service }) => info.app === app && call.may('read', service));

  door.route({
    operation: 'all',
    method: 'get',
    paths: ['/eureka/apps'],
    scope: 'read',
    summary: 'Lists all applications',
    read: readPath,
    call: (namespace, _input, call) => fleetOf(namespace, call),
    answer: async (fleet, _input, { request }) => {
      const format = formatFor(request);
      const isGzip = takesGzip(request);
      return bodyAnswer(format, await fullLists.of(fleet, format, isGzip), isGzip);
    },
  });

  door.route({
    operation: 'delta',
    method: 'get',
    paths: ['/eureka/apps/delta'],
    scope: 'read',
    summary: 'Lists the changes of the last three minutes, with the hash of all instances',
    read: readPath,
    call: (namespace, _input, call) => fleetOf(namespace, call),
    answer: (fleet, _input, call) => respond(call, (format) => deltaList(fleet, call.surroundings.now(), format)),
  });

  door.route({
    operation: 'application',
    method: 'get',
    paths: ['/eureka/apps/:app'],
    scope: 'read',
    summary: 'Reads an application',
    read: readPath,
    target,
    call: async (namespace, ask, call) => membersOf(await fleetOf(namespace, call), ask, call),
    answer: (members, { app }, call) =>
      respond(call, (format) => {
        const text = application(members, format);
        if (text === undefined) throw notFound(`application "${app}"`);
        return text;
      }),
  });

  door.route({
    operation: 'instance',
    method: 'get',
    paths: ['/eureka/apps/:app/:id'],
    scope: 'read',
    summary: 'Reads an instance of an application',
    read: readPath,
    target,
    call: async (namespace, ask, call) =>
      membersOf(await fleetOf(namespace, call), ask, call).find(({ info }) => info.instanceId === ask.id),
    answer: (member, { id }, call) => singleAnswer(member, id, call),
  });

  door.route({
    operation: 'instance by id',
    method: 'get',
    paths: ['/eureka/instances/:id'],
    scope: 'read',
    summary: 'Reads an instance of any application',
    read: readPath,
    call: async (namespace, { id }, call) =>
      (await fleetOf(namespace, call)).filter(({ info }) => info.instanceId === id)[0],
    answer: (member, { id }, call) => singleAnswer(member, id, call),
  });

  for (const [path, member] of [
    ['vips', 'vipAddress'],
    ['svips', 'secureVipAddress'],
  ] as const) {
    door.route({
      operation: path,
      method: 'get',
      paths: [`/eureka/${path}/:address`],
      scope: 'read',
      summary: `Lists instances by ${member === 'vipAddress' ? '' : 'secure '}virtual address`,
      read: readPath,
      call: (namespace, _input, call) => fleetOf(namespace, call),
      answer: (fleet, { address }, call) => respond(call, (format) => addressList(fleet, member, address, format)),
    });
  }

  door.route({
    operation: 'status overrides',
    method: 'get',
    paths: ['/serverinfo/statusoverrides'],
    scope: 'read',
    summary: 'Lists overridden statuses by the id of the instance',
    read: readPath,
    call: (namespace, _input, call) => fleetOf(namespace, call),
    answer: (fleet, _input, { request }) => {
      const overridden = fleet.filter(({ info }) => info.overriddenStatus !== 'UNKNOWN');
      const statuses = overridden.map(({ info }) => [info.instanceId, info.overriddenStatus]);
      return documentAnswer(request, 'json', JSON.stringify(Object.fromEntries(statuses)));
    },
  });

  function singleAnswer(member: Member | undefined, id: string, call: RouteCall): Promise<Response> {
    if (member === undefined) throw notFound(`instance "${id}"`);
    return respond(call, (format) => single(member, format));
  }
}
