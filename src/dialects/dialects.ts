import type { Dialect } from '../http/pipeline/dialect';
import { consul } from './consul/consul';
import { etcd } from './etcd/etcd';
import { eureka } from './eureka/eureka';
import { goMicro } from './go-micro/go-micro';
import { nacos } from './nacos/nacos';

/** APIs for clients of other registries. Every entry file serves them. */
export const DIALECTS: readonly Dialect[] = [goMicro, nacos, eureka, consul, etcd];
