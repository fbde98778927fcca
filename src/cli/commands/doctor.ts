import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Admin } from '../../client/admin';
import type { Health } from '../../client/admin/requests';
import { RollcallError } from '../../client/wire/rollcall-error';
import { packageVersion } from '../../launcher/package';
import { configPath, isOpenToOthers } from '../connection/config-file';
import type { Place } from '../connection/place';
import { connect, registryCommand } from '../connection/registry';
import { connectionProblem } from '../connection/traced-fetch';
import { CliError, EXIT, failureOf } from '../terminal/failure';
import type { Cell } from '../terminal/table';
import { durationText } from '../terminal/views';
import { percentile } from './load';

const SIGNS: Record<Finding['result'], Cell> = {
  good: { text: '✓', tone: 'good' },
  bad: { text: '✗', tone: 'bad' },
  unknown: { text: '?', tone: 'warning' },
};

/** `rollcall doctor`: what is wrong between here and the registry, and how to mend it. */
export function doctorCommand() {
  return registryCommand('doctor')
    .summary('find out what is wrong between here and a registry')
    .description(
      'Checks url, storage, versions, latency, clocks, token and the way of a WebSocket; says what is wrong and how to mend it. ' +
        'Exit code 1 means that something is.',
    )
    .action(async (options) => {
      const { place, registry, print } = connect(options);
      const found: Finding[] = [];
      for await (const finding of findings({ place, registry, version: packageVersion(), env: process.env })) {
        found.push(finding);
      }
      const rows = found.flatMap(({ check, result, found: text, mend }): Cell[][] => [
        [SIGNS[result], check, text],
        ...(mend === undefined ? [] : [['', '', `→ ${mend}`]]),
      ]);
      print.answer({ findings: found }, { rows, isWhole: true });
      const bad = found.filter(({ result }) => result === 'bad');
      if (bad.length > 0) throw new CliError(EXIT.failure, `Wrong: ${bad.map(({ check }) => check).join(', ')}.`);
    });
}

/** The finding of a check. `unknown`: it could not be told, and nothing says that it is wrong. */
interface Finding {
  check: string;
  result: 'good' | 'bad' | 'unknown';
  /** The finding in words. */
  found: string;
  /** How to mend it. */
  mend?: string | undefined;
}

interface CheckedPlace {
  place: Place;
  registry: Admin;
  /** Version of this program. */
  version: string;
  env: NodeJS.ProcessEnv;
}

/** A clock further off than this makes times in logs and leases hard to read; a second or two is the network. */
const SKEW_MAX_MS = 5_000;

/** A registry further away than this is felt with every call. */
const LATENCY_MAX_MS = 500;

const MINUTE_MS = 60_000;
const LATENCY_SAMPLES_COUNT = 5;
const LOOPBACK = /^(127\.|\[::1\]$|localhost$)/;

const messageOf = (error: unknown): string => failureOf(error)?.message ?? connectionProblem(error);

function checkConfig({ env }: CheckedPlace): Finding {
  const path = configPath(env);
  const check = 'contexts';
  if (!existsSync(path)) return { check, result: 'good', found: 'none are kept; see: rollcall context' };
  if (!isOpenToOthers(path)) return { check, result: 'good', found: `${path} is for your eyes alone` };
  return { check, result: 'bad', found: `others may read ${path}, and the tokens in it`, mend: `chmod 600 ${path}` };
}

/** The registry answers, and is one. The others make sense only then. */
async function checkUrl({
  place,
  registry,
}: CheckedPlace): Promise<{ url: Finding; answer?: Response; health?: Health }> {
  const check = 'url';
  let answer: Response | undefined;
  try {
    const onAnswer = (given: Response) => {
      answer = given;
    };
    const health = await registry.readHealth({ onAnswer });
    const url: Finding = { check, result: 'good', found: `${place.url} (${place.sources.url}) answers` };
    return { url, health, ...(answer && { answer }) };
  } catch (error) {
    const mend =
      answer === undefined ? 'Is it running there? On this machine: rollcall serve' : 'Is that the url of a registry?';
    return { url: { check, result: 'bad', found: messageOf(error), mend } };
  }
}

function checkStorage({ problems = [] }: Health): Finding {
  const check = 'storage';
  if (problems.length === 0) return { check, result: 'good', found: 'changes can be stored' };
  const mend = 'Free space on its disk, or make its folder writable: it goes on by itself';
  return { check, result: 'bad', found: problems.join('; '), mend };
}

function checkVersion({ version: own }: CheckedPlace, other: string): Finding {
  const minor = (version: string) => version.split('.').slice(0, 2).join('.');
  const found = `registry ${other}, this program ${own}`;
  if (minor(own) === minor(other)) return { check: 'versions', result: 'good', found };
  return { check: 'versions', result: 'bad', found, mend: 'Update the older one: npm install rollcall@latest' };
}

