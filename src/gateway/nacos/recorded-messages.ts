/** A message of a client: its type, its headers, and its body as the client writes it. */
export interface RecordedMessage {
  type: string;
  headers?: Record<string, string>;
  body: string;
}

/** The messages of one client, with all members that it sends, in its order. */
export interface RecordedClient {
  version: string;
  serverCheck: RecordedMessage;
  setup: RecordedMessage;
  healthCheck: RecordedMessage;
  /** Of `orders`, one instance. */
  register: RecordedMessage;
  /** Of `carts`, two instances. */
  registerBatch: RecordedMessage;
  deregister: RecordedMessage;
  /** Of `orders`. */
  query: RecordedMessage;
  subscribe: RecordedMessage;
  unsubscribe: RecordedMessage;
  list: RecordedMessage;
  /** Returns an answer to a request of the server, of whatever type. */
  answer(type: string, requestId: string): RecordedMessage;
}

/** Headers of a Java client. Source: `AbstractNamingClientProxy.getSecurityHeaders`, `NacosClientAuthServiceImpl.login`. */
const javaHeaders = (token: string) => ({ accessToken: token, app: 'unknown' });

/**
 * An instance as Jackson writes it: without members that are null, with the getters that read the metadata. Source: `Instance`
 * of `nacos-api`, `JacksonUtils`.
 */
const javaInstance = (ip: string, port: number): string =>
  `{"ip":"${ip}","port":${port},"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT",` +
  `"metadata":{"preserved.register.source":"SPRING_CLOUD"},"instanceHeartBeatInterval":5000,` +
  `"instanceHeartBeatTimeOut":15000,"ipDeleteTimeout":30000}`;

/** The same, made by `deregisterInstance(service, ip, port)` of `NacosNamingService`: without metadata. */
const javaInstanceToRemove = (ip: string, port: number): string =>
  `{"ip":"${ip}","port":${port},"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT",` +
  `"metadata":{},"instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":15000,"ipDeleteTimeout":30000,` +
  `"instanceIdGenerator":"simple"}`;

/** Source: `AbstractNamingRequest`. The id of a request is null, and headers travel outside the body: `GrpcUtils`. */
const javaNaming = (service: string, more: string): string =>
  `{"headers":{},"namespace":"public","serviceName":"${service}","groupName":"DEFAULT_GROUP",${more},"module":"naming"}`;

/** Messages that all Java clients since 2.0 send alike. Source: `NamingGrpcClientProxy` of 2.2.4 and 3.1. */
function javaClient(version: string, abilities: string, token: string): RecordedClient {
  const headers = javaHeaders(token);
  const labels = '"labels":{"AppName":"unknown","source":"sdk","module":"naming"}';
  return {
    version,
    serverCheck: { type: 'ServerCheckRequest', body: '{"headers":{},"module":"internal"}' },
    setup: {
      type: 'ConnectionSetupRequest',
      // The tenant is null for naming: only the configuration service sets it.
      body: `{"headers":{},"clientVersion":"${version}",${labels},${abilities},"module":"internal"}`,
    },
    healthCheck: { type: 'HealthCheckRequest', body: '{"headers":{},"module":"internal"}' },
    register: {
      type: 'InstanceRequest',
      headers,
      body: javaNaming('orders', `"type":"registerInstance","instance":${javaInstance('10.0.0.1', 8080)}`),
    },
    registerBatch: {
      type: 'BatchInstanceRequest',
      headers,
      body: javaNaming(
        'carts',
        `"type":"batchRegisterInstance","instances":[${javaInstance('10.0.0.1', 1)},${javaInstance('10.0.0.1', 2)}]`,
      ),
    },
    deregister: {
      type: 'InstanceRequest',
      headers,
      body: javaNaming('orders', `"type":"deregisterInstance","instance":${javaInstanceToRemove('10.0.0.1', 8080)}`),
    },
    query: {
      type: 'ServiceQueryRequest',
      headers,
      body: javaNaming('orders', '"cluster":"","healthyOnly":false,"udpPort":0'),
    },
    subscribe: {
      type: 'SubscribeServiceRequest',
      headers,
      body: javaNaming('orders', '"subscribe":true,"clusters":""'),
    },
    unsubscribe: {
      type: 'SubscribeServiceRequest',
      headers,
      body: javaNaming('orders', '"subscribe":false,"clusters":""'),
    },
    list: { type: 'ServiceListRequest', headers, body: javaNaming('', '"pageNo":1,"pageSize":2147483647') },
    // Source: `GrpcClient.bindRequestStream`, `Response`.
    answer: (type, requestId) => ({
      type: type.replace(/Request$/, 'Response'),
      body: `{"resultCode":200,"errorCode":0,"requestId":"${requestId}","success":true}`,
    }),
  };
}

/** Java 2.0 to 2.2: an object of abilities, and no table. Source: `ClientAbilities` of 2.2.4. */
export const java22 = (token: string): RecordedClient =>
  javaClient(
    'Nacos-Java-Client:v2.2.4',
    '"abilities":{"remoteAbility":{"supportRemoteConnection":false},"configAbility":{"supportRemoteMetrics":false},' +
      '"namingAbility":{"supportDeltaPush":false,"supportRemoteMetric":false}}',
    token,
  );

/** Java 2.3 to 2.5: a table with nothing in it. Source: `SdkClientAbilities` of 2.5.1. */
export const java25 = (token: string): RecordedClient =>
  javaClient('Nacos-Java-Client:v2.5.1', '"abilityTable":{}', token);

