// A proxy that cuts a connection in the middle of a call.
import net from 'node:net';

/** Forwards to `port`; cuts the first connection after `there` bytes of the request or `back` bytes of the answer. */
export function cutting(port, { there = Infinity, back = Infinity }) {
  const state = { cuts: 0 };
  const proxy = net.createServer((client) => {
    const first = state.cuts === 0;
    const upstream = net.connect(port, '127.0.0.1');
    const cut = () => (state.cuts++, client.resetAndDestroy(), upstream.resetAndDestroy());
    const forward = (from, to, limit) => {
      let seen = 0;
      from.on('data', (d) => {
        const part = first ? d.subarray(0, Math.max(0, limit - seen)) : d;
        seen += d.length;
        if (first && seen >= limit) to.write(part, () => setTimeout(cut, 20));
        else to.write(part);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    };
    if (first && there === 0) return cut();
    forward(client, upstream, there);
    forward(upstream, client, back);
  });
  return new Promise((r) => proxy.listen(0, '127.0.0.1', () => r(Object.assign(proxy, { state }))));
}
