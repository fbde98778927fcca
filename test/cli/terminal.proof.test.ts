import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliStage } from './cli-stage';
import { Terminal } from './terminal';

/** Output that a person sees at a terminal. */

let stage: CliStage;
beforeAll(async () => {
  stage = await CliStage.start();
});
afterAll(() => stage.stop());

it('[K11] watch redraws one table in place, and restores the terminal', async () => {
  await stage.register('live', 'live-1');
  const terminal = new Terminal(stage.env());
  terminal.type('rollcall watch live');
  await terminal.shows(/public · live · connected · 1 of 1 available · q: quit/);
  await stage.register('live', 'live-2');
  await terminal.shows(/2 of 2 available/);
  await stage.run(['disable', 'live', 'live-1']);
  const screen = await terminal.shows(/overridden[\s\S]*1 of 2 available/);
  expect(screen.split('\n')).toEqual([
    expect.stringContaining('rollcall watch live'),
    expect.stringMatching(/^SERVICE +ID +ADDRESS +STATE/),
    expect.stringMatching(/^live +live-1 +10\.0\.0\.7:8080 +disabled/),
    expect.stringMatching(/^live +live-2 +10\.0\.0\.7:8080 +available/),
    '',
    expect.stringMatching(/^(?:now|\d+ s ago) +registered +available +live\/live-2/),
    expect.stringMatching(/^(?:now|\d+ s ago) +overridden +disabled +live\/live-1/),
    '',
    'public · live · connected · 1 of 2 available · q: quit',
  ]);
  expect(terminal.coloured).toContain('\u001b[32m');
  expect(terminal.isCursorShown).toBe(false);

  terminal.press('C-c');
  await terminal.shows(/overridden[\s\S]*\n\$$/);
  expect(terminal.isCursorShown).toBe(true);
  terminal.type('echo "exit code $?"');
  await terminal.shows(/exit code 130/);
});

it('[K11] watch shows as many rows as fit, and how many it leaves out', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `many-${index}`);
  await Promise.all(ids.map((id) => stage.register('many', id)));
  const terminal = new Terminal(stage.env(), { rows: 12, columns: 60 });
  terminal.type('rollcall watch many');
  const screen = await terminal.shows(/12 of 12 available/);
  expect(screen).toMatch(/… and \d+ more\npublic · many/);
  expect(screen.split('\n').length).toBeLessThanOrEqual(12);
  terminal.makeLower(8);
  await stage.run(['disable', 'many', 'many-0']);
  const lower = await terminal.shows(/11 of 12 available/);
  expect(lower.split('\n').length).toBeLessThanOrEqual(8);
});

it.each(['q', 'Escape'])('[K11] watch exits with 0 on %s, and the terminal reads lines again', async (key) => {
  await stage.register('quit', 'quit-1');
  const terminal = new Terminal(stage.env());
  terminal.type('rollcall watch quit');
  await terminal.shows(/1 of 1 available/);
  terminal.press(key);
  await terminal.shows(/available · q: quit\n\$$/);
  expect(terminal.isCursorShown).toBe(true);
  terminal.type('echo "exit code $?"');
  await terminal.shows(/echo "exit code \$\?"\nexit code 0/);
});

it('[K11] watch shows instances first in a terminal of nine rows', async () => {
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => stage.register('low', `low-${id}`)));
  const terminal = new Terminal(stage.env(), { rows: 9, columns: 80 });
  terminal.type('rollcall watch low');
  await terminal.shows(/5 of 5 available/);
  await stage.run(['disable', 'low', 'low-a']);
  const screen = await terminal.shows(/4 of 5 available/);
  for (const id of ['a', 'b', 'c', 'd', 'e']) expect(screen).toMatch(new RegExp(`^low +low-${id} `, 'm'));
});

it('[K34] ls at 80 columns leaves out the least useful columns, and keeps ids and addresses whole', async () => {
  const id = 'wide-0123456789';
  const where = ['--address', 'orders-1.internal.example', '--port', '8080', '--ttl', '10m'];
  await stage.run(['register', 'wide', id, ...where, '--metadata', `note=${'x'.repeat(60)}`]);
  const terminal = new Terminal(stage.env(), { columns: 80 });
  terminal.type('rollcall ls wide');
  const screen = await terminal.shows(/available/);
  expect(screen).toMatch(new RegExp(`^${id} +orders-1\\.internal\\.example:8080 +available +1 +note=x+…$`, 'm'));
  expect(screen).not.toMatch(/VERSION|CLUSTER/);
});

