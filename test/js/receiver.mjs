// A receiver of webhooks, with the verification that its users use: the npm package of Standard Webhooks. As a program
// (`node receiver.mjs PORT FILE SECRET`) it writes down what it took before it answers, so that it may be killed.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../receiver/', import.meta.url));
if (!existsSync(`${folder}node_modules/standardwebhooks`))
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: folder, stdio: 'ignore' });
const { Webhook } = createRequire(`${folder}package.json`)('standardwebhooks');

/** The message; throws when no signature of it is by this secret. */
export const verified = (secret, { body, headers }) => new Webhook(secret).verify(body, headers);

export class Receiver {
  /** answer(request, n) -> {status, headers, body}, undefined (200), or null: never; or a promise of it. request: {id, body, headers, message} */
  static async start(answer = () => undefined, port = 0) {
    const r = new Receiver();
    r.answer = answer;
    r.requests = [];
    r.taken = []; // those that were answered with 2xx, in order
    r.server = http.createServer((q, a) => {
      let body = '';
      q.setEncoding('utf8');
      q.on('data', (d) => (body += d));
      q.on('end', () => r.#handle(q, a, body));
    });
    r.server.keepAliveTimeout = 60000;
    await new Promise((done) => r.server.listen(port, '127.0.0.1', done));
    r.url = `http://127.0.0.1:${r.server.address().port}/in`;
    return r;
  }
  async #handle(q, a, body) {
    const request = { path: q.url, id: q.headers['webhook-id'], headers: q.headers, body, message: JSON.parse(body), at: Date.now() };
    this.requests.push(request);
    const answer = await this.answer(request, this.requests.length);
    if (answer === null) return;
    const { status = 200, headers = {}, body: text = '' } = answer ?? {};
    if (status >= 200 && status < 300) this.taken.push(request);
    a.writeHead(status, headers);
    a.end(text);
  }
  async close() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

/** What is wrong with the order: events of a coupon that came for the first time before one that happened earlier. */
export function disorder(taken) {
  const seen = new Set(), last = new Map(), out = [];
  for (const { id, message } of taken) {
    if (seen.has(id)) continue;
    seen.add(id);
    const coupon = message.data.id, number = message.data.revision;
    if ((last.get(coupon) ?? -1) >= number) out.push(`${coupon}: ${number} after ${last.get(coupon)}`);
    last.set(coupon, number);
  }
  return out;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, file, secret] = process.argv.slice(2);
  await Receiver.start((request) => {
    const { data, type } = verified(secret, request);
    appendFileSync(file, `${JSON.stringify({ id: request.id, body: request.body, message: { type, data } })}\n`);
  }, Number(port));
  console.log('ready');
}
