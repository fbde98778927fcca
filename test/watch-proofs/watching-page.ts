/** Events of the page's two watches; `window.seen`. */
export interface Seen {
  stream: { type: string; id: string; frame: { changes?: { id: string }[] } }[];
  streamOpened: number;
  socket: { type: string; cursor?: string; changes?: { id: string }[] }[];
  socketOpened: number;
  protocol: string;
  pongs: number;
}

/**
 * Returns a page that watches a service twice, as pages do: by an EventSource of its own origin, and by a WebSocket of
 * another, with the token as a subprotocol. The EventSource resumes by itself; the page resumes the WebSocket.
 *
 * @param url URL of the registry.
 */
export function watchingPage(url: string, token: string, service: string): string {
  return `<!doctype html><meta charset="utf-8"><title>watching</title><link rel="icon" href="data:,"><script>
const seen = (window.seen = { stream: [], streamOpened: 0, socket: [], socketOpened: 0, protocol: '', pongs: 0 });

const stream = new EventSource('/api/v1/ns/public/watch?service=${service}');
stream.onopen = () => { seen.streamOpened += 1; };
for (const type of ['snapshot', 'changes', 'reset']) {
  stream.addEventListener(type, (event) => {
    seen.stream.push({ type, id: event.lastEventId, frame: JSON.parse(event.data) });
  });
}

let cursor;
let within = 1000;
function connect() {
  const socket = (window.socket = new WebSocket('${url.replace('http', 'ws')}/api/v1/ns/public/socket', ['rollcall.v1', 'token.${token}']));
  socket.onopen = () => {
    seen.socketOpened += 1;
    seen.protocol = socket.protocol;
    socket.send(JSON.stringify({ type: 'watch', id: '1', watch: 'w', scope: { services: ['${service}'] }, cursor }));
  };
  socket.onmessage = ({ data }) => {
    if (data === 'pong') { seen.pongs += 1; return; }
    const frame = JSON.parse(data);
    if (frame.type === 'answer') { within = frame.body.reconnectWithinMs; return; }
    if (frame.last !== false) cursor = frame.cursor;
    if (frame.type !== 'bookmark') seen.socket.push(frame);
  };
  socket.onclose = () => setTimeout(connect, Math.random() * within);
}
connect();
</script>`;
}
