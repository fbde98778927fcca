import type { Layout } from '../model/layout';
import { goKit } from './go-kit';
import { goMicro } from './go-micro';
import { goZero } from './go-zero';
import { grpcNaming } from './grpc-naming';
import { kratos } from './kratos';

/** All layouts. The entry files bind them to the namespaces. */
export const LAYOUTS: readonly Layout[] = [goZero, grpcNaming, goMicro, goKit, kratos];

/** Kinds of all layouts, which the settings of a namespace may name. */
export const LAYOUT_KINDS: readonly string[] = LAYOUTS.map(({ kind }) => kind);
