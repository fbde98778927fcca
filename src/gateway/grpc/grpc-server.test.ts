import { expect, it } from 'vitest';
import { startGrpcStage } from '../../../test/gateway/grpc-stage';
import { grpcSuite } from '../../../test/gateway/grpc-suite';
import { GRPC_DETAILS_MAX_BYTES } from '../../model/limits';
import { encodeDetails } from './grpc-error';

grpcSuite(() => startGrpcStage());

it('[GR1] cuts the text of a status by its encoded size, and between characters', () => {
  for (const text of ['plain ', 'süß ', '漢字 ', '100% ', '😀']) {
    const encoded = encodeDetails(text.repeat(5_000));
    expect(encoded.length).toBeLessThanOrEqual(GRPC_DETAILS_MAX_BYTES);
    expect(encoded.length).toBeGreaterThan(GRPC_DETAILS_MAX_BYTES - 20);
    expect(text.repeat(5_000).startsWith(decodeURIComponent(encoded))).toBe(true);
  }
});
