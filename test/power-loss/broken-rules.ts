import type { Story } from './power-loss-run';

/** A change of the recorded program's source: a text that occurs once in a file, and its replacement. */
export interface Planted {
  file: string;
  from: string;
  to: string;
}

/** A rule of the database files, with the changes that break it. */
export interface BrokenRule {
  /** The rule. */
  name: string;
  /** Story in which the loss shows. */
  story: Story;
  planted: Planted[];
}

const DATABASE_FILE = 'src/host/resident/storage/database-file.ts';
const DISK = 'src/host/resident/storage/disk.ts';
const CHECKPOINTS = 'src/host/resident/storage/checkpoint-worker.ts';
const SCHEDULE = 'src/host/resident/storage/checkpoint-schedule.ts';

/** Small bounds for all recordings, so that a short one has many checkpoints. */
export const SMALL_BOUNDS: Planted[] = [
  {
    file: 'src/model/limits.ts',
    from: 'WAL_CHECKPOINT_BYTES = 4 * 1024 * 1024',
    to: 'WAL_CHECKPOINT_BYTES = 64 * 1024',
  },
  { file: 'src/model/limits.ts', from: 'WAL_HOLD_BYTES = 16 * 1024 * 1024', to: 'WAL_HOLD_BYTES = 192 * 1024' },
  { file: SCHEDULE, from: 'LOOK_EVERY_FLUSHES = 16', to: 'LOOK_EVERY_FLUSHES = 2' },
];

/** The rules. Breaking one must lose something in an image. */
export const BROKEN_RULES: BrokenRule[] = [
  {
    name: 'a change is acknowledged only after a flush',
    story: 'write, close, open',
    planted: [{ file: DATABASE_FILE, from: 'await this.#wal.flush();\n    } catch', to: '} catch' }],
  },
  {
    name: 'a flush acknowledges only what was written before it began',
    story: 'write, close, open',
    planted: [
      {
        file: DATABASE_FILE,
        from: 'if (this.#flushing?.upTo === this.#committed) return',
        to: 'if (this.#flushing !== undefined) return',
      },
    ],
  },
  {
    name: 'changes left by a killed process are flushed before they are shown',
    story: 'kill, open, kill',
    planted: [
      { file: DATABASE_FILE, from: 'if (walLength > 0) rewriteFile(walOf(path));', to: '' },
      { file: DATABASE_FILE, from: 'await this.#wal.flush();\n      await flushFolder', to: 'await flushFolder' },
      { file: DATABASE_FILE, from: 'if (checkpoints) await this.#schedule.checkpoint();', to: '' },
    ],
  },
  {
    name: 'changes of a failed flush are written again before a checkpoint',
    story: 'a flush fails',
    planted: [{ file: DATABASE_FILE, from: 'if (walLength > 0) rewriteFile(walOf(path));', to: '' }],
  },
  {
    name: 'the folder is flushed after the WAL is created',
    story: 'write, close, open',
    planted: [
      // With NORMAL, SQLite also flushes the folder with the header of a new WAL, but does not guarantee it.
      { file: DATABASE_FILE, from: 'PRAGMA synchronous = NORMAL', to: 'PRAGMA synchronous = OFF' },
      {
        file: DATABASE_FILE,
        from: 'await flushFolder(dirname(this.#parts.path));\n      this.#mark(',
        to: 'this.#mark(',
      },
    ],
  },
  {
    name: 'the folder is flushed before the WAL is created',
    story: 'make',
    planted: [{ file: DATABASE_FILE, from: 'if (!known) await flushFolder(dirname(path));', to: '' }],
  },
  {
    name: 'a checkpoint flushes the WAL before the database, and the database before the WAL is used again',
    story: 'write, close, open',
    planted: [{ file: CHECKPOINTS, from: 'PRAGMA synchronous = FULL', to: 'PRAGMA synchronous = OFF' }],
  },
  {
    name: 'the marker is written after the flush',
    story: 'write, close, open',
    planted: [
      {
        file: DATABASE_FILE,
        from: 'await this.#wal.flush();\n    } catch',
        to: 'this.#marker.write(upTo);\n      await this.#wal.flush();\n    } catch',
      },
    ],
  },
  {
    name: 'the marker is erased before its database',
    story: 'erase',
    planted: [{ file: DATABASE_FILE, from: 'await flushFolder(folder);\n    for', to: 'for' }],
  },
  {
    name: 'an erased database never returns',
    story: 'erase',
    planted: [
      { file: DATABASE_FILE, from: 'force: true });\n    await flushFolder(folder);\n  }', to: 'force: true });\n  }' },
    ],
  },
  {
    name: 'the process ends after a failed flush',
    story: 'a flush fails',
    planted: [{ file: DISK, from: 'error instanceof Error ? reject(error) : resolve()', to: 'resolve()' }],
  },
];
