import type { Registry } from '../../src/core/namespace/core';
import { decodeMemory, encodeMemory, newMemory } from '../../src/core/namespace/watch/connection-memory';
import type { Connection, ConnectionMemory, Connections } from '../../src/core/platform/connection';
import type { SocketPurpose } from '../../src/model/namespace-sockets';
import type { Every } from './scenario';
import type { SeededRandom } from './seeded-random';
import type { VirtualTime } from './virtual-time';

/** Time on the wire, each way, in milliseconds. */
const WIRE_MS = { from: 0, to: 15 };

/** Maximum data that the platform keeps for a socket while the registry sleeps. */
const ATTACHMENT_MAX_BYTES = 16_384 - 32;

/** Time until the registry detects that a client is gone: at once, late, or when the network gives up. */
const BREAK_NOTICED_MS: [Every, ...Every[]] = [
  { from: 0, to: 50 },
  { from: 100, to: 10_000 },
  { from: 10_000, to: 120_000 },
];

/** Time until a client detects that the machine died: soon, or when an answer does not arrive. */
const DEATH_NOTICED_MS = { from: 10, to: 3_000 };

/** State of the registry at the moment a frame left it. */
export interface Sent {
  /** In the world's time. */
  at: number;
  /** Newest revision that would have survived a crash. */
  durable: number;
  /** Newest compacted revision. */
  compacted: number;
}

/** Events of a socket at its client. */
export interface SocketListener {
  frame: (text: string, sent: Sent) => void;
  /** The socket is closed by the registry with a code, or broken (1006). No event follows it. */
  closed: (code: number) => void;
}

export interface SimulatedSocketsParts {
  time: VirtualTime;
  random: SeededRandom;
  clock: { now: () => number };
  /** Passes something to the registry, if it can be reached. */
  deliver: (name: string, work: (registry: Registry) => Promise<void>) => void;
  /** Something has reached the machine, whose process may be frozen. */
  arrive: (work: () => void) => void;
  /** Returns the time of the host's clock by which leases are counted. */
  hostNow: () => number;
  /** The state of the registry now, when a frame leaves it. */
  sent: () => Sent;
}

/** A socket between a client and the machine; frames keep their order in each direction. */
export class SimulatedSocket {
  readonly #parts: SimulatedSocketsParts;
  readonly #sockets: SimulatedSockets;
  readonly #listener: SocketListener;
  #clientIsThere = true;
  #dropsFrames = false;
  #toClientAt = 0;
  #toMachineAt = 0;
  /** Data that the platform keeps for it. */
  kept: string;
  /** True while the machine's end exists. */
  machineIsThere = true;
  /** True if the registry has closed it, and waits for the client's close. */
  isClosing = false;
  /** When the last ping was answered, by the host's clock. */
  pingedAt = 0;

  constructor(
    parts: SimulatedSocketsParts,
    sockets: SimulatedSockets,
    memory: ConnectionMemory,
    listener: SocketListener,
  ) {
    this.#parts = parts;
    this.#sockets = sockets;
    this.#listener = listener;
    this.kept = encodeMemory(memory);
  }

  /** Returns whether the client's end is open. */
  get isOpen(): boolean {
    return this.#clientIsThere;
  }

