import { startGrpcStage } from '../../../test/gateway/grpc-stage';
import { grpcSuite } from '../../../test/gateway/grpc-suite';

grpcSuite(() => startGrpcStage());
