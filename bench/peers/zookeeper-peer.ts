import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, CreateMode, createClient, type Exception } from 'node-zookeeper-client';
import { freePort } from '../../src/launcher/listening-address';
import { referenceInstance } from '../reference-instance';
import type { Workspace } from '../workspace';
import type { Peer, PeerConnection, PeerServer, PeerWatch } from './peer';
import { PeerProcess, untilItWorks } from './peer-process';

/** Data of an instance in ZooKeeper: its members as JSON. */
const VALUE = Buffer.from(JSON.stringify(referenceInstance(1)));

/** ZooKeeper's default tick. Sessions last at least two ticks, and expire at a multiple of one. */
const TICK_MS = 2_000;

const CONNECT_MAX_MS = 10_000;

const folderOf = (service: string): string => `/services/${service}`;

/** Calls a function of the client whose last argument is a callback, and returns a promise. */
function asked<T>(call: (done: (error: Error | Exception | null, outcome: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, outcome) => (error === null || error === undefined ? resolve(outcome) : reject(error)));
  });
}

function connected(port: number, ttlSeconds: number): Promise<Client> {
  const client = createClient(`127.0.0.1:${port}`, { sessionTimeout: ttlSeconds * 1_000, retries: 0 });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      leave(client);
      reject(new Error('ZooKeeper took no connection in time'));
    }, CONNECT_MAX_MS);
    client.once('connected', () => {
      clearTimeout(timer);
      resolve(client);
    });
    client.connect();
  });
}

/** Destroys the socket without a reconnect. A close would end the session. */
function leave(client: Client): void {
  // `as`: private members of the client, as of 1.1.3; its API has nothing for this.
  const { connectionManager } = client as unknown as {
    connectionManager: {
      onSocketClosed: () => void;
      connect: () => void;
      socket?: { destroy: () => void; removeAllListeners: () => void };
    };
  };
  connectionManager.connect = () => {};
  connectionManager.socket?.removeAllListeners();
  connectionManager.socket?.destroy();
}

class ZooKeeperConnection implements PeerConnection {
  readonly #client: Client;
  readonly #folders = new Set<string>();

  constructor(client: Client) {
    this.#client = client;
  }

  async register(service: string, id: string): Promise<void> {
    const folder = folderOf(service);
    if (!this.#folders.has(folder)) await asked<string>((done) => this.#client.mkdirp(folder, done));
    this.#folders.add(folder);
    await asked<string>((done) => this.#client.create(`${folder}/${id}`, VALUE, CreateMode.EPHEMERAL, done));
  }

  async beat(): Promise<void> {
    await asked((done) => this.#client.exists('/', done));
  }

  async read(service: string): Promise<number> {
    const folder = folderOf(service);
    const children = await asked<string[]>((done) => this.#client.getChildren(folder, done));
    await Promise.all(children.map((id) => asked<Buffer>((done) => this.#client.getData(`${folder}/${id}`, done))));
    return children.length;
  }

  cut(): void {
    leave(this.#client);
  }
}

class ZooKeeperServer implements PeerServer {
  readonly #process: PeerProcess;
  readonly port: number;

  constructor(process: PeerProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  get pid(): number {
    return this.#process.pid;
  }

  async connect(ttlSeconds: number): Promise<PeerConnection> {
    return new ZooKeeperConnection(await connected(this.port, ttlSeconds));
  }

  /** A watch fires once, without the change. So each event lists the children again, which sets a new watch. */
  async watch(service: string, heard: (id: string, exists: boolean) => void): Promise<PeerWatch> {
    const client = await connected(this.port, 60);
    const folder = folderOf(service);
    await asked<string>((done) => client.mkdirp(folder, done));
    let known = new Set<string>();
    const list = async (isFirst: boolean): Promise<void> => {
      const again = () => void list(false).catch(() => undefined);
      const children = new Set(await asked<string[]>((done) => client.getChildren(folder, again, done)));
      const before = known;
      known = children;
      if (isFirst) return;
      for (const id of before) if (!children.has(id)) heard(id, false);
      for (const id of children) {
        if (before.has(id)) continue;
        await asked<Buffer>((done) => client.getData(`${folder}/${id}`, done));
        heard(id, true);
      }
    };
    await list(true);
    return { cut: () => leave(client) };
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

/** One ZooKeeper as packaged by Debian. It syncs its log to the disk before it answers. */
export const zookeeper: Peer = {
  name: 'ZooKeeper',
  transport: 'its own protocol over TCP',
  means: {
    register: 'an ephemeral node of the session of the connection',
    beat: 'a request on the session, which renews it as a ping does',
    read: 'the children of the service, then the data of each',
    stale: 'every read is one: from the server that is asked, which may lag behind',
    watch: 'a watch of the children, set again each time, and the data of what is new',
  },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholder
  version: () => execFileSync('dpkg-query', ['-W', '-f', '${Version}', 'zookeeper'], { encoding: 'utf8' }),
  start: async (workspace: Workspace, folder: string) => {
    const port = await freePort();
    const file = join(folder, 'zoo.cfg');
    const settings = [
      `tickTime=${TICK_MS}`,
      `dataDir=${join(folder, 'zookeeper')}`,
      `clientPort=${port}`,
      'clientPortAddress=127.0.0.1',
      'maxClientCnxns=0',
      'admin.enableServer=false',
    ];
    writeFileSync(file, `${settings.join('\n')}\n`);
    const process = new PeerProcess(workspace, 'java', [
      '-cp',
      '/usr/share/java/zookeeper.jar',
      'org.apache.zookeeper.server.ZooKeeperServerMain',
      file,
    ]);
    const client = await untilItWorks(() => connected(port, 10), `ZooKeeper: ${process.printed}`);
    client.close();
    return new ZooKeeperServer(process, port);
  },
};
