import { upgradeResponse } from '../../src/host/resident/listener/upgrade-response';
import { type BareFrame, BareRows } from '../floors/rows';
import { openRows, serve } from './serve';

const rows = new BareRows(await openRows());

/** Floor *socket-rows*: the maximum rate of one process over a socket if every registration writes durable rows. */
await serve(async () =>
  upgradeResponse({}, (socket) => {
    socket.on('message', (data) => {
      const frame = JSON.parse(data.toString()) as BareFrame; // `as`: the bench's own frames
      void rows.frame(frame).then((answer) => socket.send(answer));
    });
  }),
);