it('bench shows its progress, and leaves only its table', async () => {
  const terminal = new Terminal(stage.env());
  terminal.type('rollcall bench --duration 1s');
  await terminal.shows(/register +█+░+ +\d+ %/);
  await terminal.shows(/resolve +█+░+ +\d+ %/);
  const screen = await terminal.shows(/CALL +CALLS[\s\S]*\n\$$/);
  expect(screen).not.toMatch(/[█░]/);
});

it('drain shows how much of its wait has passed', async () => {
  await stage.register('slow', 'slow-1');
  const { url, rootToken } = stage.registry;
  const headers = { Authorization: `Bearer ${rootToken}`, 'Rollcall-Subscriber': 'sleeper' };
  const stream = await fetch(`${url}/api/v1/ns/public/watch?service=slow`, { headers });
  const terminal = new Terminal(stage.env());
  terminal.type('rollcall drain slow slow-1 --wait 2s');
  await terminal.shows(/draining slow\/slow-1 █+/);
  await terminal.shows(/late subscribers +sleeper[\s\S]*1 of 1 subscriber did not acknowledge/);
  await stream.body?.cancel();
});

it('[K10] asks before an irreversible change, and does nothing without a yes', async () => {
  await stage.run(['ns', 'create', 'asked']);
  const terminal = new Terminal(stage.env());
  terminal.type('rollcall ns rm asked --force');
  await terminal.shows(/Permanently erase namespace asked and everything in it\? \[y\/N\]/);
  terminal.type('n');
  await terminal.shows(/Cancelled; nothing was changed\./);
  expect((await stage.run(['ns', 'get', 'asked'])).code).toBe(0);
  terminal.type('rollcall ns rm asked --force');
  await terminal.shows(/\[y\/N\][\s\S]*\[y\/N\]/);
  terminal.type('y');
  await terminal.shows(/removed namespace asked/);
});

it('NO_COLOR keeps a terminal free of colour', async () => {
  await stage.register('plain', 'plain-1');
  const terminal = new Terminal(stage.env({ NO_COLOR: '1' }));
  terminal.type('rollcall ls plain');
  await terminal.shows(/plain-1 +10\.0\.0\.7:8080 +available/);
  expect(terminal.coloured).not.toContain('\u001b[3');
});

it('exec leaves Ctrl-C to the command, which shares the terminal', async () => {
  const terminal = new Terminal(stage.env());
  // It runs long enough to receive the signal a second time, if `exec` forwards what the terminal has already sent.
  const heard = "console.log('interrupted'); setTimeout(() => process.exit(3), 2000)";
  const script = `process.on('SIGINT', () => { ${heard} }); setInterval(() => {}, 1000)`;
  terminal.type(
    `rollcall exec --service typed --port 1 -- '${process.execPath}' -e "console.log('it runs'); ${script}"`,
  );
  await terminal.shows(/^(?:\$ )?it runs$/m);
  terminal.press('C-c');
  await terminal.shows(/interrupted\n\$$/);
  expect(terminal.screen.match(/interrupted$/gm)).toHaveLength(1);
  terminal.type('echo "exit code $?"');
  await terminal.shows(/exit code 3/);
});

it('[K10] lists what a replace will remove before it asks for a yes', async () => {
  await stage.run(['ns', 'create', 'moved']);
  await stage.register('moved', 'moved-1', '-n', 'moved');
  await stage.run(['export', 'moved.jsonl', '-n', 'moved']);
  await stage.register('moved', 'moved-2', '-n', 'moved');
  const terminal = new Terminal(stage.env({ ROLLCALL_NAMESPACE: 'moved' }), { columns: 120 });
  terminal.type(`cd '${stage.folder}'; rollcall import moved.jsonl --replace`);
  await terminal.shows(/Replace all of namespace moved with moved\.jsonl: 1 removed, 0 changed, 0 added/);
  terminal.type('n');
  await terminal.shows(/Cancelled; nothing was changed\./);
  expect((await stage.run(['get', 'moved', 'moved-2', '-n', 'moved'])).code).toBe(0);
  terminal.type('rollcall import moved.jsonl --replace');
  await terminal.shows(/\[y\/N\][\s\S]*\[y\/N\]/);
  terminal.type('y');
  await terminal.shows(/Imported into namespace moved: 0 added, 0 changed, 1 removed/);
});
