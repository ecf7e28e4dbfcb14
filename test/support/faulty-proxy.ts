import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What goes wrong with one connection. */
export const networkFaults = [
  /** Everything is slow. */
  'latency',
  /** Reset before the request is read. */
  'reset',
  /** The request arrives; reset in place of the answer. */
  'resetAfter',
  /** The answer is whole, and the connection stays open. */
  'slowClose',
  /** Nobody answers. */
  'timeout',
  /** The request arrives; of the answer only the beginning. */
  'cut',
] as const;
export type NetworkFault = (typeof networkFaults)[number];

/** What of the answer comes through before it is cut: less than a status line. */
const cutBytes = 12;
const slowMs = 20;

/**
 * A TCP proxy on loopback in front of a server. `decide` says what goes wrong with each connection, in their order; the server
 * may ask for it by the port it sees.
 */
export async function openFaultyProxy(target: number, decide: () => NetworkFault | undefined) {
  const sockets = new Set<Socket>();
  const faults = new Map<number, NetworkFault | undefined>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    const fault = decide();
    if (fault === 'reset') return void client.resetAndDestroy();
    if (fault === 'timeout') return void client.resume();
    const upstream = keep(connect({ port: target, host: '127.0.0.1', allowHalfOpen: true }));
    upstream.on('connect', () => faults.set(upstream.localPort ?? 0, fault));
    const wait = fault === 'latency' ? slowMs : 0;
    pass(client, upstream, wait);
    if (fault === 'resetAfter') upstream.once('data', () => client.resetAndDestroy());
    else if (fault === 'cut') {
      upstream.once('data', (answer) => client.end(answer.subarray(0, cutBytes), () => client.destroySoon()));
    } else if (fault === 'slowClose') upstream.on('data', (answer) => client.write(answer));
    else pass(upstream, client, wait);
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** What went wrong with the connection that the server sees from this port. */
    faultOf: (seenPort: number | undefined): NetworkFault | undefined => faults.get(seenPort ?? 0),
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function pass(from: Socket, to: Socket, waitMs: number): void {
  const later = (work: () => void): void => {
    if (waitMs === 0) work();
    else setTimeout(work, waitMs);
  };
  from.on('data', (bytes) => later(() => to.writable && to.write(bytes)));
  from.on('end', () => later(() => to.end()));
}
