import { setTimeout as sleep } from 'node:timers/promises';
import { Lease, type LeaseKeepAliveResponse } from '../../../../src/codecs/etcd/messages/rpc_pb';
import { monotonicNow } from '../../../linearizability/recorder';
import type { SeededRandom } from '../../../simulation/seeded-random';
import type { EtcdClient } from '../etcd-client';
import type { Recorder } from './etcd-operator';
import type { LeaseLife, Request } from './history';

/** A client of leases. */
export interface LeaseHolder {
  name: string;
  etcd: EtcdClient;
  recorder: Recorder;
  random: SeededRandom;
  /** Receives its leases. */
  lives: LeaseLife[];
  /** Resolves when the registry is up. */
  up: () => Promise<void>;
}

const DEADLINE_MS = 15_000;

/** Code of gRPC for a lease that does not exist. */
const NOT_FOUND = 5;

/** Grants a lease and puts keys with it; undefined if that failed. */
async function begin(holder: LeaseHolder, ttl: number, keysCount: number): Promise<LeaseLife | undefined> {
  const { name, etcd, recorder, lives } = holder;
  const { answer, start, end } = await recorder.record(name, etcd, { kind: 'grant', ttl }, DEADLINE_MS);
  if (answer?.lease === undefined || end === null) return undefined;
  const { id, ttl: granted } = answer.lease;
  const renewal = { isGrant: true, sentAt: start, answeredAt: end };
  const life: LeaseLife = { id, ttlMs: granted * 1_000, renewals: [renewal], revokedAt: null, goneAt: [] };
  lives.push(life);
  for (let number = 0; number < keysCount; number++) {
    const key = `l/${name}/${number}`;
    const step = { op: 'put', key, value: `${name}.${id}.${number}`, lease: id, prevKv: false } as const;
    const request: Request = { kind: 'txn', compares: [], success: [step], failure: [] };
    const put = await recorder.record(name, etcd, request, DEADLINE_MS);
    if (put.refusal?.code === NOT_FOUND) life.goneAt.push(put.end ?? 0);
  }
  return life;
}

/** Keeps a lease alive by one stream until the signal is aborted, as clients do. Begins another lease if it is gone. */
export async function keepLeases(holder: LeaseHolder, ttl: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const life = await begin(holder, ttl, 2);
    if (life === undefined) await sleep(200);
    while (life !== undefined && life.goneAt.length === 0 && !stop.aborted) {
      await renew(holder.etcd, life, stop);
      await sleep(50);
    }
  }
}

/** Renews a lease until its stream ends or the lease is gone. */
function renew(etcd: EtcdClient, life: LeaseLife, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stream = etcd.stream(Lease.method.leaseKeepAlive);
    const open: LeaseLife['renewals'] = [];
    const send = (): void => {
      const renewal = { isGrant: false, sentAt: monotonicNow(), answeredAt: null };
      life.renewals.push(renewal);
      open.push(renewal);
      stream.write({ ID: BigInt(life.id) });
    };
    const timer = setInterval(send, life.ttlMs / 3);
    const over = (): void => {
      clearInterval(timer);
      stop.removeEventListener('abort', over);
      stream.cancel();
      resolve();
    };
    stop.addEventListener('abort', over);
    stream.on('data', ({ TTL }: LeaseKeepAliveResponse) => {
      const renewal = open.shift();
      if (TTL > 0n && renewal !== undefined) renewal.answeredAt = monotonicNow();
      if (TTL > 0n) return;
      life.goneAt.push(monotonicNow());
      over();
    });
    stream.on('error', over);
    stream.on('end', over);
    send();
    if (stop.aborted) over();
  });
}

/** Begins leases that are left to die, and revokes some of them, until the signal is aborted. */
export async function abandonLeases(holder: LeaseHolder, stop: AbortSignal): Promise<void> {
  const { name, etcd, recorder, random } = holder;
  while (!stop.aborted) {
    await holder.up();
    const life = await begin(holder, 2, random.whole(1, 3));
    if (life !== undefined && random.chance(0.4)) {
      await sleep(random.whole(1, 500));
      life.revokedAt = monotonicNow();
      await recorder.record(name, etcd, { kind: 'revoke', lease: life.id }, DEADLINE_MS);
    } else await sleep(random.whole(1_000, 5_000));
  }
}
