/** A ratio between two peers in one row. It is no goal without a limit. */
export interface RatioGoal {
  title: string;
  /** Title of the row. */
  row: string;
  peer: string;
  of: string;
  atLeast?: number;
  atMost?: number;
}

const GATEWAY = 'etcd, JSON gateway';

/** Goals of the resident host relative to its peers. */
export const GOALS: readonly RatioGoal[] = [
  { title: "A heartbeat, against etcd's keepalive", row: 'Beat', peer: 'Rollcall', of: GATEWAY, atLeast: 3 },
  {
    title: "A resolve of 20, against etcd's range",
    row: 'Read a service of 20',
    peer: 'Rollcall',
    of: GATEWAY,
    atLeast: 5,
  },
  {
    title: "Durable registrations, against etcd's put",
    row: 'Register, durable',
    peer: 'Rollcall',
    of: GATEWAY,
    atLeast: 0.9,
  },
  {
    title: "Durable registrations over 128 connections, against etcd's put",
    row: 'Register, durable, over 128 connections',
    peer: 'Rollcall',
    of: GATEWAY,
    atLeast: 0.9,
  },
  {
    title: "Time of a change to 1,000 watchers, against etcd's",
    row: 'One registration to 1,000 watchers, until the last has it',
    peer: 'Rollcall',
    of: 'etcd, gRPC',
    atMost: 0.5,
  },
];
