import { closeSync, constants, existsSync, openSync, readSync, writeSync } from 'node:fs';
import { flushDescriptor } from './disk';

/** Two slots, each in a sector and a page of its own, so that a write that tears one leaves the other. */
const SLOTS = [0, 4_096];
const SLOT_LENGTH = 64;

/** A slot's text: the sequence number and a checksum of it, padded, so that an editor shows it. */
const SLOT = /^rollcall-durable 1 (\d{1,16}) ([0-9a-f]{8})\n/;

/**
 * A small file beside a database that holds the number of its last durable change. SQLite can't tell that its WAL was
 * deleted or damaged: it opens as if the changes had never been. A database whose own number is lower has lost some.
 *
 * It is written after each flush, and not flushed itself: one that is too old after a power loss only notices less.
 */
export class DurabilityMarker {
  readonly path: string;
  readonly #descriptor: number;
  readonly #slot = Buffer.alloc(SLOT_LENGTH, ' ');
  /** The slot with the older number: the next is written there. */
  #older: number;
  #sequence: number;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
    const [first, second] = readSlots(descriptor);
    this.#sequence = Math.max(first, second);
    this.#older = first > second ? 1 : 0;
  }

  /** Returns the path of a database's marker. */
  static pathOf(database: string): string {
    return `${database}-durable`;
  }

  /** Opens a marker, or makes it. */
  static open(path: string): DurabilityMarker {
    return new DurabilityMarker(path, openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  }

  /** Returns the number in a marker that another process may be writing; 0 where there is none. */
  static sequenceAt(path: string): number {
    if (!existsSync(path)) return 0;
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      return Math.max(...readSlots(descriptor));
    } finally {
      closeSync(descriptor);
    }
  }

  /** The number of the last change that is known to be durable; 0 where none is. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Notes that a change, and all before it, is durable. */
  write(sequence: number): void {
    const digits = String(sequence);
    const length = this.#slot.write(`rollcall-durable 1 ${digits} ${checksum(digits)}\n`);
    this.#slot.fill(' ', length);
    writeSync(this.#descriptor, this.#slot, 0, SLOT_LENGTH, SLOTS[this.#older]);
    this.#older = 1 - this.#older;
    this.#sequence = sequence;
  }

  /** Flushes it, where time does not matter: a later power loss then hides nothing. */
  flush(): Promise<void> {
    return flushDescriptor(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function readSlots(descriptor: number): [first: number, second: number] {
  const [first, second] = SLOTS.map((offset) => readSlot(descriptor, offset));
  return [first ?? 0, second ?? 0];
}

/** Returns the number in a slot; undefined where none was written, or only a part of it. */
function readSlot(descriptor: number, offset: number): number | undefined {
  const bytes = Buffer.alloc(SLOT_LENGTH);
  readSync(descriptor, bytes, 0, SLOT_LENGTH, offset);
  const [, digits, sum] = SLOT.exec(bytes.toString('latin1')) ?? [];
  return digits !== undefined && checksum(digits) === sum ? Number(digits) : undefined;
}

/** Returns the FNV-1a hash of a text, as eight hexadecimal digits. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
