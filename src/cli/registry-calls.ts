import type { RegistryHttp } from '../client/registry-http';
import { RollcallError } from '../client/rollcall-error';
import type { AuditTrail } from '../model/audit';
import type { HeartbeatReport } from '../model/batch';
import type { InstanceDefinitionInput, InstanceView, Registration, Renewal } from '../model/instance';
import type { NamespaceDefinition, NamespaceList, NamespacePatch, NamespaceView } from '../model/namespace';
import type { Override, OverrideView } from '../model/override';
import type { DrainReport, InstanceList, Resolution } from '../model/queries';
import type { ServiceList, ServiceView } from '../model/service';
import type { Stats } from '../model/stats';
import type { SubscriberList } from '../model/subscriber';
import type { IssuedToken, TokenList, TokenRequest } from '../model/token';
import type { ServiceName } from './option-values';

/** An instance by its names. */
export interface InstanceName extends ServiceName {
  id: string;
}

type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

/** What a drain takes beside the time that it waits for others. */
const CALL_MARGIN_MS = 10_000;

/** Single calls to the registry, as commands need them. All throw `RollcallError`. */
export class RegistryCalls {
  readonly http: RegistryHttp;

  constructor(http: RegistryHttp) {
    this.http = http;
  }

  services(query: Query = {}, signal?: AbortSignal): Promise<ServiceList> {
    return this.http.call('GET', `${this.http.namespacePath}/services`, { query, signal });
  }

  service(name: ServiceName): Promise<ServiceView> {
    return this.http.call('GET', this.http.servicePath(name));
  }

  instances(name: ServiceName, query: Query = {}, signal?: AbortSignal): Promise<InstanceList> {
    return this.http.call('GET', `${this.http.servicePath(name)}/instances`, { query, signal });
  }

  instance(name: InstanceName): Promise<InstanceView> {
    return this.http.call('GET', this.http.instancePath(name));
  }

  resolve(name: ServiceName, query: Query = {}): Promise<Resolution> {
    return this.http.call('GET', `${this.http.servicePath(name)}/resolve`, { query });
  }

  subscribers(name: ServiceName): Promise<SubscriberList> {
    return this.http.call('GET', `${this.http.servicePath(name)}/subscribers`);
  }

  /** Registers once; with an id that the registry derives where none is given. */
  register(name: ServiceName, id: string | undefined, body: InstanceDefinitionInput): Promise<Registration> {
    return id === undefined
      ? this.http.call('POST', `${this.http.servicePath(name)}/instances`, { body })
      : this.http.call('PUT', this.http.instancePath({ ...name, id }), { body });
  }

  heartbeat(name: InstanceName): Promise<Renewal> {
    return this.http.call('POST', `${this.http.instancePath(name)}/heartbeat`);
  }

  heartbeats(instances: readonly InstanceName[]): Promise<HeartbeatReport> {
    return this.http.call('POST', `${this.http.namespacePath}/heartbeat`, { body: { instances } });
  }

  /** Succeeds also where it was already gone. */
  deregister(name: InstanceName): Promise<void> {
    return this.http.call('DELETE', this.http.instancePath(name));
  }

  drain(name: InstanceName, { waitMs, graceMs }: { waitMs: number; graceMs: number }): Promise<DrainReport> {
    return this.http.call('POST', `${this.http.instancePath(name)}/drain`, {
      query: { wait: `${waitMs}ms`, grace: `${graceMs}ms` },
      timeoutMs: waitMs + CALL_MARGIN_MS,
    });
  }

  /** The override with its position in history; undefined where there is none. */
  async override(name: InstanceName): Promise<{ override: OverrideView; etag: string } | undefined> {
    try {
      const answer = await this.http.request('GET', `${this.http.instancePath(name)}/override`);
      const override = (await answer.json()) as OverrideView; // `as`: what the route answers, by its schema
      return { override, etag: answer.headers.get('etag') ?? '' };
    } catch (error) {
      if (error instanceof RollcallError && error.code === 'INSTANCE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** @param etag What the override has to be unchanged since; undefined: there has to be none. */
  putOverride(name: InstanceName, body: Override, etag: string | undefined): Promise<OverrideView> {
    const headers: Record<string, string> = etag === undefined ? { 'If-None-Match': '*' } : { 'If-Match': etag };
    return this.http.call('PUT', `${this.http.instancePath(name)}/override`, { body, headers });
  }

  deleteOverride(name: InstanceName, etag: string): Promise<void> {
    return this.http.call('DELETE', `${this.http.instancePath(name)}/override`, { headers: { 'If-Match': etag } });
  }

  namespaces(query: Query = {}): Promise<NamespaceList> {
    return this.http.call('GET', '/api/v1/ns', { query });
  }

  namespace(id: string): Promise<NamespaceView> {
    return this.http.call('GET', namespacePath(id));
  }

  createNamespace(body: NamespaceDefinition): Promise<NamespaceView> {
    return this.http.call('POST', '/api/v1/ns', { body });
  }

  patchNamespace(id: string, body: NamespacePatch): Promise<NamespaceView> {
    return this.http.call('PATCH', namespacePath(id), { body });
  }

  removeNamespace(id: string, force: boolean): Promise<void> {
    return this.http.call('DELETE', namespacePath(id), { query: { force: force || undefined } });
  }

  tokens(query: Query = {}): Promise<TokenList> {
    return this.http.call('GET', '/api/v1/tokens', { query });
  }

  createToken(body: Partial<TokenRequest> & Pick<TokenRequest, 'name' | 'grants'>): Promise<IssuedToken> {
    return this.http.call('POST', '/api/v1/tokens', { body });
  }

  rotateToken(id: string, overlapMs: number): Promise<IssuedToken> {
    return this.http.call('POST', `/api/v1/tokens/${encodeURIComponent(id)}/rotate`, { body: { overlapMs } });
  }

  revokeToken(id: string): Promise<void> {
    return this.http.call('DELETE', `/api/v1/tokens/${encodeURIComponent(id)}`);
  }

  audit(query: Query = {}): Promise<AuditTrail> {
    return this.http.call('GET', '/api/v1/audit', { query });
  }

  stats(): Promise<Stats> {
    return this.http.call('GET', `${this.http.namespacePath}/stats`);
  }
}

function namespacePath(id: string): string {
  return `/api/v1/ns/${encodeURIComponent(id)}`;
}