async function checkLatency({ registry }: CheckedPlace): Promise<Finding> {
  const times: number[] = [];
  for (let sample = 0; sample < LATENCY_SAMPLES_COUNT; sample += 1) {
    const from = performance.now();
    await registry.readHealth();
    times.push(performance.now() - from);
  }
  const median = percentile(
    times.sort((a, b) => a - b),
    0.5,
  );
  const found = `${median.toFixed(1)} ms there and back`;
  if (median <= LATENCY_MAX_MS) return { check: 'latency', result: 'good', found };
  return {
    check: 'latency',
    result: 'bad',
    found,
    mend: 'Look at the network in between, or run a registry that is nearer.',
  };
}

/** The registry's clock against ours, by the `Date` of an answer, which counts whole seconds. */
function checkClock({ place }: CheckedPlace, answer: Response | undefined): Finding {
  const check = 'clock';
  if (LOOPBACK.test(new URL(place.url).hostname)) return { check, result: 'good', found: 'the same machine' };
  const theirs = Date.parse(answer?.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return { check, result: 'unknown', found: 'the registry does not tell its time' };
  const skew = Math.abs(Date.now() - theirs);
  const unitMs = skew < MINUTE_MS ? 1_000 : MINUTE_MS;
  const found = `${durationText(Math.round(skew / unitMs) * unitMs)} apart`;
  if (skew <= SKEW_MAX_MS) return { check, result: 'good', found };
  return {
    check,
    result: 'bad',
    found,
    mend: 'Set this machine’s clock, or that of the registry: a time service does both.',
  };
}

async function checkToken({ place, registry }: CheckedPlace): Promise<Finding> {
  const check = 'token';
  const from = `the one from ${place.sources.token}`;
  if (place.token === undefined) {
    const mend = 'Give one: ROLLCALL_TOKEN, or rollcall context add <name> --url <url> --token-file <path>';
    return { check, result: 'bad', found: 'there is none', mend };
  }
  try {
    await registry.listServices({ limit: 1 });
    return { check, result: 'good', found: `${from} reads namespace ${place.namespace}` };
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'NAMESPACE_NOT_FOUND') {
      const mend = 'Name another: --namespace <id>, or ROLLCALL_NAMESPACE; rollcall ns ls shows what there is';
      return { check, result: 'bad', found: `${from} is good, but there is no namespace ${place.namespace}`, mend };
    }
    const mend = 'Get another one from whoever runs the registry, who makes it with: rollcall token create';
    return {
      check,
      result: 'bad',
      found: `${from} does not read namespace ${place.namespace}: ${messageOf(error)}`,
      mend,
    };
  }
}

/** @param mayRead Whether the token reads the namespace: without that a refusal says nothing of the way. */
async function checkSocket({ place }: CheckedPlace, mayRead: boolean): Promise<Finding> {
  const check = 'websocket';
  const path = `/api/v1/ns/${encodeURIComponent(place.namespace)}/socket`;
  const upgrade = await tryUpgrade(`${place.url.replace(/\/+$/, '')}${path}`, place.token);
  if (upgrade.opened) return { check, result: 'good', found: 'a WebSocket opens' };
  if (upgrade.status === 401 || upgrade.status === 403 || (upgrade.status === 404 && !mayRead)) {
    return { check, result: 'unknown', found: 'the token does not open one; see above' };
  }
  return {
    check,
    result: 'bad',
    found: `no WebSocket opens: ${upgrade.problem}`,
    mend: 'Let the proxy in between pass on Upgrade and Connection. Until then clients fall back to streams and beats.',
  };
}

/** Everything that there is to check, each finding as it comes. */
async function* findings(of: CheckedPlace): AsyncGenerator<Finding, void, void> {
  yield checkConfig(of);
  const { url, answer, health } = await checkUrl(of);
  yield url;
  if (health === undefined) return;
  yield checkStorage(health);
  yield checkVersion(of, health.version);
  yield await checkLatency(of);
  yield checkClock(of, answer);
  const token = await checkToken(of);
  yield token;
  yield await checkSocket(of, token.result === 'good');
}

/** The outcome of an attempt to open a WebSocket. */
type Upgrade = { opened: true } | { opened: false; status?: number | undefined; problem: string };

const UPGRADE_TIMEOUT_MS = 5_000;

function asked(request: ClientRequest): Promise<Upgrade> {
  return new Promise((resolve) => {
    request.once('upgrade', (_answer, socket) => {
      socket.destroy();
      resolve({ opened: true });
    });
    request.once('response', (answer) => {
      answer.resume();
      resolve({ opened: false, status: answer.statusCode, problem: `answered ${answer.statusCode}, and no upgrade` });
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${UPGRADE_TIMEOUT_MS} ms`)));
    request.once('error', (error) => resolve({ opened: false, problem: error.message }));
    request.end();
  });
}

/**
 * Tries whether a WebSocket opens on the way to a registry, which some proxies do not let through. By hand, since Node 20
 * has no WebSocket; with the token in a header, as clients in Node send it.
 */
function tryUpgrade(url: string, token: string | undefined): Promise<Upgrade> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Protocol': 'rollcall.v1',
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
  // An agent of its own keeps no connection open for a next request that never comes.
  return asked(send(url, { headers, timeout: UPGRADE_TIMEOUT_MS, agent: false }));
}
