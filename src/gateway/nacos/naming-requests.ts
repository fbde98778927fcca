import type { InstanceList } from '../../client/wire/answers';
import { mappedInstance } from '../../codecs/nacos/instance';
import { clustersIn, groupedName, groupNamed, instanceAt } from '../../codecs/nacos/names';
import { nacosError } from '../../codecs/nacos/refusals';
import {
  BatchInstanceRequest,
  InstanceRequest,
  instanceIn,
  NamingFuzzyWatchRequest,
  namespaceIn,
  parseRequest,
  ServiceListRequest,
  ServiceQueryRequest,
  SubscribeServiceRequest,
  serviceIn,
} from '../../codecs/nacos/requests';
import { serviceInfoText, withRefTime } from '../../codecs/nacos/service-info';
import type { InstanceView } from '../../model/instance';
import { NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT, PAGE_MAX_COUNT } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import type { GrpcPeer } from '../grpc/grpc-method';
import type { Attachment } from './attachment';
import { parsePattern } from './fuzzy-watches';
import type { NacosClient, NacosClients } from './nacos-clients';
import type { NacosConnection } from './nacos-connection';
import { successBody } from './nacos-refusals';

/** A request about services and instances. */
interface NamingCall {
  /** UTF-8 JSON. */
  body: Uint8Array;
  /** Access token of the request. */
  token: string | undefined;
  connection: NacosConnection;
  peer: GrpcPeer;
  clients: NacosClients;
}

/** Body of an answer, in pieces of JSON. */
type Body = readonly (string | Uint8Array)[];

/** A type of requests. */
interface NamingRequest {
  /** Type of its answers, also of those that refuse it. */
  readonly answerType: string;
  /** @throws {RegistryError} @throws {RollcallError} */
  answer(call: NamingCall): Promise<Body>;
}

/** Requests by their type. */
export const NAMING_REQUESTS: ReadonlyMap<string, NamingRequest> = new Map<string, NamingRequest>([
  ['InstanceRequest', { answerType: 'InstanceResponse', answer: changeInstance }],
  ['BatchInstanceRequest', { answerType: 'BatchInstanceResponse', answer: registerBatch }],
  ['PersistentInstanceRequest', { answerType: 'InstanceResponse', answer: changePersistentInstance }],
  ['ServiceQueryRequest', { answerType: 'QueryServiceResponse', answer: queryService }],
  ['SubscribeServiceRequest', { answerType: 'SubscribeServiceResponse', answer: subscribe }],
  ['ServiceListRequest', { answerType: 'ServiceListResponse', answer: listServices }],
  ['NamingFuzzyWatchRequest', { answerType: 'NamingFuzzyWatchResponse', answer: watchNames }],
]);

const REGISTER = 'registerInstance';
const DEREGISTER = 'deregisterInstance';
const REGISTER_BATCH = 'batchRegisterInstance';

async function changeInstance(call: NamingCall): Promise<Body> {
  const request = parseRequest(InstanceRequest, call.body);
  const service = serviceIn(request);
  const { type, requestId } = request;
  if (type === REGISTER) {
    const instance = instanceIn(request.instance, true);
    const { publications } = await attached(call, request);
    await publications.publish(service, [instance]);
  } else if (type === DEREGISTER) {
    const { publications } = await attached(call, request);
    await publications.unpublish(service);
  } else throw unsupported(type);
  return succeeded(requestId, { type });
}

async function registerBatch(call: NamingCall): Promise<Body> {
  const request = parseRequest(BatchInstanceRequest, call.body);
  const { type, requestId } = request;
  const service = serviceIn(request);
  if (type !== REGISTER_BATCH) throw unsupported(type);
  const bodies = request.instances ?? [];
  if (bodies.length > NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT) {
    const most = NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT;
    throw nacosError('PARAMETER_VALIDATE_ERROR', `Param 'instances' is illegal, there are more than ${most}.`);
  }
  const instances = bodies.map((body) => instanceIn(body, true));
  const { publications } = await attached(call, request);
  await publications.publish(service, instances);
  return succeeded(requestId, { type });
}

async function changePersistentInstance(call: NamingCall): Promise<Body> {
  const request = parseRequest(InstanceRequest, call.body);
  const { type, requestId } = request;
  const instance = instanceIn(request.instance, false);
  const key = instanceAt(serviceIn(request), instance);
  if (type !== REGISTER && type !== DEREGISTER) throw unsupported(type);
  const { calls } = await clientOf(call, request);
  // One that is held by a connection, or renewed, is another one for Nacos.
  const isEphemeral = (await calls.readInstance(key).catch(unlessGone))?.ephemeral === true;
  if (type === REGISTER) {
    if (isEphemeral) {
      const message = `Current service ${groupedName(key)} is ephemeral service, can't register persistent instance.`;
      throw nacosError('INSTANCE_ERROR', message);
    }
    await calls.registerInstance({ ...key, body: mappedInstance(instance) });
  } else if (!isEphemeral) await calls.deregisterInstance(key).catch(unlessGone);
  return succeeded(requestId, { type });
}

