import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { RollcallError } from '../../client/wire/rollcall-error';
import { CliError, EXIT } from '../terminal/failure';
import { MirrorLoop } from './mirror-loop';
import type { MirrorPlan } from './mirror-plan';

const NOTHING: MirrorPlan = { added: [], changed: [], same: [], vanished: [], skipped: [] };

/** A loop between a source and a target that fail and hang on demand. */
class Stage {
  readonly reported: string[] = [];
  looks = 0;
  writes = 0;
  look: () => Promise<void> = async () => {};
  write: () => Promise<void> = async () => {};
  readonly #stop = new AbortController();
  readonly loop: MirrorLoop;
  readonly over: Promise<void>;

  constructor({ intervalMs = 5, beatMs = 60_000 } = {}) {
    this.loop = new MirrorLoop({
      mirror: {
        look: async () => {
          this.looks += 1;
          await this.look();
        },
        write: async () => {
          this.writes += 1;
          await this.write();
          return NOTHING;
        },
      },
      intervalMs,
      beatMs,
      signal: this.#stop.signal,
      trouble: (side, problem) => this.reported.push(problem === undefined ? `${side} is back` : `${side}: ${problem}`),
    });
    this.over = this.loop.run();
    this.over.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.over;
  }
}

const until = (holds: () => boolean) => vi.waitUntil(holds, { timeout: 20_000, interval: 1 });

describe('the mirror loop', () => {
  it('[K29] waits for an unreachable side, and reports it once', async () => {
    const stage = new Stage();
    stage.look = async () => {
      throw new CliError(EXIT.unreachable, 'no answer.');
    };
    await until(() => stage.looks > 3);
    stage.look = async () => {};
    await until(() => stage.reported.length === 2);
    stage.write = async () => {
      throw new RollcallError('UNAVAILABLE', 'starting up');
    };
    await until(() => stage.reported.length === 3);
    stage.write = async () => {};
    await until(() => stage.reported.length === 4);
    expect(stage.reported).toEqual([
      'source: no answer.',
      'source is back',
      'registry: starting up',
      'registry is back',
    ]);
    await stage.stop();
  });

  it('[K29] ends if the registry refuses permanently', async () => {
    const stage = new Stage();
    stage.write = async () => {
      throw new RollcallError('FORBIDDEN', 'not you');
    };
    await expect(stage.over).rejects.toThrow('not you');
  });

  it('[K29] renews leases while the source is slow', async () => {
    const stage = new Stage({ beatMs: 1 });
    let release = () => {};
    stage.look = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await until(() => stage.looks === 2 || stage.writes > 5);
    expect(stage.looks).toBeLessThan(3);
    const { writes, looks } = stage;
    await until(() => stage.writes > writes + 3);
    expect(stage.looks).toBe(looks);
    release();
    await until(() => stage.looks > looks);
    release();
    await stage.stop();
  });

  it('[K23] writes immediately after a change by another client, without reading the source again', async () => {
    const stage = new Stage({ intervalMs: 60_000 });
    await until(() => stage.writes === 1);
    // Long enough that it waits.
    await sleep(5);
    stage.loop.nudge();
    await until(() => stage.writes === 2);
    expect(stage.looks).toBe(1);
    await stage.stop();
  });

  it('[K21] reads the source again immediately after it has reported a change, also while it is being read', async () => {
    const stage = new Stage({ intervalMs: 60_000 });
    await until(() => stage.writes === 1);
    await sleep(5);
    stage.loop.readNow();
    await until(() => stage.looks === 2);
    stage.look = async () => {
      stage.look = async () => {};
      stage.loop.readNow();
    };
    stage.loop.readNow();
    await until(() => stage.looks === 4);
    await stage.stop();
  });
});
