import { setTimeout as sleep } from 'node:timers/promises';

/** One function of a CPU profile, with the number of samples in which it was on top of the stack. */
export interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  hitCount: number;
  children?: number[];
}

/** A CPU profile in V8's format. Times are in microseconds. */
export interface CpuProfile {
  nodes: ProfileNode[];
  startTime: number;
  endTime: number;
}

interface Reply {
  id?: number;
  result?: unknown;
  error?: { message: string };
}

const NUDGE_AFTER_MS = 20;
const REPLY_WITHIN_MS = 30_000;

/** Connection to V8's inspector in a program's main thread or its one Worker. Messages follow the inspector protocol. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
  }

  /** Connects to the inspector of a program that was started with an inspector port. */
  static async connect(port: number): Promise<Inspector> {
    const listed = await fetch(`http://127.0.0.1:${port}/json/list`);
    // The shape is that of the inspector protocol. workerd serves its one Worker at a fixed path.
    const [target] = (await listed.json()) as { webSocketDebuggerUrl?: string }[];
    const socket = new WebSocket(target?.webSocketDebuggerUrl ?? `ws://127.0.0.1:${port}/main`);
    await new Promise<void>((connected, failed) => {
      socket.addEventListener('open', () => connected());
      socket.addEventListener('error', () => failed(new Error(`no inspector answers on port ${port}`)));
    });
    return new Inspector(socket);
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string, parameters: object = {}): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((done, failed) => {
      const timer = setTimeout(() => failed(new Error(`the inspector did not answer ${method}`)), REPLY_WITHIN_MS);
      this.#waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (error === undefined) done(result);
        else failed(new Error(`${method}: ${error.message}`));
      });
      this.#socket.send(JSON.stringify({ id, method, params: parameters }));
    });
  }

  /**
   * Returns the bytes of the heap after a full collection, including array buffers, which are outside it.
   *
   * @param nudge Makes the program run for a moment, because workerd collects garbage only when the isolate runs.
   */
  async heapAfterCollection(nudge: () => Promise<unknown>): Promise<number> {
    await this.#call('HeapProfiler.enable');
    // The second collection frees what the first one finalised.
    for (let time = 0; time < 2; time++) {
      let collected = false;
      const collection = this.#call('HeapProfiler.collectGarbage').finally(() => {
        collected = true;
      });
      while (!collected) await Promise.race([collection, sleep(NUDGE_AFTER_MS).then(nudge)]);
      await collection;
    }
    const usage = (await this.#call('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize: number };
    return usage.usedSize + usage.backingStorageSize;
  }

  async startProfile(samplingIntervalUs: number): Promise<void> {
    await this.#call('Profiler.enable');
    await this.#call('Profiler.setSamplingInterval', { interval: samplingIntervalUs });
    await this.#call('Profiler.start');
  }

  async stopProfile(): Promise<CpuProfile> {
    const { profile } = (await this.#call('Profiler.stop')) as { profile: CpuProfile };
    return profile;
  }
}
