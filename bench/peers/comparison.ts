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
  note?: string;
}

/** Measures each peer in turn, round by round; the first round is to get warm, and counts for nothing. */
export async function inTurns(
  { contenders, rounds }: Pick<Comparison, 'contenders' | 'rounds'>,
  measure: (contender: Contender, round: number) => Promise<number>,
): Promise<Map<string, Spread>> {
  const taken = new Map<string, number[]>(contenders.map(({ peer }) => [peer.name, []]));
  for (let round = 0; round <= rounds; round++) {
    // Who goes first changes: the one after a heavy turn finds the disk busy.
    const order = [...contenders.slice(round % contenders.length), ...contenders.slice(0, round % contenders.length)];
    for (const contender of order) {
      const value = await measure(contender, round);
      if (round > 0) taken.get(contender.peer.name)?.push(value);
    }
  }
  return new Map([...taken].map(([name, values]) => [name, spread(values)]));
}
