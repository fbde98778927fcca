import type { Dialect } from '../http/pipeline/dialect';
import { eureka } from './eureka/eureka';
import { goMicro } from './go-micro/go-micro';
import { nacos } from './nacos/nacos';

/** Doors for the clients of other registries, for every entry file. */
export const DIALECTS: readonly Dialect[] = [goMicro, nacos, eureka];