  /** The client sends a frame. */
  send(frame: object): void {
    const text = JSON.stringify(frame);
    this.#toMachine(() => {
      this.#parts.deliver('a frame', (registry) => registry.receive(this.#sockets.connectionOf(this), text));
    });
  }

  /** The client sends a ping, which the platform answers without waking the registry. `heard`: the ping has arrived. */
  ping(heard: () => void): void {
    this.#toMachine(() => {
      this.pingedAt = this.#parts.hostNow();
      heard();
    });
  }

  /** The client closes it. Frames sent before still arrive. */
  close(code: number): void {
    this.#clientIsThere = false;
    this.#toMachine(() => this.#machineHears(code));
  }

  /** The network breaks it: frames in flight may be lost, and the other end detects it later. */
  cut(): void {
    const { time, random } = this.#parts;
    this.#clientIsThere = false;
    const noticed = random.pick(BREAK_NOTICED_MS);
    if (random.chance(0.5)) this.#dropsFrames = true;
    time.after(this.#toMachineAt - time.now + random.whole(noticed.from, noticed.to), () => {
      this.#parts.arrive(() => this.#machineHears(1006));
    });
    this.#listener.closed(1006);
  }

  /** The registry sends a frame. */
  deliverFrame(frame: string): void {
    const sent = this.#parts.sent();
    this.#toClient(() => this.#listener.frame(frame, sent));
  }

  /** The registry closes it. */
  deliverClose(code: number): void {
    this.isClosing = true;
    this.#toClient(() => {
      this.#clientIsThere = false;
      this.#listener.closed(code);
      this.#toMachine(() => this.#machineHears(code));
    });
  }

  /** The machine died: its end is gone, with all frames in flight. */
  machineDied(): void {
    const { time, random } = this.#parts;
    this.machineIsThere = false;
    if (!this.#clientIsThere) return;
    time.after(random.magnitude(DEATH_NOTICED_MS.from, DEATH_NOTICED_MS.to), () => {
      if (!this.#clientIsThere) return;
      this.#clientIsThere = false;
      this.#listener.closed(1006);
    });
  }

  #machineHears(code: number): void {
    if (!this.machineIsThere) return;
    this.machineIsThere = false;
    // It is undefined whether the platform still lists a socket while it reports its close.
    const isListed = this.#parts.random.chance(0.5);
    if (!isListed) this.#sockets.forget(this);
    this.#parts.deliver('a close', async (registry) => {
      await registry.closed(this.#sockets.connectionOf(this), code === 4000);
      this.#sockets.forget(this);
    });
  }

  #toMachine(arrive: () => void): void {
    const { time, random } = this.#parts;
    this.#toMachineAt = Math.max(this.#toMachineAt, time.now + random.whole(WIRE_MS.from, WIRE_MS.to));
    time.after(this.#toMachineAt - time.now, () => {
      this.#parts.arrive(() => {
        if (this.machineIsThere && !this.#dropsFrames) arrive();
      });
    });
  }

  #toClient(arrive: () => void): void {
    const { time, random } = this.#parts;
    this.#toClientAt = Math.max(this.#toClientAt, time.now + random.whole(WIRE_MS.from, WIRE_MS.to));
    time.after(this.#toClientAt - time.now, () => {
      if (this.#clientIsThere && this.machineIsThere) arrive();
    });
  }
}

/** The registry's end of a socket, in one life of the process. */
class SimulatedConnection implements Connection {
  readonly socket: SimulatedSocket;
  readonly memory: ConnectionMemory;

  constructor(socket: SimulatedSocket) {
    this.socket = socket;
    this.memory = decodeMemory(socket.kept);
  }

  send(frame: string): void {
    if (this.#exists) this.socket.deliverFrame(frame);
  }

  close(code: number): void {
    if (this.#exists) this.socket.deliverClose(code);
  }

  remember(): void {
    if (!this.socket.machineIsThere) return;
    const text = encodeMemory(this.memory);
    if (Buffer.byteLength(text) > ATTACHMENT_MAX_BYTES) this.close(1011);
    else this.socket.kept = text;
  }

  get #exists(): boolean {
    return this.socket.machineIsThere && !this.socket.isClosing;
  }
}

/** All sockets of the machine. They survive the registry's sleep, and die with the process. */
export class SimulatedSockets implements Connections {
  readonly #parts: SimulatedSocketsParts;
  readonly #open = new Set<SimulatedSocket>();
  #awake = new Map<SimulatedSocket, SimulatedConnection>();
  /** Number of sockets opened so far. */
  opened = 0;

  constructor(parts: SimulatedSocketsParts) {
    this.#parts = parts;
  }

  /** Opens a socket; the machine must be up. */
  open(purpose: SocketPurpose, listener: SocketListener): SimulatedSocket {
    const socket = new SimulatedSocket(this.#parts, this, newMemory(purpose, this.#parts.clock.now()), listener);
    this.#open.add(socket);
    this.opened += 1;
    return socket;
  }

  *all(): Generator<Connection> {
    for (const socket of this.#open) yield this.connectionOf(socket);
  }

  heardAt(connection: Connection): number {
    return connection instanceof SimulatedConnection ? connection.socket.pingedAt : 0;
  }

  connectionOf(socket: SimulatedSocket): Connection {
    const known = this.#awake.get(socket);
    if (known !== undefined) return known;
    const connection = new SimulatedConnection(socket);
    this.#awake.set(socket, connection);
    return connection;
  }

  forget(socket: SimulatedSocket): void {
    this.#open.delete(socket);
  }

  /** The registry lost its memory; the sockets stay. */
  slept(): void {
    this.#awake = new Map();
  }

  /** The process died, and its sockets with it. */
  died(): void {
    this.slept();
    for (const socket of this.#open) socket.machineDied();
    this.#open.clear();
  }
}
