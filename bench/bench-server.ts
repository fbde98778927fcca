import { freePort } from '../src/launcher/listening-address';
import { SOCKET_PROTOCOL } from '../src/model/frames';
import type { Stats } from '../src/model/stats';
import { FrameSocket } from './frame-socket';
import { Inspector } from './inspector';
import { drive, type Load, type LoadResult } from './load';
import { type BenchProgram, type ProgramProcess, ROOT_TOKEN } from './program';
import type { Workspace } from './workspace';

const PRINTED_LINES = 20;

export interface ServerOptions {
  workspace: Workspace;
  program: BenchProgram;
  /** Folder for its data. Default: a new one. */
  storage?: string;
  /** Additional environment variables. */
  env?: NodeJS.ProcessEnv;
  /** True to listen for V8's inspector too. */
  inspector?: boolean;
}

/** A complete answer. */
export interface Answer {
  status: number;
  text: string;
}

/** A registry or a floor, started by the bench on a data folder. */
export class BenchServer {
  readonly #process: ProgramProcess;
  /** Last lines of its output, for error messages. */
  readonly #printed: readonly string[];
  readonly #folder: string;
  readonly #forget: () => void;
  readonly origin: string;
  /** Folder of its data, which a later server can reuse. */
  readonly storage: string;
  readonly #inspectorPort: number | undefined;

  private constructor(
    options: ServerOptions & { storage: string },
    process: ProgramProcess,
    printed: readonly string[],
    inspectorPort: number | undefined,
  ) {
    this.#process = process;
    this.#printed = printed;
    this.#folder = options.workspace.folder;
    this.#forget = options.workspace.atEnd(() => process.kill());
    this.origin = process.origin;
    this.storage = options.storage;
    this.#inspectorPort = inspectorPort;
  }

  /** Starts a server, and resolves when it listens. It has sent no request to an object by then. */
  static async start(options: ServerOptions): Promise<BenchServer> {
    const { workspace, program, storage = workspace.newFolder('storage') } = options;
    const printed: string[] = [];
    const inspectorPort = options.inspector ? await freePort() : undefined;
    const process = await program.start({
      folder: workspace.newFolder('start'),
      storage,
      env: options.env ?? {},
      inspectorPort,
      output: (line) => {
        printed.push(line);
        if (printed.length > PRINTED_LINES) printed.shift();
      },
    });
    return new BenchServer({ ...options, storage }, process, printed, inspectorPort);
  }

  /** Process id of the server. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Header with the root token. */
  get authorization(): { Authorization: string } {
    return { Authorization: `Bearer ${ROOT_TOKEN}` };
  }

  /** Sends one request like those of the loads, for preparation and checks. */
  async call(method: string, path: string, body?: string): Promise<Answer> {
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        Authorization: `Bearer ${ROOT_TOKEN}`,
        'Content-Type': 'application/json',
        Accept: 'application/json',
      },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, text: await response.text() };
  }

  /**
   * Like {@link call}, for requests that must succeed.
   *
   * @throws {Error} with the answer and the server's output if the status is not 2xx.
   */
  async must(method: string, path: string, body?: string): Promise<string> {
    const { status, text } = await this.call(method, path, body);
    if (status < 200 || status > 299) {
      const answer = `${method} ${path} answered ${status}: ${text.slice(0, 500)}`;
      throw new Error([answer, ...this.#printed].join('\n  printed: '));
    }
    return text;
  }

  /** Returns a request without a body, in the wire format. */
  requestHead(method: string, path: string, headers: Record<string, string>): string {
    const all = { Host: new URL(this.origin).host, Authorization: `Bearer ${ROOT_TOKEN}`, ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
  }

  /** Opens a WebSocket of the registry's protocol. */
  openSocket(path: string): Promise<FrameSocket> {
    const headers = { Authorization: `Bearer ${ROOT_TOKEN}`, 'Sec-WebSocket-Protocol': SOCKET_PROTOCOL };
    return FrameSocket.open({ origin: this.origin, path, headers });
  }

  /** @throws {Error} if it was started without an inspector. */
  async inspect(): Promise<Inspector> {
    if (this.#inspectorPort === undefined) throw new Error('the server was started without an inspector');
    return Inspector.connect(this.#inspectorPort);
  }

  async stats(): Promise<Stats> {
    // The registry's tests check this answer against its schema.
    return JSON.parse(await this.must('GET', '/api/v1/ns/public/stats')) as Stats;
  }

  /** Runs `wrk` against the server. */
  drive(load: Load): Promise<LoadResult> {
    const target = { origin: this.origin, pid: this.pid, headers: this.authorization };
    return drive(target, load, this.#folder);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    this.#forget();
  }
}
