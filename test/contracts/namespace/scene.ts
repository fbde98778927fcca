import { expect } from 'vitest';
import { Batch, type BatchReport, type Precondition } from '../../../src/model/batch';
import type {
  InstanceDefinitionInput,
  InstancePatch,
  InstanceView,
  Registration,
  Renewal,
} from '../../../src/model/instance';
import { type JsonText, readJsonText } from '../../../src/model/json';
import type { LayoutRule } from '../../../src/model/layout';
import { LEASE_SLACK_MS } from '../../../src/model/limits';
import type { NamespaceApi, ReadAnswer, ResolveCommand, ServiceListCommand } from '../../../src/model/namespace-api';
import { Override, type OverrideView } from '../../../src/model/override';
import type { DrainReport, InstanceFilter, InstanceList, Resolution } from '../../../src/model/queries';
import {
  ServiceDefinition,
  type ServiceList,
  type ServicePatch,
  type ServiceSummary,
  type ServiceView,
} from '../../../src/model/service';
import type { Stats } from '../../../src/model/stats';
import { OPERATOR, OWNER } from '../../fixtures/callers';
import { definition, key, ORDERS } from '../../fixtures/definition';
import type { TestNamespace } from './test-namespace';

/** Time after its limit at which a lease ends, in milliseconds, if the registry listened throughout: it is asked twice. */
export const ENDS_AFTER_MS = 2 * LEASE_SLACK_MS;

/** Returns a matcher for a refusal. */
export const refusal = (code: string) => expect.objectContaining({ code });

/** Returns the parsed body of a response. */
export function bodyOf<T>({ body }: { body: JsonText<T> | null }): T {
  if (body === null) throw new Error('the response is "not modified", but the read had no condition');
  return readJsonText(body);
}

/** Calls to a namespace in short form: on the service `orders` by default. */
export class Scene {
  readonly #subject: TestNamespace;

  constructor(subject: TestNamespace) {
    this.#subject = subject;
  }

  get api(): NamespaceApi {
    return this.#subject.api;
  }

  pass(ms: number): Promise<void> {
    return this.#subject.pass(ms);
  }

  freeze(ms: number): Promise<void> {
    return this.#subject.freeze(ms);
  }

  setClock(ms: number): Promise<void> {
    return this.#subject.setClock(ms);
  }

  restart(): Promise<void> {
    return this.#subject.restart();
  }

  /** Sets the layouts, and lets the namespace apply them. */
  async layOut(...layouts: LayoutRule[]): Promise<void> {
    await this.#subject.configure?.({ retention: {}, limits: {}, layouts });
    await this.pass(1_000);
  }

  loseAlarm(): Promise<void> {
    return this.#subject.loseAlarm();
  }

  /**
   * Lets a lease end whose limit is `ms` away. Alarms fire only before that: one call asks the lease, and the next
   * one ends it.
   */
  async passByCalls(ms: number): Promise<void> {
    await this.pass(ms + LEASE_SLACK_MS - 1);
    await this.freeze(1);
    await this.stats();
    await this.freeze(LEASE_SLACK_MS);
  }

  async register(
    id: string,
    input: Partial<InstanceDefinitionInput> = {},
    { caller = OWNER, service = ORDERS.service, precondition = {} as Precondition } = {},
  ): Promise<{ created: boolean; cursor: string; instance: Registration }> {
    const command = { key: { ...ORDERS, service, id }, definition: definition(input), precondition };
    const answer = await this.api.register(caller, command);
    return { created: answer.created, cursor: answer.cursor, instance: bodyOf(answer) };
  }

  async patch(id: string, patch: InstancePatch, precondition: Precondition = {}): Promise<InstanceView> {
    return bodyOf(await this.api.patch(OWNER, { key: key(id), patch, precondition }));
  }

  deregister(id: string, precondition: Precondition = {}): Promise<{ cursor: string }> {
    return this.api.deregister(OWNER, { key: key(id), precondition });
  }

