import type { RatioGoal } from '../goals';
import { CALLS, type CallName, type Crowd, fanOutTitle, grpcTitle, JSON_CONNECTIONS, jsonTitle } from './calls';

/** Minimum rate of Rollcall over gRPC as a share of etcd's, for the calls with a goal. */
const GRPC_GOALS: Readonly<Partial<Record<CallName, number>>> = {
  put: 0.4,
  'range-1': 0.4,
  'range-20': 0.4,
  keepalive: 0.4,
};

/** Minimum rate of Rollcall over JSON as a share of etcd's. */
const JSON_GOAL = 1;

/** Numbers of connections over which watchers are spread. */
const SPREADS = [1, 10];

/** Returns the measured crowds. */
export function crowdsOf(watchers: readonly number[]): Crowd[] {
  return watchers.flatMap((each) => SPREADS.map((connections) => ({ watchers: each, connections })));
}

/** Returns the ratios of the report: of Rollcall and etcd, and of each to the floor. Some have limits: the goals. */
export function ratiosOf(watchers: readonly number[]): RatioGoal[] {
  const rates = [
    ...CALLS.map((call) => ({ row: grpcTitle(call), atLeast: GRPC_GOALS[call] })),
    ...JSON_CONNECTIONS.flatMap((each) => CALLS.map((call) => ({ row: jsonTitle(call, each), atLeast: JSON_GOAL }))),
  ];
  const ofRates = rates.flatMap(({ row, atLeast }) => [
    { title: row, row, peer: 'Rollcall', of: 'etcd', ...(atLeast === undefined ? {} : { atLeast }) },
    { title: row, row, peer: 'Rollcall on Node', of: 'etcd' },
    { title: row, row, peer: 'Rollcall', of: 'Floor on Deno' },
    { title: row, row, peer: 'Rollcall on Node', of: 'Floor on Node' },
    { title: row, row, peer: 'Floor on Deno', of: 'etcd' },
    { title: row, row, peer: 'Floor on Node', of: 'etcd' },
  ]);
  const ofFanOuts = crowdsOf(watchers).flatMap((crowd) => {
    const row = fanOutTitle(crowd);
    return [
      { title: row, row, peer: 'Rollcall', of: 'etcd', atMost: 1 },
      { title: row, row, peer: 'Rollcall on Node', of: 'etcd' },
    ];
  });
  return [...ofRates, ...ofFanOuts];
}
