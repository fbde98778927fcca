import type { Workspace } from '../../workspace';
import type { Door, DoorServer } from './doors';
import type { GoClient } from './go-client';

/** A running server, with its name. */
export interface DoorContender {
  peer: Door;
  server: DoorServer;
  /** Headers of its JSON requests. */
  headers: Record<string, string>;
}

/** Sizes of a run: full, or as small as needed to show that it works. */
export interface DoorScale {
  /** Numbers of watchers of one prefix, each spread over 1 and over 10 connections. */
  watchers: readonly number[];
  /** Number of changes in a turn of a fan-out. */
  changes: number;
  /** Number of leases held at once. */
  leases: number;
  /** Number of keys on disk at a start. */
  keys: number;
  /** Number of restarts. */
  starts: number;
}

/** Servers and settings of a measurement. */
export interface DoorContest {
  workspace: Workspace;
  client: GoClient;
  contenders: readonly DoorContender[];
  /** Number of rounds, in each of which every server has a turn. */
  rounds: number;
  /** True for another round before them, which is not counted. */
  warmsUp: boolean;
  /** Length of a turn, in seconds. */
  seconds: number;
  scale: DoorScale;
  log: (line: string) => void;
}

/** Returns the contenders that are whole servers, without floors. */
export function wholeServers({ contenders }: DoorContest): DoorContender[] {
  return contenders.filter(({ peer }) => !peer.isFloor);
}
