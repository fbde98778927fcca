import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Admin } from '../../client/admin';
import type { Health } from '../../client/admin/requests';
import { RollcallError } from '../../client/wire/rollcall-error';
import { packageVersion } from '../../launcher/package';
import { configPath, isOpenToOthers } from '../connection/config-file';
import { isLoopback, type Place } from '../connection/place';
import { connect, registryCommand } from '../connection/registry';
import { connectionProblem } from '../connection/traced-fetch';
import { CliError, EXIT, failureOf } from '../terminal/failure';
import { durationText } from '../terminal/phrases';
import type { Cell } from '../terminal/table';
import { percentile } from './load';

const SIGNS: Record<Finding['result'], Cell> = {
  good: { text: '✓', tone: 'good' },
  bad: { text: '✗', tone: 'bad' },
  unknown: { text: '?', tone: 'warning' },
};

/** `rollcall doctor`: diagnoses the connection to the registry. */
export function doctorCommand() {
  return registryCommand('doctor')
    .summary('diagnose the connection to a registry')
    .description(
      'Checks url, storage, versions, latency, clocks, token and WebSocket, and shows how to fix each problem. The exit ' +
        'code is 1 if a check fails.',
    )
    .action(async (options) => {
      const { place, registry, print } = connect(options);
      const found: Finding[] = [];
      for await (const finding of findings({ place, registry, version: packageVersion(), env: process.env })) {
        found.push(finding);
      }
      const rows = found.flatMap(({ check, result, found: text, fix }): Cell[][] => [
        [SIGNS[result], check, text],
        ...(fix === undefined ? [] : [['', '', `→ ${fix}`]]),
      ]);
      print.answer({ findings: found }, { rows });
      const bad = found.filter(({ result }) => result === 'bad');
      if (bad.length > 0)
        throw new CliError(EXIT.failure, `Failed checks: ${bad.map(({ check }) => check).join(', ')}.`);
    });
}

/** Result of a check. `unknown`: it could not be determined. */
interface Finding {
  check: string;
  result: 'good' | 'bad' | 'unknown';
  /** Description of the result. */
  found: string;
  /** Suggested fix. */
  fix?: string | undefined;
}

interface CheckedPlace {
  place: Place;
  registry: Admin;
  /** Version of this program. */
  version: string;
  env: NodeJS.ProcessEnv;
}

/** Largest clock skew that is accepted: more makes times in logs hard to compare; a second or two may be the network. */
const SKEW_MAX_MS = 5_000;

/** Largest latency that is accepted: more is noticeable in every call. */
const LATENCY_MAX_MS = 500;

const MINUTE_MS = 60_000;
const LATENCY_SAMPLES_COUNT = 5;

const messageOf = (error: unknown): string => failureOf(error)?.message ?? connectionProblem(error);

function checkConfig({ env }: CheckedPlace): Finding {
  const path = configPath(env);
  const check = 'contexts';
  if (!existsSync(path)) return { check, result: 'good', found: 'none saved; see: rollcall context' };
  if (!isOpenToOthers(path)) return { check, result: 'good', found: `only you can read ${path}` };
  return {
    check,
    result: 'bad',
    found: `other users can read ${path} and the tokens in it`,
    fix: `chmod 600 ${path}`,
  };
}

/** Checks that a registry responds at the URL. The other checks depend on it. */
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
    const found = `${place.url} (${place.sources.url}) responds`;
    const isPlain = new URL(place.url).protocol === 'http:' && !isLoopback(place.url);
    const url: Finding = isPlain
      ? { check, result: 'good', found: `${found}, unencrypted`, fix: 'Use https, or others can read the token' }
      : { check, result: 'good', found };
    return { url, health, ...(answer && { answer }) };
  } catch (error) {
    const fix = failureOf(error)?.advice ?? 'Check the url and its port';
    return { url: { check, result: 'bad', found: messageOf(error), fix } };
  }
}

function checkStorage({ problems = [] }: Health): Finding {
  const check = 'storage';
  if (problems.length === 0) return { check, result: 'good', found: 'changes can be stored' };
  const fix = 'Free disk space, or make its folder writable; the registry recovers on its own';
  return { check, result: 'bad', found: problems.join('; '), fix };
}

function checkVersion({ version: own }: CheckedPlace, other: string): Finding {
  const minor = (version: string) => version.split('.').slice(0, 2).join('.');
  const found = `registry ${other}, this program ${own}`;
  if (minor(own) === minor(other)) return { check: 'versions', result: 'good', found };
  return { check: 'versions', result: 'bad', found, fix: 'Update the older one: npm install rollcall@latest' };
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
  const found = `${median.toFixed(1)} ms round trip`;
  if (median <= LATENCY_MAX_MS) return { check: 'latency', result: 'good', found };
  return {
    check: 'latency',
    result: 'bad',
    found,
    fix: 'Check the network, or run a registry closer to this machine.',
  };
}

