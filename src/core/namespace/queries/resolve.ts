import { type JsonText, jsonText } from '../../../model/json';
import type { ResolveCommand } from '../../../model/namespace-api';
import type { Endpoint, Resolution } from '../../../model/queries';
import type { ServiceEntry } from '../records/catalog-entries';
import type { AnswerCache } from './answer-cache';
import { type Candidate, chooseByWeight, nearestFirst } from './endpoints';
import { textPage } from './text-page';

/**
 * Resolves a service to its available endpoints: all of them by id, the nearest first, or some chosen by weight. A service
 * that does not exist has none.
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
  if (isPlain) {
    return cache.resolution(service, () => {
      const { instances, ...resolution } = choose(service, cache.candidates(service), command, fraction);
      const { text, isWhole } = resolutionText(resolution, instances, () =>
        chooseByWeight(instances, instances.length, fraction),
      );
      // A cached choice would leave the others without traffic until the service changes.
      return { text, keeps: isWhole };
    });
  }
  const candidates = cache
    .candidates(service)
    .filter(
      ({ endpoint, tags }) =>
        (cluster === undefined || endpoint.cluster === cluster) && (tag === undefined || tags.includes(tag)),
    );
  const { instances, ...resolution } = choose(service, candidates, command, fraction);
  // The nearest already come first, and a limit has already been applied by weight.
  const isInOrder = near !== undefined || limit !== undefined;
  const chosen = () => (isInOrder ? instances : chooseByWeight(instances, instances.length, fraction));
  return resolutionText(resolution, instances, chosen).text;
}

/**
 * Encodes a resolution. If its endpoints don't fit into an answer, it takes as many as fit in the order of
 * `inOrderOfChoice`, and marks the answer as truncated. That order is random by weight, so that no endpoint stays without
 * traffic.
 */
function resolutionText(
  resolution: Omit<Resolution, 'instances' | 'truncated'>,
  instances: readonly Endpoint[],
  inOrderOfChoice: () => readonly Endpoint[],
): { text: JsonText<Resolution>; isWhole: boolean } {
  const placeOf = ({ id }: Endpoint) => id;
  const all = textPage(instances, { placeOf });
  const isWhole = all.next === undefined;
  const page = isWhole ? all : textPage(inOrderOfChoice(), { placeOf });
  const head = JSON.stringify(resolution).slice(0, -1);
  return { text: `${head}${isWhole ? '' : ',"truncated":true'},"instances":${page.text}}`, isWhole };
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
