import type { EtcdctlSession } from './session';

/** A part of the session that is compared on its own. */
export interface Step {
  name: string;
  run(session: EtcdctlSession): Promise<void>;
}

/** Keys, in all forms of input and output. Steps depend on the ones before them. */
export const KEY_STEPS: Step[] = [
  {
    name: 'put and get of one key',
    run: async (s) => {
      await s.ok('put', 'a', '1');
      await s.ok('put', 'a', '2', '--prev-kv');
      await s.fed('from standard input', 'put', 'b');
      await s.ok('put', '--', 'c', '-3');
      await s.ok('get', 'a');
      await s.ok('get', 'b', '--print-value-only');
      await s.ok('get', 'absent');
      await s.ok('get', 'a', '-w', 'json');
      await s.ok('get', 'a', '-w', 'fields');
      await s.ok('get', 'a', '--hex');
    },
  },
  {
    name: 'put with ignored value and lease',
    run: async (s) => {
      await s.ok('put', 'a', '--ignore-value', '--prev-kv');
      await s.ok('put', 'a', '4', '--ignore-lease');
      await s.refused('put', 'absent', '--ignore-value');
      await s.refused('put', 'a', '5', '--lease=1234abcd');
      await s.refused('put', '', 'x');
      await s.ok('get', 'a', '-w', 'json');
    },
  },
  {
    name: 'get of ranges',
    run: async (s) => {
      for (const [key, value] of [
        ['dir/3', 'x'],
        ['dir/1', 'z'],
        ['dir/2', 'y'],
        ['dis', 'no'],
        ['dir/1', 'w'],
      ]) {
        await s.ok('put', key ?? '', value ?? '');
      }
      await s.ok('get', 'dir/', '--prefix');
      await s.ok('get', 'dir/1', 'dir/3');
      await s.ok('get', 'dir/2', '--from-key', '--keys-only');
      await s.ok('get', '', '--prefix', '--keys-only');
      await s.ok('get', 'dir/', '--prefix', '--limit=2', '-w', 'json');
      await s.ok('get', 'dir/3', 'dir/1');
      await s.ok('get', 'dir/', '--prefix', '--consistency=s');
      await s.refused('get', '');
      await s.refused('get', 'a', '--prefix', '--from-key');
    },
  },
  {
    name: 'get in every order',
    run: async (s) => {
      for (const target of ['CREATE', 'KEY', 'MODIFY', 'VALUE', 'VERSION']) {
        for (const order of ['ASCEND', 'DESCEND']) {
          await s.ok('get', 'dir/', '--prefix', '--keys-only', `--sort-by=${target}`, `--order=${order}`);
        }
      }
      await s.ok('get', 'dir/', '--prefix', '--order=DESCEND', '--limit=1');
    },
  },
  {
    name: 'get of the past and of the future',
    run: async (s) => {
      for (const offset of [1, 2, 4, 8]) await s.ok('get', 'a', '--from-key', `--rev=${s.revision(offset)}`);
      await s.ok('get', 'a', `--rev=${s.revision(1)}`, '-w', 'fields');
      await s.refused('get', 'a', `--rev=${s.revision(1000)}`);
    },
  },
  {
    name: 'del of one key, a prefix and a range',
    run: async (s) => {
      await s.ok('del', 'c', '--prev-kv');
      await s.ok('del', 'c');
      await s.ok('del', 'dir/', '--prefix', '--prev-kv', '-w', 'json');
      await s.ok('del', 'dis', 'dit');
      await s.ok('get', '', '--from-key', '-w', 'json');
      await s.refused('del', '');
    },
  },
  {
    name: 'txn from standard input, both branches',
    run: async (s) => {
      const words = [
        ...['value("a") = "4"', 'version("b") > "0"', 'create("absent") = "0"', '', 'put a "then"', 'get a', ''],
        ...['put a "else"', 'del b', ''],
      ].join('\n');
      await s.fed(`${words}\n`, 'txn');
      await s.fed(`${words}\n`, 'txn', '-i');
      await s.ok('get', 'a', '--from-key', '-w', 'json');
      await s.fed('\nput x 1\nget x\nput y 2\n\n\n', 'txn', '-w', 'json');
    },
  },
  {
    name: 'txn that is refused',
    run: async (s) => {
      await s.fedAndRefused('\nput x 2\nget x\ndel --prefix x\n\n\n', 'txn');
      await s.fedAndRefused('\nput x 2\nput x 3\n\n\n', 'txn');
      await s.fedAndRefused('mod("x") = "1"\n\nput --lease=4711 x 2\n\nput --lease=4711 x 2\n\n', 'txn');
      await s.fedAndRefused('\nput z 1\nget --rev=1000000 x\n\n\n', 'txn');
      await s.ok('get', 'x', '-w', 'json');
    },
  },
  {
    name: 'compaction, and reads below it',
    run: async (s) => {
      await s.refused('compaction', s.revision(1000));
      await s.ok('compaction', s.revision(10));
      await s.refused('compaction', s.revision(10));
      await s.ok('compaction', s.revision(12), '--physical');
      await s.refused('get', 'a', `--rev=${s.revision(11)}`);
      await s.ok('get', 'a', `--rev=${s.revision(12)}`, '-w', 'json');
      const watch = s.open('watch', 'a', `--rev=${s.revision(5)}`);
      await watch.end();
    },
  },
];

