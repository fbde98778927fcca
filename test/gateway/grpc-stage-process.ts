import { startGrpcStage } from './grpc-stage';

/** The program of a server in a process of its own: prints its port. */
const { port } = await startGrpcStage();
console.log(`port ${port}`);
