import type { RollcallError } from '../../client/wire/rollcall-error';
import type { LinkUser, SocketLink } from '../../client/wire/socket-link';
import { CLOSE_CODES } from '../../model/frames';
import { NACOS_SUBSCRIPTIONS_PER_SOCKET_MAX_COUNT } from '../../model/limits';

/** Close codes with which the registry takes back what it has permitted. */
const TAKEN_BACK: readonly number[] = [CLOSE_CODES.unauthorized, CLOSE_CODES.namespaceGone];

/** A watch that is moved from one socket to another. */
export interface MovableWatch {
  start(link: SocketLink): void;
}

/** A socket, and the watches on it. */
interface Line {
  readonly link: SocketLink;
  readonly keeper: LinkUser;
  readonly watches: Set<MovableWatch>;
  /** True if it has refused a watch, and since then none has left. */
  isFull: boolean;
}

/** The sockets of one client to a namespace: a first one, and further ones while it has more watches than one of them holds. */
export class NamespaceLines {
  readonly #open: () => SocketLink;
  readonly #lost: () => void;
  readonly #lines: Line[] = [];
  #trouble: RollcallError | undefined;

  /**
   * @param open Returns a socket, which opens when it is used.
   * @param lost Called if the registry takes back what it has permitted: the token has ended, or the namespace.
   */
  constructor(open: () => SocketLink, lost: () => void) {
    this.#open = open;
    this.#lost = lost;
  }

  /** Error of the last attempt to open a socket, or with which one was closed; undefined if one has opened since. */
  get trouble(): RollcallError | undefined {
    return this.#trouble;
  }

  /** The socket that holds the session. */
  get first(): SocketLink {
    return (this.#lines[0] ?? this.#newLine()).link;
  }

  /** Number of sockets. */
  get size(): number {
    return this.#lines.length;
  }

  /** Starts a watch on a socket with room for it. */
  add(watch: MovableWatch): void {
    const most = NACOS_SUBSCRIPTIONS_PER_SOCKET_MAX_COUNT;
    this.#start(this.#lines.find(({ isFull, watches }) => !isFull && watches.size < most) ?? this.#newLine(), watch);
  }

  /**
   * Starts a watch, which its socket has refused for want of room, on another one. How much a socket holds depends on the lengths of
   * names, too.
   *
   * @returns False if it had the socket for itself: another one would refuse it as well.
   */
  move(watch: MovableWatch): boolean {
    const line = this.#lines.find(({ watches }) => watches.has(watch));
    if (line === undefined || line.watches.size === 1) return false;
    line.watches.delete(watch);
    line.isFull = true;
    this.#start(this.#newLine(), watch);
    return true;
  }

  /** Forgets a watch that has ended. */
  remove(watch: MovableWatch): void {
    const line = this.#lines.find(({ watches }) => watches.has(watch));
    if (line === undefined) return;
    line.watches.delete(watch);
    line.isFull = false;
    if (line.watches.size > 0 || line === this.#lines[0]) return;
    this.#lines.splice(this.#lines.indexOf(line), 1);
    line.link.leave(line.keeper);
  }

  /** Closes all sockets. */
  close(code: number): void {
    for (const { link, keeper } of this.#lines.splice(0)) link.leave(keeper, code);
  }

  #start(line: Line, watch: MovableWatch): void {
    line.watches.add(watch);
    watch.start(line.link);
  }

  #newLine(): Line {
    const link = this.#open();
    let hasOpened = false;
    const keeper: LinkUser = {
      up: () => {
        hasOpened = true;
        this.#trouble = undefined;
      },
      down: (error, code) => {
        this.#trouble = error;
        if (TAKEN_BACK.includes(code) || (hasOpened && !error.isPassing)) this.#lost();
      },
    };
    const line = { link, keeper, watches: new Set<MovableWatch>(), isFull: false };
    this.#lines.push(line);
    link.join(keeper);
    return line;
  }
}