/** Watches, leases, locks and elections. */
export const STREAM_STEPS: Step[] = [
  {
    name: 'watch with previous pairs',
    run: async (s) => {
      const next = await nextRevision(s);
      const watch = s.open('watch', 'w/', '--prefix', '--prev-kv', `--rev=${next}`);
      const json = s.open('watch', 'w/a', `--rev=${next}`, '-w', 'json');
      await s.ok('put', 'w/a', '1');
      // A watch that starts late is sent several revisions at once.
      await json.printed(1);
      await s.ok('put', 'w/a', '2');
      await json.printed(2);
      await s.ok('put', 'w/b', 'other');
      await s.ok('del', 'w/', '--prefix');
      await watch.printed(3 + 5 + 3 + 5 + 5);
      await json.printed(3);
      await watch.interrupt();
      await json.interrupt();
    },
  },
  {
    name: 'watch of several ranges in interactive mode',
    run: async (s) => {
      const next = await nextRevision(s);
      const watch = s.open('watch', '-i');
      watch.write(`watch --rev=${next} i/a\n`);
      await s.ok('put', 'i/a', '1');
      await watch.printed(3);
      watch.write(`watch --rev=${next} --prev-kv i/b i/d\n`);
      await s.ok('put', 'i/b', '2');
      await watch.printed(6);
      await s.ok('put', 'i/c', '3');
      await watch.printed(9);
      await watch.interrupt();
    },
  },
  {
    name: 'watch that runs a command for each event',
    run: async (s) => {
      const next = await nextRevision(s);
      const shown = 'echo "$ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE"';
      const watch = s.open('watch', 'e', `--rev=${next}`, '--', 'sh', '-c', shown);
      await s.ok('put', 'e', '1');
      await watch.printed(4);
      await watch.interrupt();
    },
  },
  {
    name: 'lease grant, timetolive, keep-alive, list and revoke',
    run: async (s) => {
      const id = await s.grant(100);
      await s.ok('put', 'l/a', '1', `--lease=${id}`);
      await s.ok('put', 'l/b', '1', `--lease=${id}`);
      await s.ok('lease', 'timetolive', id);
      await s.ok('lease', 'timetolive', id, '--keys');
      await s.ok('lease', 'keep-alive', '--once', id);
      await s.ok('lease', 'list');
      await s.ok('get', 'l/a', '-w', 'json');
      await s.ok('lease', 'revoke', id);
      await s.ok('get', 'l/', '--prefix', '-w', 'json');
      await s.ok('lease', 'timetolive', id, '--keys');
      await s.ok('lease', 'timetolive', id, '-w', 'json');
      await s.refused('lease', 'revoke', id);
      await s.refused('lease', 'keep-alive', '--once', id);
      await s.ok('lease', 'list');
      await s.refused('lease', 'grant', '9000000001');
      await s.grant(1);
    },
  },
  {
    name: 'lease keep-alive until it is revoked',
    run: async (s) => {
      const id = await s.grant(2);
      await s.ok('put', 'l/kept', '1', `--lease=${id}`);
      const kept = s.open('lease', 'keep-alive', id);
      await kept.printed(4);
      await s.ok('get', 'l/kept');
      await s.ok('lease', 'revoke', id);
      await kept.end();
      // How often it printed depends on the moment of the revoke.
      kept.lines.splice(4, kept.lines.length - 5);
    },
  },
  {
    name: 'lease that expires, seen by a watch',
    run: async (s) => {
      const id = await s.grant(2);
      await s.ok('put', 'l/gone', '1', `--lease=${id}`);
      const next = await nextRevision(s);
      const watch = s.open('watch', 'l/gone', '--prev-kv', `--rev=${next}`);
      await watch.printed(5);
      await watch.interrupt();
      await s.ok('get', 'l/gone', '-w', 'json');
    },
  },
  {
    name: 'lock with a command, and a second that waits',
    run: async (s) => {
      await s.ok('lock', 'mutex', '--', 'sh', '-c', 'echo "$ETCD_LOCK_KEY $ETCD_LOCK_REV" | cut -d/ -f1');
      const first = s.open('lock', 'mutex');
      await first.printed(1);
      const second = s.open('lock', 'mutex', 'echo', 'locked');
      await held(s, 'mutex/', 2);
      await first.interrupt();
      await second.end();
      await s.ok('get', 'mutex', '--prefix');
    },
  },
  {
    name: 'lock of a holder that crashes',
    run: async (s) => {
      const first = s.open('lock', 'mutex', '--ttl=2');
      await first.printed(1);
      const second = s.open('lock', 'mutex', 'echo', 'locked');
      await held(s, 'mutex/', 2);
      await first.kill();
      await second.end();
    },
  },
  {
    name: 'elect, with an observer and a successor',
    run: async (s) => {
      const first = s.open('elect', 'boss', 'one');
      await first.printed(2);
      const observer = s.open('elect', '-l', 'boss');
      await observer.printed(2);
      const second = s.open('elect', 'boss', 'two');
      await held(s, 'boss/', 2);
      await first.interrupt();
      await second.printed(2);
      await observer.printed(4);
      await observer.interrupt();
      await second.interrupt();
      await s.ok('get', 'boss', '--prefix');
    },
  },
];

