import { REAL_ETCD } from './real-etcd';
import { GATEWAY, RESIDENT } from './rollcall-targets';
import type { EtcdTarget } from './target';

/** The servers that all clients are run against. The first is the control. */
export const TARGETS: readonly EtcdTarget[] = [REAL_ETCD, RESIDENT, GATEWAY];
