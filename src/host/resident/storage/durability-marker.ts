import { closeSync, constants, existsSync, openSync, readSync, writeSync } from 'node:fs';
import { flushDescriptor } from './disk';

/** Offsets of two slots in different sectors and pages: a torn write of one leaves the other intact. */
const SLOTS = [0, 4_096];
const SLOT_LENGTH = 64;

/** Text of a slot: the sequence number and its checksum, followed by spaces. */
const SLOT = /^rollcall-durable 1 (\d{1,16}) ([0-9a-f]{8})\n/;

/**
 * A small file beside a database that holds the number of its last durable change. SQLite does not notice a deleted or
 * damaged WAL, and opens the database without those changes. A database whose own number is lower has lost changes.
 *
 * It is written after each flush and not flushed itself. If a power loss leaves an old marker, it only detects less.
 */
export class DurabilityMarker {
  readonly path: string;
  readonly #descriptor: number;
  readonly #slot = Buffer.alloc(SLOT_LENGTH, ' ');
  /** Index of the slot with the older number, which the next write replaces. */
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

  /** Opens a marker; creates it if it is missing. */
  static open(path: string): DurabilityMarker {
    return new DurabilityMarker(path, openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  }

  /** Returns the number in a marker, which another process may be writing; 0 if there is none. */
  static sequenceAt(path: string): number {
    if (!existsSync(path)) return 0;
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      return Math.max(...readSlots(descriptor));
    } finally {
      closeSync(descriptor);
    }
  }

  /** Number of the last change that is known to be durable; 0 if none is. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Records that a change and all before it are durable. */
  write(sequence: number): void {
    const digits = String(sequence);
    const length = this.#slot.write(`rollcall-durable 1 ${digits} ${checksum(digits)}\n`);
    this.#slot.fill(' ', length);
    writeSync(this.#descriptor, this.#slot, 0, SLOT_LENGTH, SLOTS[this.#older]);
    this.#older = 1 - this.#older;
    this.#sequence = sequence;
  }

  /** Flushes the marker, so that a power loss can't leave an old one. */
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

/** Returns the number in a slot; undefined if the slot is empty or torn. */
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