/** Members, maintenance, users and roles. */
export const CLUSTER_STEPS: Step[] = [
  {
    name: 'endpoint health',
    run: async (s) => {
      await s.ok('endpoint', 'health');
      await s.ok('endpoint', 'health', '--cluster');
    },
  },
  {
    name: 'endpoint status',
    run: async (s) => {
      await s.ok('endpoint', 'status');
      await s.ok('endpoint', 'status', '-w', 'json');
      await s.ok('endpoint', 'status', '-w', 'fields');
    },
  },
  {
    name: 'endpoint hashkv',
    run: async (s) => {
      const [once = ''] = await s.ok('endpoint', 'hashkv');
      const [again = ''] = await s.ok('endpoint', 'hashkv');
      if (once !== again) await s.ok('endpoint', 'the hash is not stable');
    },
  },
  { name: 'member list', run: async (s) => void (await s.ok('member', 'list')) },
  {
    name: 'alarm and defrag',
    run: async (s) => {
      await s.ok('alarm', 'list');
      await s.ok('alarm', 'disarm');
      await s.ok('defrag');
    },
  },
  {
    name: 'a wrong password',
    run: async (s) => {
      await s.as('root', 'wrong', () => s.refused('get', 'a'));
      await s.as('unknown', 'wrong', () => s.refused('put', 'a', '1'));
    },
  },
  {
    name: 'user add, list, get, passwd and delete',
    run: async (s) => {
      await s.ok('user', 'add', 'alice', '--new-user-password=secret');
      await s.refused('user', 'add', 'alice', '--new-user-password=secret');
      await s.ok('user', 'list');
      await s.ok('user', 'get', 'alice');
      await s.fed('other\n', 'user', 'passwd', 'alice', '--interactive=false');
      await s.refused('user', 'get', 'unknown');
      await s.refused('user', 'delete', 'unknown');
    },
  },
  {
    name: 'role add, grants, revokes and delete',
    run: async (s) => {
      await s.ok('role', 'add', 'reader');
      await s.refused('role', 'add', 'reader');
      await s.ok('role', 'grant-permission', 'reader', 'read', 'r/', '--prefix');
      await s.ok('role', 'grant-permission', 'reader', 'readwrite', 'one');
      await s.ok('role', 'get', 'reader');
      await s.ok('role', 'list');
      await s.ok('user', 'grant-role', 'alice', 'reader');
      await s.ok('user', 'get', 'alice', '--detail');
      await s.as('alice', 'other', async () => {
        await s.ok('put', 'one', '1');
        await s.ok('get', 'r/', '--prefix');
        await s.refused('get', 'a');
        await s.refused('put', 'r/a', '1');
        await s.open('watch', 'a').end();
      });
      await s.ok('role', 'revoke-permission', 'reader', 'one');
      await s.ok('user', 'revoke-role', 'alice', 'reader');
      await s.ok('role', 'delete', 'reader');
      await s.refused('role', 'get', 'reader');
      await s.ok('user', 'delete', 'alice');
    },
  },
];

/** Returns the revision after the current one, which is the first that a watch will see. */
async function nextRevision(session: EtcdctlSession): Promise<string> {
  return session.revision(await session.offset());
}

/** Waits until a prefix has a number of keys, which are those of waiters. */
async function held(session: EtcdctlSession, prefix: string, count: number): Promise<void> {
  while ((await session.count(prefix)) < count) await new Promise((wake) => setTimeout(wake, 20));
}
