const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Random numbers that are the same for the same seed (mulberry32): 32 bits of state suffice for a test's choices. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns an independent generator, so that using more numbers in one part of a run does not shift those of another. */
  fork(): SeededRandom {
    return new SeededRandom(this.whole(0, 0xffff_ffff));
  }

  /** Returns a number in [0, 1). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** Returns a number in [from, to). */
  between(from: number, to: number): number {
    return from + this.fraction() * (to - from);
  }

  /** Returns a whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.fraction() * (to - from + 1));
  }

  /** Returns a number in [from, to) on a logarithmic scale: one second, a minute, a day. */
  magnitude(from: number, to: number): number {
    return from * (to / from) ** this.fraction();
  }

  /** Returns true in a share of all calls. */
  chance(share: number): boolean {
    return this.fraction() < share;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.fraction() * choices.length)] ?? choices[0];
  }

  /** Picks by weight: `{ read: 3, write: 1 }` gives `read` three times out of four. */
  weighted<Name extends string>(weights: Record<Name, number>): Name {
    const names = Object.keys(weights) as Name[]; // `as`: keys of a record are its names
    let left = this.fraction() * names.reduce((sum, name) => sum + weights[name], 0);
    for (const name of names) {
      left -= weights[name];
      if (left < 0) return name;
    }
    throw new Error('weights must be positive numbers');
  }

  /** Returns 22 characters, like the core's ids. */
  id(): string {
    let id = '';
    while (id.length < 22) id += ID_LETTERS[this.whole(0, 63)];
    return id;
  }
}