/** Java 3.x. Source: `SdkClientAbilities` of 3.1. */
export const java31 = (token: string): RecordedClient =>
  javaClient('Nacos-Java-Client:v3.1.0', '"abilityTable":{"fuzzyWatch":true,"lock":true,"mcp":true}', token);

/** Registers or removes a persistent instance. Source: `NamingGrpcClientProxy.doRegisterServiceForPersistent`. */
export const javaPersistent = (type: 'registerInstance' | 'deregisterInstance', token: string): RecordedMessage => ({
  type: 'PersistentInstanceRequest',
  headers: javaHeaders(token),
  body: javaNaming(
    'disks',
    `"type":"${type}","instance":${javaInstance('10.0.0.9', 9).replace('"ephemeral":true', '"ephemeral":false')}`,
  ),
});

/** The batch of {@link RecordedClient.registerBatch} without its first instance: `NamingGrpcClientProxy.getRetainInstance`. */
export const javaRetained = (token: string): RecordedMessage => ({
  type: 'BatchInstanceRequest',
  headers: javaHeaders(token),
  body: javaNaming('carts', `"type":"batchRegisterInstance","instances":[${javaInstance('10.0.0.1', 2)}]`),
});

/** Source: `NamingFuzzyWatchServiceListHolder.buildFuzzyWatchNamingRequest`, `NamingFuzzyWatchRequest`. */
export const javaFuzzyWatch = (
  watch: { initializing: boolean; received: readonly string[]; watchType?: 'WATCH' | 'CANCEL_WATCH' },
  token: string,
): RecordedMessage => ({
  type: 'NamingFuzzyWatchRequest',
  headers: javaHeaders(token),
  body:
    '{"headers":{},"namespace":"public","groupKeyPattern":"public>>DEFAULT_GROUP>>shop-*",' +
    `"receivedGroupKeys":${JSON.stringify(watch.received)},"watchType":"${watch.watchType ?? 'WATCH'}",` +
    `"initializing":${watch.initializing},"module":"naming"}`,
});

/** Source: `model.Instance`, and `NamingClient.RegisterInstance`, of `nacos-sdk-go` 2.3.5. */
const goInstance = (ip: string, port: number, metadata: string): string =>
  `{"instanceId":"","ip":"${ip}","port":${port},"weight":10,"healthy":true,"enabled":true,"ephemeral":true,` +
  `"clusterName":"","serviceName":"","metadata":${metadata},"instanceHeartBeatInterval":0,"ipDeleteTimeout":0,` +
  `"instanceHeartBeatTimeOut":0}`;

/** Source: `rpc_request.NamingRequest`. */
const goNaming = (service: string, more: string): string =>
  `{"requestId":"","namespace":"public","serviceName":"${service}","groupName":"DEFAULT_GROUP","module":"naming",${more}}`;

/** Go 2.x. Source: `naming_grpc_proxy.go`, `rpc_request`, `rpc_response` and `grpc_client.go` of `nacos-sdk-go` 2.3.5. */
export function go23(token: string): RecordedClient {
  const headers = { accessToken: token };
  return {
    version: 'Nacos-Go-Client:v2.3.5',
    serverCheck: { type: 'ServerCheckRequest', body: '{"requestId":"","module":"internal"}' },
    setup: {
      type: 'ConnectionSetupRequest',
      body:
        '{"requestId":"","module":"internal","clientVersion":"Nacos-Go-Client:v2.3.5","tenant":"",' +
        '"labels":{"module":"naming","source":"sdk"},"clientAbilities":{}}',
    },
    healthCheck: { type: 'HealthCheckRequest', body: '{"requestId":"","module":"internal"}' },
    register: {
      type: 'InstanceRequest',
      headers,
      body: goNaming(
        'orders',
        `"type":"registerInstance","instance":${goInstance('10.0.0.1', 8080, '{"idc":"shanghai"}')}`,
      ),
    },
    registerBatch: {
      type: 'BatchInstanceRequest',
      headers,
      // `BatchRegisterInstance` leaves the metadata null if the program sets none.
      body: goNaming(
        'carts',
        `"type":"batchRegisterInstance","instances":[${goInstance('10.0.0.1', 1, 'null')},${goInstance('10.0.0.1', 2, 'null')}]`,
      ),
    },
    deregister: {
      type: 'InstanceRequest',
      headers,
      // `DeregisterInstance` sets only the place: the rest is Go's zero.
      body: goNaming(
        'orders',
        `"type":"deregisterInstance","instance":${goInstance('10.0.0.1', 8080, 'null').replace('"weight":10,"healthy":true,"enabled":true', '"weight":0,"healthy":false,"enabled":false')}`,
      ),
    },
    query: {
      type: 'ServiceQueryRequest',
      headers,
      body: goNaming('orders', '"cluster":"","healthyOnly":false,"udpPort":0'),
    },
    subscribe: {
      type: 'SubscribeServiceRequest',
      headers: { ...headers, app: '' },
      body: goNaming('orders', '"subscribe":true,"clusters":""'),
    },
    unsubscribe: {
      type: 'SubscribeServiceRequest',
      headers,
      body: goNaming('orders', '"subscribe":false,"clusters":""'),
    },
    list: { type: 'ServiceListRequest', headers, body: goNaming('', '"pageNo":1,"pageSize":10,"selector":""') },
    answer: (type, requestId) => ({
      type: type.replace(/Request$/, 'Response'),
      body: `{"resultCode":200,"errorCode":0,"success":${type === 'NotifySubscriberRequest'},"message":"","requestId":"${requestId}"}`,
    }),
  };
}
