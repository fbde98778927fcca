import { describe, expect, it } from 'vitest';
import { endpoints } from '../../../test/fixtures/client-instance';
import { HandTime } from '../../../test/fixtures/hand-time';
import { Balancer, type BalancerParts, RetryBudget } from './balancer';
import type { Endpoint } from './endpoint';
import { OutlierEjection } from './outlier-ejection';
import type { CallReport, PickContext } from './selector';

/** Chooses the first endpoint, and records the reports it receives. */
class FirstOne {
  readonly reports: string[] = [];
  readonly contexts: PickContext[] = [];

  pick(list: readonly Endpoint[], context: PickContext): Endpoint | undefined {
    this.contexts.push(context);
    return list[0];
  }

  started(endpoint: Endpoint): void {
    this.reports.push(`${endpoint.id} started`);
  }

  ended(endpoint: Endpoint, { latencyMs, outcome }: CallReport): void {
    this.reports.push(`${endpoint.id} ${outcome} ${latencyMs}`);
  }
}

function stage(ids = 'a b c', parts: Partial<BalancerParts> = {}) {
  const selector = new FirstOne();
  const time = new HandTime();
  const balancer = new Balancer({ selector, ejection: undefined, time, ...parts });
  balancer.endpoints = endpoints(ids);
  return { selector, time, balancer };
}

describe('Balancer', () => {
  it('[B13] chooses another instance for each attempt, until none is left', () => {
    const { balancer } = stage();
    const picker = balancer.picker();
    expect(['1', '2', '3', '4'].map(() => picker.next()?.endpoint.id)).toEqual(['a', 'b', 'c', undefined]);
    expect(picker.tried.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(balancer.picker().next()?.endpoint.id).toBe('a');
  });

  it('[B13] chooses nothing from an empty list', () => {
    expect(stage().balancer.pick(undefined)?.id).toBe('a');
    const { balancer } = stage();
    balancer.endpoints = [];
    expect(balancer.pick(undefined)).toBeUndefined();
    expect(balancer.picker().next()).toBeUndefined();
  });

  it('[B6] gives the selector its context, and the result of each call once', () => {
    const { balancer, selector, time } = stage();
    const picker = balancer.picker('order-7');
    const first = picker.next();
    time.advance(20);
    first?.end('failure');
    first?.end('success');
    const second = picker.next();
    time.advance(5);
    second?.end('aborted');
    expect(selector.reports).toEqual(['a started', 'a failure 20', 'b started', 'b aborted 5']);
    expect(selector.contexts.map(({ key }) => key)).toEqual(['order-7', 'order-7']);
  });

  it('[B12] skips ejected instances, and counts no aborted calls as failures', () => {
    const { balancer } = stage('a b c', { ejection: new OutlierEjection({ consecutiveFailures: 2 }) });
    const outcomes: CallReport['outcome'][] = ['failure', 'aborted', 'failure'];
    const went = outcomes.map((outcome) => {
      const attempt = balancer.picker().next();
      attempt?.end(outcome);
      return attempt?.endpoint.id;
    });
    expect(went).toEqual(['a', 'a', 'a']);
    expect(balancer.usable.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(balancer.pick(undefined)?.id).toBe('b');
    expect(balancer.endpoints).toHaveLength(3);
  });

  it('[B4] knows which instances have calls in progress', () => {
    const idle: string[] = [];
    const { balancer } = stage('a', { onIdle: ({ id }) => idle.push(id) });
    const [a] = balancer.endpoints;
    const calls = [balancer.picker().next(), balancer.picker().next()];
    expect(a && balancer.isBusy(a)).toBe(true);
    calls[0]?.end('success');
    calls[0]?.end('success');
    expect(a && balancer.isBusy(a)).toBe(true);
    expect(idle).toEqual([]);
    calls[1]?.end('failure');
    expect(a && balancer.isBusy(a)).toBe(false);
    expect(idle).toEqual(['a']);
  });
});

/** Retries had in a minute where every call is retried as often as it may be. */
function retriesPerSecond(requestsPerSecond: number): number {
  const budget = new RetryBudget();
  let retries = 0;
  const seconds = 120;
  for (let at = 0; at < seconds * 1_000; at += 1_000 / requestsPerSecond) {
    budget.request(at);
    while (budget.tryRetry(at)) if (at > (seconds * 1_000) / 2) retries += 1;
  }
  return retries / (seconds / 2);
}

describe('RetryBudget', () => {
  it.each([
    [1, 10.2],
    [100, 30],
    [1_000, 210],
  ])('[B16] permits a fifth of %d requests per second and ten more: %d', (requests, retries) => {
    expect(retriesPerSecond(requests)).toBeGreaterThan(retries * 0.9);
    expect(retriesPerSecond(requests)).toBeLessThan(retries * 1.1);
  });

  it('[B16] saves up for about ten seconds at most', () => {
    const budget = new RetryBudget();
    for (let count = 0; count < 10_000; count++) budget.request(0);
    let retries = 0;
    while (budget.tryRetry(60_000)) retries += 1;
    expect(retries).toBe(104); // 100 in reserve, and e^-6 of 2,000
  });
});