  async beat(id: string): Promise<Renewal> {
    return bodyOf(await this.api.renew(OWNER, key(id)));
  }

  async drain(id: string, { caller = OWNER, graceMs = 0 } = {}): Promise<DrainReport> {
    return bodyOf(await this.api.drain(caller, { key: key(id), waitMs: 30_000, graceMs }));
  }

  cancelDrain(id: string, { caller = OWNER } = {}): Promise<{ cursor: string }> {
    return this.api.cancelDrain(caller, { key: key(id) });
  }

  async override(id: string, override: Override, precondition: Precondition = {}): Promise<OverrideView> {
    const command = { key: key(id), override: Override.parse(override), precondition };
    return bodyOf(await this.api.putOverride(OPERATOR, command));
  }

  clearOverride(id: string, precondition: Precondition = {}): Promise<{ cursor: string }> {
    return this.api.clearOverride(OPERATOR, { key: key(id), precondition });
  }

  async readOverride(id: string): Promise<OverrideView> {
    return bodyOf(await this.api.readOverride({ key: key(id) }));
  }

  async read(id: string): Promise<InstanceView> {
    return bodyOf(await this.api.readInstance({ key: key(id) }));
  }

  async list(filter: InstanceFilter = {}, page: { limit?: number; after?: string } = {}): Promise<InstanceList> {
    return bodyOf(await this.api.listInstances({ ...ORDERS, filter, ...page }));
  }

  /** Returns the ids of the instances in a list. */
  async listed(filter: InstanceFilter = {}): Promise<string[]> {
    return (await this.list(filter)).instances.map(({ id }) => id);
  }

  async resolve(command: Partial<ResolveCommand> = {}): Promise<Resolution> {
    return bodyOf(await this.api.resolve({ ...ORDERS, ...command }));
  }

  /** Returns the ids of the resolved instances. */
  async resolved(command: Partial<ResolveCommand> = {}): Promise<string[]> {
    return (await this.resolve(command)).instances.map(({ id }) => id);
  }

  async putService(
    definition: Partial<ServiceDefinition> = {},
    { service = ORDERS.service, precondition = {} as Precondition } = {},
  ): Promise<{ created: boolean; service: ServiceView }> {
    const command = { ...ORDERS, service, definition: ServiceDefinition.parse(definition), precondition };
    const answer = await this.api.putService(OPERATOR, command);
    return { created: answer.created, service: bodyOf(answer) };
  }

  async patchService(patch: ServicePatch): Promise<ServiceView> {
    return bodyOf(await this.api.patchService(OPERATOR, { ...ORDERS, patch, precondition: {} }));
  }

  removeService({ force = false, precondition = {} as Precondition } = {}): Promise<{ cursor: string }> {
    return this.api.removeService(OPERATOR, { ...ORDERS, force, precondition });
  }

  async readService(service = ORDERS.service): Promise<ServiceView> {
    return bodyOf(await this.api.readService({ ...ORDERS, service }));
  }

  async listServices(command: ServiceListCommand = {}): Promise<ServiceList> {
    return bodyOf(await this.api.listServices(command));
  }

  async services(command: ServiceListCommand = {}): Promise<ServiceSummary[]> {
    return (await this.listServices(command)).services;
  }

  /** Sends a batch of the owner, who may also override. Operations are those of the HTTP body. */
  async batch(...operations: object[]): Promise<BatchReport> {
    const parsed = Batch.parse({ operations: operations.map((operation) => ({ service: 'orders', ...operation })) });
    return bodyOf(await this.api.batch({ ...OWNER, operates: true }, parsed.operations));
  }

  async stats(): Promise<Stats> {
    return bodyOf(await this.api.stats());
  }

  /** Returns the newest revision. */
  async revision(): Promise<number> {
    return (await this.stats()).revision;
  }

  /** Returns the newest cursor. */
  async cursor(): Promise<string> {
    return (await this.api.stats()).cursor;
  }
}

/** Reports whether a conditional read found no change. */
export const isUnchanged = ({ body }: ReadAnswer<unknown>): boolean => body === null;
