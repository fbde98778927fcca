import { type JsonText, jsonText } from '../../model/json-text';
import type { ResolveCommand } from '../../model/namespace-api';
import type { Endpoint, Resolution } from '../../model/queries';
import type { ServiceEntry } from '../catalog';
import type { AnswerCache } from './answer-cache';
import type { Candidate } from './endpoints';
import { nearestFirst } from './nearest';
import { chooseByWeight } from './weighted';

/**
 * Available endpoints of a service: all of them by id, the nearest first, or some chosen by weight. A service that
 * does not exist has none.
 */
export function resolve(
  service: ServiceEntry | undefined,
  command: ResolveCommand,
  cache: AnswerCache,
  fraction: () => number,
): JsonText<Resolution> {
  if (service === undefined) return jsonText({ service: command.service, protected: false, instances: [] });
  const { cluster, tag, near, limit } = command;
  const isPlain = cluster === undefined && tag === undefined && near === undefined && limit === undefined;
  if (isPlain)
    return cache.resolution(service, () => jsonText(choose(service, cache.candidates(service), command, fraction)));
  const candidates = cache
    .candidates(service)
    .filter(
      ({ endpoint, tags }) =>
        (cluster === undefined || endpoint.cluster === cluster) && (tag === undefined || tags.includes(tag)),
    );
  return jsonText(choose(service, candidates, command, fraction));
}

function choose(
  service: ServiceEntry,
  candidates: readonly Candidate[],
  { near, limit }: ResolveCommand,
  fraction: () => number,
): Resolution {
  const healthy = candidates.filter((candidate) => candidate.healthy);
  const threshold = service.own?.record.definition.protectThreshold ?? 0;
  const isProtected = candidates.length > 0 && healthy.length / candidates.length < threshold;
  const chosen = isProtected ? candidates : healthy;
  return { service: service.name, protected: isProtected, instances: arrange(chosen, near, limit, fraction) };
}

function arrange(
  candidates: readonly Candidate[],
  near: ResolveCommand['near'],
  limit: number | undefined,
  fraction: () => number,
): Endpoint[] {
  if (near !== undefined) return nearestFirst(candidates, near).slice(0, limit);
  const endpoints = candidates.map(({ endpoint }) => endpoint);
  return limit === undefined ? endpoints : chooseByWeight(endpoints, limit, fraction);
}