async function queryService(call: NamingCall): Promise<Body> {
  const request = parseRequest(ServiceQueryRequest, call.body);
  const service = serviceIn(request);
  const clusters = clustersIn(request.cluster);
  const client = await clientOf(call, request);
  // Before the read: a push with a later change is newer. Go's client drops a list that is only as new as the one it has.
  const askedAt = Date.now() - 1;
  const { instances, protectThreshold } = await wholeList(client, service);
  const filter = { clusters, healthyOnly: request.healthyOnly };
  const text = serviceInfoText(service, { instances, protectThreshold }, filter, request.cluster);
  return withServiceInfo(request.requestId, withRefTime(text, askedAt));
}

async function subscribe(call: NamingCall): Promise<Body> {
  const request = parseRequest(SubscribeServiceRequest, call.body);
  const service = serviceIn(request);
  const attachment = await attached(call, request);
  if (request.subscribe) {
    const info = await attachment.subscribe(service, request.clusters);
    return withServiceInfo(request.requestId, info);
  }
  attachment.unsubscribe(service);
  // Clients read nothing from this answer.
  const empty = serviceInfoText(
    service,
    { instances: [], protectThreshold: 0 },
    { clusters: [], healthyOnly: false },
    request.clusters,
  );
  return withServiceInfo(request.requestId, withRefTime(empty, Date.now()));
}

async function listServices(call: NamingCall): Promise<Body> {
  const request = parseRequest(ServiceListRequest, call.body);
  const { pageNo, pageSize, requestId } = request;
  const group = groupNamed(request.groupName);
  const { calls } = await clientOf(call, request);
  const names: string[] = [];
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const page = await calls.listServices({ group, after, limit: PAGE_MAX_COUNT });
    names.push(...page.services.map(({ name }) => name));
    after = page.next;
  }
  // A page number of 0 means the first page, as in Nacos.
  const start = Math.max(0, pageNo - 1) * Math.max(0, pageSize);
  const serviceNames = names.slice(start, start + Math.max(0, pageSize));
  return succeeded(requestId, { count: names.length, serviceNames });
}

async function watchNames(call: NamingCall): Promise<Body> {
  const request = parseRequest(NamingFuzzyWatchRequest, call.body);
  const pattern = parsePattern(request.groupKeyPattern);
  const attachment = await attached(call, { namespace: pattern.namespace });
  if (request.watchType === 'WATCH') await attachment.watchNames(pattern, request);
  else if (request.watchType === 'CANCEL_WATCH') attachment.cancelNames(request.groupKeyPattern);
  else throw unsupported(request.watchType);
  return succeeded(request.requestId);
}

/** Returns an answer with these members besides those of all answers. */
const succeeded = (requestId: string, members: object = {}): Body => [
  JSON.stringify({ ...successBody(requestId), ...members }),
];

const unsupported = (type: string) =>
  nacosError('PARAMETER_VALIDATE_ERROR', `Unsupported request type ${type.slice(0, 80)}`);

/** Returns an answer with a list. */
const withServiceInfo = (requestId: string, info: string | Uint8Array): Body => [
  `${JSON.stringify(successBody(requestId)).slice(0, -1)},"serviceInfo":`,
  info,
  '}',
];

/** Accepts that what is to be removed is not there. */
function unlessGone(error: unknown): undefined {
  const { code } = error as { code?: unknown }; // `as`: the member is compared
  if (code !== 'INSTANCE_NOT_FOUND' && code !== 'SERVICE_NOT_FOUND') throw error;
}

function clientOf(
  { clients, token, peer }: NamingCall,
  request: { namespace: string },
): NacosClient | Promise<NacosClient> {
  return clients.client({ token, namespace: namespaceIn(request) }, peer);
}

async function attached(call: NamingCall, request: { namespace: string }): Promise<Attachment> {
  const client = await clientOf(call, request);
  return call.connection.attachment(client, call.token ?? '');
}

/** Reads all instances of a service; none if there is no such service. */
async function wholeList(
  { calls }: NacosClient,
  service: ServiceKey,
): Promise<{ instances: InstanceView[]; protectThreshold: number }> {
  const instances: InstanceView[] = [];
  let protectThreshold = 0;
  let after: string | undefined;
  do {
    const page: InstanceList = await calls.listInstances({ ...service, after });
    // `as`: the client's types have the members of the model's
    instances.push(...(page.instances as InstanceView[]));
    protectThreshold = page.protectThreshold ?? protectThreshold;
    after = page.next;
  } while (after !== undefined);
  return { instances, protectThreshold };
}
