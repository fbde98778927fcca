import { expect, it, onTestFinished } from 'vitest';
import { launchBrowser } from '../programs/browser';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { PageProxy } from './page-proxy';
import { put } from './registry-calls';
import { until } from './until';
import { type Seen, watchingPage } from './watching-page';

/** Tests Chromium's own EventSource and WebSocket across a crash of the registry. */

const SERVICE = 'orders';

it("[E1, E2, E8] a browser's EventSource and WebSocket continue from their position when the registry is killed", async () => {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const proxy = await PageProxy.start(registry, watchingPage(registry.url, registry.rootToken, SERVICE));
  onTestFinished(() => proxy.stop());
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const seen = async () => (await page.evaluate('window.seen')) as Seen; // `as`: the page writes it
  const idsFromStream = async () =>
    (await seen()).stream.flatMap(({ frame }) => frame.changes ?? []).map(({ id }) => id);
  const idsFromSocket = async () => (await seen()).socket.flatMap(({ changes = [] }) => changes).map(({ id }) => id);

  const written: string[] = [];
  /** Writes until there is an answer: a registry that is down answers later. */
  const write = async (id: string) => {
    await until(`${id} is written`, () =>
      put(registry, SERVICE, id, 80).then(
        () => true,
        () => false,
      ),
    );
    written.push(id);
  };
  const bothKnow = async () => {
    const received = [await idsFromStream(), await idsFromSocket()];
    return received.every((ids) => ids.length >= written.length);
  };

  await put(registry, SERVICE, 'first', 80);
  await page.goto(proxy.url);
  await until('both have a snapshot', async () => {
    const { stream, socket } = await seen();
    return stream.length > 0 && socket.length > 0;
  });
  for (const id of ['a', 'b', 'c']) await write(id);
  await until('both have all', bothKnow);
  await page.evaluate("window.socket.send('ping')");
  await until('there is a pong', async () => (await seen()).pongs === 1);

  for (const round of [1, 2]) {
    const restarted = registry.kill('SIGKILL');
    for (const id of ['d', 'e', 'f']) await write(`${id}${round}`);
    await restarted;
    await until('both have what they missed', bothKnow);
    await write(`g${round}`);
    await until('both have what comes after', bothKnow);
  }

  expect(await idsFromStream()).toEqual(written);
  expect(await idsFromSocket()).toEqual(written);
  const { stream, socket, streamOpened, socketOpened, protocol } = await seen();
  for (const events of [stream, socket]) {
    expect(events.map(({ type }) => type)).toEqual(['snapshot', ...written.map(() => 'changes')]);
  }
  expect(stream.map(({ id }) => id)).toEqual(socket.map(({ cursor }) => cursor));
  expect([streamOpened, socketOpened, protocol]).toEqual([3, 3, 'rollcall.v1']);
});