/** Compares the registry's clock with ours by the `Date` of a response, which has whole seconds. */
function checkClock({ place }: CheckedPlace, answer: Response | undefined): Finding {
  const check = 'clock';
  if (isLoopback(place.url)) return { check, result: 'good', found: 'the same machine' };
  const serverTime = Date.parse(answer?.headers.get('date') ?? '');
  if (Number.isNaN(serverTime)) return { check, result: 'unknown', found: 'the response has no Date header' };
  const skew = Math.abs(Date.now() - serverTime);
  const unitMs = skew < MINUTE_MS ? 1_000 : MINUTE_MS;
  const found = `${durationText(Math.round(skew / unitMs) * unitMs)} apart`;
  if (skew <= SKEW_MAX_MS) return { check, result: 'good', found };
  return {
    check,
    result: 'bad',
    found,
    fix: 'Synchronize the clocks of this machine and of the registry, for example with NTP.',
  };
}

async function checkToken({ place, registry, env }: CheckedPlace): Promise<Finding> {
  const check = 'token';
  const from = `the token from ${place.sources.token}`;
  if (place.token === undefined) {
    const found = `no token is set: neither --token nor ROLLCALL_TOKEN${env.ROLLCALL_TOKEN === '' ? ', which is empty' : ''}`;
    const fix = 'Set ROLLCALL_TOKEN, or run: rollcall context add <name> --url <url> --token-file <file>';
    return { check, result: 'bad', found, fix };
  }
  try {
    await registry.listServices({ limit: 1 });
    return { check, result: 'good', found: `${from} can read namespace ${place.namespace}` };
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'NAMESPACE_NOT_FOUND') {
      const fix = 'Use another one with -n <id> or ROLLCALL_NAMESPACE; see: rollcall ns ls';
      return { check, result: 'bad', found: `${from} is valid, but namespace ${place.namespace} does not exist`, fix };
    }
    if (error instanceof RollcallError && error.code === 'NOT_CONFIGURED') {
      const fix = 'Set the secret where the registry runs; on Cloudflare: npx wrangler secret put ROLLCALL_ROOT_TOKEN';
      return { check, result: 'bad', found: messageOf(error), fix };
    }
    const failure = failureOf(error);
    if (failure?.code === 'UNAUTHENTICATED')
      return { check, result: 'bad', found: failure.message, fix: failure.advice };
    const found = `${from} cannot read namespace ${place.namespace}: ${messageOf(error)}`;
    const fix = 'Ask an administrator of the registry for another one: rollcall token create';
    return { check, result: 'bad', found, fix };
  }
}

/** @param mayRead True if the token can read the namespace; otherwise a refusal says nothing about the connection. */
async function checkSocket({ place }: CheckedPlace, mayRead: boolean): Promise<Finding> {
  const check = 'websocket';
  const path = `/api/v1/ns/${encodeURIComponent(place.namespace)}/socket`;
  const upgrade = await tryUpgrade(`${place.url.replace(/\/+$/, '')}${path}`, place.token);
  if (upgrade.opened) return { check, result: 'good', found: 'a WebSocket can be opened' };
  if (upgrade.status === 401 || upgrade.status === 403 || (upgrade.status === 404 && !mayRead)) {
    return { check, result: 'unknown', found: 'the token was refused; see above' };
  }
  return {
    check,
    result: 'bad',
    found: `cannot open a WebSocket: ${upgrade.problem}`,
    fix: 'Make the proxy forward Upgrade and Connection. Until then clients use event streams and heartbeats.',
  };
}

/** Runs all checks, and yields each result. */
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

function upgradeOutcome(request: ClientRequest): Promise<Upgrade> {
  return new Promise((resolve) => {
    request.once('upgrade', (_answer, socket) => {
      socket.destroy();
      resolve({ opened: true });
    });
    request.once('response', (answer) => {
      answer.resume();
      resolve({
        opened: false,
        status: answer.statusCode,
        problem: `got status ${answer.statusCode} instead of an upgrade`,
      });
    });
    request.once('timeout', () => request.destroy(new Error(`no response within ${UPGRADE_TIMEOUT_MS} ms`)));
    request.once('error', (error) => resolve({ opened: false, problem: error.message }));
    request.end();
  });
}

/**
 * Tries to open a WebSocket to a registry, which some proxies do not forward. It uses a plain request, as Node 20 has no
 * WebSocket, and sends the token in a header, as clients in Node do.
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
  // Without an agent, no connection is kept alive for further requests.
  return upgradeOutcome(send(url, { headers, timeout: UPGRADE_TIMEOUT_MS, agent: false }));
}
