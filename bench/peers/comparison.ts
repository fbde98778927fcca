import { type Spread, spread } from '../statistics';
import type { Workspace } from '../workspace';
import type { Peer, PeerServer } from './peer';

/** A running peer, with its name. */
export interface Contender {
  peer: Peer;
  server: PeerServer;
  /** Folder of its data. */
  folder: string;
}

/** Sizes of a run: full, or as small as needed to show that it works. */
export interface Scale {
  /** Numbers of watchers of one service, measured one after the other. */
  watchers: readonly number[];
  /** Number of idle connections. */
  idle: number;
  /** Number of instances for memory and for waking. */
  instances: number;
  /** Number of restarts of a peer. */
  starts: number;
}

/** Peers and settings of a measurement. */
export interface Comparison {
  workspace: Workspace;
  contenders: readonly Contender[];
  /** Number of rounds, in each of which every peer has a turn. */
  rounds: number;
  /** True for another round before them, which is not counted. */
  warmsUp: boolean;
  /** Length of a turn, in seconds. */
  seconds: number;
  scale: Scale;
  log: (line: string) => void;
}

/** One line of the report: the same measured of each peer. */
export interface Row {
  title: string;
  unit: string;
  better: 'more' | 'less';
  /** Values by name of the peer, without peers that can't do that. */
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

/** Measures each peer in turn, round by round; a warm-up is round 0. */
export async function inTurns<Entrant extends { peer: { name: string } }, Measured>(
  { contenders, rounds, warmsUp }: Pick<Comparison, 'rounds' | 'warmsUp'> & { contenders: readonly Entrant[] },
  measure: (contender: Entrant, round: number) => Promise<Measured>,
): Promise<Map<string, Measured[]>> {
  const taken = new Map<string, Measured[]>(contenders.map(({ peer }) => [peer.name, []]));
  for (let round = warmsUp ? 0 : 1; round <= rounds; round++) {
    // Rotate the first peer, because the peer after a heavy turn finds the disk busy.
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const measured = await measure(contender, round);
      if (round > 0) taken.get(contender.peer.name)?.push(measured);
    }
  }
  return taken;
}
