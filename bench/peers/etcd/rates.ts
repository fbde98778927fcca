import { drive } from '../../load';
import { processorTimes } from '../../processor-time';
import { median } from '../../statistics';
import { inTurns, type Row, spreads } from '../comparison';
import {
  CALLS,
  type CallName,
  GRPC_CALLS_EACH,
  GRPC_CONNECTIONS,
  grpcTitle,
  JSON_CONNECTIONS,
  jsonTitle,
  KEEPALIVE_WINDOW,
} from './calls';
import { type DoorContender, type DoorContest, wholeServers } from './contest';
import type { Counted } from './go-client';
import { checkJson, jsonRequests } from './json-calls';

/** Result of one turn of a server: its rate, and processor times in microseconds a call. */
interface Turn {
  perSecond: number;
  userUs: number;
  systemUs: number;
  /** Of the client; undefined for `wrk`, which is not measured. */
  clientUs?: number;
}

/** Processor times of one call by name of the server. */
export interface ProcessorRow {
  title: string;
  values: ReadonlyMap<string, Omit<Turn, 'perSecond'>>;
}

/** Rates of all calls, and their processor times. */
export interface MeasuredRates {
  rows: Row[];
  processor: ProcessorRow[];
}

/** Measures one turn of a call over gRPC: the streams of the Go client are spread over a few connections. */
export async function grpcTurn(
  { client, seconds }: Pick<DoorContest, 'client' | 'seconds'>,
  { server }: DoorContender,
  call: CallName,
): Promise<Turn> {
  const measured =
    call === 'keepalive'
      ? await client.measure<Counted>(server, 'keepalive', { connections: 1, window: KEEPALIVE_WINDOW, seconds })
      : await client.measure<Counted>(server, 'rate', {
          connections: GRPC_CONNECTIONS,
          calls: GRPC_CALLS_EACH,
          call,
          seconds,
        });
  const { result, server: times, clientUs } = measured;
  return {
    perSecond: result.count / result.seconds,
    userUs: times.userUs / result.count,
    systemUs: times.systemUs / result.count,
    clientUs: clientUs / result.count,
  };
}

/** Measures one turn of a call over JSON with `wrk`. */
async function jsonTurn(
  { workspace, seconds }: DoorContest,
  { peer, server, headers }: DoorContender,
  call: CallName,
  connections: number,
): Promise<Turn> {
  const { pid, port } = server.json;
  const origin = `http://127.0.0.1:${port}`;
  if (!peer.isFloor) await checkJson(call, origin, headers);
  // wrk takes whole seconds.
  const load = { ...jsonRequests(call), connections, seconds: Math.ceil(seconds) };
  const before = processorTimes(pid);
  const { requests, perSecond } = await drive({ origin, pid, headers }, load, workspace.folder);
  const after = processorTimes(pid);
  return {
    perSecond,
    userUs: (after.userUs - before.userUs) / requests,
    systemUs: (after.systemUs - before.systemUs) / requests,
  };
}

/** Returns the medians of the processor times of a server's turns. */
function processorOf(turns: readonly Turn[]): Omit<Turn, 'perSecond'> {
  const clientUs = turns.flatMap((turn) => turn.clientUs ?? []);
  return {
    userUs: median(turns.map((turn) => turn.userUs)),
    systemUs: median(turns.map((turn) => turn.systemUs)),
    ...(clientUs.length === 0 ? {} : { clientUs: median(clientUs) }),
  };
}

/** Measures the rates of all calls over gRPC and JSON, on servers and floors in turn. */
export async function doorRates(contest: DoorContest): Promise<MeasuredRates> {
  const measured: MeasuredRates = { rows: [], processor: [] };
  const add = async (title: string, turn: (contender: DoorContender) => Promise<Turn>) => {
    const turns = await inTurns(contest, turn);
    const rounds = new Map([...turns].map(([name, taken]) => [name, taken.map(({ perSecond }) => perSecond)]));
    const values = spreads(rounds);
    contest.log(`${title}: ${[...values].map(([name, each]) => `${name} ${each.median.toFixed(0)}`).join(', ')}`);
    measured.rows.push({ title, unit: 'calls/s', better: 'more', values, rounds });
    measured.processor.push({
      title,
      values: new Map([...turns].map(([name, taken]) => [name, processorOf(taken)])),
    });
  };
  for (const { server } of wholeServers(contest)) await contest.client.measure(server, 'prepare');
  for (const call of CALLS) await add(grpcTitle(call), (contender) => grpcTurn(contest, contender, call));
  for (const connections of JSON_CONNECTIONS) {
    for (const call of CALLS) {
      await add(jsonTitle(call, connections), (contender) => jsonTurn(contest, contender, call, connections));
    }
  }
  return measured;
}
