import { expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type * as audit from '../model/audit';
import type * as batch from '../model/batch';
import type { RegistryErrorCode } from '../model/errors';
import type * as frames from '../model/frames';
import type * as grant from '../model/grant';
import type * as history from '../model/history';
import type * as moments from '../model/history';
import type * as why from '../model/history';
import type * as instance from '../model/instance';
import type * as namespace from '../model/namespace';
import type * as override from '../model/override';
import type * as queries from '../model/queries';
import type * as service from '../model/service';
import type * as stats from '../model/stats';
import type * as subscriber from '../model/subscriber';
import type * as token from '../model/token';
import type * as transfer from '../model/transfer';
import type { BatchOperation, InstanceBody, OverrideBody, ServiceBody, ServicePatchBody } from './admin/requests';
import type * as answers from './wire/answers';
import type * as directory from './wire/directory-answers';
import type { SnapshotService, WatchedChange, WatchedService } from './wire/frames';
import type * as past from './wire/history-answers';
import type { Instance } from './wire/instance';
import type { DrainReport, InstanceDefinition, InstancePatch } from './wire/registration';
import type { FieldError, RollcallErrorCode } from './wire/rollcall-error';
import type * as transfers from './wire/transfer-answers';
import type { WireFrame } from './wire/wire-frame';

/**
 * The client's types are written out, and the schemas are what counts: here the compiler holds one against the other.
 * Nothing of this runs; `npm run typecheck` fails where they differ.
 */

/** True where each can stand for the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** The members of one type that another lacks: assignability alone does not see one that may be left out. */
type Missing<A, B> = Exclude<keyof A, keyof B>;

/** True where two types have the same members, and each can stand for the other. */
type Equal<A, B> = [Missing<A, B> | Missing<B, A>] extends [never] ? Same<A, B> : false;

/** True where two types have the same members, and the first fits the second: a schema of a map takes anything at first. */
type Fits<A, B> = [Missing<A, B> | Missing<B, A>] extends [never] ? ([A] extends [B] ? true : false) : false;

it('answers are what the schemas say', () => {
  expectTypeOf<Equal<Instance, instance.InstanceView>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.Registered, instance.Registration>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.Renewal, instance.Renewal>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.HeartbeatReport, batch.HeartbeatReport>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.BatchReport, batch.BatchReport>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.InstanceList, queries.InstanceList>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.Resolution, queries.Resolution>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.Endpoint, queries.Endpoint>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<DrainReport, queries.DrainReport>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.ServiceList, service.ServiceList>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.ServiceSummary, service.ServiceSummary>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.Service, service.ServiceView>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.Override, override.OverrideView>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<transfers.ImportDifference, transfer.ImportDifference>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<transfers.ImportProgress, transfer.ImportProgress>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<transfers.ImportDone, transfer.ImportDone>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<transfers.TransferFailed, transfer.TransferFailed>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.Subscriber, subscriber.SubscriberView>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.SubscriberList, subscriber.SubscriberList>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.Stats, stats.Stats>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<answers.Stats['sinceStart'], stats.Stats['sinceStart']>>().toEqualTypeOf<true>();
});

it('answers about the past are what the schemas say', () => {
  expectTypeOf<past.Cause>().toEqualTypeOf<history.Cause>();
  expectTypeOf<Equal<past.RegisteredInstance, history.RegisteredInstance>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<past.Renewals, history.Renewals>>().toEqualTypeOf<true>();
  expectTypeOf<Same<past.HistoryChange, history.HistoryChange>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<past.HistoryEntry, history.HistoryEntry>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<past.HistoryPage, history.HistoryPage>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<past.WhyReport, why.WhyReport>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<past.ServiceDiff, moments.ServiceDiff>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<past.RollbackReport, moments.RollbackReport>>().toEqualTypeOf<true>();
});

it('answers about namespaces, tokens and the audit trail are what the schemas say', () => {
  expectTypeOf<Equal<directory.Namespace, namespace.NamespaceView>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.Retention, namespace.RetentionSettings>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.NamespaceLimits, namespace.NamespaceLimits>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.NamespaceList, namespace.NamespaceList>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.NamespaceBody, z.input<typeof namespace.NamespaceDefinition>>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.NamespacePatchBody, z.input<typeof namespace.NamespacePatch>>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.Grant, grant.Grant>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.IssuedToken, token.IssuedToken>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.TokenList, token.TokenList>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.TokenBody, z.input<typeof token.TokenRequest>>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.Ticket, token.Ticket>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.AuditEntry, audit.AuditEntry>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<directory.AuditTrail, audit.AuditTrail>>().toEqualTypeOf<true>();
});

it('requests are what the schemas take', () => {
  expectTypeOf<Fits<InstanceBody, instance.InstanceDefinitionInput>>().toEqualTypeOf<true>();
  // A registration that is kept has a lease: it has neither `ephemeral` nor a lease of null.
  expectTypeOf<
    Exclude<keyof instance.InstanceDefinitionInput | 'group' | 'service' | 'id', keyof InstanceDefinition>
  >().toEqualTypeOf<'ephemeral'>();
  expectTypeOf<InstanceDefinition>().toExtend<instance.InstanceDefinitionInput>();
  expectTypeOf<Fits<InstancePatch, z.input<typeof instance.InstancePatch>>>().toEqualTypeOf<true>();
  expectTypeOf<Fits<OverrideBody, z.input<typeof override.Override>>>().toEqualTypeOf<true>();
  expectTypeOf<Fits<ServiceBody, z.input<typeof service.ServiceDefinition>>>().toEqualTypeOf<true>();
  expectTypeOf<Fits<ServicePatchBody, z.input<typeof service.ServicePatch>>>().toEqualTypeOf<true>();
  expectTypeOf<Fits<BatchOperation, z.input<typeof batch.Batch>['operations'][number]>>().toEqualTypeOf<true>();
});

it('frames are what the schemas say', () => {
  expectTypeOf<Equal<WatchedService, frames.WatchedService>>().toEqualTypeOf<true>();
  expectTypeOf<Equal<SnapshotService, frames.SnapshotService>>().toEqualTypeOf<true>();
  expectTypeOf<Same<WatchedChange, frames.WatchedChange>>().toEqualTypeOf<true>();
  expectTypeOf<Same<WireFrame, frames.ServerFrame>>().toEqualTypeOf<true>();
});

it('errors have the codes of the registry, and one for a registry that is away', () => {
  expectTypeOf<RollcallErrorCode>().toEqualTypeOf<RegistryErrorCode | 'UNREACHABLE'>();
  expectTypeOf<FieldError>().toEqualTypeOf<{ path: string; message: string }>();
  expect(true).toBe(true);
});
