import { type Spread, spread } from '../statistics';
import type { Workspace } from '../workspace';
import type { Peer, PeerServer } from './peer';

/** A peer that runs, and what it is called. */
export interface Contender {
  peer: Peer;
  server: PeerServer;
  /** Where its data lies. */
  folder: string;
}

/** How much of everything a run has: as much as counts, or as little as shows that it works. */
export interface Scale {
  /** Watchers of one service, in one measurement after the other. */
  watchers: readonly number[];
  /** Connections that send nothing. */
  idle: number;
  /** Instances for memory and for waking. */
  instances: number;
  /** Times that a peer is started again. */
  starts: number;
}

/** What a measurement has to work with. */
export interface Comparison {
  workspace: Workspace;
  contenders: readonly Contender[];
  /** Rounds, in each of which every peer has its turn. */
  rounds: number;
  /** Length of a turn. */
  seconds: number;
  scale: Scale;
  say: (line: string) => void;
}

/** One line of the report: the same measured of each peer. */
export interface Row {
  title: string;
  unit: string;
  better: 'more' | 'less';
  /** By the name of the peer; missing where it can't do that. */
  values: ReadonlyMap<string, Spread>;
  /** The values of each round. Ratios between peers are taken round by round. */
  rounds?: Rounds;
  note?: string;
}

/** Measurements of each round, by name of the peer. */
export type Rounds = ReadonlyMap<string, readonly number[]>;

/** Returns median, minimum and maximum for each peer. */
export function spreads(rounds: Rounds): Map<string, Spread> {
  return new Map([...rounds].map(([name, values]) => [name, spread(values)]));
}

/** Measures each peer in turn, round by round; the first round is to get warm, and counts for nothing. */
export async function inTurns<Measured>(
  { contenders, rounds }: Pick<Comparison, 'contenders' | 'rounds'>,
  measure: (contender: Contender, round: number) => Promise<Measured>,
): Promise<Map<string, Measured[]>> {
  const taken = new Map<string, Measured[]>(contenders.map(({ peer }) => [peer.name, []]));
  for (let round = 0; round <= rounds; round++) {
    // Who goes first changes: the one after a heavy turn finds the disk busy.
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const measured = await measure(contender, round);
      if (round > 0) taken.get(contender.peer.name)?.push(measured);
    }
  }
  return taken;
}
